//! The media sessions people can reach by their secret URL, the ended ones for a while too.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stentor_core::SessionId;
use stentor_event::links::unguessable;

/// Session URLs remembered. Beyond it the oldest is forgotten, and is not found any more.
const SESSION_URLS_MAX: usize = 1024;

/// The session behind a URL.
#[derive(Clone, Debug)]
pub(crate) struct SessionTarget {
    pub(crate) slug: String,
    pub(crate) id: SessionId,
    /// Strong entity tag of the current ICE session (RFC 9725 section 4.3.1), quotes included.
    pub(crate) etag: String,
    /// Set to false by whoever learns that the session is gone.
    pub(crate) alive: Arc<AtomicBool>,
}

impl SessionTarget {
    /// Whether media may still flow.
    pub(crate) fn is_alive(&self) -> bool {
        self.alive.load(Ordering::Relaxed)
    }
}

/// All session URLs, by their secret part.
#[derive(Default)]
pub(crate) struct SessionUrls {
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    by_secret: HashMap<String, SessionTarget>,
    order: VecDeque<String>,
}

impl SessionUrls {
    /// Remembers a session and makes its secret.
    pub(crate) fn add(&self, session: SessionTarget) -> String {
        let secret = unguessable();
        let mut table = self.lock();
        if table.order.len() >= SESSION_URLS_MAX
            && let Some(oldest) = table.order.pop_front()
        {
            table.by_secret.remove(&oldest);
        }
        table.order.push_back(secret.clone());
        table.by_secret.insert(secret.clone(), session);
        secret
    }

    /// The session behind a secret. The look-up compares hashes of 128 random bits: there is nothing to time.
    pub(crate) fn get(&self, secret: &str) -> Option<SessionTarget> {
        self.lock().by_secret.get(secret).cloned()
    }

    /// A new ICE session began: its entity tag.
    pub(crate) fn restarted(&self, secret: &str) -> String {
        let etag = new_etag();
        if let Some(session) = self.lock().by_secret.get_mut(secret) {
            session.etag.clone_from(&etag);
        }
        etag
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // Both parts of the table change within one call that cannot panic between them.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A fresh strong entity tag, quoted as RFC 9110 section 8.8.3 wants it.
pub(crate) fn new_etag() -> String {
    format!("\"{}\"", unguessable())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> SessionTarget {
        SessionTarget {
            slug: "x".to_owned(),
            id: SessionId(1),
            etag: new_etag(),
            alive: Arc::new(AtomicBool::new(true)),
        }
    }

    #[test]
    fn the_oldest_url_is_forgotten_at_the_limit() {
        let sessions = SessionUrls::default();
        let first = sessions.add(session());
        let second = sessions.add(session());
        for _ in 2..=SESSION_URLS_MAX {
            sessions.add(session());
        }
        assert!(sessions.get(&first).is_none());
        assert!(sessions.get(&second).is_some());
    }

    #[test]
    fn a_restart_changes_the_tag() {
        let sessions = SessionUrls::default();
        let before = session();
        let secret = sessions.add(before.clone());
        let after = sessions.restarted(&secret);
        assert_ne!(before.etag, after);
        assert_eq!(
            sessions.get(&secret).map(|session| session.etag),
            Some(after)
        );
    }
}
