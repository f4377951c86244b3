//! Where newcomers join: the load is looked at, the ladder decides, the edge obeys, and every step is kept with its reason.
//!
//! It has a thread of its own, so that it also notices an overload that keeps tokio's threads busy.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use stentor_core::admission::{Ladder, LadderStep, Load, LoadMeasure, Pace, Rung, StepReason};
use stentor_edge::{Edge, LoadMeter, NodeRungs};
use stentor_event::clock::unix_ms_now;

/// How often the load is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Steps that are kept to be shown; older ones are in the log.
const STEPS_KEPT: usize = 64;

/// The ladder of this node, and what it did.
pub(crate) struct LadderWatch {
    state: Mutex<State>,
}

struct State {
    ladder: Ladder,
    load: Load,
    steps: VecDeque<Recorded>,
    /// Since the server started, by reason.
    counts: BTreeMap<&'static str, u64>,
}

/// One step as it is told.
#[derive(Clone, Copy, Debug)]
struct Recorded {
    unix_ms: i64,
    step: LadderStep,
}

/// What an operator reads of it.
#[derive(Serialize)]
pub(crate) struct LadderReport {
    /// Where newcomers join.
    pub(crate) rung: u8,
    /// Where current listeners are served, or are brought to.
    pub(crate) served: u8,
    /// Where the operator holds it.
    pub(crate) pinned: Option<u8>,
    /// Of each measure, thousandths of what there is.
    pub(crate) load: Vec<(&'static str, u16)>,
    /// Since the server started, by every reason there is.
    pub(crate) steps_total: BTreeMap<&'static str, u64>,
    /// The last ones, oldest first.
    steps: Vec<StepReport>,
}

#[derive(Serialize)]
struct StepReport {
    unix_ms: i64,
    from: u8,
    to: u8,
    /// The rung that current listeners were served on before the step, and after it.
    served_from: u8,
    served: u8,
    reason: &'static str,
    load: Vec<(&'static str, u16)>,
}

impl LadderWatch {
    fn new(pin: Option<Rung>) -> Self {
        let mut ladder = Ladder::new(Pace::default());
        ladder.pin(pin);
        Self {
            state: Mutex::new(State {
                ladder,
                load: Load::default(),
                steps: VecDeque::with_capacity(STEPS_KEPT),
                counts: StepReason::ALL.map(|reason| (reason.code(), 0)).into(),
            }),
        }
    }

    /// Starts to watch; `minimum_rung` is the least rung that events want. Ends when the value is dropped.
    ///
    /// # Errors
    /// Ours: no thread.
    pub(crate) fn start(
        edge: Edge,
        link_mbit_s: Option<u32>,
        pin: Option<Rung>,
        minimum_rung: impl Fn() -> Rung + Send + 'static,
    ) -> io::Result<Arc<Self>> {
        let watch = Arc::new(Self::new(pin));
        let began = Instant::now();
        let mut meter = LoadMeter::new(edge.clone(), link_mbit_s);
        // Before anybody can come, so that a pinned rung or an opening event holds from the start.
        watch.look(&edge, 0, Load::default(), minimum_rung());
        let weak = Arc::downgrade(&watch);
        thread::Builder::new()
            .name("ladder".to_owned())
            .spawn(move || {
                while let Some(watch) = after(LOOK_EVERY, &weak) {
                    let now_ms = began.elapsed().as_millis() as u64;
                    watch.look(&edge, now_ms, meter.sample(), minimum_rung());
                }
            })?;
        Ok(watch)
    }

    /// Holds the ladder on a rung, or lets it go again: the operator's setting.
    pub(crate) fn pin(&self, rung: Option<Rung>) {
        self.state().ladder.pin(rung);
    }

    /// Its state for people and programs.
    pub(crate) fn report(&self) -> LadderReport {
        let state = self.state();
        LadderReport {
            rung: state.ladder.rung().number(),
            served: state.ladder.served().number(),
            pinned: state.ladder.pinned().map(Rung::number),
            load: shares(&state.load),
            steps_total: state.counts.clone(),
            steps: state.steps.iter().map(StepReport::of).collect(),
        }
    }

