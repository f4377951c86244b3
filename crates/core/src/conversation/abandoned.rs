//! When an event on air ends by itself: everybody has left it for so long that nobody will come back.
//!
//! It is told beforehand, and whoever comes takes it back. A restart begins the time anew: that nobody could be there then says nothing.

use crate::limits::ABANDONED_SHOWN_AFTER_MS;
use crate::now::Now;

/// Since when nobody is there, and for how long that may be.
#[derive(Clone, Debug, Default)]
pub(super) struct AbandonedTimer {
    /// Milliseconds without anybody after which it is over; `None`: never.
    after_ms: Option<u64>,
    since: Option<Now>,
    /// When it will be over, in milliseconds since 1970, as it is shown.
    shown: Option<i64>,
}

/// What follows from the time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Abandoned {
    /// Nothing new.
    Unchanged,
    /// What is shown of it has changed.
    Shown,
    /// It is over.
    Over,
}

impl AbandonedTimer {
    pub(super) const fn end_after(&mut self, after_ms: Option<u64>) {
        self.after_ms = after_ms;
    }

    /// When it will be over, in milliseconds since 1970, once nobody has been there for a while.
    pub(super) const fn ends_unix_ms(&self) -> Option<i64> {
        self.shown
    }

    /// `left`: it is on air, and nobody is there.
    pub(super) fn observe(&mut self, now: Now, left: bool) -> Abandoned {
        let since = left.then(|| self.since.unwrap_or(now));
        self.since = since;
        let shown = match (since, self.after_ms) {
            (Some(since), Some(after_ms)) => {
                let gone_ms = now.ms_since(since.mono_ms);
                if gone_ms >= after_ms {
                    (self.since, self.shown) = (None, None);
                    return Abandoned::Over;
                }
                let ends = since.unix_ms.saturating_add_unsigned(after_ms);
                // Said once, and then kept, though the wall clock be stepped.
                (gone_ms >= ABANDONED_SHOWN_AFTER_MS.min(after_ms / 2))
                    .then(|| self.shown.unwrap_or(ends))
            }
            _ => None,
        };
        if shown == self.shown {
            return Abandoned::Unchanged;
        }
        self.shown = shown;
        Abandoned::Shown
    }
}
