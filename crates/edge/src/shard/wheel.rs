//! Whose turn it is: the listeners of one stream who are served as on one rung, spread over its flush interval.
//!
//! A cycle begins when there is news and lasts one flush interval, in slots of [`TICK_MS`]. A small crowd is served right after a
//! chunk is published, a large one evenly over the interval. What is in between, too, where the interval is one of many chunks: the
//! shards of a server begin their cycles when they like, and each would want the processor for itself. Where it is one of a single
//! chunk, slots are filled from the front: who waits for that chunk has not much more in hand.

use stentor_core::admission::Rung;

/// One slot, and the grain of a shard's clock, ms.
pub(super) const TICK_MS: u64 = 10;

/// Listeners of a slot before the next one is used. Sends in a row cost less than sends spread out (by some 7 % here, and no more in
/// longer rows), and so many, each over TLS, are sent to within a tick.
const SLOT_FILL: usize = 128;

/// Slots of a part of the interval, 200 ms: the shortest chunks come as often.
const PART_SLOTS: usize = 20;

/// Where a listener is in its wheel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seat {
    slot: u32,
    index: u32,
}

/// The members are to be served as on another rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Move {
    to: Rung,
    /// Not before: until then they gather what they will live on.
    due_ms: u64,
}

/// See the module. Members are the numbers of a shard's listeners: a cohort, that moves together.
pub(super) struct Wheel {
    rung: Rung,
    flush_ms: u64,
    moving: Option<Move>,
    slots: Vec<Vec<u32>>,
    /// The slots in the order in which they are filled, and the place of each in that order.
    order: Vec<u32>,
    rank: Vec<u32>,
    /// No slot before this one of the order had room when it was passed.
    open: usize,
    members: usize,
    /// When the cycle began, and the next slot to be visited; `None` between cycles.
    cycle: Option<(u64, usize)>,
    last_began_ms: Option<u64>,
    news: bool,
}

impl Wheel {
    /// For a stream with chunks of so many ms.
    pub(super) fn new(rung: Rung, flush_ms: u64, chunk_ms: u64) -> Self {
        let slots = (flush_ms / TICK_MS).max(1) as usize;
        let order = order(slots, flush_ms > chunk_ms);
        let mut rank = vec![0; slots];
        for (place, slot) in order.iter().enumerate() {
            rank[*slot as usize] = place as u32;
        }
        Self {
            rung,
            flush_ms,
            moving: None,
            slots: vec![Vec::new(); slots],
            order,
            rank,
            open: 0,
            members: 0,
            cycle: None,
            last_began_ms: None,
            news: false,
        }
    }

    /// As on which rung its members are served.
    pub(super) fn rung(&self) -> Rung {
        self.rung
    }

    /// As on which rung its members must expect to be served. Down nobody needs to be told before.
    pub(super) fn told(&self) -> Rung {
        self.moving
            .map_or(self.rung, |moving| moving.to.max(self.rung))
    }

    /// The node's rung is this one: whether and when the members move. Down they go at once, up a rung at a time and only
    /// when a player that was told has had the time to gather its buffer.
    pub(super) fn follow(&mut self, rung: Rung, now_ms: u64) {
        let to = if rung > self.rung {
            self.rung.above().unwrap_or(rung)
        } else {
            rung
        };
        if to == self.rung {
            self.moving = None;
        } else if self.moving.is_none_or(|moving| moving.to != to) {
            let due_ms = now_ms + self.rung.warning_ms(to);
            self.moving = Some(Move { to, due_ms });
            self.news = true;
        }
    }

    /// Where its members go now.
    pub(super) fn goes(&self, now_ms: u64) -> Option<Rung> {
        let moving = self.moving.filter(|moving| moving.due_ms <= now_ms)?;
        Some(moving.to)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members == 0
    }

    /// Takes a member in.
    pub(super) fn join(&mut self, member: u32, now_ms: u64) -> Seat {
        self.members += 1;
        let fill = SLOT_FILL.max(self.members.div_ceil(self.slots.len()));
        let mut behind = self.order[self.open..].iter();
        let room = behind.position(|slot| self.slots[*slot as usize].len() < fill);
        // Where there is none, the filling has grown since they were passed, and it begins again in front.
        self.open = room.map_or(0, |behind| self.open + behind);
        let slot = self.order[self.open] as usize;
        if let Some(moving) = &mut self.moving {
            // The last to come has as long to gather as the first.
            moving.due_ms = moving.due_ms.max(now_ms + self.rung.warning_ms(moving.to));
        }
        self.slots[slot].push(member);
        Seat {
            slot: slot as u32,
            index: (self.slots[slot].len() - 1) as u32,
        }
    }

