//! What a room does with orders, sessions and in-process lines, tick by tick.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::sound::{Voice, dbfs};
use crate::world::{expected, newest_session};
use stentor_core::event::Alarm;
use stentor_core::stage::{AppliedMute, ConnectFailure, SeatOrder, SessionKind};
use stentor_core::{SeatId, SessionId};
use stentor_media::opus::{
    CodecError, Decode as _, Encode, EncoderProfile, OpusDecoder, OpusEncoder, PACKET_SAMPLES_MAX,
};
use stentor_media::package::{Packager, PackagerConfig};
use stentor_media::rendition::Rendition;
use stentor_studio::limits::{SEAT_UNCONNECTED_MAX, SESSIONS_MAX, SESSIONS_STAFF};
use stentor_studio::peer::{PeerEvent, ReturnPacket};
use stentor_studio::room::engine::Engine;
use stentor_studio::room::output::EngineOutput;
use stentor_studio::room::tick::TickTiming;
use stentor_studio::{
    DisconnectReason, ExpectedSession, FailedAttempt, RoomLevels, RoomStats, RoomStatus,
    RoomStatusChange, StudioFault,
};

struct Room {
    engine: Engine,
    now_us: u64,
    state: RoomStatus,
    changes: Vec<RoomStatusChange>,
    levels: Vec<RoomLevels>,
    stats: RoomStats,
    stems: Vec<(SeatId, u64)>,
    closed: Vec<(SessionId, DisconnectReason)>,
    sent: Vec<(SessionId, ReturnPacket)>,
}

impl Room {
    fn new() -> Self {
        Self::with(Engine::new(0, 0).unwrap())
    }

    fn with(engine: Engine) -> Self {
        Self {
            engine,
            now_us: 0,
            state: RoomStatus::default(),
            changes: Vec::new(),
            levels: Vec::new(),
            stats: RoomStats::default(),
            stems: Vec::new(),
            closed: Vec::new(),
            sent: Vec::new(),
        }
    }

    fn run(&mut self, ticks: u64) {
        for _ in 0..ticks {
            self.now_us += 20_000;
            let timing = TickTiming {
                now_us: self.now_us,
                unix_us: self.now_us as i64,
                ..TickTiming::default()
            };
            let mut outputs = Vec::new();
            self.engine.tick(timing, &mut outputs);
            self.note(outputs);
        }
    }

    fn note(&mut self, outputs: Vec<EngineOutput>) {
        for output in outputs {
            match output {
                EngineOutput::State(state) => {
                    self.changes.extend(state.changes_since(&self.state));
                    self.state = state;
                }
                EngineOutput::Levels(levels) => self.levels.push(levels),
                EngineOutput::Stats(stats) => self.stats = stats,
                EngineOutput::Stem(seat, chunk) => self.stems.push((seat, chunk.sequence)),
                EngineOutput::Close(session, reason) => self.closed.push((session, reason)),
                EngineOutput::Send(session, packet) => self.sent.push((session, packet)),
                EngineOutput::Programme(_) | EngineOutput::Suspended | EngineOutput::Resumed => {}
            }
        }
    }

    fn expect(&mut self, seat: u32, session: u64, kind: SessionKind) -> Result<(), StudioFault> {
        self.expect_of(false, seat, session, kind)
    }

    fn expect_of(
        &mut self,
        is_staff: bool,
        seat: u32,
        session: u64,
        kind: SessionKind,
    ) -> Result<(), StudioFault> {
        let (sends, mut outputs) = (kind != SessionKind::Monitor, Vec::new());
        let session_of = ExpectedSession {
            is_staff,
            ..expected(seat, kind, sends, true)
        };
        let taken = self
            .engine
            .expect(SessionId(session), session_of, &mut outputs);
        self.note(outputs);
        taken
    }

    fn peer(&mut self, session: u64, event: PeerEvent) {
        let mut outputs = Vec::new();
        self.engine.peer(SessionId(session), event, &mut outputs);
        self.note(outputs);
    }

