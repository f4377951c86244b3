//! What a room does with orders, sessions and in-process lines, tick by tick.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::sound::Voice;
use crate::world::newest_session;
use stentor_core::event::Alarm;
use stentor_core::{SeatId, SessionId};
use stentor_media::opus::{CodecError, Encode, EncoderProfile, OpusEncoder};
use stentor_media::package::{Packager, PackagerConfig};
use stentor_media::rendition::Rendition;
use stentor_studio::limits::SESSIONS_MAX;
use stentor_studio::peer::PeerEvent;
use stentor_studio::room::engine::{Action, Engine, TickTime};
use stentor_studio::{CloseReason, RoomEvent, SeatOrder, SessionKind, StudioFault};

struct Desk {
    engine: Engine,
    now_us: u64,
    events: Vec<RoomEvent>,
    stems: Vec<(SeatId, u64)>,
    closed: Vec<(SessionId, CloseReason)>,
}

impl Desk {
    fn new() -> Self {
        Self::with(Engine::new(0, 0).unwrap())
    }

    fn with(engine: Engine) -> Self {
        Self {
            engine,
            now_us: 0,
            events: Vec::new(),
            stems: Vec::new(),
            closed: Vec::new(),
        }
    }

    fn run(&mut self, ticks: u64) {
        for _ in 0..ticks {
            self.now_us += 20_000;
            let time = TickTime {
                now_us: self.now_us,
                unix_us: self.now_us as i64,
                ..TickTime::default()
            };
            let mut actions = Vec::new();
            self.engine.tick(time, &mut actions);
            self.note(actions);
        }
    }

    fn note(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Event(event) => self.events.push(event),
                Action::Stem(seat, chunk) => self.stems.push((seat, chunk.sequence)),
                Action::Close(session, reason) => self.closed.push((session, reason)),
                Action::Send(..) | Action::Published(_) => {}
            }
        }
    }

    fn line(&mut self, seat: u32, session: u64) {
        let tone = (0..48_000).map(|n| (n as f32 * 0.03).sin() * 0.2).collect();
        self.line_of(seat, session, tone);
    }

    fn line_of(&mut self, seat: u32, session: u64, tone: Vec<f32>) {
        let mut actions = Vec::new();
        self.engine
            .line(SeatId(seat), SessionId(session), tone, &mut actions);
        self.note(actions);
    }

    fn order(&mut self, seat: u32, on_stage: bool, muted: bool, version: u64) {
        self.engine.order(SeatOrder {
            seat: SeatId(seat),
            session: newest_session(self.events.iter(), SeatId(seat)),
            on_stage,
            on_air: on_stage,
            muted,
            version,
        });
    }

    fn acknowledged(&self) -> Vec<(u64, bool, u64)> {
        let mutes = self.events.iter().filter_map(|event| match event {
            RoomEvent::MuteApplied {
                session,
                muted,
                version,
                ..
            } => Some((session.0, *muted, *version)),
            _ => None,
        });
        mutes.collect()
    }
}

#[test]
fn each_order_is_acknowledged_once_and_a_new_session_starts_muted() {
    let mut desk = Desk::new();
    desk.line(1, 1);
    desk.run(5);
    assert_eq!(desk.acknowledged(), [(1, true, 0)]);
    desk.order(1, true, false, 1);
    desk.run(5);
    desk.order(1, true, false, 1);
    desk.order(1, true, true, 2);
    desk.order(1, true, false, 3);
    desk.run(5);
    assert_eq!(
        desk.acknowledged(),
        [(1, true, 0), (1, false, 1), (1, false, 3)]
    );
    // A second session of the seat: muted, whatever the first was allowed; then it alone is meant.
    desk.line(1, 2);
    desk.run(5);
    desk.order(1, true, false, 4);
    desk.run(5);
    let last = desk.acknowledged().split_off(3);
    assert_eq!(last, [(2, true, 0), (1, true, 4), (2, false, 4)]);
}

#[test]
fn a_seat_on_the_stage_is_recorded_and_in_the_green_room_is_not() {
    let mut desk = Desk::new();
    desk.line(1, 1);
    desk.run(100);
    assert_eq!(desk.stems, []);
    desk.order(1, true, false, 1);
    desk.run(100);
    desk.order(1, false, false, 1);
    desk.run(100);
    assert_eq!(desk.stems, [(SeatId(1), 2), (SeatId(1), 3)]);
}

#[test]
fn sessions_are_bounded_and_a_name_used_again_replaces() {
    let mut engine = Engine::new(0, 0).unwrap();
    for n in 0..SESSIONS_MAX as u64 {
        engine
            .expect(SessionId(n), SeatId(1), SessionKind::Monitor, false, true)
            .unwrap();
    }
    let expect = |engine: &mut Engine, n| {
        engine.expect(SessionId(n), SeatId(1), SessionKind::Monitor, false, true)
    };
    assert_eq!(
        expect(&mut engine, 9_999),
        Err(StudioFault::Full { max: SESSIONS_MAX })
    );
    assert_eq!(expect(&mut engine, 3), Ok(()));
}

#[test]
fn closing_is_told_once_and_events_of_the_gone_are_ignored() {
    let mut desk = Desk::new();
    let session = SessionId(1);
    desk.engine
        .expect(session, SeatId(1), SessionKind::Browser, true, true)
        .unwrap();
    let mut actions = Vec::new();
    desk.engine
        .peer(session, PeerEvent::Connected, &mut actions);
    desk.engine.close(session, CloseReason::Asked, &mut actions);
    desk.engine.close(session, CloseReason::Asked, &mut actions);
    desk.engine.peer(
        session,
        PeerEvent::Closed(CloseReason::Goodbye),
        &mut actions,
    );
    desk.note(actions);
    desk.run(3);
    assert_eq!(desk.closed, [(session, CloseReason::Asked)]);
    let downs = desk
        .events
        .iter()
        .filter(|e| matches!(e, RoomEvent::Down { .. }))
        .count();
    assert_eq!(downs, 1);
}

#[test]
fn levels_come_for_each_seat_every_100_ms_and_tell_voice_from_nothing() {
    let mut desk = Desk::new();
    desk.line(1, 1);
    desk.order(1, true, false, 1);
    desk.run(100);
    let reports = desk.events.iter().filter_map(|e| match e {
        RoomEvent::Levels(levels) => Some(levels.clone()),
        _ => None,
    });
    let reports = reports.collect::<Vec<_>>();
    assert_eq!(reports.len(), 20);
    let last = reports.last().unwrap()[0];
    assert!((-180..=-150).contains(&last.dbfs_tenths), "{last:?}");
    assert!(!last.digital_silence);
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
    let mut desk = Desk::with(Engine::with_packager(packager).unwrap());
    let mut voice = Voice::new(7, 140.0);
    desk.line_of(1, 1, (0..250).flat_map(|_| voice.next()).collect());
    desk.order(1, true, false, 1);
    let mut alarms_after = |seconds: u64, is_deaf| {
        deaf.store(is_deaf, Ordering::Relaxed);
        desk.events.clear();
        desk.run(seconds * 50);
        let alarms = desk.events.iter().filter_map(|event| match event {
            RoomEvent::Alarm { alarm, on } => Some((*alarm, *on)),
            _ => None,
        });
        alarms.collect::<Vec<_>>()
    };
    assert_eq!(alarms_after(5, false), []);
    assert_eq!(alarms_after(3, true), [(Alarm::OutputSilent, true)]);
    assert_eq!(alarms_after(3, false), [(Alarm::OutputSilent, false)]);
}
