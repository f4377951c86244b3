//! A token bucket: so many at once, and one more after each so many milliseconds.

use crate::now::Now;

/// What may be asked for how often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// How many at once.
    pub(crate) burst: u32,
    /// Milliseconds after which there is one more.
    pub(crate) each_ms: u64,
}

/// How much of it is left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenBucket {
    left: u32,
    /// Up to when the time has been turned into tokens.
    counted_mono_ms: u64,
}

impl TokenBucket {
    /// As after a long silence.
    pub(crate) const fn full(rate: Rate) -> Self {
        Self {
            left: rate.burst,
            counted_mono_ms: 0,
        }
    }

    /// Whether nothing of it is taken any more: as after a long silence.
    pub(crate) fn is_full(&self, now: Now, rate: Rate) -> bool {
        let more = now.ms_since(self.counted_mono_ms) / rate.each_ms;
        u64::from(self.left).saturating_add(more) >= u64::from(rate.burst)
    }

    /// Whether one more is allowed.
    pub(crate) fn take(&mut self, now: Now, rate: Rate) -> bool {
        let more = now.ms_since(self.counted_mono_ms) / rate.each_ms;
        self.left = rate.burst.min(
            self.left
                .saturating_add(u32::try_from(more).unwrap_or(u32::MAX)),
        );
        // A full bucket saves nothing up.
        self.counted_mono_ms = if self.left == rate.burst {
            now.mono_ms
        } else {
            self.counted_mono_ms + more * rate.each_ms
        };
        let allowed = self.left > 0;
        self.left = self.left.saturating_sub(1);
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        burst: 3,
        each_ms: 100,
    };

    fn at(mono_ms: u64) -> Now {
        Now {
            mono_ms,
            unix_ms: 0,
        }
    }

    fn taken(bucket: &mut TokenBucket, mono_ms: u64) -> usize {
        (0..10).filter(|_| bucket.take(at(mono_ms), RATE)).count()
    }

    #[test]
    fn a_burst_is_allowed_and_then_one_each_time_and_never_more_than_a_burst() {
        let mut bucket = TokenBucket::full(RATE);
        let times = [5_000, 5_099, 5_100, 5_250, 5_299, 5_300, 60_000];
        let counts = times.map(|mono_ms| taken(&mut bucket, mono_ms));
        assert_eq!(counts, [3, 0, 1, 1, 0, 1, 3]);
        for (mono_ms, full) in [(60_000, false), (60_299, false), (60_300, true)] {
            assert_eq!(bucket.is_full(at(mono_ms), RATE), full, "{mono_ms}");
        }
    }
}
