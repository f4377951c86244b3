//! How long a server that cannot be used is left alone.

use std::time::Duration;

use tokio::time::Instant;

/// The first pause, and the longest; each further one is twice as long as the one before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BackOff {
    /// After the first failure.
    pub first: Duration,
    /// However often it failed.
    pub longest: Duration,
}

impl Default for BackOff {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(5),
            longest: Duration::from_secs(300),
        }
    }
}

/// Whether a server can be used, as far as is known.
#[derive(Debug, Default)]
pub(super) struct Health {
    failures: u32,
    again: Option<Instant>,
    why: String,
}

impl Health {
    /// Why the server is left alone now, and for how long.
    pub(super) fn left_alone(&self, now: Instant) -> Option<(String, Duration)> {
        let left = self.again?.checked_duration_since(now)?;
        (!left.is_zero()).then(|| (self.why.clone(), left))
    }

    /// It cannot be used: for how long it is left alone, and whether that is news.
    pub(super) fn failed(
        &mut self,
        why: &str,
        now: Instant,
        back_off: BackOff,
    ) -> (Duration, bool) {
        // Those who were on their way when the first failed are no further failures.
        if let Some((_, left)) = self.left_alone(now) {
            return (left, false);
        }
        let pause = back_off
            .first
            .saturating_mul(2_u32.saturating_pow(self.failures))
            .min(back_off.longest);
        let is_news = self.failures == 0 || self.why != why;
        self.failures = self.failures.saturating_add(1);
        self.again = Some(now + pause);
        why.clone_into(&mut self.why);
        (pause, is_news)
    }

    /// It works: whether that is news.
    pub(super) fn works(&mut self) -> bool {
        let is_news = self.failures > 0;
        *self = Self::default();
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_the_longest_and_begins_anew_when_it_works() {
        let back_off = BackOff::default();
        let mut health = Health::default();
        let mut now = Instant::now();
        let mut pauses = Vec::new();
        for _ in 0..9 {
            let (pause, _) = health.failed("no", now, back_off);
            // Three more that were on their way.
            assert_eq!(health.failed("no", now, back_off), (pause, false));
            pauses.push(pause.as_secs());
            assert!(health.left_alone(now).is_some());
            now += pause;
            assert_eq!(health.left_alone(now), None);
        }
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert!(health.works() && !health.works(), "told once");
        assert_eq!(health.failed("no", now, back_off), (back_off.first, true));
        let later = now + back_off.first;
        assert!(!health.failed("no", later, back_off).1, "the same, again");
    }
}
