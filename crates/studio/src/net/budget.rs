//! How many failed authentications one source may cost us.
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

#[cfg(test)]
mod tests {
    use super::*;

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
