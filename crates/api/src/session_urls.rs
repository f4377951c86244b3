//! The media sessions people can reach by their secret URL, the ended ones for a while too.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stentor_core::{SeatId, SessionId};
use stentor_event::links::unguessable;

/// Session URLs of one seat that are remembered: as many sessions as it can have, and as many that are over. Beyond it the seat's oldest is
/// forgotten, and is not found any more: no link makes those of others be forgotten.
const SEAT_URLS_MAX: usize = 8;
/// Session URLs remembered: those of every seat of every event that is open. Beyond it the oldest is forgotten.
const SESSION_URLS_MAX: usize = 8_192;

/// The session behind a URL.
#[derive(Clone, Debug)]
pub(crate) struct SessionTarget {
    pub(crate) slug: String,
    /// Whose it is.
    pub(crate) seat: SeatId,
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

impl Table {
    /// Forgets what must be for one more session of a seat.
    fn make_room(&mut self, slug: &str, seat: SeatId) {
        let of_seat = |secret: &&String| {
            let session = self.by_secret.get(*secret);
            session.is_some_and(|session| session.seat == seat && session.slug == slug)
        };
        let own: Vec<&String> = self.order.iter().filter(of_seat).collect();
        let oldest = if own.len() >= SEAT_URLS_MAX {
            own.first().copied()
        } else if self.order.len() >= SESSION_URLS_MAX {
            self.order.front()
        } else {
            None
        };
        if let Some(oldest) = oldest.cloned() {
            self.order.retain(|secret| *secret != oldest);
            self.by_secret.remove(&oldest);
        }
    }
}

impl SessionUrls {
    /// Remembers a session and makes its secret.
    pub(crate) fn add(&self, session: SessionTarget) -> String {
        let secret = unguessable();
        let mut table = self.lock();
        table.make_room(&session.slug, session.seat);
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

    fn session(seat: u32) -> SessionTarget {
        SessionTarget {
            slug: "x".to_owned(),
            seat: SeatId(seat),
            id: SessionId(1),
            etag: new_etag(),
            alive: Arc::new(AtomicBool::new(true)),
        }
    }

    #[test]
    fn the_oldest_url_is_forgotten_at_the_limit() {
        let sessions = SessionUrls::default();
        let first = sessions.add(session(0));
        let second = sessions.add(session(1));
        for seat in 2..=SESSION_URLS_MAX as u32 {
            sessions.add(session(seat));
        }
        assert!(sessions.get(&first).is_none());
        assert!(sessions.get(&second).is_some());
    }

    #[test]
    fn a_seat_makes_only_its_own_urls_be_forgotten() {
        let sessions = SessionUrls::default();
        let others = sessions.add(session(1));
        let elsewhere = sessions.add(SessionTarget {
            slug: "y".to_owned(),
            ..session(2)
        });
        let own: Vec<_> = (0..10 * SEAT_URLS_MAX)
            .map(|_| sessions.add(session(2)))
            .collect();
        assert!(sessions.get(&others).is_some() && sessions.get(&elsewhere).is_some());
        let kept = own.iter().filter(|secret| sessions.get(secret).is_some());
        assert!(kept.eq(&own[own.len() - SEAT_URLS_MAX..]), "the newest");
    }

    #[test]
    fn a_restart_changes_the_tag() {
        let sessions = SessionUrls::default();
        let before = session(1);
        let secret = sessions.add(before.clone());
        let after = sessions.restarted(&secret);
        assert_ne!(before.etag, after);
        assert_eq!(
            sessions.get(&secret).map(|session| session.etag),
            Some(after)
        );
    }
}
