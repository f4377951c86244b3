//! Opening an event: its room, its streams, its recorder and its director, put together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8};

use stentor_cluster::key::Key;
use stentor_core::admission::OpeningRung;
use stentor_core::event::Phase;
use stentor_core::{Now, SeatId};
use stentor_studio::{Room, RoomConfig};

use crate::catalog::{self, Restored};
use crate::clock::{system_clock, unix_ms_now};
use crate::counters::Counters;
use crate::director::{self, Destinations, DirectedRoom, DirectorParts};
use crate::open_event::OpenEvent;
use crate::programme::{Sink, Streams};
use crate::publisher::Publisher;
use crate::record::EventRecord;
use crate::recorder::{self, Recorder, ReplayFile};
use crate::reports::{Reporter, reports};
use crate::services::EventServices;
use crate::snapshot_writer::SnapshotWriter;
use crate::stats::StatsSources;

/// Opens an event where it was left; `admitted` are seats that go on stage as soon as they are connected.
///
/// # Errors
/// Ours or the operator's: no room in the studio or the edge.
pub(crate) async fn open(
    services: &EventServices,
    record: EventRecord,
    restored: Restored,
    admitted: Vec<SeatId>,
) -> Result<Arc<OpenEvent>, OpenError> {
    let Restored { conversation, kept } = restored;
    let key = catalog::key(&record.slug).map_err(|source| OpenError::new(&record, source))?;
    let (director, calls) = director::calls();
    let (reporter, reports) = reports();
    let recording = Arc::new(AtomicBool::new(false));
    let counters = Arc::new(Counters::default());
    let snapshots = SnapshotWriter::start(
        Arc::clone(&services.records),
        key.clone(),
        &kept,
        Arc::clone(&counters),
        reporter.store_failing(),
    );
    let over = Arc::new(AtomicBool::new(false));
    let view = conversation.view();
    let now = Now {
        mono_ms: 0,
        unix_ms: unix_ms_now(),
    };
    // Before anybody can come: the director looks a moment later.
    let mut doors = OpeningRung::new(record.opens_at);
    let wanted = doors.minimum_rung(now, view.phase, view.starts_unix_ms);
    let minimum_rung = Arc::new(AtomicU8::new(wanted.number()));
    let ended = view.phase == Phase::Ended;
    let (room, recorder, listened, demand) = if ended {
        (None, None, Vec::new(), None)
    } else {
        let streams = Streams::open(&services.edge, &record.slug)
            .map_err(|source| OpenError::new(&record, source))?;
        let (listened, demand) = (streams.listened(), streams.demand());
        let recorder = Recorder::start(
            Arc::clone(&services.recordings),
            key.clone(),
            Arc::clone(&counters),
            reporter.recorder(),
        );
        let sink = Sink {
            edge: services.edge.clone(),
            streams,
            recorder: Some(recorder.clone()),
            recording: Arc::clone(&recording),
            snapshots: snapshots.clone(),
            playlists: Default::default(),
            over: Arc::clone(&over),
            reporter: reporter.clone(),
            counters: Arc::clone(&counters),
        };
        let room = open_room(services, &record, kept.published_end, sink)
            .await
            .inspect_err(|_| {
                // The paths must be free when it is tried again.
                Streams::close(&services.edge, &record.slug);
            })?;
        (Some(room), Some(recorder), listened, Some(demand))
    };
    let heard = listened.first().cloned();
    let mut publisher = Publisher::new(
        services.edge.clone(),
        services.listen_assets.clone(),
        &record.slug,
        listened,
        Arc::clone(&recording),
        Arc::clone(&counters),
    );
    if ended {
        offer_replay(services, &key, &mut publisher, reporter).await;
    }
    let event = Arc::new(OpenEvent {
        record: record.clone(),
        key: services.key.clone(),
        base_url: services.base_url.clone(),
        director,
        room: room.clone(),
        over: Arc::clone(&over),
        minimum_rung: Arc::clone(&minimum_rung),
        stats: StatsSources::new(Arc::clone(&counters), recording, heard, &reports),
    });
    let director = DirectorParts {
        conversation,
        admitted,
        doors,
        minimum_rung,
        clock: system_clock(),
        reports,
        counters,
        demand,
        destinations: Destinations {
            record,
            key: services.key.clone(),
            base_url: services.base_url.clone(),
            room: room.map(|room| Box::new(room) as Box<dyn DirectedRoom>),
            publisher,
            snapshots: Box::new(snapshots),
            recorder,
            over,
        },
    };
    tokio::spawn(director.run(calls));
    Ok(event)
}

/// Starts the room, with its thread and encoders, where nothing else waits for it.
async fn open_room(
    services: &EventServices,
    record: &EventRecord,
    published_end: u64,
    sink: Sink,
) -> Result<Room, OpenError> {
    let studio = services.studio.clone();
    let config = RoomConfig {
        event: record.slug.clone(),
        epoch_unix_ms: record.epoch_unix_ms,
        resume_after_position: published_end,
        sink: Box::new(sink),
    };
    let opened = tokio::task::spawn_blocking(move || studio.open_room(config));
    opened
        .await
        .map_err(|source| OpenError::new(record, source))?
        .map_err(|source| OpenError::new(record, source))
}

/// An ended event's replay; made now if the server was killed before it was.
async fn offer_replay(
    services: &EventServices,
    key: &Key,
    publisher: &mut Publisher,
    reporter: Reporter,
) {
    match recorder::replay_file(&*services.recordings, key).await {
        Ok(Some(file)) => return publisher.offer_replay(file),
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(%error, event = %key, "it is not known whether there is a replay");
        }
    }
    let (recordings, key) = (Arc::clone(&services.recordings), key.clone());
    tokio::spawn(async move {
        let replay = match recorder::make_replay(&recordings, &key).await {
            Ok(file) => ReplayFile::Ready(file),
            Err(error) => {
                tracing::warn!(%error, event = %key, "there is no replay");
                ReplayFile::None
            }
        };
        reporter
            .recorder()
            .send_modify(|state| state.replay = replay);
    });
}

/// Why an event could not be opened. Ours or the operator's.
#[derive(Debug, thiserror::Error)]
#[error("the event \"{slug}\" cannot be opened: {source}")]
pub(crate) struct OpenError {
    slug: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl OpenError {
    fn new(record: &EventRecord, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self {
            slug: record.slug.clone(),
            source: Box::new(source),
        }
    }
}
