//! A listener by HLS (RFC 8216): it asks for the playlist again and again, and for each new segment once.
//!
//! A head and segments one after the other are the very stream that comes as one endless answer by the direct face, so what
//! is found here is handed on piece by piece and verified there. This part only knows which address is next, and when.
//!
//! What it is not: a player that heals. It keeps one connection for all it asks, asks for nothing twice, and whatever a
//! server refuses or closes ends it, because that is what a rehearsal is to find out.

mod playlist;
mod session;

pub use playlist::{DURATION_S_MAX, PLAYLIST_SEGMENTS_MAX, Playlist, PlaylistError};
pub use session::PLAYLIST_BYTES_MAX;
pub(crate) use session::{HlsSession, NextStep};

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// The sessions of a worker, and when each of them asks again.
pub(crate) struct HlsSessions {
    sessions: Vec<HlsSession>,
    due: BinaryHeap<Reverse<(u64, usize)>>,
}

impl HlsSessions {
    pub(crate) fn new(listeners: usize, playlist: &str) -> Self {
        let playlist = Arc::from(playlist);
        Self {
            sessions: (0..listeners).map(|_| HlsSession::new(&playlist)).collect(),
            due: BinaryHeap::new(),
        }
    }

    pub(crate) fn of(&mut self, index: usize) -> &mut HlsSession {
        &mut self.sessions[index]
    }

    /// Lets a listener wait until `due_us`.
    pub(crate) fn wait(&mut self, index: usize, due_us: u64) {
        self.due.push(Reverse((due_us, index)));
    }

    /// The next whose time has come.
    pub(crate) fn due(&mut self, now_us: u64) -> Option<usize> {
        let &Reverse((due_us, index)) = self.due.peek()?;
        (due_us <= now_us).then(|| {
            self.due.pop();
            index
        })
    }
}
