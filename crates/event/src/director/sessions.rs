//! The media sessions of one event, as far as its pages are concerned: which page a session belongs to, and who is told
//! when it is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stentor_core::{PageId, SessionId};

/// A session that was reserved and is not gone.
struct Session {
    id: SessionId,
    page: Option<PageId>,
    alive: Arc<AtomicBool>,
}

/// All of them. Bounded by the conversation, which bounds those that are not up, and by the room, which bounds the others.
#[derive(Default)]
pub(super) struct SessionTable {
    sessions: Vec<Session>,
    last: u64,
}

impl SessionTable {
    /// A number no session of this event has had.
    pub(super) const fn next(&mut self) -> SessionId {
        self.last += 1;
        SessionId(self.last)
    }

    /// A session was reserved. What is returned becomes false when it is gone.
    pub(super) fn add(&mut self, id: SessionId, page: Option<PageId>) -> Arc<AtomicBool> {
        let alive = Arc::new(AtomicBool::new(true));
        self.sessions.push(Session {
            id,
            page,
            alive: Arc::clone(&alive),
        });
        alive
    }

    /// A session is gone; whoever holds its URL finds out.
    pub(super) fn remove(&mut self, id: SessionId) {
        self.sessions.retain(|session| {
            if session.id == id {
                session.alive.store(false, Ordering::Relaxed);
            }
            session.id != id
        });
    }

    /// The page a session belongs to.
    pub(super) fn page_of(&self, id: SessionId) -> Option<PageId> {
        self.sessions
            .iter()
            .find(|session| session.id == id)
            .and_then(|session| session.page)
    }

    /// The pages of the sessions that were reserved after this one.
    pub(super) fn newer_pages(&self, than: SessionId) -> impl Iterator<Item = PageId> + '_ {
        self.sessions
            .iter()
            .filter(move |session| session.id > than)
            .filter_map(|session| session.page)
    }
}
