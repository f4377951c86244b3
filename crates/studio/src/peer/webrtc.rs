//! The peer that browsers, ffmpeg, OBS and aiortc talk to: str0m, and nothing else in this crate knows of str0m's peer.
//!
//! ICE-lite (the client does the checking, so one that sends no candidates of its own is served all the same), RTP mode
//! (frame mode holds sound back behind a gap), Opus only, RED on, DTLS as the peer's `a=setup` wants it.
//!
//! An ICE restart by fragment (RFC 8840, RFC 9725 §4.3.3) has no call in str0m, but a re-offer with new credentials
//! has. So the first offer is kept, and a restart is that offer with the fragment's credentials in it.
//!
//! str0m knows which section a packet belongs to by its SSRC, where that was announced, or by its MID. Here there is one section of sound,
//! so that the payload type is enough (RFC 9143 §9.2): whatever SSRC it comes with is announced when it comes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use str0m::change::SdpOffer;
use str0m::config::{CryptoProvider, DtlsCert};
use str0m::format::Codec;
use str0m::media::{MediaKind, Mid, Pt};
use str0m::net::{Protocol, Receive, TcpType};
use str0m::rtp::{RtpPacket, RtpWrite};
use str0m::{Candidate, Event, Input, Rtc, RtcError};

use super::red::{RedReceiver, RedSender, RtpStamp};
use super::rtp_header::RtpHeader;
use super::sources::Sources;
use super::{
    Datagram, DisconnectReason, Output, Peer, PeerEvent, ReturnPacket, Transmit, Transport,
    header_extension,
};
use crate::clock::Clock;
use crate::error::{SdpFault, StudioError};
use crate::limits::OPUS_BYTES_MAX;
use crate::sdp::{self, Offer};
use crate::sdpfrag::SdpFrag;

/// The first sequence number we send. RFC 3550 §5.1 wants it unpredictable against known-plaintext attacks, which do not
/// exist against SRTP's ciphers; a low number keeps the rollover counter at 0 (RFC 3711 §3.3.1).
const FIRST_SEQUENCE: u64 = 1;

/// When a connection that has ended wants to be called again: never, in practice.
const ENDED_TIME: Duration = Duration::from_secs(3600);

/// What all peers of a studio share.
#[derive(Debug, Clone)]
pub struct WebRtc {
    clock: Clock,
    crypto: Arc<CryptoProvider>,
    certificate: DtlsCert,
    udp: Vec<SocketAddr>,
    tcp: Vec<SocketAddr>,
}

impl WebRtc {
    /// Prepares for peers that reach us at these addresses; what they send is stamped on `clock`. Makes one DTLS certificate for all of them.
    ///
    /// # Errors
    ///
    /// [`StudioError::Certificate`] when the cryptographic library makes none.
    pub fn new(
        clock: Clock,
        udp: Vec<SocketAddr>,
        tcp: Vec<SocketAddr>,
    ) -> Result<Self, StudioError> {
        let crypto = Arc::new(header_extension::crypto_provider());
        let certificate = made(crypto.dtls_provider.generate_certificate())?;
        Ok(Self {
            clock,
            crypto,
            certificate,
            udp,
            tcp,
        })
    }

