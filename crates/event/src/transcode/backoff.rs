//! How long it is waited before a lost child is followed by another one.

use std::time::Duration;

/// The first time. What listeners of the endless stream have in their buffers is longer.
const FIRST: Duration = Duration::from_millis(200);
/// It is never given up, but not tried more often in the end.
const LONGEST: Duration = Duration::from_secs(300);
/// One that has run for so long was well: the next one is tried as soon as the first.
const WELL_AFTER: Duration = Duration::from_secs(60);

/// Twice as long each time.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(super) const fn new() -> Self {
        Self { next: FIRST }
    }

    /// How long to wait after one was lost that has run for so long.
    pub(super) fn after(&mut self, ran: Duration) -> Duration {
        if ran >= WELL_AFTER {
            *self = Self::new();
        }
        let wait = self.next;
        self.next = (wait * 2).min(LONGEST);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_tried_ever_more_rarely_but_never_given_up() {
        let mut backoff = Backoff::new();
        let waits: Vec<_> = (0..20).map(|_| backoff.after(Duration::ZERO)).collect();
        assert_eq!(waits[0], FIRST);
        assert!(waits.is_sorted() && waits[19] == LONGEST);
        assert_eq!(
            backoff.after(WELL_AFTER - Duration::from_millis(1)),
            LONGEST
        );
        assert_eq!(backoff.after(WELL_AFTER), FIRST);
    }
}
