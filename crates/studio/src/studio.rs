//! The handles that the rest of the server holds: [`Studio`] and [`Room`].
//!
//! Both are cheap to clone. Their calls come from any thread and block for a moment at most: [`Room::offer`] for
//! cryptography and one turn of the network thread, the others not at all.

use std::any::Any;
use std::fmt;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::net::sockopt;
use stentor_core::stage::{SeatOrder, SessionKind};
use stentor_core::{SeatId, SessionId};

use crate::clock::Clock;
use crate::error::{NoticeTooLong, OfferError, PatchError, SdpFault, StudioError, StudioFault};
use crate::latest::Latest;
use crate::limits::{ANSWER_TIME, NOTICE_BYTES_MAX, UDP_RECEIVE_BYTES, VOICE_SAMPLES_MAX};
use crate::net::stats::StudioStats;
use crate::net::thread::NetThread;
use crate::peer::webrtc::WebRtc;
use crate::peer::{DisconnectReason, ExpectedSession, Peer, PeerKey};
use crate::ports::net::{HandedOver, NetCommand, NetPort, NetRequest};
use crate::ports::room::{RoomMessage, RoomPort};
use crate::room::sink::RoomConfig;
use crate::room::stats::RoomStats;
use crate::room::thread::RoomThread;
use crate::sdp::Offer;
use crate::sdpfrag::SdpFrag;
use crate::starter::ThreadStarter;

/// What a studio is started with.
#[derive(Debug)]
pub struct StudioConfig {
    /// The one UDP socket for everybody.
    pub udp: UdpSocket,
    /// Hear only this machine on it: datagrams from loopback or from one of `udp_candidates`; others are dropped unread.
    pub local_only: bool,
    /// The addresses at which peers reach that socket, as they are written into answers.
    pub udp_candidates: Vec<SocketAddr>,
    /// The addresses at which peers reach the listener whose ICE-TCP connections are handed over, if there is one.
    pub tcp_candidates: Vec<SocketAddr>,
    /// Runs at the start of each thread that has deadlines, on it: the network's, and each room's.
    pub on_thread_start: Option<fn()>,
}

/// All rooms of this process, on one network thread.
#[derive(Clone)]
pub struct Studio {
    shared: Arc<StudioShared>,
}

struct StudioShared {
    clock: Clock,
    net: NetPort,
    webrtc: WebRtc,
    starter: ThreadStarter,
    stats: Latest<StudioStats>,
    rooms: AtomicU64,
}

/// One event.
#[derive(Clone)]
pub struct Room {
    studio: Arc<StudioShared>,
    id: u64,
    port: RoomPort,
    stats: Latest<RoomStats>,
}

/// An SDP offer, and from whom.
#[derive(Debug, Clone)]
pub struct OfferRequest {
    /// Whose seat.
    pub seat: SeatId,
    /// The name the caller gives to this session; new for each offer of this room.
    pub session: SessionId,
    /// What it shall be.
    pub kind: SessionKind,
    /// The seat is a host's or co-host's: it may take the places that are kept for them.
    pub is_staff: bool,
    /// Its sound is left as it comes: no high-pass, no level rider.
    pub original_sound: bool,
    /// The offer.
    pub offer: Offer,
}

impl OfferRequest {
    /// What the room is to expect when the offer is answered.
    #[must_use]
    pub fn expected(&self) -> ExpectedSession {
        ExpectedSession {
            seat: self.seat,
            kind: self.kind,
            sends: self.offer.sends,
            hears: self.offer.receives,
            is_staff: self.is_staff,
            original_sound: self.original_sound,
        }
    }
}

/// The answer to an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The SDP answer, complete: all candidates are in it.
    pub sdp: String,
    /// Our ICE user name fragment: changes with each ICE restart, so it serves as the session's entity tag (RFC 9725 §4.3.1).
    pub ice_ufrag: String,
    /// Redundancy (RFC 2198) was negotiated.
    pub red: bool,
    /// Media sections that were refused, such as video.
    pub refused_sections: usize,
}

