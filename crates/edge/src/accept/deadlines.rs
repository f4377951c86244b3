//! The deadlines of one connection, all in one place.
//!
//! The socket and the request handler stamp what happens on a [`Deadlines`]; the connection's task reads from it by when
//! something must have happened, and why it ends if it has not. Everything runs in that one task, so a stamp is seen at
//! the next look; the atomics are there because the compiler cannot know.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;

use crate::gate::{Missed, Outcome};
use crate::limits::{AcceptLimits, IDLE_ON_ACCEPT_SIDE_MS, REFUSAL_WRITE_MS, WRITE_BYTES_MIN};

/// No such moment.
const NEVER: u64 = u64::MAX;

/// What one connection is doing. Moments are ms since it was made.
pub(super) struct Deadlines {
    made: Instant,
    /// Requests whose response has not been written to the transport completely.
    in_flight: AtomicU32,
    /// Requests since the connection was made.
    requests: AtomicU32,
    /// Part of a body may still arrive.
    body_open: AtomicBool,
    /// Since when no request has been in flight.
    quiet_since: AtomicU64,
    /// When the first byte of the next head came.
    head_since: AtomicU64,
    /// Since when the peer has taken less than [`WRITE_BYTES_MIN`] although there is more.
    blocked_since: AtomicU64,
    /// Taken since then, bytes.
    taken: AtomicU64,
    /// When the peer last took something.
    last_write: AtomicU64,
    /// When a refusal was said, after which only the peer's reading it is waited for.
    refused_since: AtomicU64,
    /// How a head that is late is refused.
    head_refusal: OnceLock<Outcome>,
    reset: AtomicBool,
}

impl Deadlines {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            made: Instant::now(),
            in_flight: AtomicU32::new(0),
            requests: AtomicU32::new(0),
            body_open: AtomicBool::new(false),
            quiet_since: AtomicU64::new(0),
            head_since: AtomicU64::new(NEVER),
            blocked_since: AtomicU64::new(NEVER),
            taken: AtomicU64::new(0),
            last_write: AtomicU64::new(0),
            refused_since: AtomicU64::new(NEVER),
            head_refusal: OnceLock::new(),
            reset: AtomicBool::new(false),
        })
    }

    fn now_ms(&self) -> u64 {
        self.made.elapsed().as_millis() as u64
    }

    /// Bytes of a request came.
    pub(super) fn received(&self) {
        if self.in_flight.load(Relaxed) == 0 && self.head_since.load(Relaxed) == NEVER {
            self.head_since.store(self.now_ms(), Relaxed);
        }
    }

    /// The peer took so many bytes.
    pub(super) fn sent(&self, bytes: u64) {
        if self.taken.fetch_add(bytes, Relaxed) + bytes >= WRITE_BYTES_MIN {
            self.blocked_since.store(NEVER, Relaxed);
        }
        self.last_write.store(self.now_ms(), Relaxed);
    }

    /// The peer took all there was.
    pub(super) fn flushed(&self) {
        self.blocked_since.store(NEVER, Relaxed);
    }

    /// The peer takes nothing more for now.
    pub(super) fn send_blocked(&self) {
        if self.blocked_since.load(Relaxed) == NEVER {
            self.blocked_since.store(self.now_ms(), Relaxed);
            self.taken.store(0, Relaxed);
        }
    }

    /// A body begins behind the head that was read, or is over.
    pub(super) fn set_body_open(&self, open: bool) {
        self.body_open.store(open, Relaxed);
    }

    /// A refusal was said and the connection ends.
    pub(super) fn refusal_sent(&self) {
        self.refused_since.store(self.now_ms(), Relaxed);
    }

    /// A request head was read; its response is in flight while the guard lives.
    pub(super) fn begin_request(self: &Arc<Self>) -> InFlight {
        self.head_since.store(NEVER, Relaxed);
        self.in_flight.fetch_add(1, Relaxed);
        self.requests.fetch_add(1, Relaxed);
        InFlight(self.clone())
    }

    /// Lets the next read of the transport fail, after writing why the head is refused.
    pub(super) fn refuse_head(&self, outcome: Outcome) {
        let _ = self.head_refusal.set(outcome);
    }

    pub(super) fn head_refusal(&self) -> Option<Outcome> {
        self.head_refusal.get().copied()
    }

    /// Asks that the connection be reset when it is dropped, so that the kernel keeps nothing of it.
    pub(super) fn reset_on_drop(&self) {
        self.reset.store(true, Relaxed);
    }

    pub(super) fn resets_on_drop(&self) -> bool {
        self.reset.load(Relaxed)
    }

    /// Whether every request was answered, every byte taken, and nothing more has arrived.
    pub(super) fn is_idle(&self) -> bool {
        let never = |moment: &AtomicU64| moment.load(Relaxed) == NEVER;
        self.requests.load(Relaxed) > 0
            && self.in_flight.load(Relaxed) == 0
            && !self.body_open.load(Relaxed)
            && never(&self.head_since)
            && never(&self.blocked_since)
            && never(&self.refused_since)
    }

    /// By when the connection must have got on, and why it ends otherwise. `None`: it may take its time (a listener that
    /// keeps up, a handler at work).
    pub(super) fn next(&self, limits: &AcceptLimits) -> Option<(Instant, Missed)> {
        let by_writing = self.writing_deadline(limits);
        let by_reading = self.reading_deadline(limits);
        let (at_ms, why) = match (by_writing, by_reading) {
            (Some(w), Some(r)) => {
                if w.0 <= r.0 {
                    w
                } else {
                    r
                }
            }
            (one, other) => one.or(other)?,
        };
        Some((self.made + Duration::from_millis(at_ms), why))
    }

    fn writing_deadline(&self, limits: &AcceptLimits) -> Option<(u64, Missed)> {
        let since = self.blocked_since.load(Relaxed);
        if since == NEVER {
            return None;
        }
        Some((since.saturating_add(limits.write_stall_ms), Missed::Write))
    }

    fn reading_deadline(&self, limits: &AcceptLimits) -> Option<(u64, Missed)> {
        let farewell = self.refused_since.load(Relaxed);
        if farewell != NEVER {
            return Some((farewell.saturating_add(REFUSAL_WRITE_MS), Missed::Idle));
        }
        if self.in_flight.load(Relaxed) > 0 {
            return None;
        }
        // An answer that is still being taken is not idleness, although its last bytes have left our hands.
        let last_write = self.last_write.load(Relaxed);
        let head_since = self.head_since.load(Relaxed);
        if head_since != NEVER {
            let since = head_since.max(last_write);
            return Some((since.saturating_add(limits.header_ms), Missed::Head));
        }
        // Nor is one whose last bytes we still have.
        if self.blocked_since.load(Relaxed) != NEVER {
            return None;
        }
        let since = self.quiet_since.load(Relaxed).max(last_write);
        if self.requests.load(Relaxed) == 0 {
            Some((since.saturating_add(limits.header_ms), Missed::FirstByte))
        } else {
            let idle_ms = limits.idle_ms.min(IDLE_ON_ACCEPT_SIDE_MS);
            Some((since.saturating_add(idle_ms), Missed::Idle))
        }
    }
}

