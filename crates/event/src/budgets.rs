//! How much whoever holds the link of a seat may send, on all its pages together: a page that is opened anew goes on where the one before was.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use stentor_core::SeatId;
use stentor_core::limits::SEATS_MAX;

/// Frames of whatever kind; a hand on a slider stays far below.
const FRAMES: Allowance = Allowance {
    per_s: 20,
    burst: 200,
};
/// Bytes: eight of the longest messages at once, and one a second.
const BYTES: Allowance = Allowance {
    per_s: 16 * 1024,
    burst: 8 * 16 * 1024,
};
/// Pages opened: a person with two devices on a bad line stays below.
const JOINS: Allowance = Allowance {
    per_s: 1,
    burst: 10,
};
/// How often hosts are told anew that a seat floods.
const REPORT_EVERY: Duration = Duration::from_secs(1);
/// Seats of one event that are remembered; the one that sent nothing for longest is forgotten beyond it. Removed ones have links, too.
const BUDGETS_MAX: usize = 2 * SEATS_MAX;

/// What may be sent: so much in a second on average, and so much at once.
#[derive(Clone, Copy, Debug)]
struct Allowance {
    per_s: u32,
    burst: u32,
}

/// What is left of an allowance.
#[derive(Debug)]
struct Budget {
    of: Allowance,
    left: f64,
    at: Instant,
}

impl Budget {
    /// As after a long silence.
    fn full(of: Allowance, now: Instant) -> Self {
        Self {
            of,
            left: f64::from(of.burst),
            at: now,
        }
    }

    /// Whether so much more is allowed: all of it or nothing.
    fn take(&mut self, now: Instant, many: usize) -> bool {
        let since_s = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + since_s * f64::from(self.of.per_s)).min(f64::from(self.of.burst));
        self.at = self.at.max(now);
        let many = many as f64;
        let allowed = self.left >= many;
        if allowed {
            self.left -= many;
        }
        allowed
    }
}

/// What one seat may still send.
#[derive(Debug)]
pub struct SeatBudget(Mutex<Left>);

#[derive(Debug)]
struct Left {
    frames: Budget,
    bytes: Budget,
    joins: Budget,
    reported_at: Option<Instant>,
}

impl SeatBudget {
    /// Frames that a page may send in a second, for who is told so.
    pub const FRAMES_PER_S: u32 = FRAMES.per_s;

    /// As after a long silence.
    #[must_use]
    pub fn full(now: Instant) -> Self {
        Self(Mutex::new(Left {
            frames: Budget::full(FRAMES, now),
            bytes: Budget::full(BYTES, now),
            joins: Budget::full(JOINS, now),
            reported_at: None,
        }))
    }

    /// Whether one more frame is allowed.
    #[must_use]
    pub fn take_frame(&self, now: Instant) -> bool {
        self.with(|left| left.frames.take(now, 1))
    }

    /// Whether so many more bytes are allowed.
    #[must_use]
    pub fn take_bytes(&self, now: Instant, many: usize) -> bool {
        self.with(|left| left.bytes.take(now, many))
    }

    /// Whether one more page may be opened.
    #[must_use]
    pub fn take_join(&self, now: Instant) -> bool {
        self.with(|left| left.joins.take(now, 1))
    }

    /// Whether it is time to say once more that the seat floods.
    pub(crate) fn take_report(&self, now: Instant) -> bool {
        self.with(|left| {
            let recent = |at: Instant| now.saturating_duration_since(at) < REPORT_EVERY;
            let due = !left.reported_at.is_some_and(recent);
            if due {
                left.reported_at = Some(now);
            }
            due
        })
    }

    fn with<T>(&self, take: impl FnOnce(&mut Left) -> T) -> T {
        take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The budgets of all seats of one event.
#[derive(Debug, Default)]
pub(crate) struct SeatBudgets(Mutex<BTreeMap<SeatId, Used>>);

/// A budget, and when it was asked for last.
#[derive(Debug)]
struct Used {
    at: Instant,
    budget: Arc<SeatBudget>,
}

impl SeatBudgets {
    /// A seat's.
    pub(crate) fn of(&self, seat: SeatId, now: Instant) -> Arc<SeatBudget> {
        let mut seats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seats.len() >= BUDGETS_MAX && !seats.contains_key(&seat) {
            let oldest = seats.iter().min_by_key(|(_, used)| used.at);
            let oldest = oldest.map(|(seat, _)| *seat);
            oldest.and_then(|seat| seats.remove(&seat));
        }
        let used = seats.entry(seat).or_insert_with(|| Used {
            at: now,
            budget: Arc::new(SeatBudget::full(now)),
        });
        used.at = now;
        Arc::clone(&used.budget)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_so_much_in_a_second() {
        let start = Instant::now();
        let budget = SeatBudget::full(start);
        let frames = |now| (0..1000).filter(|_| budget.take_frame(now)).count();
        let joins = |now| (0..1000).filter(|_| budget.take_join(now)).count();
        assert_eq!((frames(start), joins(start)), (200, 10));
        let later = start + Duration::from_secs(1);
        assert_eq!((frames(later), joins(later)), (20, 1));
        // Bytes: all of them or none.
        assert!(!budget.take_bytes(later, 8 * 16 * 1024 + 1));
        assert!(budget.take_bytes(later, 8 * 16 * 1024));
        assert!(!budget.take_bytes(later, 1));
        assert!(budget.take_bytes(later + Duration::from_secs(1), 16 * 1024));
    }

    #[test]
    fn a_flood_is_reported_once_a_second() {
        let start = Instant::now();
        let budget = SeatBudget::full(start);
        let reports = (0..3_000).filter(|n| budget.take_report(start + Duration::from_millis(*n)));
        assert_eq!(reports.count(), 3);
    }

    #[test]
    fn a_seat_keeps_its_budget_others_have_their_own_and_their_number_is_bounded() {
        let start = Instant::now();
        let budgets = SeatBudgets::default();
        while budgets.of(SeatId(1), start).take_frame(start) {}
        assert!(!budgets.of(SeatId(1), start).take_frame(start));
        assert!(budgets.of(SeatId(2), start).take_frame(start));
        for n in 0..10 * BUDGETS_MAX as u32 {
            let now = start + Duration::from_micros(u64::from(n));
            assert!(budgets.of(SeatId(100 + n), now).take_frame(now));
            // One that is used is not forgotten.
            assert!(!budgets.of(SeatId(1), now).take_frame(start));
        }
        assert_eq!(budgets.0.lock().unwrap().len(), BUDGETS_MAX);
    }
}
