//! When the mixer is suspended: an event that is not on air and has nobody in it costs nothing, though it may be days ahead.
//!
//! It does not say who is there: that is the conversation's to know.

use crate::limits::SUSPEND_AFTER_MS;
use crate::now::Now;

/// Whether the mixer is suspended, and since when nobody is there.
///
/// Whoever comes finds it running or has it resumed at once; only leaving takes time, so that a reload stops nothing. A conversation that
/// was just made or restored has had nobody, and need not wait.
#[derive(Clone, Debug, Default)]
pub(super) struct IdleTimer {
    suspended: bool,
    /// When somebody was there last; `None` if nobody was yet.
    occupied_mono_ms: Option<u64>,
}

impl IdleTimer {
    /// Somebody is there.
    pub(super) const fn occupied(&mut self, now: Now) {
        self.occupied_mono_ms = Some(now.mono_ms);
    }

    /// Whether the mixer is to be suspended from now on, or to run; `None` while that stays as it is.
    pub(super) fn change(&mut self, now: Now) -> Option<bool> {
        let idle = self
            .occupied_mono_ms
            .is_none_or(|last| now.ms_since(last) >= SUSPEND_AFTER_MS);
        let changed = idle != self.suspended;
        self.suspended = idle;
        changed.then_some(idle)
    }

    pub(super) const fn suspended(&self) -> bool {
        self.suspended
    }
}