/// An answer that is being made or given. Dropped with its body.
pub(super) struct InFlight(Arc<Deadlines>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
        self.0.quiet_since.store(self.0.now_ms(), Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn pass(ms: u64) {
        tokio::time::advance(Duration::from_millis(ms)).await;
    }

    fn due(deadlines: &Deadlines) -> Option<(u128, Missed)> {
        let limits = AcceptLimits::default();
        deadlines
            .next(&limits)
            .map(|(at, why)| ((at - deadlines.made).as_millis(), why))
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_five_seconds_from_its_first_byte_whatever_drips_in() {
        let deadlines = Deadlines::new();
        assert_eq!(due(&deadlines), Some((5_000, Missed::FirstByte)));
        pass(2_000).await;
        for _ in 0..5 {
            deadlines.received();
            assert_eq!(due(&deadlines), Some((7_000, Missed::Head)));
            pass(500).await;
        }
        let answer = deadlines.begin_request();
        assert_eq!(due(&deadlines), None);
        drop(answer);
        assert_eq!(due(&deadlines), Some((4_500 + 2_000, Missed::Idle)));
        pass(1_000).await;
        deadlines.received();
        assert_eq!(due(&deadlines), Some((5_500 + 5_000, Missed::Head)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_has_ten_seconds() {
        let deadlines = Deadlines::new();
        let answer = deadlines.begin_request();
        pass(100).await;
        deadlines.send_blocked();
        pass(100).await;
        deadlines.send_blocked();
        assert_eq!(due(&deadlines), Some((10_100, Missed::Write)));
        deadlines.sent(WRITE_BYTES_MIN);
        assert_eq!(due(&deadlines), None);
        drop(answer);
        deadlines.send_blocked();
        assert_eq!(due(&deadlines), Some((10_200, Missed::Write)));
        deadlines.flushed();
        assert_eq!(due(&deadlines), Some((200 + 2_000, Missed::Idle)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_a_few_bytes_now_and_then_has_no_longer() {
        let deadlines = Deadlines::new();
        let _answer = deadlines.begin_request();
        deadlines.send_blocked();
        for _ in 0..8 {
            pass(1_000).await;
            deadlines.sent(WRITE_BYTES_MIN / 9);
            deadlines.send_blocked();
            assert_eq!(due(&deadlines), Some((10_000, Missed::Write)));
        }
        pass(1_000).await;
        deadlines.sent(WRITE_BYTES_MIN / 2);
        deadlines.send_blocked();
        assert_eq!(due(&deadlines), Some((19_000, Missed::Write)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_still_being_taken_is_not_idle() {
        let deadlines = Deadlines::new();
        drop(deadlines.begin_request());
        for _ in 0..10 {
            pass(1_900).await;
            deadlines.sent(1);
        }
        assert_eq!(due(&deadlines), Some((10 * 1_900 + 2_000, Missed::Idle)));
    }
}
