//! The room's end of it: chunks go into a queue, and whoever is slow misses some.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::job::{FeedParts, Job};
use super::run;
use crate::counters::{Counters, add};

/// Chunks that wait: 24 s, and so all with which a programme resumes. Beyond: they are lost for AAC and MP3, and counted.
const QUEUE_CHUNKS_MAX: usize = 120;
/// Places in the queue for what is no chunk.
const PLACES_FOR_OTHERS: usize = 8;

/// Hands chunks over; dropped without a word, the server leaves: the child is killed and nothing more is published.
pub(crate) struct Feed {
    jobs: mpsc::Sender<Job>,
    counters: Arc<Counters>,
}

impl Feed {
    /// Begins to make AAC and MP3 of what comes.
    pub(crate) fn start(parts: FeedParts) -> Self {
        let counters = Arc::clone(&parts.faces.counters);
        let (jobs, queue) = mpsc::channel(QUEUE_CHUNKS_MAX + PLACES_FOR_OTHERS);
        tokio::spawn(run::run(parts, queue));
        Self { jobs, counters }
    }

    /// The next chunk of the best rendition. Never waits.
    pub(crate) fn chunk(&self, sequence: u64, bytes: Bytes) {
        let has_room = self.jobs.capacity() > PLACES_FOR_OTHERS;
        if !has_room || self.jobs.try_send(Job::Chunk { sequence, bytes }).is_err() {
            add(&self.counters.chunks_not_transcoded, 1);
        }
    }

    /// Nothing will come until the programme resumes. Never waits.
    pub(crate) fn suspended(&self) {
        // Whoever has not taken eight of these is stuck, and told nothing by a ninth.
        let _ = self.jobs.try_send(Job::Suspended);
    }

    /// The event is over. Never waits.
    pub(crate) fn over(&self) {
        let _ = self.jobs.try_send(Job::Over);
    }
}
