//! A director that gets no time while everything around it changes.

use stentor_core::event::Alarm;
use stentor_core::stage::SeatOrder;
use stentor_core::{PageId, SeatId, SessionId};
use stentor_studio::DisconnectReason;
use stentor_studio::room::engine::Engine;
use stentor_studio::room::output::EngineOutput;
use stentor_studio::room::tick::TickTiming;

use super::super::Call;
use super::super::call::CALLS_MAX;
use super::{HOST, Scene};
use crate::reports::Reporter;

/// A room without a thread: its time is moved here, and it reports as a room does.
struct UntimedRoom {
    engine: Engine,
    reporter: Reporter,
    ticks: u64,
}

impl UntimedRoom {
    /// Runs for some ticks, each beginning so much too late.
    fn run(&mut self, ticks: u64, late_us: u64) {
        for _ in 0..ticks {
            self.ticks += 1;
            let timing = TickTiming {
                now_us: self.ticks * 20_000,
                late_us,
                ..TickTiming::default()
            };
            let mut outputs = Vec::new();
            self.engine.tick(timing, &mut outputs);
            self.give(outputs);
        }
    }

    /// A session connects, and its microphone is opened.
    fn connect(&mut self, seat: SeatId, session: SessionId) {
        let mut outputs = Vec::new();
        let tone = vec![0.1; 960];
        self.engine.play_voice(seat, session, tone, &mut outputs);
        self.engine.order(SeatOrder {
            seat,
            session: Some(session),
            on_stage: true,
            on_air: false,
            muted: false,
            version: 1,
        });
        self.give(outputs);
    }

    fn disconnect(&mut self, session: SessionId) {
        let mut outputs = Vec::new();
        let reason = DisconnectReason::Silent;
        self.engine.close(session, reason, &mut outputs);
        self.give(outputs);
    }

    fn give(&self, outputs: Vec<EngineOutput>) {
        for output in outputs {
            match output {
                EngineOutput::State(state) => self.reporter.room(state),
                EngineOutput::Levels(levels) => self.reporter.levels(levels),
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn a_director_that_was_starved_for_minutes_finds_the_truth() {
    let (scene, director, queue) = Scene::before_it_begins();
    let mut room = UntimedRoom {
        engine: Engine::new(0, 0).unwrap(),
        reporter: scene.reporter.clone(),
        ticks: 0,
    };
    // Pages ask for more than the queue holds.
    for _ in 0..CALLS_MAX + 10 {
        let director = scene.director.clone();
        let page = PageId(0);
        tokio::spawn(async move { director.call(Call::Leave { page }).await });
    }
    while queue.len() < CALLS_MAX {
        tokio::task::yield_now().await;
    }
    // For two minutes the host comes and goes, and ticks, recorder and store fail and work again.
    for second in 0..120 {
        room.connect(HOST, SessionId(second));
        room.run(50, if second % 20 < 5 { 50_000 } else { 0 });
        for failing in [true, false, true] {
            scene
                .reporter
                .recorder()
                .send_modify(|state| state.failing = failing);
            scene.reporter.store_failing().send_replace(!failing);
        }
        if second < 119 {
            room.disconnect(SessionId(second));
        }
    }
    room.run(50, 50_000);
    assert_eq!(queue.len(), CALLS_MAX);

    tokio::spawn(director.run(queue));
    let view = scene.view().await;
    assert_eq!(view.alarms, [Alarm::Recorder, Alarm::MixerLate]);
    let host = scene.seat(HOST).await;
    assert!(host.connected && !host.mixer_muted, "{host:?}");

    // It is starved again, by a test that does not wait, while the host goes and everything works again.
    room.disconnect(SessionId(119));
    room.run(50 * 12, 0);
    scene
        .reporter
        .recorder()
        .send_modify(|state| state.failing = false);
    assert_eq!(scene.view().await.alarms, []);
    assert!(!scene.seat(HOST).await.connected);
}