/// What came of a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatchOutcome {
    /// Candidates were taken: "204 No Content".
    Trickled,
    /// ICE was restarted: "200 OK" with our fragment.
    Restarted {
        /// Our new credentials and candidates, as `application/trickle-ice-sdpfrag`.
        sdpfrag: String,
        /// Our new user name fragment: the new entity tag.
        ice_ufrag: String,
    },
}

impl Studio {
    /// Starts the network thread. It ends when the last handle to the studio and its rooms is gone.
    ///
    /// # Errors
    ///
    /// When there is no address to offer, or the system refuses a thread or the socket.
    pub fn start(config: StudioConfig) -> Result<Self, StudioError> {
        let StudioConfig {
            udp,
            local_only,
            udp_candidates,
            tcp_candidates,
            on_thread_start,
        } = config;
        if udp_candidates.is_empty() && tcp_candidates.is_empty() {
            return Err(StudioError::NoCandidate);
        }
        let clock = Clock::new(Instant::now());
        let webrtc = WebRtc::new(clock, udp_candidates.clone(), tcp_candidates.clone())?;
        let stats = Latest::default();
        let io = |doing| move |source| StudioError::Io { doing, source };
        ask_for_receive_buffer(&udp);
        let (net, port) = NetThread::new(
            udp,
            local_only,
            udp_candidates,
            tcp_candidates,
            stats.clone(),
        )
        .map_err(io("watch the UDP socket for speakers"))?;
        let starter = ThreadStarter::new(on_thread_start).map_err(io("start a thread"))?;
        starter
            .start("studio-net".to_owned(), move || net.run())
            .map_err(io("start the network thread"))?;
        let shared = StudioShared {
            clock,
            net: port,
            webrtc,
            starter,
            stats,
            rooms: AtomicU64::new(1),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Opens a room and starts its programme at once.
    ///
    /// # Errors
    ///
    /// When the mixer or its thread cannot be made.
    pub fn open_room(&self, config: RoomConfig) -> Result<Room, StudioError> {
        let id = self.shared.rooms.fetch_add(1, Ordering::Relaxed);
        let (port, inbox) = RoomPort::new();
        let stats = Latest::default();
        let name = format!("room-{}", config.event);
        // At the highest level: whatever is logged of a room has its event.
        let span = tracing::error_span!("room", event = config.event);
        let thread = RoomThread::new(
            id,
            config,
            inbox,
            self.shared.net.clone(),
            self.shared.clock,
            stats.clone(),
        )?;
        let starter = &self.shared.starter;
        starter
            .start(name, move || span.in_scope(|| thread.run()))
            .map_err(|source| StudioError::Io {
                doing: "start a room's thread",
                source,
            })?;
        Ok(Room {
            studio: self.shared.clone(),
            id,
            port,
            stats,
        })
    }

    /// Hands an ICE-TCP connection over: nothing of it must have been read, only peeked. One that proves nothing is closed soon, and
    /// the oldest of those gives way where there are many. `permit` is its place with whoever accepted it: dropped when it is closed.
    ///
    /// # Errors
    ///
    /// When the network thread is too busy or gone; the connection is closed.
    pub fn accept_tcp(
        &self,
        stream: TcpStream,
        remote: SocketAddr,
        permit: Box<dyn Any + Send>,
    ) -> Result<(), StudioFault> {
        self.shared.net.ask(NetRequest::Accept(HandedOver {
            stream,
            remote,
            permit,
        }))
    }

    /// How it is doing, at most a second or two old.
    #[must_use]
    pub fn stats(&self) -> StudioStats {
        self.shared.stats.get()
    }

    /// How old that is: more than a few seconds, and the network thread does not run.
    #[must_use]
    pub fn stats_age(&self) -> Duration {
        self.shared.stats.age()
    }
}

impl Room {
    /// Answers an offer. From then on the session is in the room's [state](crate::RoomStatus), until it is over.
    ///
    /// # Errors
    ///
    /// Whose fault it is, with what was expected and what came.
    pub fn offer(&self, mut request: OfferRequest) -> Result<Answer, OfferError> {
        check_direction(request.kind, &request.offer)?;
        request.offer = request.offer.for_kind(request.kind);
        let (session, offer) = (request.session, &request.offer);
        let answered = catch_unwind(AssertUnwindSafe(|| {
            self.studio.webrtc.answer(Instant::now(), offer)
        }));
        let (peer, sdp) = answered.map_err(|_| StudioFault::Panicked)??;
        let answer = Answer {
            sdp,
            ice_ufrag: peer.ufrag(),
            red: peer.has_red(),
            refused_sections: offer.refused_sections,
        };
        self.expect(session, request.expected())?;
        let inserted = self.insert(session, Box::new(peer), request.is_staff);
        if inserted.is_err() {
            // The room forgets what will never come.
            self.close(session);
        }
        inserted?;
        Ok(answer)
    }

    fn expect(&self, session: SessionId, expected: ExpectedSession) -> Result<(), StudioFault> {
        let (reply, taken) = crossbeam_channel::bounded(1);
        self.port.send(RoomMessage::Expect {
            session,
            expected,
            reply,
        })?;
        let taken = taken.recv_timeout(ANSWER_TIME);
        if taken.is_err() {
            // A room that is only late would wait for a peer that never comes.
            self.close(session);
        }
        taken.map_err(|_| StudioFault::Busy)?
    }

    fn insert(
        &self,
        session: SessionId,
        peer: Box<dyn Peer>,
        is_staff: bool,
    ) -> Result<(), StudioFault> {
        let (reply, inserted) = crossbeam_channel::bounded(1);
        self.studio.net.ask(NetRequest::Insert {
            key: self.key(session),
            peer,
            is_staff,
            room: self.port.clone(),
            reply,
        })?;
        inserted
            .recv_timeout(ANSWER_TIME)
            .map_err(|_| StudioFault::Busy)?
    }

    /// Applies a fragment (RFC 8840): candidates, or an ICE restart.
    ///
    /// # Errors
    ///
    /// Whose fault it is; [`PatchError::NoSession`] when the session is over.
    pub fn patch(&self, session: SessionId, sdpfrag: &str) -> Result<PatchOutcome, PatchError> {
        let fragment = SdpFrag::parse(sdpfrag)?;
        let (reply, patched) = crossbeam_channel::bounded(1);
        self.studio.net.ask(NetRequest::Patch {
            key: self.key(session),
            fragment,
            reply,
        })?;
        let patched = patched
            .recv_timeout(ANSWER_TIME)
            .map_err(|_| StudioFault::Busy)??;
        Ok(match patched {
            None => PatchOutcome::Trickled,
            Some(ours) => PatchOutcome::Restarted {
                sdpfrag: ours.to_string(),
                ice_ufrag: ours.ice_ufrag.unwrap_or_default(),
            },
        })
    }

    /// Ends a session, which leaves the room's [state](crate::RoomStatus). Again, or for a session that is not there, it does nothing.
    pub fn close(&self, session: SessionId) {
        self.tell(RoomMessage::Close(session, DisconnectReason::Requested));
    }

    /// The page of a session has closed its line to the server, or another of the same person's is open again: meanwhile the session is
    /// said to be interrupted as soon as nothing arrives for [`DOUBTED_TIME`](crate::limits::DOUBTED_TIME).
    pub fn doubt(&self, session: SessionId, on: bool) {
        let key = self.key(session);
        if let Err(fault) = self.studio.net.send(NetCommand::Doubt { key, on }) {
            tracing::debug!(%fault, room = self.id, %session, "a session was not doubted");
        }
    }

    /// Says what the mixer shall do with a seat. When it does, the room's state says so
    /// ([`SessionStatus::mute`](crate::SessionStatus::mute)).
    pub fn order(&self, order: SeatOrder) {
        self.tell(RoomMessage::Order(order));
    }

    /// Lets a speaker in the green room hear their own voice, a second later.
    pub fn loopback(&self, seat: SeatId, on: bool) {
        self.tell(RoomMessage::Loopback(seat, on));
    }

    /// Lets a session hear who waits in the green room, over what it hears otherwise, which is softer meanwhile; `None` ends it. It ends
    /// by itself when that seat is on the stage, or gone. Who may is not asked here.
    pub fn pre_listen(&self, session: SessionId, seat: Option<SeatId>) {
        self.tell(RoomMessage::PreListen(session, seat));
    }

    /// Puts a notice into the next chunk of every rendition.
    ///
    /// # Errors
    ///
    /// When it is longer than [`NOTICE_BYTES_MAX`].
    pub fn notice(&self, notice: Vec<u8>) -> Result<(), NoticeTooLong> {
        if notice.len() > NOTICE_BYTES_MAX {
            return Err(NoticeTooLong { got: notice.len() });
        }
        self.tell(RoomMessage::Notice(notice));
        Ok(())
    }

    /// Seats an in-process voice: mono, 48 kHz, looped. It is a line-in like any other, connected at once and muted until
    /// an order comes. Cut at [`VOICE_SAMPLES_MAX`]; [`Room::close`] ends it.
    pub fn play_voice(&self, seat: SeatId, session: SessionId, mut pcm: Vec<f32>) {
        pcm.truncate(VOICE_SAMPLES_MAX);
        self.tell(RoomMessage::PlayVoice { seat, session, pcm });
    }

    /// Stops mixing, because nobody is there, within [`LEAD_IN_MS`](stentor_media::package::LEAD_IN_MS) at most: what a room has said by
    /// then is what it is resumed with. A room that is suspended takes every message, and costs no processor time.
    pub fn suspend(&self) {
        self.tell(RoomMessage::Suspend);
    }

    /// Mixes again, at once, as if the room had run all the time: positions go on with the clock.
    pub fn resume(&self) {
        self.tell(RoomMessage::Resume);
    }

    /// Ends the room: says goodbye to everyone and stops its thread.
    pub fn stop(&self) {
        self.tell(RoomMessage::Stop);
    }

    /// How it is doing, as of the last second.
    #[must_use]
    pub fn stats(&self) -> RoomStats {
        self.stats.get()
    }

    fn tell(&self, message: RoomMessage) {
        // The queue is full only when the room's thread has not run for seconds; its alarm says so. What must arrive then
        // waits beside it, so only notices and loopback can be refused here.
        match self.port.send(message) {
            Ok(()) => {}
            // It ends: what comes late has nobody left to hear it.
            Err(StudioFault::Stopped) => tracing::debug!(room = self.id, "a message after the end"),
            Err(fault) => tracing::warn!(%fault, room = self.id, "a room did not take a message"),
        }
    }

    const fn key(&self, session: SessionId) -> PeerKey {
        PeerKey {
            room: self.id,
            session,
        }
    }
}

/// The system's default holds a few hundred datagrams: a flood of strangers would push out the sound of speakers.
fn ask_for_receive_buffer(udp: &UdpSocket) {
    // With the right to it beyond the system's limit, else up to that.
    let asked = sockopt::set_socket_recv_buffer_size_force(udp, UDP_RECEIVE_BYTES)
        .or_else(|_| sockopt::set_socket_recv_buffer_size(udp, UDP_RECEIVE_BYTES));
    match asked.and_then(|()| sockopt::socket_recv_buffer_size(udp)) {
        // Linux counts its own bookkeeping and says twice what was asked.
        Ok(bytes) => tracing::info!(
            bytes = bytes / 2,
            asked = UDP_RECEIVE_BYTES,
            "receive buffer of the UDP socket for speakers"
        ),
        Err(error) => {
            tracing::info!(%error, "the UDP socket for speakers keeps the system's receive buffer")
        }
    }
}

fn check_direction(kind: SessionKind, offer: &Offer) -> Result<(), SdpFault> {
    let got = match (offer.sends, offer.receives) {
        (true, true) => "sendrecv",
        (true, false) => "sendonly",
        (false, true) => "recvonly",
        (false, false) => "inactive",
    };
    match kind {
        SessionKind::Monitor if !offer.receives => Err(SdpFault::Direction {
            expected: "recvonly from a monitor",
            got,
        }),
        SessionKind::Browser | SessionKind::LineIn if !offer.sends => Err(SdpFault::Direction {
            expected: "sendrecv or sendonly from a speaker",
            got,
        }),
        _ => Ok(()),
    }
}

impl fmt::Debug for Studio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Studio").finish_non_exhaustive()
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
