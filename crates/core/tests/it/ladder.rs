//! The ladder: up fast, down slowly, always with a reason.

use stentor_core::Now;
use stentor_core::admission::{
    Ladder, LadderStep, Load, LoadMeasure, OpeningRung, Pace, Rung, STRETCH_PERMILLE, StepReason,
};
use stentor_core::event::Phase;

const LOOK_MS: u64 = 500;

struct Scene {
    ladder: Ladder,
    now_ms: u64,
}

fn scene() -> Scene {
    Scene {
        ladder: Ladder::new(Pace::default()),
        now_ms: 0,
    }
}

impl Scene {
    /// The same load for so long; gives the steps with when they were made.
    fn during(&mut self, ms: u64, load: Load) -> Vec<(u64, LadderStep)> {
        let until_ms = self.now_ms + ms;
        let mut steps = Vec::new();
        while self.now_ms < until_ms {
            self.now_ms += LOOK_MS;
            let was = (self.ladder.rung(), self.ladder.served());
            if let Some(step) = self.ladder.observe(self.now_ms, load) {
                let is = (self.ladder.rung(), self.ladder.served());
                assert_eq!((step.from, step.to, step.served), (was.0, is.0, is.1));
                assert_ne!(was, is);
                steps.push((self.now_ms, step));
            }
        }
        steps
    }

    fn at(rung: u8) -> Self {
        let mut scene = scene();
        scene.ladder.pin(Rung::new(rung));
        scene.during(LOOK_MS, IDLE);
        scene.ladder.pin(None);
        scene
    }
}

const IDLE: Load = Load {
    late: 0,
    processor: 50,
    flushing: 10,
    blocked: 0,
    link: 0,
    descriptors: 10,
    memory: 100,
};

fn busy() -> Load {
    Load {
        processor: 800,
        flushing: 700,
        ..IDLE
    }
}

fn numbers(steps: &[(u64, LadderStep)]) -> Vec<(u8, &'static str)> {
    steps
        .iter()
        .map(|(_, step)| (step.to.number(), step.reason.code()))
        .collect()
}

fn served(steps: &[(u64, LadderStep)]) -> Vec<u8> {
    steps.iter().map(|(_, step)| step.served.number()).collect()
}

#[test]
fn a_crowd_climbs_a_rung_at_a_time_and_the_doors_stay_open() {
    let mut scene = scene();
    let steps = scene.during(60_000, busy());
    assert_eq!(
        numbers(&steps),
        [(1, "processor"), (2, "processor"), (3, "processor")]
    );
    let pause_ms = steps[1].0 - steps[0].0;
    assert_eq!(
        pause_ms,
        Pace::default().settle_ms,
        "newcomers are waited for"
    );
}

#[test]
fn one_slow_moment_is_nothing() {
    let mut scene = scene();
    for _ in 0..100 {
        assert!(scene.during(LOOK_MS, busy()).is_empty());
        assert!(scene.during(LOOK_MS, IDLE).is_empty());
    }
}

#[test]
fn each_measure_is_named_when_it_is_the_cause() {
    let causes = [
        (Load { late: 50, ..IDLE }, LoadMeasure::Late),
        (busy(), LoadMeasure::Processor),
        (Load { link: 850, ..IDLE }, LoadMeasure::Link),
        (
            Load {
                blocked: 200,
                ..IDLE
            },
            LoadMeasure::Blocked,
        ),
    ];
    for (load, measure) in causes {
        let steps = scene().during(2_000, load);
        assert_eq!(steps[0].1.reason, StepReason::Over(measure));
        assert_eq!(steps[0].1.load, load);
    }
}

