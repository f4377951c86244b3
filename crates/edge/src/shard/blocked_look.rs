//! How many listeners of a shard found their sockets full since the last look at the load: each once, and no network with more weight than
//! it may have, since who is slow on purpose comes from few.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use crate::gauges::ShardGauge;
use crate::prefix::Prefix;

/// How long one look lasts, ms: as often as the load is measured.
const LOOK_MS: u64 = 500;

/// One network counts as one in so many of the listeners at most, and as one listener at least.
const PREFIX_PART: usize = 50;

/// See the module.
#[derive(Default)]
pub(super) struct BlockedLook {
    number: u16,
    ends_ms: u64,
    blocked: usize,
    by_prefix: HashMap<Prefix, usize>,
}

impl BlockedLook {
    /// The number of this look, never that of the one before.
    pub(super) fn number(&self) -> u16 {
        self.number
    }

    /// A listener is blocked who was not counted yet in this look, of so many.
    pub(super) fn count(&mut self, prefix: Option<Prefix>, listeners: usize) {
        if let Some(prefix) = prefix {
            let of_prefix = self.by_prefix.entry(prefix).or_default();
            if *of_prefix >= (listeners / PREFIX_PART).max(1) {
                return;
            }
            *of_prefix += 1;
        }
        self.blocked += 1;
    }

    /// Shows what was counted when the look is over, and begins the next.
    pub(super) fn turn(&mut self, now_ms: u64, listeners: usize, gauge: &ShardGauge) {
        if now_ms < self.ends_ms && listeners > 0 {
            return;
        }
        gauge.listeners.store(listeners, Ordering::Relaxed);
        gauge
            .blocked
            .store(self.blocked.min(listeners), Ordering::Relaxed);
        self.number = self.number.wrapping_add(1).max(1);
        self.ends_ms = now_ms + LOOK_MS;
        self.blocked = 0;
        self.by_prefix.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn network(n: u8) -> Option<Prefix> {
        Some(Prefix::from(IpAddr::from([198, 51, n, 1])))
    }

    #[test]
    fn one_network_has_little_weight_and_many_have_theirs() {
        let (mut look, gauge) = (BlockedLook::default(), ShardGauge::default());
        look.turn(0, 1_000, &gauge);
        (0..500).for_each(|_| look.count(network(0), 1_000));
        look.turn(500, 1_000, &gauge);
        assert_eq!(gauge.blocked.load(Ordering::Relaxed), 20);
        (0..200).for_each(|n| look.count(network(n), 1_000));
        (0..50).for_each(|_| look.count(None, 1_000));
        assert_eq!(
            gauge.blocked.load(Ordering::Relaxed),
            20,
            "until it is over"
        );
        look.turn(1_000, 1_000, &gauge);
        assert_eq!(gauge.blocked.load(Ordering::Relaxed), 250);
        (0..9).for_each(|_| look.count(network(1), 12));
        look.turn(1_500, 12, &gauge);
        assert_eq!(gauge.blocked.load(Ordering::Relaxed), 1);
        look.turn(1_501, 0, &gauge);
        let shown = (&gauge.listeners, &gauge.blocked);
        assert_eq!(shown.0.load(Ordering::Relaxed), 0, "nobody is left");
        assert_eq!(shown.1.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_look_has_another_number_than_the_one_before_and_than_none() {
        let (mut look, gauge) = (BlockedLook::default(), ShardGauge::default());
        for now_ms in (0..5_000).step_by(LOOK_MS as usize) {
            let before = look.number();
            look.turn(now_ms, 1, &gauge);
            assert!(look.number() != before && look.number() != 0);
        }
    }
}
