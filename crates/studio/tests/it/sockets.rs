//! The studio whole, on real sockets of this machine: a WebRTC client over UDP and over ICE-TCP, strangers, and misuse.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use stentor_core::stage::{AppliedMute, SeatOrder, SessionKind};
use stentor_core::{SeatId, SessionId};
use stentor_media::package::{Published, StemChunk};
use stentor_studio::limits::NOTICE_BYTES_MAX;
use stentor_studio::net::framing::{Deframer, head};
use stentor_studio::{
    NoticeTooLong, Offer, OfferError, OfferRequest, PatchError, PatchOutcome, Room, RoomConfig,
    RoomLevels, RoomSink, RoomStatus, SdpFault, Studio, StudioConfig, StudioFault,
};
use str0m::change::SdpAnswer;
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive, TcpType};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};

/// Keeps the newest of everything.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Received>>);

#[derive(Default)]
struct Received {
    state: RoomStatus,
    levels: Option<RoomLevels>,
    published: usize,
}

impl RoomSink for Sink {
    fn published(&mut self, _: Published) {
        self.0.lock().unwrap().published += 1;
    }
    fn suspended(&mut self) {}
    fn resumed(&mut self) {}
    fn stem(&mut self, _: SeatId, _: StemChunk) {}
    fn state(&mut self, state: RoomStatus) {
        self.0.lock().unwrap().state = state;
    }
    fn levels(&mut self, levels: RoomLevels) {
        self.0.lock().unwrap().levels = Some(levels);
    }
}

struct Fixture {
    studio: Studio,
    room: Room,
    sink: Sink,
    udp: SocketAddr,
    tcp: TcpListener,
}

fn fixture() -> Fixture {
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = udp.local_addr().unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let studio = Studio::start(StudioConfig {
        udp,
        local_only: false,
        udp_candidates: vec![address],
        tcp_candidates: vec![tcp.local_addr().unwrap()],
        on_thread_start: None,
    })
    .unwrap();
    let sink = Sink::default();
    let room = studio
        .open_room(RoomConfig {
            event: "test".to_owned(),
            epoch_unix_ms: 0,
            resume_after_position: 0,
            playlists: stentor_media::package::hls::PlaylistCounts::default(),
            sink: Box::new(sink.clone()),
        })
        .unwrap();
    Fixture {
        studio,
        room,
        sink,
        udp: address,
        tcp,
    }
}

impl Fixture {
    /// Waits until the room's state is as described.
    fn wait(&self, what: &str, is: impl Fn(&RoomStatus) -> bool) {
        eventually(what, || is(&self.sink.0.lock().unwrap().state));
    }

    /// Waits until a session is connected.
    fn wait_connected(&self, session: u64) {
        self.wait("a connection", |state| {
            let session = state.sessions.get(&SessionId(session));
            session.is_some_and(|session| session.connected.is_some())
        });
    }

    /// Waits until the mixer does with a session's strip what an order said.
    fn wait_applied(&self, session: u64, muted: bool, version: u64) {
        let applied = Some(AppliedMute { muted, version });
        self.wait("the mute applied", |state| {
            let session = state.sessions.get(&SessionId(session));
            session.is_some_and(|session| session.mute == applied)
        });
    }
}

/// Polls until it is so, for 20 s at most.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < until, "no {what} in 20 s");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// How a client reaches the studio.
enum Wire {
    Udp(UdpSocket),
    Tcp(TcpStream, Deframer),
}

struct Client {
    rtc: Rtc,
    mid: Mid,
    wire: Wire,
    local: SocketAddr,
    remote: SocketAddr,
    connected: bool,
    heard: u64,
    sequence: u64,
}