    fn look(&self, edge: &Edge, now_ms: u64, load: Load, minimum_rung: Rung) {
        let mut state = self.state();
        state.load = load;
        state.ladder.set_minimum(minimum_rung);
        let Some(step) = state.ladder.observe(now_ms, load) else {
            return;
        };
        edge.set_rungs(NodeRungs {
            joins: step.to,
            served: step.served,
            why: step.reason,
        });
        state.keep(step);
        drop(state);
        tracing::info!(
            from = step.from.number(),
            to = step.to.number(),
            served_from = step.served_from.number(),
            served = step.served.number(),
            reason = step.reason.code(),
            load = %told(&step.load),
            "the ladder made a step"
        );
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn keep(&mut self, step: LadderStep) {
        if self.steps.len() == STEPS_KEPT {
            self.steps.pop_front();
        }
        let unix_ms = unix_ms_now();
        self.steps.push_back(Recorded { unix_ms, step });
        *self.counts.entry(step.reason.code()).or_default() += 1;
    }
}

impl StepReport {
    fn of(recorded: &Recorded) -> Self {
        let step = recorded.step;
        Self {
            unix_ms: recorded.unix_ms,
            from: step.from.number(),
            to: step.to.number(),
            served_from: step.served_from.number(),
            served: step.served.number(),
            reason: step.reason.code(),
            load: shares(&step.load),
        }
    }
}

/// Waits, and then gives the value; `None` once nobody else holds it any more.
fn after<T>(pause: Duration, weak: &Weak<T>) -> Option<Arc<T>> {
    thread::sleep(pause);
    weak.upgrade()
}

/// By measure; `flushing` is the part of `processor` by which a lower rung is forecast.
fn shares(load: &Load) -> Vec<(&'static str, u16)> {
    LoadMeasure::ALL
        .into_iter()
        .map(|measure| (measure.code(), load.of(measure)))
        .chain([("flushing", load.flushing)])
        .collect()
}

fn told(load: &Load) -> String {
    let parts: Vec<String> = shares(load)
        .into_iter()
        .filter(|(_, permille)| *permille > 0)
        .map(|(measure, permille)| format!("{measure} {permille}‰"))
        .collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use stentor_edge::EdgeConfig;

    #[test]
    fn the_edge_obeys_the_pin_before_anybody_comes_and_the_step_is_kept_with_its_reason() {
        let edge = Edge::new(EdgeConfig::default());
        let pin = Rung::new(3);
        let watch = LadderWatch::start(edge.clone(), None, pin, || Rung::REST).unwrap();
        assert_eq!(edge.rungs().joins, Rung::CHEAPEST);
        let report = watch.report();
        assert_eq!((report.rung, report.pinned), (3, Some(3)));
        assert_eq!(report.steps[0].reason, "pinned");
        assert_eq!(
            (report.steps_total["pinned"], report.steps_total["calm"]),
            (1, 0)
        );
    }

    #[test]
    fn the_edge_serves_current_listeners_where_the_ladder_says_also_behind_closed_doors() {
        let edge = Edge::new(EdgeConfig::default());
        let watch = LadderWatch::new(None);
        let full = Load {
            descriptors: 990,
            ..Load::default()
        };
        let busy = Load {
            processor: 900,
            ..full
        };
        let mut stands = Vec::new();
        for (n, load) in [full, busy].into_iter().enumerate() {
            let at_ms = 100_000 * n as u64;
            watch.look(&edge, at_ms, load, Rung::REST);
            watch.look(&edge, at_ms + 2_000, load, Rung::REST);
            stands.push((edge.rungs().joins, edge.rungs().served));
        }
        assert_eq!(
            stands,
            [(Rung::CLOSED, Rung::REST), (Rung::CLOSED, Rung::ALL[1])]
        );
        let report = watch.report();
        assert_eq!((report.rung, report.served), (4, 1));
        let last = report.steps.last().unwrap();
        assert_eq!((last.from, last.to), (4, 4));
        assert_eq!((last.served_from, last.served), (0, 1));
    }

    #[test]
    fn the_steps_kept_are_the_last_ones() {
        let edge = Edge::new(EdgeConfig::default());
        let watch = LadderWatch::start(edge.clone(), None, None, || Rung::REST).unwrap();
        for n in 0..2 * STEPS_KEPT as u64 {
            watch.pin(Rung::new((n % 2) as u8 + 1));
            watch.look(&edge, n, Load::default(), Rung::REST);
        }
        let report = watch.report();
        assert_eq!(report.steps.len(), STEPS_KEPT);
        assert!(report.steps_total["pinned"] >= 2 * STEPS_KEPT as u64 - 1);
    }
}
