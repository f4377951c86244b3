//! When a shard that could not be started may be tried again.
//!
//! A start fails for lack of memory, threads or descriptors, and each try costs system calls and a thread: with one try for every
//! connection that comes, a crowd would make the lack worse.

use std::time::{Duration, Instant};

/// From the first failure to the next try, ms; doubled with each further one.
pub(super) const RETRY_MS: u64 = 250;

/// Longest wait between two tries, ms.
const RETRY_MS_MAX: u64 = 8_000;

/// See the module.
#[derive(Default)]
pub(super) struct StartBackoff {
    failures: u32,
    retry_at: Option<Instant>,
}

impl StartBackoff {
    /// Whether a shard may be started now.
    pub(super) fn allows(&self, now: Instant) -> bool {
        self.retry_at.is_none_or(|at| at <= now)
    }

    /// How long until one may be started, ms.
    pub(super) fn wait_ms(&self, now: Instant) -> u64 {
        self.retry_at
            .map_or(0, |at| at.saturating_duration_since(now).as_millis() as u64)
    }

    pub(super) fn failed(&mut self, now: Instant) {
        let wait_ms = RETRY_MS.saturating_mul(1 << self.failures.min(16));
        self.retry_at = Some(now + Duration::from_millis(wait_ms.min(RETRY_MS_MAX)));
        self.failures = self.failures.saturating_add(1);
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_become_rarer_up_to_a_limit_and_a_success_forgets_the_failures() {
        let mut backoff = StartBackoff::default();
        let mut now = Instant::now();
        let mut waits_ms = Vec::new();
        for _ in 0..8 {
            assert!(backoff.allows(now));
            backoff.failed(now);
            assert!(!backoff.allows(now));
            waits_ms.push(backoff.wait_ms(now));
            now += Duration::from_millis(backoff.wait_ms(now));
        }
        assert_eq!(
            waits_ms,
            [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]
        );
        backoff.failed(now);
        backoff.succeeded();
        assert!(backoff.allows(now));
        assert_eq!(backoff.wait_ms(now), 0);
    }

    #[test]
    fn however_often_it_fails_there_is_a_next_try() {
        let mut backoff = StartBackoff::default();
        let now = Instant::now();
        for _ in 0..100 {
            backoff.failed(now);
        }
        assert!(backoff.allows(now + Duration::from_millis(RETRY_MS_MAX)));
    }
}
