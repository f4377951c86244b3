//! When what is wrong with a seat was seen, and what was told of it.

use crate::now::Now;
use crate::output::SeatWarning;
use crate::session_kind::ConnectFailure;

/// All of them, the gravest first.
pub(super) const ALL: [SeatWarning; 6] = [
    SeatWarning::Flooding,
    SeatWarning::HandshakeFailed,
    SeatWarning::NotReached,
    SeatWarning::NotReady,
    SeatWarning::SilentMicrophone,
    SeatWarning::TooQuiet,
];

/// When what is wrong with a seat was seen, and what was told of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct WarningWatch {
    /// When it asked for more than it may, the last time.
    pub(super) flooded_mono_ms: Option<u64>,
    /// When a session of it failed before it was up, the last time, and how.
    pub(super) failed: Option<(u64, ConnectFailure)>,
    /// Since when its open microphone is held.
    pub(super) held_mono_ms: Option<u64>,
    /// What was told: one bit each.
    pub(super) told: u8,
}

impl WarningWatch {
    pub(crate) const fn flooded(&mut self, now: Now) {
        self.flooded_mono_ms = Some(now.mono_ms);
    }

    pub(crate) const fn failed(&mut self, why: ConnectFailure, now: Now) {
        self.failed = Some((now.mono_ms, why));
    }

    /// A session is up: whatever failed before does not matter.
    pub(crate) const fn connected(&mut self) {
        self.failed = None;
    }

    /// The gravest that was told and is not over.
    pub(crate) fn gravest(&self) -> Option<SeatWarning> {
        ALL.into_iter()
            .find(|warning| self.told & bit(*warning) != 0)
    }
}

/// The bit of one warning in what was told.
pub(super) const fn bit(warning: SeatWarning) -> u8 {
    1 << warning as u8
}
