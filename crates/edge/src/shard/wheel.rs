//! When each listener is flushed: the listeners of one stream that are served at one rung, spread over its flush interval.
//!
//! A cycle begins when something was published, lasts one flush interval, and visits the wheel's slots of [`TICK_MS`] one after the
//! other. A small crowd is flushed right after a chunk is published, a large one evenly over the interval. Where an interval spans
//! many chunks, those in between are spread, too: every shard of a server begins its cycles on its own, and all would want the
//! processor at the same moment. Where an interval is a single chunk, slots are filled from the front, because whoever waits for that
//! chunk has not much more than its length buffered.
//!
//! It is not a timer: it is asked every tick, and knows neither sockets nor streams.

use stentor_core::admission::Rung;

/// One slot, and the grain of a shard's clock, ms.
pub(super) const TICK_MS: u64 = 10;

/// Listeners in a slot before the next slot is used. Sends in a row cost less than scattered ones (some 7 % here; longer rows gain
/// nothing more), and so many, each over TLS, are sent within a tick.
const SLOT_LISTENERS: usize = 128;

/// Slots of a section of the interval, 200 ms: how often the shortest chunks come.
const SECTION_SLOTS: usize = 20;

/// A listener's position in its wheel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slot {
    number: u32,
    /// Within the slot.
    index: u32,
}

/// A change of rung that the listeners were told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PendingMove {
    to: Rung,
    /// Not before, ms: until then players grow the buffer that the new interval needs.
    due_ms: u64,
}

/// See the module. Listeners are keys into a shard's table; together they are a cohort, which changes rung together.
pub(super) struct FlushWheel {
    rung: Rung,
    flush_ms: u64,
    pending: Option<PendingMove>,
    slots: Vec<Vec<u32>>,
    /// Slot numbers in the order in which slots are filled, and for each slot its position in that order.
    fill_order: Vec<u32>,
    rank: Vec<u32>,
    /// Position in `fill_order` before which no slot had room when last looked at.
    open: usize,
    len: usize,
    /// When the current cycle began, ms, and the next slot to flush; `None` between cycles.
    cycle: Option<(u64, usize)>,
    last_began_ms: Option<u64>,
    /// There is something to send: a cycle begins as soon as the last one is over.
    wanted: bool,
}

impl FlushWheel {
    /// For a stream of which each chunk is `chunk_ms` long.
    pub(super) fn new(rung: Rung, flush_ms: u64, chunk_ms: u64) -> Self {
        let slots = (flush_ms / TICK_MS).max(1) as usize;
        let fill_order = fill_order(slots, flush_ms > chunk_ms);
        let mut rank = vec![0; slots];
        for (position, slot) in fill_order.iter().enumerate() {
            rank[*slot as usize] = position as u32;
        }
        Self {
            rung,
            flush_ms,
            pending: None,
            slots: vec![Vec::new(); slots],
            fill_order,
            rank,
            open: 0,
            len: 0,
            cycle: None,
            last_began_ms: None,
            wanted: false,
        }
    }

    /// The rung at which its listeners are served.
    pub(super) fn rung(&self) -> Rung {
        self.rung
    }

    /// The rung that its listeners are told to be ready for. A move down needs no preparation and is not announced.
    pub(super) fn announced_rung(&self) -> Rung {
        self.pending
            .map_or(self.rung, |pending| pending.to.max(self.rung))
    }

    /// Follows the rung at which the node serves its listeners. Down, they move at once; up, one rung at a time, and only when a player
    /// that was told has had the time to grow its buffer.
    pub(super) fn follow(&mut self, rung: Rung, now_ms: u64) {
        let to = if rung > self.rung {
            self.rung.above().unwrap_or(rung)
        } else {
            rung
        };
        if to == self.rung {
            self.pending = None;
        } else if self.pending.is_none_or(|pending| pending.to != to) {
            let due_ms = now_ms + self.rung.warning_ms(to);
            self.pending = Some(PendingMove { to, due_ms });
            self.wanted = true;
        }
    }