    fn close(&mut self, session: u64, reason: DisconnectReason) {
        let mut outputs = Vec::new();
        self.engine.close(SessionId(session), reason, &mut outputs);
        self.note(outputs);
    }

    fn line(&mut self, seat: u32, session: u64) {
        let tone = (0..48_000).map(|n| (n as f32 * 0.03).sin() * 0.2).collect();
        self.line_of(seat, session, tone);
    }

    fn line_of(&mut self, seat: u32, session: u64, tone: Vec<f32>) {
        let mut outputs = Vec::new();
        self.engine
            .play_voice(SeatId(seat), SessionId(session), tone, &mut outputs);
        self.note(outputs);
    }

    fn order(&mut self, seat: u32, on_stage: bool, muted: bool, version: u64) {
        self.engine.order(SeatOrder {
            seat: SeatId(seat),
            session: newest_session(&self.state, SeatId(seat)),
            on_stage,
            on_air: on_stage,
            muted,
            version,
        });
    }

    /// The mutes applied so far: session, whether muted, by which order.
    fn mutes_applied(&self) -> Vec<(u64, bool, u64)> {
        let mutes = self.changes.iter().filter_map(|change| match change {
            RoomStatusChange::MuteApplied {
                session, applied, ..
            } => Some((session.0, applied.muted, applied.version)),
            _ => None,
        });
        mutes.collect()
    }
}

#[test]
fn each_order_is_in_the_state_once_it_is_obeyed_and_a_new_session_starts_muted() {
    let mut room = Room::new();
    room.line(1, 1);
    room.run(5);
    assert_eq!(room.mutes_applied(), [(1, true, 0)]);
    room.order(1, true, false, 1);
    room.run(5);
    room.order(1, true, false, 1);
    room.order(1, true, true, 2);
    room.order(1, true, false, 3);
    room.run(5);
    assert_eq!(
        room.mutes_applied(),
        [(1, true, 0), (1, false, 1), (1, false, 3)]
    );
    // A second session of the seat: muted, whatever the first was allowed; then it alone is meant.
    room.line(1, 2);
    room.run(5);
    room.order(1, true, false, 4);
    room.run(5);
    let last = room.mutes_applied().split_off(3);
    assert_eq!(last, [(2, true, 0), (1, true, 4), (2, false, 4)]);
}

#[test]
fn a_seat_on_the_stage_is_recorded_and_in_the_green_room_is_not() {
    let mut room = Room::new();
    room.line(1, 1);
    room.run(100);
    assert_eq!(room.stems, []);
    room.order(1, true, false, 1);
    room.run(100);
    room.order(1, false, false, 1);
    room.run(100);
    assert_eq!(room.stems, [(SeatId(1), 2), (SeatId(1), 3)]);
}

#[test]
fn guests_never_take_the_last_places_of_a_room() {
    let mut room = Room::new();
    let guests = SESSIONS_MAX - SESSIONS_STAFF;
    for n in 0..guests as u64 {
        room.expect(n as u32, n, SessionKind::Monitor).unwrap();
    }
    for kind in [
        SessionKind::Monitor,
        SessionKind::Browser,
        SessionKind::LineIn,
    ] {
        assert_eq!(
            room.expect(9_999, 9_999, kind),
            Err(StudioFault::Full { max: guests })
        );
    }
    // A name that is used again replaces.
    assert_eq!(room.expect(3, 3, SessionKind::Monitor), Ok(()));
    for n in 0..SESSIONS_STAFF as u64 {
        let seat = 10_000 + n as u32;
        room.expect_of(true, seat, 10_000 + n, SessionKind::Browser)
            .unwrap();
    }
    assert_eq!(
        room.expect_of(true, 20_000, 20_000, SessionKind::Browser),
        Err(StudioFault::Full { max: SESSIONS_MAX })
    );
    assert_eq!(room.state.sessions.len(), SESSIONS_MAX);
}

