//! One connection to one speaker or monitor, behind a trait.
//!
//! The trait keeps the rest of the server apart from the WebRTC library, whose interface changes with nearly every
//! release: only [`webrtc`] knows it. A peer is sans-IO: it is told the time and what arrived, and answers with what must
//! be sent, so that tests move both. A peer may panic; whoever drives it must be ready to drop it
//! (`crate::net::peers`).

mod header_extension;
pub mod red;
mod rtp_header;
mod sources;
pub mod webrtc;

use std::fmt;
use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use stentor_core::stage::SessionKind;
use stentor_core::{SeatId, SessionId};
use stentor_media::opus::ReceivedPacket;

use crate::error::SdpFault;
use crate::sdpfrag::SdpFrag;

/// Whose connection: a session is unique within its room only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerKey {
    /// Which room of the studio.
    pub room: u64,
    /// Which session of the room.
    pub session: SessionId,
}

/// What is known of a session before it is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpectedSession {
    /// Whose.
    pub seat: SeatId,
    /// What it shall be.
    pub kind: SessionKind,
    /// It will send sound.
    pub sends: bool,
    /// It wants to hear.
    pub hears: bool,
    /// A host's or co-host's: it may take the places that are kept for them.
    pub is_staff: bool,
    /// Its sound is left as it comes: no high-pass, no level rider.
    pub original_sound: bool,
}

/// What carries a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// The one UDP socket.
    Udp,
    /// An ICE-TCP connection (RFC 6544), framed as in RFC 4571.
    Tcp,
}

/// Something received.
#[derive(Debug, Clone, Copy)]
pub struct Datagram<'a> {
    /// What it came in.
    pub transport: Transport,
    /// Who sent it.
    pub source: SocketAddr,
    /// The candidate of ours it was sent to.
    pub destination: SocketAddr,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// Something to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// What to send it in.
    pub transport: Transport,
    /// Where to.
    pub destination: SocketAddr,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// One Opus packet of what a peer hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnPacket {
    /// Media time in samples at 48 kHz since the room was opened.
    pub timestamp: u64,
    /// The packet itself.
    pub bytes: Bytes,
}

/// What became of a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerEvent {
    /// ICE and DTLS are done: sound can flow.
    Connected,
    /// It has refused what it was offered in the DTLS handshake; what follows, if anything does, is its goodbye.
    HandshakeRefused,
    /// Sound arrived. A jump in its numbers is for the jitter buffer to judge.
    Packet(ReceivedPacket),
    /// Nothing at all arrives from it ([`INTERRUPTED_TIME`](crate::limits::INTERRUPTED_TIME)), or something does again.
    Interrupted {
        /// Since now, or no more.
        on: bool,
    },
    /// It is over.
    Closed(DisconnectReason),
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// The peer said goodbye.
    Goodbye,
    /// Its owner or the server's own decision closed it.
    Requested,
    /// It never finished connecting: nothing that proves itself came from it.
    NeverConnected,
    /// It reached us (ICE), and its DTLS handshake did not come to an end.
    HandshakeFailed,
    /// A newer session of its seat took its place before it was connected.
    Replaced,
    /// Nothing came from it for too long.
    Silent,
    /// It came from more and more addresses.
    Flooding,
    /// The connection broke its protocol.
    ProtocolError,
    /// The code serving it panicked.
    Panicked,
    /// The room was stopped.
    RoomClosed,
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Goodbye => "the peer said goodbye",
            Self::Requested => "it was closed on request",
            Self::NeverConnected => "it never reached this server by UDP or ICE-TCP",
            Self::HandshakeFailed => {
                "it reached this server and failed in the DTLS handshake (a client needs a certificate by ECDSA P-256, RFC 8827; RSA \
                 is not supported)"
            }
            Self::Replaced => "a newer session of its seat took its place",
            Self::Silent => "nothing arrived from it for too long",
            Self::Flooding => "it came from too many addresses",
            Self::ProtocolError => "the connection broke its protocol",
            Self::Panicked => "it failed inside the server",
            Self::RoomClosed => "the room was closed",
        })
    }
}

/// What a peer wants next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Nothing more now; call [`Peer::handle_timeout`] at that time.
    Timeout(Instant),
    /// Send this.
    Transmit(Transmit),
    /// This happened.
    Event(PeerEvent),
}

/// One connection. Every call that takes `&mut self` must be followed by [`Peer::poll`] until it gives
/// [`Output::Timeout`].
pub trait Peer: Send {
    /// Our ICE user name fragment: what a STUN request to us must name first (RFC 8445 §7.2.2).
    fn ufrag(&self) -> String;

    /// Whether this STUN message proves that it comes from the peer (message integrity, RFC 8489 §9.1).
    fn authenticates(&self, now: Instant, datagram: Datagram<'_>) -> bool;

    /// Takes what arrived.
    fn handle_datagram(&mut self, now: Instant, datagram: Datagram<'_>);

    /// Takes the time.
    fn handle_timeout(&mut self, now: Instant);

    /// Sends a packet; nothing happens if the peer does not want to hear or is not connected.
    fn send(&mut self, now: Instant, packet: &ReturnPacket);

    /// Whether a fragment asks for an ICE restart: it brings credentials that are not those in force (RFC 9725 §4.3.3;
    /// a client that trickles repeats the ones in force, §4.3.2).
    fn is_restart(&self, fragment: &SdpFrag) -> bool {
        fragment.ice_ufrag.is_some()
    }

    /// Begins an ICE restart with the peer's new credentials and answers with ours.
    ///
    /// # Errors
    ///
    /// When the fragment cannot be applied; the connection goes on as it was.
    fn restart_ice(&mut self, now: Instant, fragment: &SdpFrag) -> Result<SdpFrag, SdpFault>;

    /// RED packets (RFC 2198) from it that could not be read.
    fn malformed_red(&self) -> u64 {
        0
    }

    /// Says goodbye. What is to be sent comes out of [`Peer::poll`]; then the peer may be dropped.
    fn close(&mut self, now: Instant);

    /// What to do next.
    fn poll(&mut self) -> Output;
}
