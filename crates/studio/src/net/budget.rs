//! What others may cost us: failed authentications of one source, and requests of one session.
//!
//! Checking a STUN message that names a real user name fragment costs a MAC. Whoever has seen a fragment could make us
//! compute one for each datagram; this bounds that per source address and second. Established five-tuples are exempt, so
//! nobody who is in can be put out by someone who forges the address.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::limits::{STUN_FAILURES_PER_SECOND_MAX, STUN_SOURCES_MAX};

/// A table of fixed size; sources that fall into one slot share its budget.
#[derive(Debug)]
pub struct FailureBudget {
    slots: Vec<Slot>,
    hash: RandomState,
    origin: Instant,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    second: u64,
    failures: u16,
}

impl FailureBudget {
    /// An empty table; seconds count from `origin`.
    #[must_use]
    pub fn new(origin: Instant) -> Self {
        Self {
            slots: vec![Slot::default(); STUN_SOURCES_MAX],
            hash: RandomState::new(),
            origin,
        }
    }

    /// Whether this source may still fail in this second.
    #[must_use]
    pub fn allows(&self, now: Instant, source: IpAddr) -> bool {
        let slot = self.slots[self.index(source)];
        slot.second != self.second(now) || slot.failures < STUN_FAILURES_PER_SECOND_MAX
    }

    /// Notes a failure.
    pub fn failed(&mut self, now: Instant, source: IpAddr) {
        let second = self.second(now);
        let index = self.index(source);
        let slot = &mut self.slots[index];
        if slot.second != second {
            *slot = Slot {
                second,
                failures: 0,
            };
        }
        slot.failures = slot.failures.saturating_add(1);
    }

    fn index(&self, source: IpAddr) -> usize {
        (self.hash.hash_one(source) as usize) % STUN_SOURCES_MAX
    }

    fn second(&self, now: Instant) -> u64 {
        // Slot 0 of a fresh table must not look like "this second".
        now.saturating_duration_since(self.origin)
            .saturating_add(Duration::from_secs(1))
            .as_secs()
    }
}

/// Leave to do something: so often at once, and then once an interval.
#[derive(Debug, Clone, Copy)]
pub struct TokenBucket {
    burst: u32,
    interval: Duration,
    /// When all that was taken has come back.
    full_at: Instant,
}

impl TokenBucket {
    /// A full one.
    #[must_use]
    pub const fn new(now: Instant, burst: u32, interval: Duration) -> Self {
        Self {
            burst,
            interval,
            full_at: now,
        }
    }

    /// Whether there is leave now.
    #[must_use]
    pub fn is_ready(&self, now: Instant) -> bool {
        let mut copy = *self;
        copy.take(now).is_ok()
    }

    /// Takes leave once.
    ///
    /// # Errors
    ///
    /// There is none now; says how long it takes until there is.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let full_at = self.full_at.max(now) + self.interval;
        let missing = full_at.saturating_duration_since(now + self.interval * self.burst);
        if !missing.is_zero() {
            return Err(missing);
        }
        self.full_at = full_at;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_one_an_interval_however_much_is_asked() {
        let start = Instant::now();
        for (burst, interval_ms) in [(5, 1_000), (1, 250), (64, 20)] {
            let interval = Duration::from_millis(interval_ms);
            let mut bucket = TokenBucket::new(start, burst, interval);
            let given = (0..1_000).filter(|_| bucket.take(start).is_ok()).count();
            assert_eq!(given, burst as usize);
            assert_eq!(bucket.take(start), Err(interval));
            assert!(!bucket.is_ready(start) && bucket.is_ready(start + interval));
            // A flood of ten intervals, ten requests each: one is heard in each.
            let flood = (1..=100).map(|n| start + interval / 10 * n);
            let given = flood.filter(|&now| bucket.take(now).is_ok()).count();
            assert_eq!(given, 10);
            // Rest fills it, and not beyond its burst.
            let later = start + interval * (burst + 1_000);
            let given = (0..1_000).filter(|_| bucket.take(later).is_ok()).count();
            assert_eq!(given, burst as usize);
        }
    }

    #[test]
    fn a_source_is_cut_off_at_the_limit_and_free_again_next_second() {
        let start = Instant::now();
        let mut budget = FailureBudget::new(start);
        let source = IpAddr::from([192, 0, 2, 1]);
        for _ in 0..STUN_FAILURES_PER_SECOND_MAX {
            assert!(budget.allows(start, source));
            budget.failed(start, source);
        }
        assert!(!budget.allows(start, source));
        assert!(budget.allows(start + Duration::from_secs(1), source));
    }

    #[test]
    fn the_table_does_not_grow() {
        let start = Instant::now();
        let mut budget = FailureBudget::new(start);
        for n in 0..100_000u32 {
            budget.failed(start, IpAddr::from(n.to_be_bytes()));
        }
        assert_eq!(budget.slots.len(), STUN_SOURCES_MAX);
    }
}
