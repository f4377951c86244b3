//! The ladder: which rung newcomers join at, decided from the load, with hysteresis and a reason for every step.
//!
//! It goes up a rung at a time, fast, because a crowd does not wait; only what no rung helps against closes the doors from
//! anywhere, and an opening goes to its rung at once. It comes down slowly, and only when what the lower rung would cost fits with
//! room to spare. Doors that close change nothing for those inside. They cost what they cost until they have moved, so the load
//! after a step is not yet the load of the new rung: the pause between two steps is for the newcomers, not for them.

use super::load::{Load, Measure};
use super::rung::Rung;

/// How fast it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long a measure must be over its bound before a step up, ms: one slow moment is nothing.
    pub over_ms: u64,
    /// Between two steps up, ms: time for newcomers at the new rung to show.
    pub settle_ms: u64,
    /// How long everything must fit a lower rung before a step down, ms.
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

/// Of a closing bound, what must be gone below before the doors open again, in thousandths.
const EASED_PERMILLE: u64 = 970;

/// Calm may have to last so many times longer at most, where a lower rung was tried and did not hold.
const CALM_TIMES_MAX: u64 = 16;

/// Of a bound, what the forecast for a lower rung may reach, in thousandths.
const ROOM_PERMILLE: u64 = 800;

/// Why a step was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A measure was over its bound.
    Over(Measure),
    /// Everything fits with room to spare.
    Calm,
    /// An event opens its doors on this rung.
    Opening,
    /// The operator says so.
    Pinned,
}

impl Reason {
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
pub struct Step {
    /// Where it was.
    pub from: Rung,
    /// Where it is.
    pub to: Rung,
    /// As on which rung those inside were to be served, and are from now on: they are brought there, which takes up to minutes.
    pub inside_from: Rung,
    /// See [`Self::inside_from`].
    pub inside: Rung,
    /// Why.
    pub reason: Reason,
    /// The load at that moment.
    pub load: Load,
}

/// Where it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Stand {
    /// Nobody new is let in.
    closed: bool,
    /// As on which rung those inside are served; where newcomers join, too, unless the doors are closed.
    inside: Rung,
}

impl Stand {
    const fn at(rung: Rung) -> Self {
        Self {
            closed: false,
            inside: rung,
        }
    }

    const fn closed(inside: Rung) -> Self {
        Self {
            closed: true,
            inside,
        }
    }

    const fn rung(self) -> Rung {
        if self.closed {
            Rung::CLOSED
        } else {
            self.inside
        }
    }
}

