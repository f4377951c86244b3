//! Opening an event: its room, its streams, its recorder and its director, put together.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8};

use stentor_core::admission::Doors;
use stentor_core::conversation::Conversation;
use stentor_core::event::Phase;
use stentor_core::{Now, SeatId};
use stentor_studio::{Room, RoomConfig};

use crate::clock::{system_clock, unix_ms_now};
use crate::director::{self, Destinations, DirectedRoom, Director};
use crate::open_event::OpenEvent;
use crate::programme::{Sink, Streams};
use crate::publisher::Publisher;
use crate::record::EventRecord;
use crate::recorder::{self, Recorder, RecorderEvent};
use crate::reports::{Reporter, reports};
use crate::services::EventServices;
use crate::snapshot_writer::SnapshotWriter;

/// Opens an event where it was left; `published_end` is the last position the store knows, `admitted` are seats that go
/// on stage as soon as they are connected.
///
/// # Errors
/// Ours or the operator's: no room in the studio or the edge, no folder to record into.
pub(crate) fn open(
    services: &EventServices,
    record: EventRecord,
    conversation: Conversation,
    published_end: u64,
    admitted: Vec<SeatId>,
) -> Result<Arc<OpenEvent>, OpenError> {
    let (director, calls) = director::calls();
    let (reporter, reports) = reports();
    let folder = services.data_dir.join("recordings").join(&record.slug);
    let recording = Arc::new(AtomicBool::new(false));
    let snapshots = {
        let reporter = reporter.clone();
        let failing = move |failing| reporter.store_failing(failing);
        SnapshotWriter::start(Arc::clone(&services.store), record.slug.clone(), failing)
            .map_err(|source| OpenError::new(&record, source))?
    };
    let over = Arc::new(AtomicBool::new(false));
    let view = conversation.view();
    let now = Now {
        mono_ms: 0,
        unix_ms: unix_ms_now(),
    };
    // Before anybody can come: the director looks a moment later.
    let mut doors = Doors::new(record.opens_at);
    let wanted = doors.minimum_rung(now, view.phase, view.starts_unix_ms);
    let floor = Arc::new(AtomicU8::new(wanted.number()));
    let ended = view.phase == Phase::Ended;
    let (room, recorder, listened) = if ended {
        (None, None, Vec::new())
    } else {
        let streams = Streams::open(&services.edge, &record.slug)
            .map_err(|source| OpenError::new(&record, source))?;
        let listened = streams.listened();
        let recorder = start_recorder(&folder, &reporter);
        let sink = Sink {
            edge: services.edge.clone(),
            streams,
            recorder: recorder.clone(),
            recording: Arc::clone(&recording),
            snapshots: snapshots.clone(),
            playlists: Default::default(),
            over: Arc::clone(&over),
            reporter: reporter.clone(),
        };
        let room = open_room(services, &record, published_end, sink).inspect_err(|_| {
            // The paths must be free when it is tried again.
            Streams::close(&services.edge, &record.slug);
        })?;
        (Some(room), recorder, listened)
    };
    let mut publisher = Publisher::new(
        services.edge.clone(),
        services.template.clone(),
        &record.slug,
        listened,
        recording,
    );
    if ended {
        offer_replay(&mut publisher, &folder, reporter);
    }
    let event = Arc::new(OpenEvent {
        record: record.clone(),
        key: services.key.clone(),
        base_url: services.base_url.clone(),
        director,
        room: room.clone(),
        over: Arc::clone(&over),
        floor: Arc::clone(&floor),
    });
    let director = Director {
        conversation,
        admitted,
        doors,
        floor,
        clock: system_clock(),
        reports,
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

fn open_room(
    services: &EventServices,
    record: &EventRecord,
    published_end: u64,
    sink: Sink,
) -> Result<Room, OpenError> {
    services
        .studio
        .open_room(RoomConfig {
            event: record.slug.clone(),
            epoch_unix_ms: record.epoch_unix_ms,
            resume_after_position: published_end,
            sink: Box::new(sink),
        })
        .map_err(|source| OpenError::new(record, source))
}

/// A recorder, or its alarm: an event without a recording is better than no event.
fn start_recorder(folder: &Path, reporter: &Reporter) -> Option<Recorder> {
    let reports = reporter.clone();
    let started = Recorder::start(folder.to_owned(), move |event| reports.recorder(event));
    match started {
        Ok(recorder) => Some(recorder),
        Err(error) => {
            tracing::error!(%error, folder = %folder.display(), "this event is not recorded");
            reporter.recorder(RecorderEvent::Failing(true));
            None
        }
    }
}

/// An ended event's replay; made now if the server was killed before it was.
fn offer_replay(publisher: &mut Publisher, folder: &Path, reporter: Reporter) {
    if let Some(file) = recorder::replay_file(folder) {
        publisher.offer_replay(file);
        return;
    }
    let folder = folder.to_owned();
    tokio::task::spawn_blocking(move || match recorder::make_replay(&folder) {
        Ok(file) => reporter.recorder(RecorderEvent::ReplayReady(file)),
        Err(error) => {
            tracing::warn!(%error, folder = %folder.display(), "there is no replay");
            reporter.recorder(RecorderEvent::NoReplay);
        }
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