    /// Answers an offer: the peer, and the answer's text.
    ///
    /// # Errors
    ///
    /// When the WebRTC library refuses it.
    pub fn answer(&self, now: Instant, offer: &Offer) -> Result<(WebRtcPeer, String), SdpFault> {
        let mut rtc = Rtc::builder()
            .set_crypto_provider(self.crypto.clone())
            .set_dtls_cert(self.certificate.clone())
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, true)
            .build(now);
        for candidate in self.candidates() {
            rtc.add_local_candidate(candidate);
        }
        let library = accept(&mut rtc, offer)?;
        let answer = sdp::answer_to(offer, &library);
        let peer = WebRtcPeer {
            rtc,
            clock: self.clock,
            now,
            local_ufrag: attribute(&answer, "a=ice-ufrag:")
                .ok_or(SdpFault::Missing("a=ice-ufrag"))?,
            offer: offer.clone(),
            sources: Sources::default(),
            outgoing: None,
            sequence: FIRST_SEQUENCE,
            first_timestamp: None,
            red_in: RedReceiver::default(),
            red_out: RedSender::default(),
            pending: Vec::new(),
            closing: false,
            ended: false,
            goodbye: DisconnectReason::ProtocolError,
        };
        Ok((peer, answer))
    }

    fn candidates(&self) -> Vec<Candidate> {
        let udp = self
            .udp
            .iter()
            .filter_map(|&addr| Candidate::host(addr, "udp").ok());
        let tcp = self.tcp.iter().filter_map(|&addr| {
            Candidate::builder()
                .tcp()
                .host(addr)
                .tcptype(TcpType::Passive)
                .build()
                .ok()
        });
        udp.chain(tcp).collect()
    }
}

/// What is sent, and as what.
#[derive(Debug, Clone, Copy)]
struct OutgoingAudio {
    mid: Mid,
    opus: Pt,
    red: Option<Pt>,
}

/// One str0m connection.
pub struct WebRtcPeer {
    rtc: Rtc,
    clock: Clock,
    now: Instant,
    /// str0m gives it to those who may change it only; the answer says the same.
    local_ufrag: String,
    offer: Offer,
    /// The streams that its sound has come as.
    sources: Sources,
    outgoing: Option<OutgoingAudio>,
    sequence: u64,
    first_timestamp: Option<u64>,
    red_in: RedReceiver,
    red_out: RedSender,
    /// Events that came out of one packet, last first.
    pending: Vec<PeerEvent>,
    closing: bool,
    ended: bool,
    /// Why it will have ended, if it does.
    goodbye: DisconnectReason,
}

impl std::fmt::Debug for WebRtcPeer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebRtcPeer")
            .field("outgoing", &self.outgoing)
            .finish_non_exhaustive()
    }
}

impl WebRtcPeer {
    /// Whether RED was negotiated.
    #[must_use]
    pub fn has_red(&self) -> bool {
        self.opus_and_red().is_some_and(|(_, red)| red.is_some())
    }

    fn opus_and_red(&self) -> Option<(Pt, Option<Pt>)> {
        let opus = self
            .rtc
            .codec_config()
            .find(|p| p.spec().codec == Codec::Opus)?;
        Some((opus.pt(), opus.red()))
    }

    fn receive(&mut self, now: Instant, datagram: &Datagram<'_>) {
        if let Some(receive) = receive(datagram) {
            self.input(Input::Receive(now, receive));
        }
    }

    fn input(&mut self, input: Input<'_>) {
        // A datagram the library refuses (garbage that looks like DTLS, say) must not end the session: the network is
        // open to all. What really ends it closes the connection inside, which is seen in `poll`.
        if let Err(error) = self.rtc.handle_input(input) {
            tracing::debug!(%error, "input refused");
        }
    }

    /// Says once that it is over, and nothing after that.
    fn ended(&mut self) -> Output {
        if std::mem::replace(&mut self.ended, true) {
            return Output::Timeout(self.now + ENDED_TIME);
        }
        Output::Event(PeerEvent::Closed(self.goodbye))
    }

    fn event(&mut self, event: Event) -> Option<PeerEvent> {
        match event {
            Event::Connected => Some(PeerEvent::Connected),
            Event::MediaAdded(added)
                if added.kind == MediaKind::Audio && self.outgoing.is_none() =>
            {
                let (opus, red) = self.opus_and_red()?;
                let mid = added.mid;
                self.outgoing = Some(OutgoingAudio { mid, opus, red });
                None
            }
            Event::RtpPacket(packet) => self.packet(packet),
            // The goodbye is answered first (RFC 5246 §7.2.1); then `is_alive` turns false.
            Event::Closed => {
                self.goodbye = DisconnectReason::Goodbye;
                None
            }
            _ => None,
        }
    }

