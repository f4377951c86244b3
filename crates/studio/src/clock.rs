//! The clock of a studio: microseconds since it was started.
//!
//! Arrivals are stamped on the network thread and ticks are timed on each room's own; the jitter buffers compare the two,
//! so all of a studio's threads count from one moment. It does not read the time: the caller says what time it is.

use std::time::{Duration, Instant};

/// Counts microseconds from one moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    started_at: Instant,
}

impl Clock {
    /// A clock that counts from `started_at`.
    #[must_use]
    pub const fn new(started_at: Instant) -> Self {
        Self { started_at }
    }

    /// Microseconds from the start to `at`; 0 for what was before.
    #[must_use]
    pub fn us(self, at: Instant) -> u64 {
        micros(at.saturating_duration_since(self.started_at))
    }
}

/// A duration in whole microseconds.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
