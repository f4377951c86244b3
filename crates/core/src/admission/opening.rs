//! An event that expects a crowd opens its doors on the rung it was prepared for, before anybody has come (docs/design.md §6).

use super::rung::Rung;
use crate::event::Phase;
use crate::limits::DOORS_BEFORE_MS;
use crate::now::Now;

/// How long after the beginning people keep coming in a crowd, ms. Afterwards the load alone decides.
const OPEN_AFTER_MS: u64 = 10 * 60 * 1_000;

/// Which rung one event asks for while its crowd arrives.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpeningRung {
    rung: Rung,
    on_air_since_ms: Option<u64>,
}

impl OpeningRung {
    /// OpeningRung that open on this rung. [`Rung::CLOSED`] would not open them, so it counts as [`Rung::CHEAPEST`].
    #[must_use]
    pub fn new(rung: Rung) -> Self {
        Self {
            rung: rung.min(Rung::CHEAPEST),
            on_air_since_ms: None,
        }
    }

    /// The lowest rung this event wants now. Without an announced beginning the doors are open from the start.
    pub fn minimum_rung(&mut self, now: Now, phase: Phase, starts_unix_ms: Option<i64>) -> Rung {
        let wanted = match phase {
            Phase::Draft => false,
            // People come when the doors are to open, whether or not somebody has opened them before.
            Phase::Announced | Phase::Doors => starts_unix_ms
                .is_none_or(|starts| starts.saturating_sub(now.unix_ms) <= DOORS_BEFORE_MS),
            Phase::OnAir | Phase::Held => {
                let since = *self.on_air_since_ms.get_or_insert(now.mono_ms);
                now.ms_since(since) < OPEN_AFTER_MS
            }
            Phase::Ended | Phase::Cancelled => false,
        };
        if wanted { self.rung } else { Rung::REST }
    }
}
