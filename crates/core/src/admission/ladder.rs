//! The ladder: which rung newcomers join at, decided from the load, with hysteresis and a reason for every step.
//!
//! It climbs one rung at a time, and fast, because a crowd does not wait. Two things jump: an event that opens its doors goes to
//! its rung at once, and a measure that no rung can relieve closes the doors from any rung. It comes down slowly, and only when the
//! forecast for the lower rung fits with room to spare.
//!
//! Closing the doors changes nothing for current listeners. They cost what they cost until each of them has moved, so the load just
//! after a step is not yet the load of the new rung: the pause between two steps lets newcomers show, not current listeners.
//!
//! It does not move anybody: it says where newcomers join and which rung current listeners are to be served at.

use super::load::{Bounds, Load, LoadMeasure};
use super::rung::Rung;

/// How fast the ladder moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long a measure must be over its bound before a step up, ms: one slow moment is nothing.
    pub over_ms: u64,
    /// Between two steps up, ms: time for newcomers at the new rung to show.
    pub settle_ms: u64,
    /// How long the load must fit the next lower rung before a step down, ms.
    pub calm_ms: u64,
    /// How long everything must be well below its closing bound before the doors open again, ms.
    pub reopen_ms: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            over_ms: 1_000,
            settle_ms: 3_000,
            calm_ms: 60_000,
            reopen_ms: 5_000,
        }
    }
}

/// The doors open again once every measure is below this share of its closing bound, in thousandths.
const EASED_PERMILLE: u64 = 970;

/// Each time a lower rung was tried and did not hold, the next try waits twice as long; this is the most it can multiply
/// [`Pace::calm_ms`] by.
const CALM_TIMES_MAX: u64 = 16;

/// The forecast for a lower rung may reach this share of a bound, in thousandths.
const FORECAST_PERMILLE: u64 = 800;

/// Why a step was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StepReason {
    /// A measure was over its bound.
    Over(LoadMeasure),
    /// Everything fits with room to spare.
    #[default]
    Calm,
    /// An event opens its doors on this rung.
    Opening,
    /// The operator says so.
    Pinned,
}

impl StepReason {
    /// All of them.
    pub const ALL: [Self; 9] = {
        let [late, processor, link, blocked, descriptors, memory] = LoadMeasure::ALL;
        [
            Self::Over(late),
            Self::Over(processor),
            Self::Over(link),
            Self::Over(blocked),
            Self::Over(descriptors),
            Self::Over(memory),
            Self::Calm,
            Self::Opening,
            Self::Pinned,
        ]
    };

    /// Its name in metrics and in the evidence.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Over(measure) => measure.code(),
            Self::Calm => "calm",
            Self::Opening => "opening",
            Self::Pinned => "pinned",
        }
    }
}

/// One step, with what was seen when it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LadderStep {
    /// The rung newcomers joined at before.
    pub from: Rung,
    /// The rung newcomers join at from now on.
    pub to: Rung,
    /// The rung current listeners were served at, or were moving to, before.
    pub served_from: Rung,
    /// The rung current listeners are served at from now on; moving all of them there takes up to minutes.
    pub served: Rung,
    /// Why.
    pub reason: StepReason,
    /// The load at that moment.
    pub load: Load,
}

/// Where the ladder stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Position {
    /// Nobody new is let in.
    closed: bool,
    /// The rung current listeners are served at; newcomers join there too, unless the doors are closed.
    served: Rung,
}

impl Position {
    const fn at(rung: Rung) -> Self {
        Self {
            closed: false,
            served: rung,
        }
    }

    const fn closed(served: Rung) -> Self {
        Self {
            closed: true,
            served,
        }
    }

    const fn rung(self) -> Rung {
        if self.closed {
            Rung::CLOSED
        } else {
            self.served
        }
    }
}

