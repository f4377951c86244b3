//! A room that is suspended and resumed, on a clock that the test moves.

use stentor_core::timeline::{BOUNDARY_SAMPLES, SAMPLES_PER_MS};
use stentor_media::package::{LEAD_IN_MS, NOTICES_PENDING_MAX, Published};
use stentor_media::rendition::{Rendition, TICK_SAMPLES};
use stentor_studio::room::engine::Engine;
use stentor_studio::room::output::EngineOutput;
use stentor_studio::room::tick::TickTiming;

const LEAD_IN_TICKS: u64 = LEAD_IN_MS as u64 / 20;
/// A tick that begins this late has missed its deadline, in microseconds.
const LATE_US: u64 = 50_000;

struct Room {
    engine: Engine,
    outputs: Vec<EngineOutput>,
}

impl Room {
    fn new() -> Self {
        Self {
            engine: Engine::new(0, 0).unwrap(),
            outputs: Vec::new(),
        }
    }

    /// Runs for some ticks, each beginning so late.
    fn run(&mut self, ticks: u64, late_us: u64) {
        for _ in 0..ticks {
            let now_us = (self.engine.position() + TICK_SAMPLES as u64) * 1_000 / SAMPLES_PER_MS;
            let timing = TickTiming {
                now_us,
                unix_us: now_us as i64,
                late_us,
                ..TickTiming::default()
            };
            self.engine.tick(timing, &mut self.outputs);
        }
    }

    /// Numbers of the best rendition's chunks since this was asked last.
    fn chunks(&mut self) -> Vec<u64> {
        let number = |output| match output {
            EngineOutput::Programme(Published::Chunk(chunk)) => {
                (chunk.rendition == Rendition::Full).then_some(chunk.sequence)
            }
            _ => None,
        };
        self.outputs.drain(..).filter_map(number).collect()
    }
}

#[test]
fn a_room_goes_on_with_sound_behind_it_and_its_numbers_go_on_with_it() {
    let mut room = Room::new();
    room.run(LEAD_IN_TICKS - 1, 0);
    assert!(!room.engine.can_suspend());
    room.run(1, 0);
    assert!(room.engine.can_suspend());
    let before = room.chunks();
    room.engine.suspend(&mut room.outputs);
    assert!(matches!(room.outputs.last(), Some(EngineOutput::Suspended)));

    let position = 3_000 * BOUNDARY_SAMPLES;
    room.engine
        .resume(position, 3_600_000_000, &mut room.outputs);
    let first = position / Rendition::Full.chunk_samples();
    let lead_in: Vec<u64> = (first - before.len() as u64..first).collect();
    assert_eq!(room.chunks(), lead_in);
    room.run(20, 0);
    assert_eq!(room.chunks(), [first, first + 1]);
}

#[test]
fn lateness_is_over_when_a_room_is_suspended_and_none_comes_of_it() {
    let mut room = Room::new();
    room.run(LEAD_IN_TICKS, LATE_US);
    assert!(room.engine.state().mixer_late);
    room.outputs.clear();
    room.engine.suspend(&mut room.outputs);
    let mut states = room.outputs.iter().filter_map(|output| match output {
        EngineOutput::State(state) => Some(state.mixer_late),
        _ => None,
    });
    assert_eq!(states.next(), Some(false));
    let late = |room: &Room| {
        let stats = room.outputs.iter().rev().find_map(|output| match output {
            EngineOutput::Stats(stats) => Some((stats.ticks_late, stats.late_us_max)),
            _ => None,
        });
        stats.expect("figures are given out")
    };
    assert_eq!(late(&room), (LEAD_IN_TICKS, 0));
    let position = 3_000 * BOUNDARY_SAMPLES;
    room.engine.resume(position, 0, &mut room.outputs);
    room.run(100, 0);
    assert!(!room.engine.state().mixer_late);
    assert_eq!(late(&room), (LEAD_IN_TICKS, 0));
}

#[test]
fn what_is_told_to_nobody_does_not_pile_up() {
    let mut room = Room::new();
    room.run(LEAD_IN_TICKS, 0);
    room.engine.suspend(&mut room.outputs);
    for _ in 0..2 * NOTICES_PENDING_MAX {
        room.engine.notice(b"{}");
    }
    let position = 3_000 * BOUNDARY_SAMPLES;
    room.engine.resume(position, 0, &mut room.outputs);
    room.engine.notice(b"{}");
    room.run(50, 0);
    let dropped = room.outputs.iter().rev().find_map(|output| match output {
        EngineOutput::Stats(stats) => Some(stats.notices_dropped),
        _ => None,
    });
    assert_eq!(dropped, Some(0));
}
