//! Counters of one event: what was recorded, kept and published, and what was not.
//!
//! Written with relaxed atomics by whoever does the work, and read as a snapshot for the operator. The room has its own.

use std::sync::atomic::{AtomicU64, Ordering};

/// A snapshot of the counters since the event was opened here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventCounters {
    /// Chunks appended to recordings, of the programme and of speakers.
    pub chunks_recorded: u64,
    /// Their bytes.
    pub bytes_recorded: u64,
    /// Chunks that found the recorder's queue full: they are in no recording.
    pub chunks_not_queued: u64,
    /// Chunks that could not be written: they are in no recording.
    pub chunks_not_written: u64,
    /// States written to the store.
    pub snapshots_written: u64,
    /// Attempts to write one that failed.
    pub snapshot_failures: u64,
    /// Chunks that their stream did not take.
    pub chunks_not_published: u64,
    /// Documents that the edge did not take.
    pub documents_not_published: u64,
    /// Chunks that were not taken to be made AAC and MP3 of.
    pub chunks_not_transcoded: u64,
    /// Children that made AAC and MP3 and were lost.
    pub transcoders_lost: u64,
    /// What the conversation wanted done and the step had no room for: a defect.
    pub outputs_dropped: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) chunks_recorded: AtomicU64,
    pub(crate) bytes_recorded: AtomicU64,
    pub(crate) chunks_not_queued: AtomicU64,
    pub(crate) chunks_not_written: AtomicU64,
    pub(crate) snapshots_written: AtomicU64,
    pub(crate) snapshot_failures: AtomicU64,
    pub(crate) chunks_not_published: AtomicU64,
    pub(crate) documents_not_published: AtomicU64,
    pub(crate) chunks_not_transcoded: AtomicU64,
    pub(crate) transcoders_lost: AtomicU64,
    pub(crate) outputs_dropped: AtomicU64,
}

impl Counters {
    pub(crate) fn snapshot(&self) -> EventCounters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        // Field by field: what is counted is shown.
        let Self {
            chunks_recorded,
            bytes_recorded,
            chunks_not_queued,
            chunks_not_written,
            snapshots_written,
            snapshot_failures,
            chunks_not_published,
            documents_not_published,
            chunks_not_transcoded,
            transcoders_lost,
            outputs_dropped,
        } = self;
        EventCounters {
            chunks_recorded: read(chunks_recorded),
            bytes_recorded: read(bytes_recorded),
            chunks_not_queued: read(chunks_not_queued),
            chunks_not_written: read(chunks_not_written),
            snapshots_written: read(snapshots_written),
            snapshot_failures: read(snapshot_failures),
            chunks_not_published: read(chunks_not_published),
            documents_not_published: read(documents_not_published),
            chunks_not_transcoded: read(chunks_not_transcoded),
            transcoders_lost: read(transcoders_lost),
            outputs_dropped: read(outputs_dropped),
        }
    }
}

pub(crate) fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}