impl Client {
    /// Offers, is answered, and stands ready to connect.
    fn join(fixture: &Fixture, session: u64, over_tcp: bool) -> Self {
        let now = Instant::now();
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, true)
            .build(now);
        let (wire, local, remote, candidate) = if over_tcp {
            let remote = fixture.tcp.local_addr().unwrap();
            let stream = TcpStream::connect(remote).unwrap();
            let local = stream.local_addr().unwrap();
            stream
                .set_read_timeout(Some(Duration::from_millis(5)))
                .unwrap();
            let candidate = Candidate::builder()
                .tcp()
                .host(local)
                .tcptype(TcpType::Active)
                .build()
                .unwrap();
            let (accepted, from) = fixture.tcp.accept().unwrap();
            let permit = Box::new(());
            fixture.studio.accept_tcp(accepted, from, permit).unwrap();
            (
                Wire::Tcp(stream, Deframer::default()),
                local,
                remote,
                candidate,
            )
        } else {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket
                .set_read_timeout(Some(Duration::from_millis(5)))
                .unwrap();
            let local = socket.local_addr().unwrap();
            (
                Wire::Udp(socket),
                local,
                fixture.udp,
                Candidate::host(local, "udp").unwrap(),
            )
        };
        rtc.add_local_candidate(candidate);
        let mut change = rtc.sdp_api();
        let mid = change.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = change.apply().unwrap();
        let answer = fixture
            .room
            .offer(OfferRequest {
                seat: SeatId(1),
                session: SessionId(session),
                kind: SessionKind::Browser,
                is_staff: false,
                original_sound: false,
                offer: Offer::parse(&offer.to_sdp_string()).unwrap(),
            })
            .unwrap();
        assert!(answer.red && answer.sdp.contains(&answer.ice_ufrag));
        let answer = SdpAnswer::from_sdp_string(&answer.sdp).unwrap();
        rtc.sdp_api().accept_answer(pending, answer).unwrap();
        Self {
            rtc,
            mid,
            wire,
            local,
            remote,
            connected: false,
            heard: 0,
            sequence: 1,
        }
    }

    /// Runs until it is so, for 20 s at most, sending a packet of Opus silence every 20 ms.
    fn run_until(&mut self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let until = Instant::now() + Duration::from_secs(20);
        let mut next = Instant::now();
        while !is_so(self) {
            assert!(Instant::now() < until, "no {what} in 20 s");
            self.receive();
            let now = Instant::now();
            self.rtc.handle_input(Input::Timeout(now)).unwrap();
            self.drain();
            if self.connected && now >= next {
                next = now + Duration::from_millis(20);
                self.speak(now);
            }
        }
    }

    fn speak(&mut self, now: Instant) {
        let pt = self
            .rtc
            .codec_config()
            .find(|p| p.spec().codec == Codec::Opus)
            .unwrap()
            .pt();
        let (sequence, time) = (self.sequence, self.sequence as u32 * 960);
        self.sequence += 1;
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(self.mid, None).unwrap();
        stream.write_rtp(RtpWrite::new(
            pt,
            sequence.into(),
            time,
            now,
            vec![0xf8, 0xff, 0xfe],
        ));
        self.drain();
        self.rtc.handle_input(Input::Timeout(now)).unwrap();
        self.drain();
    }

    fn receive(&mut self) {
        let mut buffer = [0; 4096];
        let mut frames = Vec::new();
        let protocol = match &mut self.wire {
            Wire::Udp(socket) => {
                if let Ok((length, _)) = socket.recv_from(&mut buffer) {
                    frames.push(buffer[..length].to_vec());
                }
                Protocol::Udp
            }
            Wire::Tcp(stream, deframer) => {
                if let Ok(length) = stream.read(&mut buffer) {
                    deframer
                        .push(&buffer[..length], |frame| frames.push(frame.to_vec()))
                        .unwrap();
                }
                Protocol::Tcp
            }
        };
        for frame in frames {
            let receive = Receive::new(protocol, self.remote, self.local, &frame).unwrap();
            self.rtc
                .handle_input(Input::Receive(Instant::now(), receive))
                .unwrap();
            self.drain();
        }
    }

    fn drain(&mut self) {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(_) => return,
                // Answers name both candidates; each client has one wire.
                Output::Transmit(t) if t.destination == self.remote => match &mut self.wire {
                    Wire::Udp(socket) => drop(socket.send_to(&t.contents, self.remote).unwrap()),
                    Wire::Tcp(stream, _) => {
                        let mut framed = head(&t.contents).unwrap().to_vec();
                        framed.extend_from_slice(&t.contents);
                        stream.write_all(&framed).unwrap();
                    }
                },
                Output::Transmit(_) => {}
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::RtpPacket(_)) => self.heard += 1,
                Output::Event(_) => {}
            }
        }
    }
}

