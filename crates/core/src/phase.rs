//! The phase of an event: desired state with a version.

use crate::codes::codes;
use crate::now::Now;

/// Where an event is in its life. It only moves forward: listeners are never taken back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Phase {
    /// Not yet. Listeners who come early are in the lobby and hear the bed.
    Scheduled,
    /// The programme carries the stage.
    OnAir,
    /// Over. The address stays and gives the replay.
    Ended,
}

codes!(Phase {
    Self::Scheduled => "scheduled",
    Self::OnAir => "on_air",
    Self::Ended => "ended",
});

/// The phase, with what makes it safe to command from two pages at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PhaseState {
    pub(crate) phase: Phase,
    /// Grows by one with each change.
    pub(crate) version: u64,
    pub(crate) since_unix_ms: i64,
}

impl PhaseState {
    pub(crate) const fn new(now: Now) -> Self {
        Self {
            phase: Phase::Scheduled,
            version: 1,
            since_unix_ms: now.unix_ms,
        }
    }

    pub(crate) const fn enter(&mut self, phase: Phase, now: Now) {
        self.phase = phase;
        self.version = self.version.saturating_add(1);
        self.since_unix_ms = now.unix_ms;
    }
}
