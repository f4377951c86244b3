//! How a listener keeps up: since when its socket takes nothing, since when it has not been sent everything, and whether that says something
//! of this server or of its own line.

use stentor_core::admission::Rung;

/// What the player with the most holds, ms: who keeps up for less may not have read at all, for kernels hold something, too; and who is
/// behind for more has a slow line.
const HELD_MS: u32 = Rung::CHEAPEST.burst_ms();

/// See the module. Moments are ms on the shard's clock.
pub(super) struct Lag {
    /// Since when its socket takes nothing; `u64::MAX` while it does.
    blocked_since_ms: u64,
    /// Since when it keeps up, or is behind; short, for a listener is a few words. It comes round after seven weeks, and then says once that
    /// somebody has kept up for less.
    since_ms: u32,
    /// The look at the load that has counted it as blocked.
    counted_in: u16,
    pace: Pace,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// It was sent everything.
    KeepsUp,
    /// It was not, and had kept up before for [`HELD_MS`].
    Behind,
    /// It was not, and had not.
    Slow,
}

impl Lag {
    /// Somebody who was sent nothing yet.
    pub(super) fn new() -> Self {
        Self {
            blocked_since_ms: u64::MAX,
            since_ms: 0,
            counted_in: 0,
            pace: Pace::Slow,
        }
    }

    /// It was sent everything.
    pub(super) fn caught_up(&mut self, now_ms: u64) {
        self.blocked_since_ms = u64::MAX;
        if self.pace != Pace::KeepsUp {
            self.pace = Pace::KeepsUp;
            self.since_ms = now_ms as u32;
        }
    }

    /// Its socket takes no more, and took something or nothing just now. Says how long it has taken nothing, ms.
    pub(super) fn blocked(&mut self, now_ms: u64, took_some: bool) -> u64 {
        if self.pace == Pace::KeepsUp {
            let long = self.lasts_ms(now_ms) >= HELD_MS;
            self.pace = if long { Pace::Behind } else { Pace::Slow };
            self.since_ms = now_ms as u32;
        }
        if took_some || self.blocked_since_ms == u64::MAX {
            self.blocked_since_ms = now_ms;
        }
        now_ms.saturating_sub(self.blocked_since_ms)
    }

    /// How long it has kept up, or been behind, ms.
    fn lasts_ms(&self, now_ms: u64) -> u32 {
        (now_ms as u32).wrapping_sub(self.since_ms)
    }

    /// Whether its being blocked says something of this server: it kept up for long, and has been behind for a short time. Each look counts
    /// it once.
    pub(super) fn counts_as_blocked(&mut self, look: u16, now_ms: u64) -> bool {
        self.pace == Pace::Behind
            && self.lasts_ms(now_ms) <= HELD_MS
            && std::mem::replace(&mut self.counted_in, look) != look
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELD_MS: u64 = super::HELD_MS as u64;

    #[test]
    fn it_counts_as_blocked_once_a_look_when_it_kept_up_for_long_and_is_behind_for_a_moment() {
        let mut lag = Lag::new();
        lag.blocked(10, true);
        assert!(!lag.counts_as_blocked(1, 10), "it never kept up");
        lag.caught_up(20);
        lag.blocked(20 + HELD_MS - 1, true);
        assert!(!lag.counts_as_blocked(1, 20 + HELD_MS), "not for long");
        let even_ms = 100_000;
        lag.caught_up(even_ms);
        lag.caught_up(even_ms + 5_000);
        let behind_ms = even_ms + HELD_MS;
        // Takes a byte now and then, and so stays.
        for (look, now_ms) in [(2, behind_ms), (3, behind_ms + 1), (4, behind_ms + HELD_MS)] {
            lag.blocked(now_ms, true);
            assert!(lag.counts_as_blocked(look, now_ms), "{now_ms}");
            assert!(!lag.counts_as_blocked(look, now_ms), "once");
        }
        let late_ms = behind_ms + HELD_MS + 1;
        lag.blocked(late_ms, true);
        assert!(!lag.counts_as_blocked(5, late_ms), "its line");
        lag.caught_up(late_ms);
        lag.blocked(late_ms + HELD_MS, false);
        assert!(
            lag.counts_as_blocked(6, late_ms + HELD_MS),
            "it had caught up"
        );
    }

    #[test]
    fn a_byte_is_enough_to_be_no_longer_blocked_since_before() {
        let mut lag = Lag::new();
        assert_eq!(lag.blocked(100, false), 0);
        assert_eq!(lag.blocked(600, false), 500);
        assert_eq!(lag.blocked(700, true), 0);
        assert_eq!(lag.blocked(900, false), 200);
        lag.caught_up(1_000);
        assert_eq!(lag.blocked(5_000, false), 0);
    }
}
