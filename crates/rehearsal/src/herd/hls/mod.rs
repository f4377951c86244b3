//! A listener by HLS (RFC 8216): it asks for the playlist again and again, and for each new segment once.
//!
//! A head and segments one after the other are the very stream that comes as one endless answer by the direct face, so what
//! is found here is handed on piece by piece and verified there. This part only knows which address is next, and when.
//!
//! What it is not: a player that heals. It keeps one connection for all it asks, asks for nothing twice, and whatever a
//! server refuses or closes ends it, because that is what a rehearsal is to find out.

mod playlist;
mod visit;

pub use playlist::{DURATION_S_MAX, PLAYLIST_SEGMENTS_MAX, Playlist, PlaylistError};
pub use visit::PLAYLIST_BYTES_MAX;
pub(crate) use visit::{Next, Visit};

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// All visits of a worker, and when which of them asks again.
pub(crate) struct Visits {
    visits: Vec<Visit>,
    due: BinaryHeap<Reverse<(u64, usize)>>,
}

impl Visits {
    pub(crate) fn new(listeners: usize, playlist: &str) -> Self {
        let playlist = Arc::from(playlist);
        Self {
            visits: (0..listeners).map(|_| Visit::new(&playlist)).collect(),
            due: BinaryHeap::new(),
        }
    }

    pub(crate) fn of(&mut self, index: usize) -> &mut Visit {
        &mut self.visits[index]
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