fn talks(over_tcp: bool) {
    let fixture = fixture();
    let mut client = Client::join(&fixture, 1, over_tcp);
    let done = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&done);
    let handle = std::thread::spawn(move || {
        client.run_until("end of the test, or sound", |client| {
            client.heard > 50 && stop.load(Ordering::Relaxed)
        });
    });
    fixture.wait_connected(1);
    fixture.room.order(SeatOrder {
        seat: SeatId(1),
        session: Some(SessionId(1)),
        on_stage: true,
        on_air: true,
        muted: false,
        version: 4,
    });
    fixture.wait_applied(1, false, 4);
    eventually("figures", || {
        let (room, studio) = (fixture.room.stats(), fixture.studio.stats());
        let received = room.seats.first().map_or(0, |seat| seat.line.received);
        received > 0 && studio.net.received > 0 && studio.peers == 1
    });
    assert_eq!(
        fixture.studio.stats().tcp_connections,
        usize::from(over_tcp)
    );
    done.store(true, Ordering::Relaxed);
    handle.join().unwrap();
    fixture.room.close(SessionId(1));
    fixture.room.close(SessionId(1));
    fixture.wait("end of the session", |state| state.sessions.is_empty());
    eventually("reason", || fixture.room.stats().disconnects.requested == 1);
    assert!(fixture.sink.0.lock().unwrap().published > 10);
    fixture.room.stop();
}

#[test]
fn a_client_talks_over_udp() {
    talks(false);
}

#[test]
fn a_client_talks_over_ice_tcp() {
    talks(true);
}

#[test]
fn strangers_get_no_answer_over_udp_and_tcp() {
    let fixture = fixture();
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    stranger
        .set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    // A well-formed STUN binding request without credentials, then noise.
    let mut stun = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    stun.extend([9; 12]);
    for bytes in [&stun[..], &[22; 300], &[128; 40], &[], &[0xff; 1400]] {
        stranger.send_to(bytes, fixture.udp).unwrap();
    }
    assert!(
        stranger.recv_from(&mut [0; 100]).is_err(),
        "a stranger was answered"
    );
    // A frame that is announced too long ends the connection.
    let mut stream = TcpStream::connect(fixture.tcp.local_addr().unwrap()).unwrap();
    let (accepted, from) = fixture.tcp.accept().unwrap();
    let permit = Box::new(());
    fixture.studio.accept_tcp(accepted, from, permit).unwrap();
    stream.write_all(&[0, 20]).unwrap();
    stream.write_all(&stun).unwrap();
    stream.write_all(&[0xff, 0xff, 1, 2, 3]).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let read = stream.read(&mut [0; 10]);
    assert!(
        matches!(read, Ok(0))
            || read.is_err_and(|e| e.kind() == std::io::ErrorKind::ConnectionReset)
    );
    // And the room still works.
    let mut client = Client::join(&fixture, 1, false);
    client.run_until("connection", |client| client.connected);
}