    /// Lets a member go. Gives the member that took its seat's place, whose seat that now is.
    pub(super) fn leave(&mut self, seat: Seat) -> Option<u32> {
        self.members -= 1;
        self.open = self.open.min(self.rank[seat.slot as usize] as usize);
        let slot = &mut self.slots[seat.slot as usize];
        slot.swap_remove(seat.index as usize);
        slot.get(seat.index as usize).copied()
    }

    /// There is something to give.
    pub(super) fn tell(&mut self) {
        self.news = true;
    }

    /// The next slot whose time has come, and how late it is, ms. Call until it gives none.
    pub(super) fn due(&mut self, now_ms: u64) -> Option<(usize, u64)> {
        let (began, next) = match self.cycle {
            Some(cycle) => cycle,
            None if self.news => (self.begin(now_ms), 0),
            None => return None,
        };
        let at = began + next as u64 * TICK_MS;
        if at > now_ms {
            self.cycle = Some((began, next));
            return None;
        }
        self.cycle = (next + 1 < self.slots.len()).then_some((began, next + 1));
        Some((next, now_ms - at))
    }

    /// Keeps to the interval where there is always news, and follows the news where it comes in that very interval.
    fn begin(&mut self, now_ms: u64) -> u64 {
        self.news = false;
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

    /// How many slots there are.
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// The members of a slot.
    pub(super) fn slot(&self, slot: usize) -> &[u32] {
        &self.slots[slot]
    }
}

/// The order in which slots are filled: from the front, or, where they are to be `spread`, the first of every part, then the second
/// ones; the parts so that those used are all over the interval, however many they are.
fn order(slots: usize, spread: bool) -> Vec<u32> {
    if !spread || !slots.is_multiple_of(PART_SLOTS) {
        return (0..slots as u32).collect();
    }
    let mut firsts: Vec<u32> = (0..slots as u32).step_by(PART_SLOTS).collect();
    firsts.sort_by_key(|first| (first / PART_SLOTS as u32).reverse_bits());
    (0..PART_SLOTS as u32)
        .flat_map(|nth| firsts.iter().map(move |first| first + nth))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wheel(flush_ms: u64) -> Wheel {
        Wheel::new(Rung::REST, flush_ms, 200)
    }

    fn visited(wheel: &mut Wheel, now_ms: u64) -> Vec<u32> {
        let mut members = Vec::new();
        while let Some((slot, _)) = wheel.due(now_ms) {
            members.extend_from_slice(wheel.slot(slot));
        }
        members
    }

    #[test]
    fn a_small_crowd_is_served_at_once_and_a_large_one_spread_evenly() {
        let mut wheel = wheel(200);
        for member in 0..20 {
            wheel.join(member, 0);
        }
        wheel.tell();
        assert_eq!(visited(&mut wheel, 1_000).len(), 20);
        for member in 20..20_000 {
            wheel.join(member, 0);
        }
        let most = wheel.slots.iter().map(Vec::len).max().unwrap();
        let least = wheel.slots.iter().map(Vec::len).min().unwrap();
        assert!(most <= 1_000 && least >= 990, "{least} to {most}");
    }

    #[test]
    fn a_crowd_too_small_for_every_slot_is_spread_over_the_whole_interval_all_the_same() {
        for flush_ms in [1_000, 3_000, 10_000] {
            let mut wheel = wheel(flush_ms);
            let parts = flush_ms as usize / 200;
            // Two slots of each part's twenty.
            for member in 0..(2 * parts * SLOT_FILL) as u32 {
                wheel.join(member, 0);
            }
            for slots in wheel.slots.chunks(PART_SLOTS) {
                let filled: Vec<usize> =
                    slots.iter().map(Vec::len).take_while(|n| *n > 0).collect();
                assert_eq!(filled, [SLOT_FILL, SLOT_FILL], "in front of the part");
            }
        }
    }

    #[test]
    fn few_slots_of_an_interval_are_all_over_it_unless_it_is_one_of_a_single_chunk() {
        let first = |slots, n| {
            let mut few = order(slots, true)[..n].to_vec();
            few.sort_unstable();
            few
        };
        assert_eq!(first(100, 3), [0, 40, 80]);
        assert_eq!(first(1_000, 4), [0, 320, 640, 960]);
        for slots in [1, 7, 20, 100, 120, 1_000] {
            assert!(order(slots, false).into_iter().eq(0..slots as u32));
            let mut all = order(slots, true);
            all.sort_unstable();
            assert!(all.into_iter().eq(0..slots as u32), "{slots}");
        }
        let at_rest = Wheel::new(Rung::REST, 1_200, 1_200);
        assert_eq!(at_rest.order[..3], [0, 1, 2]);
    }

    #[test]
    fn everybody_has_one_turn_a_cycle_and_none_without_news() {
        let mut wheel = wheel(1_000);
        for member in 0..5_000 {
            wheel.join(member, 0);
        }
        let mut turns = vec![0; 5_000];
        for now_ms in (0..10_000).step_by(7) {
            if now_ms % 200 < 7 {
                wheel.tell();
            }
            for member in visited(&mut wheel, now_ms) {
                turns[member as usize] += 1;
            }
        }
        assert!(turns.iter().all(|t| *t == 10), "{:?}", &turns[..5]);
        wheel.due(60_000);
        while wheel.due(60_000).is_some() {}
        while wheel.due(120_000).is_some() {}
        assert_eq!(visited(&mut wheel, 300_000), [0; 0]);
    }

    #[test]
    fn a_seat_that_is_left_is_taken_by_the_last_and_its_owner_is_named() {
        let mut wheel = wheel(10);
        let first = wheel.join(7, 0);
        wheel.join(8, 0);
        wheel.join(9, 0);
        assert_eq!(wheel.leave(first), Some(9));
        assert_eq!(wheel.leave(first), Some(8));
        assert_eq!(wheel.leave(first), None);
        assert!(wheel.is_empty());
    }

    #[test]
    fn lateness_is_told_and_a_clock_set_back_stops_nobody() {
        let mut wheel = wheel(20);
        wheel.join(1, 0);
        wheel.tell();
        assert_eq!(wheel.due(1_000_000), Some((0, 0)));
        assert_eq!(wheel.due(1_000_035), Some((1, 25)));
        wheel.tell();
        assert_eq!(wheel.due(5), Some((0, 0)));
    }

    #[test]
    fn a_cohort_is_told_first_and_moves_up_a_rung_at_a_time_when_it_has_gathered_its_buffer() {
        let mut wheel = wheel(200);
        wheel.join(1, 0);
        wheel.follow(Rung::CHEAPEST, 5_000);
        assert_eq!(wheel.told(), Rung::ALL[1]);
        assert_eq!(visited(&mut wheel, 5_000), [1], "it is told at once");
        let due_ms = 5_000 + Rung::REST.warning_ms(Rung::ALL[1]);
        assert_eq!(wheel.goes(due_ms - 1), None);
        assert_eq!(wheel.goes(due_ms), Some(Rung::ALL[1]));
        wheel.follow(Rung::CHEAPEST, due_ms);
        assert_eq!(wheel.goes(due_ms), Some(Rung::ALL[1]), "told once is told");
        wheel.join(2, due_ms);
        assert_eq!(wheel.goes(due_ms), None, "who came last gathers, too");
    }

    #[test]
    fn a_cohort_stays_when_the_crowd_has_gone_before_it_moved_and_goes_down_at_once() {
        let mut up = wheel(200);
        up.follow(Rung::ALL[1], 0);
        up.follow(Rung::REST, 1_000);
        assert_eq!((up.told(), up.goes(1_000_000)), (Rung::REST, None));
        let mut down = Wheel::new(Rung::CHEAPEST, 10_000, 1_200);
        down.follow(Rung::ALL[1], 7_000);
        assert_eq!(down.goes(7_000), Some(Rung::ALL[1]));
        assert_eq!(down.told(), Rung::CHEAPEST);
    }

    #[test]
    fn many_who_come_at_once_are_spread_as_evenly_as_before() {
        let mut wheel = wheel(10_000);
        let mut seats: Vec<Seat> = (0..200_000).map(|member| wheel.join(member, 0)).collect();
        for seat in seats.drain(..40_000).rev() {
            wheel.leave(seat);
        }
        (0..80_000).for_each(|member| {
            wheel.join(member, 0);
        });
        let most = wheel.slots.iter().map(Vec::len).max().unwrap();
        assert!(most <= 241, "{most} of 240,000 in 1,000 slots");
    }
}
