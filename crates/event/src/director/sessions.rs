//! The media sessions of one event, as far as its pages are concerned: which page a session belongs to, and who is told
//! when it is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stentor_core::{PageId, SeatId, SessionId};

use super::pages::OfferingPage;

/// A session that was reserved and is not gone.
struct Session {
    id: SessionId,
    seat: SeatId,
    page: Option<OfferingPage>,
    /// Its page was open when that was looked at last.
    page_open: bool,
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
    pub(super) fn add(
        &mut self,
        id: SessionId,
        seat: SeatId,
        page: Option<OfferingPage>,
    ) -> Arc<AtomicBool> {
        let alive = Arc::new(AtomicBool::new(true));
        self.sessions.push(Session {
            id,
            seat,
            page,
            page_open: true,
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
            .map(|page| page.id)
    }

    /// Looks whether the page of each session is open. Those of which that is another than before.
    pub(super) fn follow_pages(
        &mut self,
        is_open: impl Fn(SeatId, OfferingPage) -> bool,
    ) -> Vec<(SessionId, bool)> {
        let mut changed = Vec::new();
        for session in &mut self.sessions {
            let open = session.page.is_none_or(|page| is_open(session.seat, page));
            if open != session.page_open {
                session.page_open = open;
                changed.push((session.id, open));
            }
        }
        changed
    }

    /// The pages of the sessions that were reserved after this one.
    pub(super) fn newer_pages(&self, than: SessionId) -> impl Iterator<Item = PageId> + '_ {
        self.sessions
            .iter()
            .filter(move |session| session.id > than)
            .filter_map(|session| session.page)
            .map(|page| page.id)
    }
}
