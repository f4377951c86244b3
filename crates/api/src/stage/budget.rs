//! How much a page may send.

use std::time::Instant;

/// Messages a page may send in a second, on average over ten; a hand on a slider stays far below.
pub(super) const MESSAGES_PER_S_MAX: u32 = 20;
/// Seconds' worth of messages that may come at once.
const BURST_S: u32 = 10;

/// A token bucket for one page's messages.
pub(super) struct Budget {
    left: f64,
    at: Instant,
}

impl Budget {
    const BURST: f64 = (MESSAGES_PER_S_MAX * BURST_S) as f64;

    /// As after a long silence.
    pub(super) fn full(now: Instant) -> Self {
        Self {
            left: Self::BURST,
            at: now,
        }
    }

    /// Whether one more message is allowed.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        self.left = (self.left + (now - self.at).as_secs_f64() * f64::from(MESSAGES_PER_S_MAX))
            .min(Self::BURST);
        self.at = now;
        let allowed = self.left >= 1.0;
        if allowed {
            self.left -= 1.0;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_page_may_burst_and_then_sends_at_the_rate() {
        let start = Instant::now();
        let mut budget = Budget::full(start);
        assert_eq!((0..1000).filter(|_| budget.take(start)).count(), 200);
        let later = start + Duration::from_secs(1);
        assert_eq!((0..1000).filter(|_| budget.take(later)).count(), 20);
    }
}