#[test]
fn what_no_rung_helps_against_closes_the_doors_at_once_and_opens_them_where_they_were() {
    for (load, why) in [
        (
            Load {
                descriptors: 990,
                ..IDLE
            },
            "descriptors",
        ),
        (
            Load {
                memory: 960,
                ..IDLE
            },
            "memory",
        ),
    ] {
        let mut scene = Scene::at(1);
        assert_eq!(numbers(&scene.during(2_000, load)), [(4, why)]);
        assert!(!scene.ladder.rung().admits());
        assert_eq!(scene.ladder.served().number(), 1, "they stay as they are");
        assert_eq!(numbers(&scene.during(30_000, load)), []);
        assert_eq!(numbers(&scene.during(5_500, IDLE)), [(1, "calm")]);
    }
}

#[test]
fn the_doors_close_for_the_processor_only_where_nothing_cheaper_is_left() {
    let mut scene = scene();
    let overrun = Load {
        late: 400,
        processor: 990,
        ..busy()
    };
    let steps = scene.during(60_000, overrun);
    assert_eq!(
        numbers(&steps),
        [(1, "late"), (2, "late"), (3, "late"), (4, "late")]
    );
    assert_eq!(scene.ladder.served(), Rung::CHEAPEST);
}

#[test]
fn doors_that_were_closed_do_not_open_a_moment_later_at_the_very_bound() {
    let mut scene = Scene::at(3);
    let full = Load {
        descriptors: 990,
        ..IDLE
    };
    assert_eq!(numbers(&scene.during(2_000, full)), [(4, "descriptors")]);
    let hardly_less = Load {
        descriptors: 960,
        ..IDLE
    };
    let steps = scene.during(600_000, hardly_less);
    assert!(steps.iter().all(|(_, step)| !step.to.admits()), "{steps:?}");
    let eased = Load {
        descriptors: 800,
        ..IDLE
    };
    assert_eq!(numbers(&scene.during(5_500, eased)), [(0, "calm")]);
}

#[test]
fn behind_closed_doors_current_listeners_go_up_and_down_as_they_would_with_open_ones() {
    let mut scene = Scene::at(1);
    let full = |load| Load {
        descriptors: 990,
        ..load
    };
    assert_eq!(
        numbers(&scene.during(2_000, full(IDLE))),
        [(4, "descriptors")]
    );
    let steps = scene.during(60_000, full(busy()));
    assert_eq!(numbers(&steps), [(4, "processor"), (4, "processor")]);
    assert_eq!(served(&steps), [2, 3]);
    let steps = scene.during(600_000, full(IDLE));
    assert_eq!(numbers(&steps), [(4, "calm"); 3], "nothing opens");
    assert_eq!(served(&steps), [2, 1, 0]);
    assert_eq!(numbers(&scene.during(5_500, IDLE)), [(0, "calm")]);
}

#[test]
fn doors_that_the_operator_holds_closed_stay_so_and_current_listeners_are_looked_after() {
    let mut scene = scene();
    scene.ladder.pin(Some(Rung::CLOSED));
    let steps = scene.during(60_000, busy());
    let busy = "processor";
    assert_eq!(
        numbers(&steps),
        [(4, "pinned"), (4, busy), (4, busy), (4, busy)]
    );
    assert_eq!(served(&steps), [0, 1, 2, 3]);
    let steps = scene.during(600_000, IDLE);
    assert_eq!(numbers(&steps), [(4, "calm"); 3]);
    scene.ladder.pin(None);
    assert_eq!(numbers(&scene.during(5_500, IDLE)), [(0, "calm")]);
}

#[test]
fn doors_that_go_to_and_fro_do_not_keep_current_listeners_from_coming_down() {
    let mut scene = Scene::at(3);
    let full = Load {
        descriptors: 990,
        ..IDLE
    };
    let mut downs = Vec::new();
    for _ in 0..20 {
        for load in [full, IDLE] {
            let steps = scene.during(10_000, load);
            let down = steps
                .iter()
                .filter(|(_, step)| step.served < step.served_from);
            downs.extend(down.map(|(at_ms, _)| *at_ms));
        }
    }
    assert_eq!(downs.len(), 3, "{downs:?}");
    let calm_ms = Pace::default().calm_ms;
    assert!(downs[2] <= 3 * calm_ms + 20_000, "{downs:?}");
}