    /// The rung that its listeners move to now, each when it is flushed next.
    pub(super) fn destination(&self, now_ms: u64) -> Option<Rung> {
        let pending = self.pending.filter(|pending| pending.due_ms <= now_ms)?;
        Some(pending.to)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a listener to the first slot that has room.
    pub(super) fn insert(&mut self, key: u32, now_ms: u64) -> Slot {
        self.len += 1;
        let room = SLOT_LISTENERS.max(self.len.div_ceil(self.slots.len()));
        let mut behind = self.fill_order[self.open..].iter();
        let found = behind.position(|slot| self.slots[*slot as usize].len() < room);
        // If there is none, the room of each slot has grown since, and filling begins again at the front.
        self.open = found.map_or(0, |behind| self.open + behind);
        let number = self.fill_order[self.open] as usize;
        if let Some(pending) = &mut self.pending {
            // The last to join has as long to grow its buffer as the first.
            pending.due_ms = pending
                .due_ms
                .max(now_ms + self.rung.warning_ms(pending.to));
        }
        self.slots[number].push(key);
        Slot {
            number: number as u32,
            index: (self.slots[number].len() - 1) as u32,
        }
    }

    /// Removes the listener at `slot`. Returns the listener that was moved into its position, if any.
    pub(super) fn remove(&mut self, slot: Slot) -> Option<u32> {
        self.len -= 1;
        self.open = self.open.min(self.rank[slot.number as usize] as usize);
        let listeners = &mut self.slots[slot.number as usize];
        listeners.swap_remove(slot.index as usize);
        listeners.get(slot.index as usize).copied()
    }

    /// There is something to send.
    pub(super) fn request_flush(&mut self) {
        self.wanted = true;
    }

    /// The next slot that is due, and how late it is, ms. To be called until it returns none.
    pub(super) fn next_due(&mut self, now_ms: u64) -> Option<(usize, u64)> {
        let (began, next) = match self.cycle {
            Some(cycle) => cycle,
            None if self.wanted => (self.begin_cycle(now_ms), 0),
            None => return None,
        };
        let due_ms = began + next as u64 * TICK_MS;
        if due_ms > now_ms {
            self.cycle = Some((began, next));
            return None;
        }
        self.cycle = (next + 1 < self.slots.len()).then_some((began, next + 1));
        Some((next, now_ms - due_ms))
    }

    /// Where there is always something to send, cycles follow each other at the interval; else one begins when something is published.
    fn begin_cycle(&mut self, now_ms: u64) -> u64 {
        self.wanted = false;
        let regular = self.last_began_ms.map_or(0, |began| began + self.flush_ms);
        let began = if regular > now_ms + self.flush_ms {
            // The clock went back: nobody waits for it to catch up.
            now_ms
        } else {
            regular.max(now_ms)
        };
        self.last_began_ms = Some(began);
        began
    }

    pub(super) fn slot_count(&self) -> usize {
        self.slots.len()
    }

    /// The listeners of a slot.
    pub(super) fn listeners(&self, slot: usize) -> &[u32] {
        &self.slots[slot]
    }
}

/// The order in which slots are filled. From the front; or, where listeners are to be `spread`, the first slot of every section, then
/// the second of every section, and so on, the sections in such an order that however many are used, they are all over the interval.
fn fill_order(slots: usize, spread: bool) -> Vec<u32> {
    if !spread || !slots.is_multiple_of(SECTION_SLOTS) {
        return (0..slots as u32).collect();
    }
    let mut firsts: Vec<u32> = (0..slots as u32).step_by(SECTION_SLOTS).collect();
    firsts.sort_by_key(|first| (first / SECTION_SLOTS as u32).reverse_bits());
    (0..SECTION_SLOTS as u32)
        .flat_map(|nth| firsts.iter().map(move |first| first + nth))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wheel(flush_ms: u64) -> FlushWheel {
        FlushWheel::new(Rung::REST, flush_ms, 200)
    }

    fn flushed(wheel: &mut FlushWheel, now_ms: u64) -> Vec<u32> {
        let mut keys = Vec::new();
        while let Some((slot, _)) = wheel.next_due(now_ms) {
            keys.extend_from_slice(wheel.listeners(slot));
        }
        keys
    }

    #[test]
    fn a_small_crowd_is_flushed_at_once_and_a_large_one_spread_evenly() {
        let mut wheel = wheel(200);
        for key in 0..20 {
            wheel.insert(key, 0);
        }
        wheel.request_flush();
        assert_eq!(flushed(&mut wheel, 1_000).len(), 20);
        for key in 20..20_000 {
            wheel.insert(key, 0);
        }
        let most = wheel.slots.iter().map(Vec::len).max().unwrap();
        let least = wheel.slots.iter().map(Vec::len).min().unwrap();
        assert!(most <= 1_000 && least >= 990, "{least} to {most}");
    }

    #[test]
    fn a_crowd_too_small_for_every_slot_is_spread_over_the_whole_interval_all_the_same() {
        for flush_ms in [1_000, 3_000, 10_000] {
            let mut wheel = wheel(flush_ms);
            let sections = flush_ms as usize / 200;
            // Two slots of each section's twenty.
            for key in 0..(2 * sections * SLOT_LISTENERS) as u32 {
                wheel.insert(key, 0);
            }
            for slots in wheel.slots.chunks(SECTION_SLOTS) {
                let filled: Vec<usize> =
                    slots.iter().map(Vec::len).take_while(|n| *n > 0).collect();
                assert_eq!(
                    filled,
                    [SLOT_LISTENERS, SLOT_LISTENERS],
                    "in front of the section"
                );
            }
        }
    }

    #[test]
    fn few_slots_of_an_interval_are_all_over_it_unless_it_is_one_of_a_single_chunk() {
        let first = |slots, n| {
            let mut few = fill_order(slots, true)[..n].to_vec();
            few.sort_unstable();
            few
        };
        assert_eq!(first(100, 3), [0, 40, 80]);
        assert_eq!(first(1_000, 4), [0, 320, 640, 960]);
        for slots in [1, 7, 20, 100, 120, 1_000] {
            assert!(fill_order(slots, false).into_iter().eq(0..slots as u32));
            let mut all = fill_order(slots, true);
            all.sort_unstable();
            assert!(all.into_iter().eq(0..slots as u32), "{slots}");
        }
        let at_rest = FlushWheel::new(Rung::REST, 1_200, 1_200);
        assert_eq!(at_rest.fill_order[..3], [0, 1, 2]);
    }

    #[test]
    fn everybody_is_flushed_once_a_cycle_and_not_at_all_when_nothing_was_published() {
        let mut wheel = wheel(1_000);
        for key in 0..5_000 {
            wheel.insert(key, 0);
        }
        let mut flushes = vec![0; 5_000];
        for now_ms in (0..10_000).step_by(7) {
            if now_ms % 200 < 7 {
                wheel.request_flush();
            }
            for key in flushed(&mut wheel, now_ms) {
                flushes[key as usize] += 1;
            }
        }
        assert!(flushes.iter().all(|t| *t == 10), "{:?}", &flushes[..5]);
        wheel.next_due(60_000);
        while wheel.next_due(60_000).is_some() {}
        while wheel.next_due(120_000).is_some() {}
        assert_eq!(flushed(&mut wheel, 300_000), [0; 0]);
    }

    #[test]
    fn the_position_of_a_removed_listener_is_taken_by_the_last_of_its_slot_which_is_named() {
        let mut wheel = wheel(10);
        let first = wheel.insert(7, 0);
        wheel.insert(8, 0);
        wheel.insert(9, 0);
        assert_eq!(wheel.remove(first), Some(9));
        assert_eq!(wheel.remove(first), Some(8));
        assert_eq!(wheel.remove(first), None);
        assert!(wheel.is_empty());
    }

    #[test]
    fn lateness_is_reported_and_a_clock_set_back_stops_nobody() {
        let mut wheel = wheel(20);
        wheel.insert(1, 0);
        wheel.request_flush();
        assert_eq!(wheel.next_due(1_000_000), Some((0, 0)));
        assert_eq!(wheel.next_due(1_000_035), Some((1, 25)));
        wheel.request_flush();
        assert_eq!(wheel.next_due(5), Some((0, 0)));
    }

    #[test]
    fn a_cohort_is_told_first_and_moves_up_one_rung_at_a_time_when_it_has_grown_its_buffer() {
        let mut wheel = wheel(200);
        wheel.insert(1, 0);
        wheel.follow(Rung::CHEAPEST, 5_000);
        assert_eq!(wheel.announced_rung(), Rung::ALL[1]);
        assert_eq!(flushed(&mut wheel, 5_000), [1], "it is told at once");
        let due_ms = 5_000 + Rung::REST.warning_ms(Rung::ALL[1]);
        assert_eq!(wheel.destination(due_ms - 1), None);
        assert_eq!(wheel.destination(due_ms), Some(Rung::ALL[1]));
        wheel.follow(Rung::CHEAPEST, due_ms);
        assert_eq!(
            wheel.destination(due_ms),
            Some(Rung::ALL[1]),
            "told once is told"
        );
        wheel.insert(2, due_ms);
        assert_eq!(
            wheel.destination(due_ms),
            None,
            "the last to join needs its time, too"
        );
    }

    #[test]
    fn a_cohort_stays_when_the_crowd_has_gone_before_it_moved_and_moves_down_at_once() {
        let mut up = wheel(200);
        up.follow(Rung::ALL[1], 0);
        up.follow(Rung::REST, 1_000);
        assert_eq!(
            (up.announced_rung(), up.destination(1_000_000)),
            (Rung::REST, None)
        );
        let mut down = FlushWheel::new(Rung::CHEAPEST, 10_000, 1_200);
        down.follow(Rung::ALL[1], 7_000);
        assert_eq!(down.destination(7_000), Some(Rung::ALL[1]));
        assert_eq!(down.announced_rung(), Rung::CHEAPEST);
    }

    #[test]
    fn many_who_come_at_once_are_spread_as_evenly_as_before() {
        let mut wheel = wheel(10_000);
        let mut positions: Vec<Slot> = (0..200_000).map(|key| wheel.insert(key, 0)).collect();
        for slot in positions.drain(..40_000).rev() {
            wheel.remove(slot);
        }
        (0..80_000).for_each(|key| {
            wheel.insert(key, 0);
        });
        let most = wheel.slots.iter().map(Vec::len).max().unwrap();
        assert!(most <= 241, "{most} of 240,000 in 1,000 slots");
    }
}
