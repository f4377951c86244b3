//! What the clients of a shard keep of heads that have not come to their end: how much together, and who began first.

use std::collections::BTreeSet;

use crate::gate::{Ask, Attempt, Outcome, ResourceUsage, judge};

/// See the module. It keeps no bytes itself: each client has its own.
pub(super) struct HeadPool {
    bytes: usize,
    bytes_max: usize,
    /// Since when, ms, and whose.
    order: BTreeSet<(u64, usize)>,
}

impl HeadPool {
    /// Empty, for so many bytes.
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            bytes: 0,
            bytes_max,
            order: BTreeSet::new(),
        }
    }

    /// A client keeps something else than before; each is since when, ms, and how many bytes.
    pub(super) fn change(
        &mut self,
        key: usize,
        before: Option<(u64, usize)>,
        now: Option<(u64, usize)>,
    ) {
        if let Some((since_ms, bytes)) = before {
            self.bytes -= bytes;
            self.order.remove(&(since_ms, key));
        }
        if let Some((since_ms, bytes)) = now {
            self.bytes += bytes;
            self.order.insert((since_ms, key));
        }
    }

    /// Who is to give way, and how it is refused; `None` while there is room.
    pub(super) fn gives_way(&self) -> Option<(usize, Outcome)> {
        let bytes = ResourceUsage::of(self.bytes, self.bytes_max);
        let outcome = judge(&Attempt::new(Ask::HeadSpace { bytes }));
        let (_, oldest) = self.order.first().filter(|_| outcome != Outcome::Allow)?;
        Some((*oldest, outcome))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::RefusalReason;

    #[test]
    fn who_has_waited_longest_gives_way_when_heads_take_too_much_and_nobody_before() {
        let half = 1_000;
        let mut pool = HeadPool::new(2 * half);
        pool.change(7, None, Some((20, half)));
        pool.change(8, None, Some((10, half - 1)));
        assert!(pool.gives_way().is_none());
        pool.change(9, None, Some((30, 1)));
        let (oldest, outcome) = pool.gives_way().unwrap();
        assert_eq!(
            (oldest, outcome.reason()),
            (8, Some(RefusalReason::HeadsFull))
        );
        pool.change(8, Some((10, half - 1)), None);
        assert!(pool.gives_way().is_none());
        // One that grows counts with what it has now.
        pool.change(9, Some((30, 1)), Some((30, half)));
        assert_eq!(pool.gives_way().unwrap().0, 7);
        pool.change(7, Some((20, half)), None);
        pool.change(9, Some((30, half)), None);
        assert_eq!((pool.bytes, pool.order.len()), (0, 0));
    }
}
