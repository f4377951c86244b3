//! The deadlines of one connection, all in one place.
//!
//! The socket and the request handler stamp what happens on a [`Deadlines`]; the connection's task reads from it by when
//! something must have happened, and why it ends if it has not. On it the handler also leaves the answer to a request for a stream,
//! with which the task gives the connection to a shard. Everything runs in that one task, so a stamp is seen at
//! the next look; the atomics are there because the compiler cannot know.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::gate::{Missed, Outcome};
use crate::limits::{AcceptLimits, REFUSAL_WRITE_MS};
use crate::shard::LiveResponse;

/// No such moment.
const NEVER: u64 = u64::MAX;

/// What one connection is doing. Moments are ms since it was made.
pub(super) struct Deadlines {
    made: Instant,
    /// Requests whose response has not been written to the transport completely.
    in_flight: AtomicU32,
    /// Requests since the connection was made.
    requests: AtomicU32,
    /// Whether the last request had a body, part of which may still arrive.
    had_body: AtomicBool,
    /// Since when no request has been in flight.
    quiet_since: AtomicU64,
    /// When the first byte of the next head came.
    head_since: AtomicU64,
    /// Since when the peer has taken nothing although there is something.
    blocked_since: AtomicU64,
    /// When the peer last took something.
    last_write: AtomicU64,
    /// When a refusal was said, after which only the peer's reading it is waited for.
    refused_since: AtomicU64,
    /// A listener's answer that is to be taken over by a shard.
    live: Mutex<Option<Box<LiveResponse>>>,
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
            had_body: AtomicBool::new(false),
            quiet_since: AtomicU64::new(0),
            head_since: AtomicU64::new(NEVER),
            blocked_since: AtomicU64::new(NEVER),
            last_write: AtomicU64::new(0),
            refused_since: AtomicU64::new(NEVER),
            live: Mutex::default(),
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

    /// The peer took something.
    pub(super) fn sent(&self) {
        self.blocked_since.store(NEVER, Relaxed);
        self.last_write.store(self.now_ms(), Relaxed);
    }

    /// The peer takes nothing more for now.
    pub(super) fn send_blocked(&self) {
        if self.blocked_since.load(Relaxed) == NEVER {
            self.blocked_since.store(self.now_ms(), Relaxed);
        }
    }

    /// A refusal was said and the connection ends.
    pub(super) fn refusal_sent(&self) {
        self.refused_since.store(self.now_ms(), Relaxed);
    }

    /// A request head was read; its response is in flight while the guard lives.
    pub(super) fn begin_request(self: &Arc<Self>, has_body: bool) -> InFlight {
        self.had_body.store(has_body, Relaxed);
        self.head_since.store(NEVER, Relaxed);
        self.in_flight.fetch_add(1, Relaxed);
        self.requests.fetch_add(1, Relaxed);
        InFlight(self.clone())
    }

    /// Asks the task of the connection to hand its socket to a shard, as a listener.
    pub(super) fn set_live(&self, live: LiveResponse) {
        *self.lock_live() = Some(Box::new(live));
    }

    /// What was asked for with [`Self::set_live`].
    pub(super) fn take_live(&self) -> Option<Box<LiveResponse>> {
        self.lock_live().take()
    }

    fn lock_live(&self) -> MutexGuard<'_, Option<Box<LiveResponse>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
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
            && !self.had_body.load(Relaxed)
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
        let since = self.quiet_since.load(Relaxed).max(last_write);
        if self.requests.load(Relaxed) == 0 {
            Some((since.saturating_add(limits.header_ms), Missed::FirstByte))
        } else {
            Some((since.saturating_add(limits.idle_ms), Missed::Idle))
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
        let answer = deadlines.begin_request(false);
        assert_eq!(due(&deadlines), None);
        drop(answer);
        assert_eq!(due(&deadlines), Some((4_500 + 15_000, Missed::Idle)));
        pass(1_000).await;
        deadlines.received();
        assert_eq!(due(&deadlines), Some((5_500 + 5_000, Missed::Head)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_has_ten_seconds() {
        let deadlines = Deadlines::new();
        let answer = deadlines.begin_request(false);
        pass(100).await;
        deadlines.send_blocked();
        pass(100).await;
        deadlines.send_blocked();
        assert_eq!(due(&deadlines), Some((10_100, Missed::Write)));
        deadlines.sent();
        assert_eq!(due(&deadlines), None);
        drop(answer);
        deadlines.send_blocked();
        assert_eq!(due(&deadlines), Some((10_200, Missed::Write)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_still_being_taken_is_not_idle() {
        let deadlines = Deadlines::new();
        drop(deadlines.begin_request(false));
        for _ in 0..10 {
            pass(9_000).await;
            deadlines.sent();
        }
        assert_eq!(due(&deadlines), Some((90_000 + 15_000, Missed::Idle)));
    }
}