/// See the module. One per node.
#[derive(Clone, Debug, Default)]
pub struct Ladder {
    pace: Pace,
    stand: Stand,
    pin: Option<Rung>,
    floor: Rung,
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
        self.stand.rung()
    }

    /// As on which rung those inside are served, the doors being open or closed.
    #[must_use]
    pub const fn inside(&self) -> Rung {
        self.stand.inside
    }

    /// The operator's word, until it is taken back with `None`. Followed at the next look.
    pub const fn pin(&mut self, rung: Option<Rung>) {
        self.pin = rung;
    }

    /// What the operator said.
    #[must_use]
    pub const fn pinned(&self) -> Option<Rung> {
        self.pin
    }

    /// The least rung while an event opens its doors; [`Rung::REST`] when none does. Followed at the next look.
    pub const fn open_at(&mut self, floor: Rung) {
        self.floor = floor;
    }

    /// One look at the load; `now_ms` on a clock that never goes back.
    pub fn look(&mut self, now_ms: u64, load: Load) -> Option<Step> {
        let since = |is: bool, since: Option<u64>| is.then(|| since.unwrap_or(now_ms));
        self.over_since_ms = since(
            load.over(|bounds| bounds.climb).is_some(),
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
        let step = Step {
            from: self.rung(),
            to: to.rung(),
            inside_from: self.stand.inside,
            inside: to.inside,
            reason,
            load,
        };
        self.learn(now_ms, &step);
        self.stand = to;
        self.stepped_ms = Some(now_ms);
        if step.inside != step.inside_from || step.reason == Reason::Pinned {
            self.calm_since_ms = None;
        }
        Some(step)
    }

    fn decide(&self, now_ms: u64, load: Load) -> Option<(Stand, Reason)> {
        let Stand { closed, inside } = self.stand;
        if let Some(pin) = self.pin.filter(|pin| pin.admits()) {
            return (self.stand != Stand::at(pin)).then_some((Stand::at(pin), Reason::Pinned));
        }
        // Of those inside the load decides also where the operator holds the doors closed.
        let held = self.pin.is_some();
        if held && !closed {
            return Some((Stand::closed(inside), Reason::Pinned));
        }
        let lasted = |since: Option<u64>, ms| since.is_some_and(|at| now_ms - at >= ms);
        let settled = self
            .stepped_ms
            .is_none_or(|at| now_ms - at >= self.pace.settle_ms);
        if closed {
            let opens = lasted(self.eased_since_ms, self.pace.reopen_ms)
                && lasted(self.stepped_ms, self.pace.reopen_ms);
            if opens && !held {
                return Some((Stand::at(inside.max(self.floor)), Reason::Calm));
            }
        } else if inside < self.floor {
            return Some((Stand::at(self.floor), Reason::Opening));
        } else if lasted(self.full_since_ms, self.pace.over_ms) {
            // What a cheaper listener helps against is tried first; what no rung helps against is not waited for.
            let hopeless = load.over(|bounds| bounds.close.filter(|_| bounds.climb.is_none()));
            let last = (inside == Rung::LEAST && settled)
                .then(|| load.over(|bounds| bounds.close))
                .flatten();
            if let Some(measure) = hopeless.or(last) {
                return Some((Stand::closed(inside), Reason::Over(measure)));
            }
        }
        let brought = |inside| Stand { closed, inside };
        if lasted(self.over_since_ms, self.pace.over_ms) && settled && inside < Rung::LEAST {
            let measure = load.over(|bounds| bounds.climb)?;
            return Some((brought(inside.above()?), Reason::Over(measure)));
        }
        let below = inside.below().filter(|below| *below >= self.floor)?;
        lasted(self.calm_since_ms, self.calm_ms()).then_some((brought(below), Reason::Calm))
    }

    /// How long calm must last, ms.
    fn calm_ms(&self) -> u64 {
        self.pace.calm_ms << self.relapses
    }

    /// A rung that was left for a lower one and is needed again soon after: the next try waits twice as long. What the lower
    /// rung would do to late turns and blocked sockets cannot be forecast, only tried.
    fn learn(&mut self, now_ms: u64, step: &Step) {
        // Doors that close or open are no try of a rung.
        if step.inside < step.inside_from && step.reason == Reason::Calm {
            self.came_down_ms = Some(now_ms);
        } else if step.inside > step.inside_from && matches!(step.reason, Reason::Over(_)) {
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

    /// Whether what the next lower rung would cost fits with room to spare.
    fn fits_below(&self, load: Load) -> bool {
        let inside = self.stand.inside;
        let Some(below) = inside.below() else {
            return false;
        };
        let rise = below.turns_permille(inside).saturating_sub(1_000);
        let forecast = Load {
            processor: grown(load.processor, load.turns, rise),
            link: grown(
                load.link,
                load.link,
                below.bytes_permille(inside).saturating_sub(1_000),
            ),
            ..load
        };
        forecast
            .over(|bounds| bounds.climb.map(|at| part(at, ROOM_PERMILLE)))
            .is_none()
    }
}

/// So many thousandths of a share.
fn part(share: u16, permille: u64) -> u16 {
    (u64::from(share) * permille / 1_000) as u16
}

/// `all` when a `part` of it rises by so many thousandths.
fn grown(all: u16, part: u16, rise_permille: u64) -> u16 {
    let more = u64::from(part) * rise_permille / 1_000;
    u16::try_from(u64::from(all) + more).unwrap_or(u16::MAX)
}