    /// Makes a stream known before its first packet is given to the library, which would drop it.
    fn announce(&mut self, header: RtpHeader) {
        if !self.offer.is_sound(header.payload_type) {
            return;
        }
        let Some(known) = self.sources.meet(header.ssrc) else {
            return;
        };
        let mid = Mid::from(self.offer.library_mid());
        let mut direct = self.rtc.direct_api();
        if let Some(forgotten) = known.forgotten {
            direct.remove_stream_rx(forgotten.into());
        }
        // What is lost of sound is not sent again.
        direct
            .expect_stream_rx(header.ssrc.into(), None, mid, None)
            .suppress_nack(true);
    }

    fn packet(&mut self, packet: RtpPacket) -> Option<PeerEvent> {
        let (opus, red) = self.opus_and_red()?;
        self.sources.proved(*packet.header.ssrc);
        let payload_type = packet.header.payload_type;
        let stamp = RtpStamp {
            sequence: *packet.seq_no,
            timestamp: packet.time.numer(),
            arrived_us: self.clock.us(self.now),
        };
        if payload_type == opus {
            let fits = (1..=OPUS_BYTES_MAX).contains(&packet.payload.len());
            let payload = fits.then(|| Bytes::copy_from_slice(&packet.payload))?;
            return Some(PeerEvent::Packet(self.red_in.plain(stamp, payload)));
        }
        if red != Some(payload_type) {
            return None;
        }
        let mut packets = Vec::new();
        self.red_in
            .unpack(stamp, *opus, &packet.payload, &mut packets);
        self.pending
            .extend(packets.into_iter().rev().map(PeerEvent::Packet));
        self.pending.pop()
    }
}

impl Peer for WebRtcPeer {
    fn ufrag(&self) -> String {
        self.local_ufrag.clone()
    }

    fn authenticates(&self, now: Instant, datagram: Datagram<'_>) -> bool {
        receive(&datagram).is_some_and(|receive| self.rtc.accepts(&Input::Receive(now, receive)))
    }

    fn handle_datagram(&mut self, now: Instant, datagram: Datagram<'_>) {
        self.now = now;
        if let Some(header) = RtpHeader::read(datagram.bytes) {
            self.announce(header);
            if let Some(disguised) = header_extension::disguised(datagram.bytes) {
                return disguised.with(|bytes| self.receive(now, &Datagram { bytes, ..datagram }));
            }
        }
        self.receive(now, &datagram);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.input(Input::Timeout(now));
    }

    fn send(&mut self, now: Instant, packet: &ReturnPacket) {
        self.now = now;
        let Some(outgoing) = self
            .outgoing
            .filter(|_| self.offer.receives && !self.closing && self.rtc.is_connected())
        else {
            return;
        };
        let first = *self.first_timestamp.get_or_insert(packet.timestamp);
        let timestamp = packet.timestamp.wrapping_sub(first);
        let (payload_type, payload) = match outgoing.red {
            Some(red) => (
                red,
                self.red_out.pack(timestamp, *outgoing.opus, &packet.bytes),
            ),
            None => (outgoing.opus, packet.bytes.to_vec()),
        };
        let mut direct = self.rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(outgoing.mid, None) else {
            return;
        };
        // RTP timestamps are 32 bits and wrap (RFC 3550 §5.1).
        let rtp = RtpWrite::new(
            payload_type,
            self.sequence.into(),
            timestamp as u32,
            now,
            payload,
        );
        stream.write_rtp(rtp.marker(self.sequence == FIRST_SEQUENCE));
        self.sequence += 1;
    }

    fn is_restart(&self, fragment: &SdpFrag) -> bool {
        let named = fragment.ice_ufrag.as_deref();
        named.is_some_and(|ufrag| ufrag != self.offer.ice_ufrag)
    }