#[test]
fn offers_and_fragments_of_the_wrong_kind_get_one_clear_error() {
    let fixture = fixture();
    let offer = |kind, sdp: &str| {
        fixture.room.offer(OfferRequest {
            seat: SeatId(1),
            session: SessionId(1),
            kind,
            is_staff: false,
            original_sound: false,
            offer: Offer::parse(sdp)?,
        })
    };
    let broken = offer(SessionKind::Browser, "nonsense").unwrap_err();
    assert!(broken.is_theirs());
    assert_eq!(
        broken.to_string(),
        "the offer cannot be answered: line 1: expected a letter and '=', got \"nonsense\""
    );
    for (kind, direction, got) in [
        (SessionKind::Monitor, Direction::SendOnly, "sendonly"),
        (SessionKind::LineIn, Direction::RecvOnly, "recvonly"),
    ] {
        let wrong = offer(kind, &offer_of(direction));
        assert!(
            matches!(&wrong, Err(OfferError::Theirs(SdpFault::Direction { got: g, .. })) if *g == got),
            "{wrong:?}"
        );
    }
    let unknown = fixture.room.patch(SessionId(77), "a=end-of-candidates");
    assert_eq!(unknown, Err(PatchError::NoSession));
    assert!(matches!(
        fixture.room.patch(SessionId(77), "x"),
        Err(PatchError::Theirs(_))
    ));
    offer(SessionKind::Monitor, &offer_of(Direction::RecvOnly)).unwrap();
    assert_eq!(
        fixture.room.patch(SessionId(1), "a=end-of-candidates"),
        Ok(PatchOutcome::Trickled)
    );
    let restart = fixture
        .room
        .patch(
            SessionId(1),
            "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx",
        )
        .unwrap();
    let PatchOutcome::Restarted { sdpfrag, ice_ufrag } = restart else {
        panic!("{restart:?}");
    };
    assert!(sdpfrag.contains(&ice_ufrag) && sdpfrag.contains("a=candidate:"));
}

#[test]
fn an_in_process_voice_is_heard_by_nobody_until_ordered_and_a_stopped_room_says_so() {
    let fixture = fixture();
    let pcm: Vec<f32> = (0..48_000).map(|n| (n as f32 * 0.05).sin() * 0.3).collect();
    fixture.room.play_voice(SeatId(5), SessionId(5), pcm);
    fixture.wait_connected(5);
    fixture.wait_applied(5, true, 0);
    fixture.room.order(SeatOrder {
        seat: SeatId(5),
        session: Some(SessionId(5)),
        on_stage: true,
        on_air: true,
        muted: false,
        version: 1,
    });
    eventually("levels", || {
        let received = fixture.sink.0.lock().unwrap();
        let levels = received.levels.as_ref();
        levels.is_some_and(|levels| levels.seats.iter().any(|seat| seat.dbfs_tenths > -200))
    });
    fixture.room.stop();
    fixture.wait("end of the session", |state| state.sessions.is_empty());
    let refused = || {
        fixture.room.offer(OfferRequest {
            seat: SeatId(1),
            session: SessionId(9),
            kind: SessionKind::Monitor,
            is_staff: false,
            original_sound: false,
            offer: Offer::parse(&offer_of(Direction::RecvOnly)).unwrap(),
        })
    };
    eventually("refusal by a room that has stopped", || {
        refused() == Err(OfferError::Ours(StudioFault::Stopped))
    });
}

#[test]
fn a_notice_that_is_too_long_is_said_to_be_a_notice_that_is_too_long() {
    let fixture = fixture();
    assert_eq!(fixture.room.notice(vec![0; NOTICE_BYTES_MAX]), Ok(()));
    let got = NOTICE_BYTES_MAX + 1;
    let error = fixture.room.notice(vec![0; got]).unwrap_err();
    assert_eq!(error, NoticeTooLong { got });
    assert_eq!(
        error.to_string(),
        format!("expected a notice of at most {NOTICE_BYTES_MAX} bytes, got {got}")
    );
}

/// The offer of a whole WebRTC stack.
fn offer_of(direction: Direction) -> String {
    let mut rtc = Rtc::builder()
        .clear_codecs()
        .enable_opus(true, true)
        .build(Instant::now());
    let mut change = rtc.sdp_api();
    change.add_media(MediaKind::Audio, direction, None, None, None);
    change.apply().unwrap().0.to_sdp_string()
}
