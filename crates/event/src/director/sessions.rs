//! The media sessions of one event, as far as its pages are concerned: which page a session belongs to, and who is told
//! when it is gone.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stentor_core::SessionId;

use super::pages::PageId;

/// Ended sessions remembered: more than a room can have open.
const ENDED_MAX: usize = 256;

/// A session that was answered and not yet reported gone.
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) page: Option<PageId>,
    pub(super) alive: Arc<AtomicBool>,
}

/// All of them.
pub(super) struct SessionTable {
    /// Bounded by the room's own limit on peers: only answered offers are listed.
    open: Vec<Session>,
    /// Sessions that ended lately: one may be gone before its answer has been reported.
    ended: VecDeque<SessionId>,
    last: u64,
}

impl SessionTable {
    /// Numbers are given from the one after `last`.
    pub(super) fn new(last: u64) -> Self {
        Self {
            open: Vec::new(),
            ended: VecDeque::with_capacity(ENDED_MAX),
            last,
        }
    }

    /// A number no session of this event has had.
    pub(super) const fn reserve(&mut self) -> SessionId {
        self.last += 1;
        SessionId(self.last)
    }

    /// A session was answered.
    pub(super) fn opened(&mut self, session: Session) {
        if self.ended.contains(&session.id) {
            session.alive.store(false, Ordering::Relaxed);
        } else {
            self.open.push(session);
        }
    }

    /// A session is gone; whoever holds its URL finds out.
    pub(super) fn ended(&mut self, session: SessionId) {
        if self.ended.len() == ENDED_MAX {
            self.ended.pop_front();
        }
        self.ended.push_back(session);
        self.open.retain(|open| {
            if open.id == session {
                open.alive.store(false, Ordering::Relaxed);
            }
            open.id != session
        });
    }

    /// The page a session belongs to.
    pub(super) fn page_of(&self, session: SessionId) -> Option<PageId> {
        self.open
            .iter()
            .find(|open| open.id == session)
            .and_then(|open| open.page)
    }

    /// The pages of the sessions that were opened after this one.
    pub(super) fn newer_pages(&self, than: SessionId) -> impl Iterator<Item = PageId> + '_ {
        self.open
            .iter()
            .filter(move |open| open.id > than)
            .filter_map(|open| open.page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(id: u64) -> Session {
        Session {
            id: SessionId(id),
            page: None,
            alive: Arc::new(AtomicBool::new(true)),
        }
    }

    #[test]
    fn a_session_that_was_gone_before_its_answer_was_reported_is_not_alive() {
        let mut table = SessionTable::new(0);
        let id = table.reserve();
        table.ended(id);
        let late = session(id.0);
        let alive = Arc::clone(&late.alive);
        table.opened(late);
        assert!(!alive.load(Ordering::Relaxed));
        assert!(table.open.is_empty());
    }

    #[test]
    fn the_ended_that_are_remembered_are_the_last_ones() {
        let mut table = SessionTable::new(0);
        for id in 0..=ENDED_MAX as u64 {
            table.ended(SessionId(id));
        }
        assert_eq!(table.ended.len(), ENDED_MAX);
        let forgotten = session(0);
        let alive = Arc::clone(&forgotten.alive);
        table.opened(forgotten);
        assert!(alive.load(Ordering::Relaxed));
    }
}