#[test]
fn what_no_rung_helps_against_is_not_hidden_by_what_a_rung_would_help_against() {
    let both = Load {
        late: 400,
        processor: 980,
        memory: 980,
        ..IDLE
    };
    assert_eq!(numbers(&scene().during(2_000, both)), [(4, "memory")]);
}

#[test]
fn a_lower_rung_that_does_not_hold_is_tried_less_and_less_often() {
    let mut scene = Scene::at(1);
    let mut downs = Vec::new();
    while scene.now_ms < 3_600_000 {
        // Late turns that only the higher rung mends.
        let late = if scene.ladder.rung() == Rung::REST {
            50
        } else {
            0
        };
        for (at_ms, step) in scene.during(LOOK_MS, Load { late, ..IDLE }) {
            if step.to == Rung::REST {
                downs.push(at_ms);
            }
        }
    }
    let pauses: Vec<u64> = downs.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses.len() <= 8, "{} times in an hour", downs.len());
    assert!(
        pauses.windows(2).all(|pair| pair[1] + 1_000 >= pair[0]),
        "{pauses:?}"
    );
    assert!(pauses.last() > Some(&(7 * pauses[0])), "{pauses:?}");
}

#[test]
fn it_comes_down_slowly_and_only_to_what_fits() {
    let mut scene = Scene::at(3);
    // Four tenths of the processor for turns every 10 s would be more than one for turns every 3 s.
    let load = Load {
        processor: 450,
        flushing: 400,
        ..IDLE
    };
    assert_eq!(numbers(&scene.during(600_000, load)), []);
    let steps = scene.during(200_000, IDLE);
    assert_eq!(numbers(&steps), [(2, "calm"), (1, "calm"), (0, "calm")]);
    let calm_ms = Pace::default().calm_ms;
    assert!(
        steps
            .windows(2)
            .all(|pair| pair[1].0 - pair[0].0 >= calm_ms)
    );
}

#[test]
fn a_load_between_the_bounds_moves_nothing_either_way() {
    let mut scene = Scene::at(1);
    let between = Load {
        processor: 600,
        flushing: 500,
        ..IDLE
    };
    assert_eq!(numbers(&scene.during(3_600_000, between)), []);
}

#[test]
fn a_link_that_would_not_carry_the_better_rendition_keeps_the_rung() {
    let mut scene = Scene::at(3);
    let link = Load { link: 400, ..IDLE };
    assert_eq!(numbers(&scene.during(600_000, link)), []);
}

#[test]
fn the_operators_word_holds_against_any_load_until_it_is_taken_back() {
    let mut scene = scene();
    scene.ladder.pin(Some(Rung::REST));
    assert_eq!(numbers(&scene.during(60_000, busy())), []);
    scene.ladder.pin(Rung::new(3));
    assert_eq!(numbers(&scene.during(600_000, IDLE)), [(3, "pinned")]);
    scene.ladder.pin(Some(Rung::CLOSED));
    assert_eq!(numbers(&scene.during(10_000, IDLE)), [(4, "pinned")]);
    assert_eq!(scene.ladder.served(), Rung::CHEAPEST);
    scene.ladder.pin(Rung::new(3));
    assert_eq!(numbers(&scene.during(10_000, IDLE)), [(3, "pinned")]);
    scene.ladder.pin(None);
    assert_eq!(
        numbers(&scene.during(190_000, IDLE)),
        [(2, "calm"), (1, "calm"), (0, "calm")]
    );
}

#[test]
fn an_event_opens_its_doors_on_its_rung_and_the_ladder_does_not_come_below_while_it_does() {
    let mut scene = scene();
    scene.ladder.set_minimum(Rung::CHEAPEST);
    let steps = scene.during(600_000, IDLE);
    assert_eq!(numbers(&steps), [(3, "opening")]);
    scene.ladder.set_minimum(Rung::REST);
    assert_eq!(numbers(&scene.during(61_000, IDLE))[0], (2, "calm"));
}

