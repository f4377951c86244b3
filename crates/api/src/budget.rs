//! How much one peer may ask for: a token bucket on the clock of this process.

use std::time::Instant;

/// What may be asked for: so much in a second on average, and so many seconds' worth of it at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    pub(crate) per_s: u32,
    pub(crate) burst_s: u32,
}

impl Allowance {
    fn burst(self) -> f64 {
        f64::from(self.per_s) * f64::from(self.burst_s)
    }
}

/// What is left of an allowance.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    of: Allowance,
    left: f64,
    at: Instant,
}

impl Budget {
    /// As after a long silence.
    pub(crate) fn full(of: Allowance, now: Instant) -> Self {
        Self {
            of,
            left: of.burst(),
            at: now,
        }
    }

    /// Whether one more is allowed.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        self.take_many(now, 1)
    }

    /// Whether so much more is allowed: all of it or nothing.
    pub(crate) fn take_many(&mut self, now: Instant, many: usize) -> bool {
        let since_s = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + since_s * f64::from(self.of.per_s)).min(self.of.burst());
        self.at = now;
        let many = many as f64;
        let allowed = self.left >= many;
        if allowed {
            self.left -= many;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_is_allowed_and_then_so_much_in_a_second() {
        let of = Allowance {
            per_s: 20,
            burst_s: 10,
        };
        let start = Instant::now();
        let mut budget = Budget::full(of, start);
        assert_eq!((0..1000).filter(|_| budget.take(start)).count(), 200);
        let later = start + Duration::from_secs(1);
        assert_eq!((0..1000).filter(|_| budget.take(later)).count(), 20);
        let much_later = later + Duration::from_secs(2);
        assert!(!budget.take_many(much_later, 41));
        assert!(budget.take_many(much_later, 40));
    }
}