#[test]
fn one_link_holds_few_places_however_often_it_offers() {
    for kind in [
        SessionKind::Browser,
        SessionKind::LineIn,
        SessionKind::Monitor,
    ] {
        let mut room = Room::new();
        room.expect(2, 1, kind).unwrap();
        for n in 10..1_000 {
            room.expect(1, n, kind).unwrap();
        }
        let of_seat = |state: &RoomStatus, seat| {
            let sessions = state
                .sessions
                .iter()
                .filter(move |(_, of)| of.seat == SeatId(seat));
            sessions.map(|(&session, _)| session.0).collect::<Vec<_>>()
        };
        let newest: Vec<u64> = (1_000 - SEAT_UNCONNECTED_MAX as u64..1_000).collect();
        assert_eq!(of_seat(&room.state, 1), newest);
        assert_eq!(of_seat(&room.state, 2), [1]);
        let gone = 990 - SEAT_UNCONNECTED_MAX;
        assert_eq!(room.closed.len(), gone);
        assert_eq!(room.closed[0], (SessionId(10), DisconnectReason::Replaced));
        // Who is connected stays, whatever is offered beside.
        room.peer(999, PeerEvent::Connected);
        for n in 1_000..1_100 {
            room.expect(1, n, kind).unwrap();
        }
        assert!(room.state.sessions[&SessionId(999)].connected.is_some());
        assert_eq!(room.state.sessions.len(), 2 + SEAT_UNCONNECTED_MAX);
    }
}

#[test]
fn a_peer_that_connects_after_its_session_was_closed_is_sent_away() {
    let mut room = Room::new();
    room.expect(1, 1, SessionKind::Browser).unwrap();
    room.close(1, DisconnectReason::Requested);
    room.closed.clear();
    room.peer(1, PeerEvent::Connected);
    assert_eq!(room.closed, [(SessionId(1), DisconnectReason::Requested)]);
    assert_eq!(room.state, RoomStatus::default());
}

#[test]
fn why_somebody_did_not_get_in_is_in_the_state_until_they_do() {
    let mut room = Room::new();
    for (session, reason, why) in [
        (
            1,
            DisconnectReason::NeverConnected,
            ConnectFailure::NeverReached,
        ),
        (
            2,
            DisconnectReason::HandshakeFailed,
            ConnectFailure::Handshake,
        ),
    ] {
        room.expect(7, session, SessionKind::Browser).unwrap();
        room.peer(session, PeerEvent::Closed(reason));
        let attempt = FailedAttempt {
            session: SessionId(session),
            why,
        };
        assert_eq!(room.state.failed.get(&SeatId(7)), Some(&attempt));
        let told = RoomStatusChange::ConnectFailed {
            seat: SeatId(7),
            attempt,
        };
        assert_eq!(room.changes.last(), Some(&told));
    }
    room.expect(7, 3, SessionKind::Browser).unwrap();
    room.peer(3, PeerEvent::Connected);
    assert!(room.state.failed.is_empty());
    // What ends a session that was up is no attempt in vain.
    room.peer(3, PeerEvent::Closed(DisconnectReason::Silent));
    assert!(room.state.failed.is_empty());
}

#[test]
fn a_session_is_closed_once_and_events_of_the_gone_are_ignored() {
    let mut room = Room::new();
    room.expect(1, 1, SessionKind::Browser).unwrap();
    assert_eq!(room.state.sessions[&SessionId(1)].connected, None);
    room.peer(1, PeerEvent::Connected);
    assert_eq!(room.state.sessions[&SessionId(1)].connected, Some(1));
    for _ in 0..2 {
        room.close(1, DisconnectReason::Requested);
    }
    room.peer(1, PeerEvent::Closed(DisconnectReason::Goodbye));
    room.run(50);
    assert_eq!(room.closed, [(SessionId(1), DisconnectReason::Requested)]);
    assert_eq!(room.state, RoomStatus::default());
    let (requested, goodbye) = (
        room.stats.disconnects.requested,
        room.stats.disconnects.goodbye,
    );
    assert_eq!((requested, goodbye), (1, 0));
}