    fn restart_ice(&mut self, now: Instant, fragment: &SdpFrag) -> Result<SdpFrag, SdpFault> {
        self.now = now;
        let (Some(ufrag), Some(pwd)) = (&fragment.ice_ufrag, &fragment.ice_pwd) else {
            return Err(SdpFault::Missing("a=ice-ufrag and a=ice-pwd"));
        };
        let offer = self.offer.with_credentials(ufrag, pwd);
        let answer = accept(&mut self.rtc, &offer)?;
        let ice_ufrag = attribute(&answer, "a=ice-ufrag:");
        self.offer = offer;
        self.local_ufrag = ice_ufrag.clone().unwrap_or_default();
        Ok(SdpFrag {
            ice_ufrag,
            ice_pwd: attribute(&answer, "a=ice-pwd:"),
            mid: self.offer.mid().map(str::to_owned),
            candidates: answer
                .lines()
                .filter_map(|line| line.strip_prefix("a="))
                .filter(|line| line.starts_with("candidate:"))
                .map(str::to_owned)
                .collect(),
            trickled: 0,
            end_of_candidates: true,
        })
    }

    fn malformed_red(&self) -> u64 {
        self.red_in.malformed()
    }

    fn close(&mut self, now: Instant) {
        self.now = now;
        self.closing = true;
        if let Err(error) = self.rtc.close() {
            tracing::debug!(%error, "goodbye refused");
        }
    }

    fn poll(&mut self) -> Output {
        loop {
            if let Some(event) = self.pending.pop() {
                return Output::Event(event);
            }
            if !self.rtc.is_alive() {
                return self.ended();
            }
            match self.rtc.poll_output() {
                Ok(str0m::Output::Timeout(at)) => {
                    if !self.rtc.is_alive() {
                        return self.ended();
                    }
                    return Output::Timeout(at);
                }
                Ok(str0m::Output::Transmit(transmit)) => {
                    return Output::Transmit(Transmit {
                        transport: match transmit.proto {
                            Protocol::Udp => Transport::Udp,
                            _ => Transport::Tcp,
                        },
                        destination: transmit.destination,
                        bytes: transmit.contents.into(),
                    });
                }
                Ok(str0m::Output::Event(event)) => {
                    if let Some(event) = self.event(event) {
                        return Output::Event(event);
                    }
                }
                Err(error) => {
                    tracing::info!(%error, "connection broken");
                    self.rtc.disconnect();
                    return self.ended();
                }
            }
        }
    }
}

/// The library's answer to an offer, or to one with new credentials. What it says against one is for the log: it has been written for it.
fn accept(rtc: &mut Rtc, offer: &Offer) -> Result<String, SdpFault> {
    let refused = |error: RtcError| {
        tracing::warn!(%error, "the WebRTC library refused an offer that was written for it");
        SdpFault::Refused
    };
    let parsed = SdpOffer::from_sdp_string(&offer.text()).map_err(|e| refused(e.into()))?;
    let answer = rtc.sdp_api().accept_offer(parsed).map_err(refused)?;
    Ok(answer.to_sdp_string())
}

fn made(certificate: Option<DtlsCert>) -> Result<DtlsCert, StudioError> {
    certificate.ok_or(StudioError::Certificate)
}

fn receive<'a>(datagram: &Datagram<'a>) -> Option<Receive<'a>> {
    let protocol = match datagram.transport {
        Transport::Udp => Protocol::Udp,
        Transport::Tcp => Protocol::Tcp,
    };
    Receive::new(
        protocol,
        datagram.source,
        datagram.destination,
        datagram.bytes,
    )
    .ok()
}

fn attribute(sdp: &str, name: &str) -> Option<String> {
    sdp.lines()
        .find_map(|line| line.strip_prefix(name))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_cannot_be_made_is_no_fault_of_the_mixer() {
        let error = made(None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot make a certificate for DTLS: the cryptographic library made none"
        );
    }
}
