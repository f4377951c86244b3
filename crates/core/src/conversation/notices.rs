//! When listeners are told something: soon, but at a bounded rate, because every notice goes to all of them.

use crate::limits::{
    NOTICE_FULL_MS_MAX, NOTICE_FULL_MS_MIN, NOTICE_LISTENERS_MS_MIN, NOTICE_SPEAKING_MS_MIN,
};
use crate::now::Now;
use crate::output::{Notice, NoticeKind};
use crate::step::Changes;

/// Collects changes and lets them out at a bounded rate, at most one notice a step.
#[derive(Clone, Debug)]
pub(super) struct NoticePacer {
    last_id: u64,
    full: NoticeTimer,
    speaking: NoticeTimer,
    listeners: NoticeTimer,
}

/// One kind of notice: whether there is something to tell, and when it was last told.
#[derive(Clone, Debug, Default)]
struct NoticeTimer {
    waiting: bool,
    told_mono_ms: Option<u64>,
}

impl NoticeTimer {
    fn elapsed(&self, now: Now, ms: u64) -> bool {
        self.told_mono_ms
            .is_none_or(|told| now.ms_since(told) >= ms)
    }

    fn told(&mut self, now: Now) {
        self.waiting = false;
        self.told_mono_ms = Some(now.mono_ms);
    }
}

impl NoticePacer {
    /// Goes on after `last_id`. The first notice is due at once.
    ///
    /// Identifiers of notices that were sent but not yet written down when a server died must not come again, or pages
    /// would ignore the new ones: so numbering starts no lower than the wall time in milliseconds, and the rate is far
    /// below one a millisecond.
    pub(super) fn new(last_id: u64, now: Now) -> Self {
        Self {
            last_id: last_id.max(u64::try_from(now.unix_ms).unwrap_or(0)),
            full: NoticeTimer {
                waiting: true,
                told_mono_ms: None,
            },
            speaking: NoticeTimer::default(),
            listeners: NoticeTimer::default(),
        }
    }

    pub(super) const fn last_id(&self) -> u64 {
        self.last_id
    }

    /// Takes what changed in this step, and gives the notice that is due, if one is.
    pub(super) fn due(&mut self, now: Now, changes: &Changes) -> Option<Notice> {
        self.full.waiting |= changes.listeners_view;
        self.speaking.waiting |= changes.speaking;
        self.listeners.waiting |= changes.listeners;

        let kind = self.due_kind(now)?;
        match kind {
            // A full notice carries the other two.
            NoticeKind::Full => {
                self.full.told(now);
                self.speaking.told(now);
                self.listeners.told(now);
            }
            NoticeKind::Speaking => self.speaking.told(now),
            NoticeKind::Listeners => self.listeners.told(now),
        }
        self.last_id = self.last_id.saturating_add(1);
        Some(Notice {
            id: self.last_id,
            kind,
        })
    }

    fn due_kind(&self, now: Now) -> Option<NoticeKind> {
        let full_due = if self.full.waiting {
            NOTICE_FULL_MS_MIN
        } else {
            NOTICE_FULL_MS_MAX
        };
        if self.full.elapsed(now, full_due) {
            Some(NoticeKind::Full)
        } else if self.speaking.waiting && self.speaking.elapsed(now, NOTICE_SPEAKING_MS_MIN) {
            Some(NoticeKind::Speaking)
        } else if self.listeners.waiting && self.listeners.elapsed(now, NOTICE_LISTENERS_MS_MIN) {
            Some(NoticeKind::Listeners)
        } else {
            None
        }
    }
}