#[test]
fn levels_come_for_each_seat_every_100_ms_and_tell_voice_from_nothing() {
    let mut room = Room::new();
    room.line(1, 1);
    room.order(1, true, false, 1);
    room.run(100);
    assert_eq!(room.levels.len(), 20);
    let last = room.levels.last().unwrap();
    let seat = last.seats[0];
    assert!((-180..=-150).contains(&seat.dbfs_tenths), "{seat:?}");
    assert!(!seat.digital_silence);
    assert!(last.true_peak > last.lufs, "{last:?}");
}

/// Nobody looks for four minutes, in which sessions come and go and orders are given; then one look is enough.
#[test]
fn whoever_looks_after_minutes_finds_the_truth_and_nothing_has_piled_up() {
    let mut room = Room::new();
    room.line(1, 1);
    let mut seen = RoomStatus::default();
    for n in 0..1_200_u64 {
        room.line(2, 100 + n);
        room.order(2, true, n % 3 == 0, n);
        room.order(1, true, n % 2 == 0, n);
        room.run(10);
        if n < 1_199 {
            room.close(100 + n, DisconnectReason::Requested);
        }
        assert!(room.state.sessions.len() <= 3);
    }
    let look = room.state.changes_since(&seen);
    let connected = |seat, session| RoomStatusChange::Connected {
        seat: SeatId(seat),
        session: SessionId(session),
        kind: SessionKind::LineIn,
    };
    let applied = |seat, session, muted| RoomStatusChange::MuteApplied {
        seat: SeatId(seat),
        session: SessionId(session),
        applied: AppliedMute {
            muted,
            version: 1_199,
        },
    };
    assert_eq!(
        look,
        [
            connected(1, 1),
            connected(2, 1_299),
            applied(1, 1, false),
            applied(2, 1_299, false)
        ]
    );
    seen.clone_from(&room.state);
    room.close(1, DisconnectReason::Requested);
    let gone = RoomStatusChange::Disconnected {
        seat: SeatId(1),
        session: SessionId(1),
    };
    assert_eq!(room.state.changes_since(&seen), [gone]);
}

/// How loud a session heard so many ticks, in dBFS.
fn heard(room: &mut Room, session: u64, ticks: u64) -> f32 {
    let mut decoder = OpusDecoder::new().unwrap();
    room.sent.clear();
    room.run(ticks);
    let mut pcm = vec![0.0; PACKET_SAMPLES_MAX];
    let mut all = Vec::new();
    for (_, packet) in room.sent.iter().filter(|(to, _)| to.0 == session) {
        let samples = decoder.decode(&packet.bytes, &mut pcm).unwrap();
        all.extend_from_slice(&pcm[..samples]);
    }
    dbfs(&all[all.len() / 2..])
}

#[test]
fn who_waits_is_heard_by_whoever_pre_listens_and_by_nobody_else() {
    for (kind, on_stage) in [
        (SessionKind::Monitor, false),
        (SessionKind::Browser, false),
        (SessionKind::Browser, true),
    ] {
        let mut room = Room::new();
        let mut voice = Voice::new(7, 140.0);
        let pcm = (0..250).flat_map(|_| voice.next()).collect();
        room.line_of(1, 1, pcm);
        for session in [2, 3] {
            room.expect(session as u32, session, kind).unwrap();
            room.peer(session, PeerEvent::Connected);
            room.order(session as u32, on_stage, true, 1);
        }
        let silent = |level: f32| level < -34.0;
        assert!(silent(heard(&mut room, 2, 100)), "{kind:?}");
        room.engine.pre_listen(SessionId(2), Some(SeatId(1)));
        let level = heard(&mut room, 2, 100);
        assert!(level > -30.0, "{kind:?}: {level} dBFS");
        assert!(silent(heard(&mut room, 3, 100)), "another one hears it");
        // It ends by itself on the stage: others are heard there as everybody hears them, muted not at all.
        room.order(1, true, true, 1);
        assert!(silent(heard(&mut room, 2, 100)), "{kind:?}");
        room.order(1, false, true, 2);
        assert!(!silent(heard(&mut room, 2, 100)), "{kind:?}");
        room.engine.pre_listen(SessionId(2), None);
        assert!(silent(heard(&mut room, 2, 100)), "{kind:?}");
        // Seats and sessions that are not there are no matter.
        room.engine.pre_listen(SessionId(2), Some(SeatId(99)));
        room.engine.pre_listen(SessionId(99), Some(SeatId(1)));
        assert!(silent(heard(&mut room, 2, 50)), "{kind:?}");
    }
}

