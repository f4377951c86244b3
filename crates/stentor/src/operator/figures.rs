//! What is read at a scrape: snapshots of what every part has counted.
//!
//! Reading asks no thread and waits for none: each part keeps its figures where they can be read, and the threads that have a
//! deadline never wait for a reader.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use stentor_core::event::Phase;
use stentor_edge::{Edge, EdgeStats, Stream, StreamStats};
use stentor_event::{EventRegistry, EventStats, RegistryStats};
use stentor_studio::{Studio, StudioStats};
use tracing_appender::non_blocking::ErrorCounter;

use super::process::ProcessFigures;
use crate::disk::{DiskRoom, DiskWatch};
use crate::ladder::{LadderReport, LadderWatch};

/// Where figures come from.
#[derive(Clone)]
pub(crate) struct Sources {
    pub(crate) edge: Edge,
    /// The edge of the operator's own port.
    pub(crate) operator: Edge,
    pub(crate) ladder: Arc<LadderWatch>,
    pub(crate) studio: Studio,
    pub(crate) events: Arc<EventRegistry>,
    pub(crate) log_lines_dropped: ErrorCounter,
    pub(crate) disk: DiskWatch,
    pub(crate) certificate: CertificateEnd,
}

/// When the certificate ends that is served, seconds since 1970; 0 without one from a file. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct CertificateEnd(Arc<AtomicI64>);

impl CertificateEnd {
    pub(crate) fn set(&self, unix_s: Option<i64>) {
        self.0.store(unix_s.unwrap_or(0), Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Option<i64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|unix_s| *unix_s != 0)
    }
}

/// All figures of one moment.
pub(super) struct Figures {
    pub(super) is_ready: bool,
    pub(super) log_lines_dropped: u64,
    pub(super) disk: DiskRoom,
    pub(super) certificate_ends_unix_s: Option<i64>,
    pub(super) process: ProcessFigures,
    pub(super) ladder: LadderReport,
    /// Of the public port.
    pub(super) edge: EdgeFigures,
    /// Of the operator's port, which serves no stream.
    pub(super) operator: EdgeStats,
    /// Those that have not ended, or still have listeners.
    pub(super) streams: Vec<StreamFigures>,
    pub(super) studio: StudioStats,
    pub(super) studio_age: Duration,
    pub(super) registry: RegistryStats,
    /// Of every event of the store that could be opened, by its address.
    pub(super) phases: Vec<(String, Phase)>,
    /// Those that have a room or an alarm, by their address.
    pub(super) events: Vec<(String, EventStats)>,
}

/// What the edge of a port counts and holds.
pub(super) struct EdgeFigures {
    pub(super) counters: EdgeStats,
    pub(super) connections_max: usize,
    pub(super) shards: usize,
    pub(super) shard_sockets: usize,
    pub(super) file_readers: usize,
    pub(super) documents: usize,
    pub(super) documents_bytes: u64,
}

/// One stream, of which there are a few for each event.
pub(super) struct StreamFigures {
    pub(super) path: String,
    /// Whether anybody can listen to it; the others are asked for chunk by chunk.
    pub(super) is_live: bool,
    pub(super) counters: StreamStats,
}

impl Sources {
    pub(super) fn read(&self) -> Figures {
        let mut streams = self.edge.streams();
        streams.retain(|stream| !stream.ended() || stream.listeners() > 0);
        let events = self.events.events().into_iter();
        let events = events.map(|event| (event.slug().to_owned(), event.stats()));
        Figures {
            is_ready: self.events.is_ready(),
            log_lines_dropped: self.log_lines_dropped.dropped_lines() as u64,
            disk: self.disk.room(),
            certificate_ends_unix_s: self.certificate.get(),
            process: ProcessFigures::read(),
            ladder: self.ladder.report(),
            edge: EdgeFigures::of(&self.edge),
            operator: self.operator.counters(),
            streams: streams
                .iter()
                .map(|stream| StreamFigures::of(stream))
                .collect(),
            studio: self.studio.stats(),
            studio_age: self.studio.stats_age(),
            registry: self.events.stats(),
            phases: self.events.phases(),
            events: events.filter(|(_, stats)| stats.is_live()).collect(),
        }
    }
}

impl EdgeFigures {
    pub(super) fn of(edge: &Edge) -> Self {
        Self {
            counters: edge.counters(),
            connections_max: edge.connections_max(),
            shards: edge.shards(),
            shard_sockets: edge.shard_sockets(),
            file_readers: edge.reading(),
            documents: edge.documents().len(),
            documents_bytes: edge.documents().bytes(),
        }
    }
}

impl StreamFigures {
    fn of(stream: &Stream) -> Self {
        Self {
            path: stream.spec().path.clone(),
            is_live: stream.spec().live_name.is_some(),
            counters: stream.counters(),
        }
    }
}
