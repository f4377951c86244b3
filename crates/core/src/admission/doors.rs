//! An event that expects a crowd opens its doors on the rung it was prepared for, before anybody has come (DESIGN §6).

use super::rung::Rung;
use crate::event::Phase;
use crate::now::Now;

/// How long before the announced beginning people come, ms.
const OPEN_BEFORE_MS: i64 = 15 * 60 * 1_000;

/// How long the crowd of a beginning takes, ms: afterwards the load alone decides.
const OPEN_AFTER_MS: u64 = 10 * 60 * 1_000;

/// The doors of one event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Doors {
    rung: Rung,
    on_air_since_ms: Option<u64>,
}

impl Doors {
    /// Doors that open on this rung. [`Rung::CLOSED`] is no way to open: it counts as [`Rung::LEAST`].
    #[must_use]
    pub fn new(rung: Rung) -> Self {
        Self {
            rung: rung.min(Rung::LEAST),
            on_air_since_ms: None,
        }
    }

    /// The least rung that this event wants now. Without an announced beginning its doors are open as soon as it is there.
    pub fn floor(&mut self, now: Now, phase: Phase, starts_unix_ms: Option<i64>) -> Rung {
        let wanted = match phase {
            Phase::Scheduled => starts_unix_ms
                .is_none_or(|starts| starts.saturating_sub(now.unix_ms) <= OPEN_BEFORE_MS),
            Phase::OnAir => {
                let since = *self.on_air_since_ms.get_or_insert(now.mono_ms);
                now.ms_since(since) < OPEN_AFTER_MS
            }
            Phase::Ended => false,
        };
        if wanted { self.rung } else { Rung::REST }
    }
}