#[test]
fn in_a_crowd_that_waits_the_one_that_is_pre_listened_to_has_no_gap() {
    let mut room = Room::new();
    for seat in 1..=20 {
        room.line(seat, u64::from(seat));
    }
    room.expect(30, 30, SessionKind::Monitor).unwrap();
    room.peer(30, PeerEvent::Connected);
    for seat in [1, 12, 20] {
        room.engine.pre_listen(SessionId(30), Some(SeatId(seat)));
        room.run(10);
        room.sent.clear();
        room.run(200);
        let mut decoder = OpusDecoder::new().unwrap();
        let mut pcm = vec![0.0; PACKET_SAMPLES_MAX];
        let ticks = room.sent.iter().map(|(_, packet)| {
            let samples = decoder.decode(&packet.bytes, &mut pcm).unwrap();
            dbfs(&pcm[..samples])
        });
        let quietest = ticks.skip(5).fold(0.0, f32::min);
        assert!(quietest > -40.0, "{seat}: {quietest} dBFS");
    }
}

/// An encoder that hears nothing while it is told so: an encoder fed with the wrong buffer.
struct Deaf {
    inner: OpusEncoder,
    deaf: Arc<AtomicBool>,
}

impl Encode for Deaf {
    fn encode(&mut self, pcm: &[f32], out: &mut [u8]) -> Result<usize, CodecError> {
        if self.deaf.load(Ordering::Relaxed) {
            return self.inner.encode(&vec![0.0; pcm.len()], out);
        }
        self.inner.encode(pcm, out)
    }

    fn set_loss_percent(&mut self, percent: u8) -> Result<(), CodecError> {
        self.inner.set_loss_percent(percent)
    }
}

#[test]
fn speech_that_listeners_do_not_get_is_an_alarm_of_the_room_and_it_clears() {
    let deaf = Arc::new(AtomicBool::new(false));
    let encoder = |rendition| -> Box<dyn Encode> {
        Box::new(Deaf {
            inner: OpusEncoder::new(EncoderProfile::Programme(rendition)).unwrap(),
            deaf: Arc::clone(&deaf),
        })
    };
    let config = PackagerConfig {
        first_position: 0,
        epoch_unix_ms: 0,
    };
    let packager = Packager::with_encoders(config, Rendition::ALL.map(encoder)).unwrap();
    let mut room = Room::with(Engine::with_packager(packager).unwrap());
    let mut voice = Voice::new(7, 140.0);
    room.line_of(1, 1, (0..250).flat_map(|_| voice.next()).collect());
    room.order(1, true, false, 1);
    let mut alarms_after = |seconds: u64, is_deaf| {
        deaf.store(is_deaf, Ordering::Relaxed);
        room.changes.clear();
        room.run(seconds * 50);
        let alarms = room.changes.iter().filter_map(|change| match change {
            RoomStatusChange::Alarm { alarm, on } => Some((*alarm, *on)),
            _ => None,
        });
        alarms.collect::<Vec<_>>()
    };
    assert_eq!(alarms_after(5, false), []);
    assert_eq!(alarms_after(3, true), [(Alarm::OutputSilent, true)]);
    assert_eq!(alarms_after(3, false), [(Alarm::OutputSilent, false)]);
}