/// Decides the rung of one node from its load.
#[derive(Clone, Debug, Default)]
pub struct Ladder {
    pace: Pace,
    position: Position,
    pin: Option<Rung>,
    minimum: Rung,
    /// Since when a measure is over its climbing bound.
    over_since_ms: Option<u64>,
    /// Since when a measure is over its closing bound.
    full_since_ms: Option<u64>,
    /// Since when everything is well below its closing bound.
    eased_since_ms: Option<u64>,
    /// Since when everything fits one rung lower.
    calm_since_ms: Option<u64>,
    stepped_ms: Option<u64>,
    came_down_ms: Option<u64>,
    /// How often in a row a lower rung did not hold.
    relapses: u32,
}

impl Ladder {
    /// A ladder at rest.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        Self {
            pace,
            ..Self::default()
        }
    }

    /// Where newcomers join now.
    #[must_use]
    pub const fn rung(&self) -> Rung {
        self.position.rung()
    }

    /// The rung current listeners are served at, whether the doors are open or closed.
    #[must_use]
    pub const fn served(&self) -> Rung {
        self.position.served
    }

    /// Holds the rung the operator chose, until `None` gives it back to the load. Takes effect at the next [`Self::observe`].
    pub const fn pin(&mut self, rung: Option<Rung>) {
        self.pin = rung;
    }

    /// The rung the operator holds, if any.
    #[must_use]
    pub const fn pinned(&self) -> Option<Rung> {
        self.pin
    }

    /// The lowest rung allowed while an event opens its doors; [`Rung::REST`] when none does. Takes effect at the next
    /// [`Self::observe`].
    pub const fn set_minimum(&mut self, minimum: Rung) {
        self.minimum = minimum;
    }

    /// Takes one measurement of the load and gives the step that follows from it, if one does; `now_ms` is on a clock that never goes
    /// back.
    ///
    /// ```
    /// use stentor_core::admission::{Ladder, Load, LoadMeasure, Pace, Rung, StepReason};
    ///
    /// let mut ladder = Ladder::new(Pace::default());
    /// let busy = Load { processor: 800, ..Load::default() };
    /// assert_eq!(ladder.observe(0, busy), None, "one slow moment is nothing");
    ///
    /// let step = ladder.observe(1_000, busy).expect("it has lasted");
    /// assert_eq!((step.from, step.to), (Rung::REST, Rung::ALL[1]));
    /// assert_eq!(step.reason, StepReason::Over(LoadMeasure::Processor));
    /// ```
    pub fn observe(&mut self, now_ms: u64, load: Load) -> Option<LadderStep> {
        let since = |is: bool, since: Option<u64>| is.then(|| since.unwrap_or(now_ms));
        self.over_since_ms = since(
            load.over(climb_above(self.position.served)).is_some(),
            self.over_since_ms,
        );
        self.full_since_ms = since(
            load.over(|bounds| bounds.close).is_some(),
            self.full_since_ms,
        );
        let eased = load.over(|bounds| bounds.close.map(|at| part(at, EASED_PERMILLE)));
        self.eased_since_ms = since(eased.is_none(), self.eased_since_ms);
        self.calm_since_ms = since(self.fits_below(load), self.calm_since_ms);
        let (to, reason) = self.decide(now_ms, load)?;
        let step = LadderStep {
            from: self.rung(),
            to: to.rung(),
            served_from: self.position.served,
            served: to.served,
            reason,
            load,
        };
        self.learn(now_ms, &step);
        self.position = to;
        self.stepped_ms = Some(now_ms);
        if step.served != step.served_from || step.reason == StepReason::Pinned {
            self.calm_since_ms = None;
        }
        Some(step)
    }

    fn decide(&self, now_ms: u64, load: Load) -> Option<(Position, StepReason)> {
        let Position { closed, served } = self.position;
        if let Some(pin) = self.pin.filter(|pin| pin.admits()) {
            return (self.position != Position::at(pin))
                .then_some((Position::at(pin), StepReason::Pinned));
        }
        // Where the operator holds the doors closed, the load still decides how current listeners are served.
        let held = self.pin.is_some();
        if held && !closed {
            return Some((Position::closed(served), StepReason::Pinned));
        }
        let lasted = |since: Option<u64>, ms| since.is_some_and(|at| now_ms - at >= ms);
        let settled = self
            .stepped_ms
            .is_none_or(|at| now_ms - at >= self.pace.settle_ms);
        if closed {
            let opens = lasted(self.eased_since_ms, self.pace.reopen_ms)
                && lasted(self.stepped_ms, self.pace.reopen_ms);
            if opens && !held {
                return Some((Position::at(served.max(self.minimum)), StepReason::Calm));
            }
        } else if served < self.minimum {
            return Some((Position::at(self.minimum), StepReason::Opening));
        } else if lasted(self.full_since_ms, self.pace.over_ms) {
            // A measure that cheaper listeners would relieve climbs first; one that no rung relieves closes the doors at once.
            let hopeless = load.over(|bounds| bounds.close.filter(|_| bounds.climb.is_none()));
            let last = (served == Rung::CHEAPEST && settled)
                .then(|| load.over(|bounds| bounds.close))
                .flatten();
            if let Some(measure) = hopeless.or(last) {
                return Some((Position::closed(served), StepReason::Over(measure)));
            }
        }
        let serving_at = |served| Position { closed, served };
        if lasted(self.over_since_ms, self.pace.over_ms) && settled && served < Rung::CHEAPEST {
            let measure = load.over(climb_above(served))?;
            return Some((serving_at(served.above()?), StepReason::Over(measure)));
        }
        let below = served.below().filter(|below| *below >= self.minimum)?;
        lasted(self.calm_since_ms, self.calm_ms()).then_some((serving_at(below), StepReason::Calm))
    }

    /// How long calm must last, ms.
    fn calm_ms(&self) -> u64 {
        self.pace.calm_ms << self.relapses
    }

    /// Notices a relapse: a rung that was left for a lower one and is needed again soon after. The next try then waits twice as long.
    /// What the lower rung does to late flushes and blocked sockets cannot be forecast, only tried.
    fn learn(&mut self, now_ms: u64, step: &LadderStep) {
        // Closing or opening the doors tries no rung.
        if step.served < step.served_from && step.reason == StepReason::Calm {
            self.came_down_ms = Some(now_ms);
        } else if step.reason == StepReason::Over(LoadMeasure::Blocked) {
            // Anybody can be slow again and again: that teaches nothing of the lower rung.
        } else if step.served > step.served_from && matches!(step.reason, StepReason::Over(_)) {
            let relapse = self
                .came_down_ms
                .take()
                .is_some_and(|at| now_ms - at < self.calm_ms());
            let most = CALM_TIMES_MAX.ilog2();
            self.relapses = if relapse {
                (self.relapses + 1).min(most)
            } else {
                0
            };
        }
    }

    /// Whether the forecast for the next lower rung fits with room to spare.
    fn fits_below(&self, load: Load) -> bool {
        let served = self.position.served;
        let Some(below) = served.below() else {
            return false;
        };
        let rise = below.flushes_permille(served).saturating_sub(1_000);
        let forecast = Load {
            processor: grown(load.processor, load.flushing, rise),
            link: grown(
                load.link,
                load.link,
                below.bytes_permille(served).saturating_sub(1_000),
            ),
            ..load
        };
        // What would not climb back from there does not hold the rung either.
        let climb = climb_above(below);
        forecast
            .over(|bounds| climb(bounds).map(|at| part(at, FORECAST_PERMILLE)))
            .is_none()
    }
}

/// Picks the bound above which a measure asks for more than that rung.
fn climb_above(served: Rung) -> impl Fn(&Bounds) -> Option<u16> {
    move |bounds| bounds.climb.filter(|_| served < bounds.highest)
}

/// `permille` thousandths of `share`.
fn part(share: u16, permille: u64) -> u16 {
    (u64::from(share) * permille / 1_000) as u16
}

/// What `all` becomes when the `part` of it rises by `rise_permille`.
fn grown(all: u16, part: u16, rise_permille: u64) -> u16 {
    let more = u64::from(part) * rise_permille / 1_000;
    u16::try_from(u64::from(all) + more).unwrap_or(u16::MAX)
}