#[test]
fn the_page_plays_as_much_slower_as_the_warning_counts_on() {
    let page = include_str!("../../../../web/listen/sync.ts");
    let rate = (1_000 - STRETCH_PERMILLE) as f64 / 1_000.0;
    let line = format!("export const RATE_MIN = {rate};");
    assert!(page.lines().any(|found| found == line), "{line}");
}

#[test]
fn a_current_listener_is_warned_long_enough_to_have_gathered_the_buffer() {
    for rung in Rung::ALL {
        let Some(to) = rung.above().filter(|to| to.admits()) else {
            continue;
        };
        let told_ms = rung.warning_ms(to);
        let gathered_ms = told_ms.saturating_sub(rung.flush_ms().into()) * STRETCH_PERMILLE / 1_000;
        let lacks_ms = u64::from(to.burst_ms() - rung.burst_ms());
        assert!(gathered_ms >= lacks_ms, "{rung:?}: {told_ms} ms");
        assert_eq!(to.warning_ms(rung), 0);
    }
}

#[test]
fn doors_are_open_on_their_rung_from_a_little_before_until_the_crowd_of_the_beginning_is_in() {
    const MINUTE_MS: u64 = 60_000;
    let starts = Some(100 * MINUTE_MS as i64);
    let at = |minutes: u64| Now {
        mono_ms: minutes * MINUTE_MS,
        unix_ms: (minutes * MINUTE_MS) as i64,
    };
    let mut doors = OpeningRung::new(Rung::CHEAPEST);
    assert_eq!(
        doors.minimum_rung(at(84), Phase::Announced, starts),
        Rung::REST
    );
    assert_eq!(
        doors.minimum_rung(at(85), Phase::Announced, starts),
        Rung::CHEAPEST
    );
    assert_eq!(
        doors.minimum_rung(at(130), Phase::Announced, starts),
        Rung::CHEAPEST,
        "it is late"
    );
    assert_eq!(
        doors.minimum_rung(at(131), Phase::OnAir, starts),
        Rung::CHEAPEST
    );
    assert_eq!(
        doors.minimum_rung(at(140), Phase::OnAir, starts),
        Rung::CHEAPEST
    );
    assert_eq!(
        doors.minimum_rung(at(141), Phase::OnAir, starts),
        Rung::REST
    );
    assert_eq!(
        doors.minimum_rung(at(142), Phase::Ended, starts),
        Rung::REST
    );
    let mut unannounced = OpeningRung::new(Rung::CLOSED);
    assert_eq!(
        unannounced.minimum_rung(at(0), Phase::Announced, None),
        Rung::CHEAPEST
    );
}

fn blocked() -> Load {
    Load {
        blocked: 900,
        ..IDLE
    }
}

#[test]
fn listeners_that_do_not_take_their_bytes_raise_the_rung_by_one_and_no_further() {
    let mut scene = scene();
    assert_eq!(numbers(&scene.during(600_000, blocked())), [(1, "blocked")]);
    for from in [1, 2, 3] {
        let mut higher = Scene::at(from);
        let steps = higher.during(600_000, blocked());
        let lowest = steps.last().map_or(from, |(_, step)| step.to.number());
        assert_eq!(lowest, 1, "from {from} it comes down to where they hold it");
        assert!(steps.iter().all(|(_, step)| step.to < step.from));
    }
}

#[test]
fn who_is_slow_again_and_again_does_not_make_the_ladder_wait_longer() {
    let calm_ms = Pace::default().calm_ms;
    let mut scene = scene();
    for round in 0..8 {
        assert_eq!(numbers(&scene.during(5_000, blocked())), [(1, "blocked")]);
        let steps = scene.during(calm_ms + 2 * LOOK_MS, IDLE);
        assert_eq!(numbers(&steps), [(0, "calm")], "round {round}");
    }
    // A rung that does not hold for want of a processor is still tried less and less.
    assert_eq!(numbers(&scene.during(3_000, busy())), [(1, "processor")]);
    assert!(scene.during(calm_ms + 2 * LOOK_MS, IDLE).is_empty());
}
