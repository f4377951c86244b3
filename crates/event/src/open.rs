//! An event that is open on this server: its room, its streams, its recorder and its director, put together.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Instant;

use stentor_cluster::store::Store;
use stentor_core::admission::{Doors, Rung};
use stentor_core::conversation::Conversation;
use stentor_core::event::Phase;
use stentor_core::{Now, SeatId};
use stentor_edge::Edge;
use stentor_studio::{Room, RoomConfig, Studio};

use super::keeper::Keeper;
use super::{EventRecord, unix_ms_now};
use crate::director::{self, Call, Director, DirectorHandle, Front};
use crate::pages::ListenTemplate;
use crate::programme::{Sink, Streams};
use crate::recorder::{self, Recorder, Report};
use crate::secret::LinkKey;

/// What every event of this server is opened with.
#[derive(Clone)]
pub(crate) struct House {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) studio: Studio,
    pub(crate) edge: Edge,
    pub(crate) key: LinkKey,
    pub(crate) base_url: String,
    pub(crate) data_dir: PathBuf,
    pub(crate) template: Option<ListenTemplate>,
}

/// One event people can reach.
pub(crate) struct OpenEvent {
    pub(crate) record: EventRecord,
    pub(crate) director: DirectorHandle,
    /// `None` once the event has ended.
    pub(crate) room: Option<Room>,
    /// Set when the room has stopped.
    over: Arc<AtomicBool>,
    /// Number of the least rung that this event wants now.
    floor: Arc<AtomicU8>,
}

impl OpenEvent {
    /// Whether its room is running.
    pub(crate) fn has_room(&self) -> bool {
        self.room.is_some() && !self.over.load(Ordering::Relaxed)
    }

    /// The least rung that this event wants now.
    pub(crate) fn floor(&self) -> Rung {
        Rung::new(self.floor.load(Ordering::Relaxed)).unwrap_or_default()
    }
}

impl House {
    /// Opens an event where it was left; `published_end` is the last position the store knows, `admitted` are seats that go
    /// on stage as soon as they are connected.
    ///
    /// # Errors
    /// Ours or the operator's: no room in the studio or the edge, no folder to record into.
    pub(crate) fn open(
        &self,
        record: EventRecord,
        conversation: Conversation,
        published_end: u64,
        admitted: Vec<SeatId>,
    ) -> Result<Arc<OpenEvent>, OpenError> {
        let (director, calls) = director::calls();
        let folder = self.data_dir.join("recordings").join(&record.slug);
        let recording = Arc::new(AtomicBool::new(false));
        let keeper = {
            let director = director.clone();
            Keeper::start(
                Arc::clone(&self.store),
                record.slug.clone(),
                move |failing| {
                    director.try_call(Call::StoreFailing(failing));
                },
            )
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
        let ended = conversation.view().phase == Phase::Ended;
        let (room, recorder, listened) = if ended {
            (None, None, Vec::new())
        } else {
            let streams = Streams::open(&self.edge, &record.slug)
                .map_err(|source| OpenError::new(&record, source))?;
            let listened = streams.listened();
            let recorder = start_recorder(&folder, &director);
            let sink = Sink {
                edge: self.edge.clone(),
                streams,
                recorder: recorder.clone(),
                recording: Arc::clone(&recording),
                keeper: keeper.clone(),
                playlists: Default::default(),
                over: Arc::clone(&over),
                director: director.clone(),
            };
            let room = self.room(&record, published_end, sink).inspect_err(|_| {
                // The paths must be free when it is tried again.
                Streams::close(&self.edge, &record.slug);
            })?;
            (Some(room), recorder, listened)
        };
        let mut front = Front::new(
            self.edge.clone(),
            self.template.clone(),
            &record.slug,
            listened,
            recording,
        );
        if ended {
            offer_replay(&mut front, &folder, &director);
        }
        let event = Arc::new(OpenEvent {
            record: record.clone(),
            director,
            room: room.clone(),
            over: Arc::clone(&over),
            floor: Arc::clone(&floor),
        });
        let director = Director {
            conversation,
            doors,
            floor,
            record,
            key: self.key.clone(),
            base_url: self.base_url.clone(),
            room,
            front,
            keeper,
            recorder,
            admitted,
            over,
            started: Instant::now(),
        };
        tokio::spawn(director.run(calls));
        Ok(event)
    }

    fn room(
        &self,
        record: &EventRecord,
        published_end: u64,
        sink: Sink,
    ) -> Result<Room, OpenError> {
        self.studio
            .open_room(RoomConfig {
                event: record.slug.clone(),
                epoch_unix_ms: record.epoch_unix_ms,
                resume_after_position: published_end,
                sink: Box::new(sink),
            })
            .map_err(|source| OpenError::new(record, source))
    }
}

/// A recorder, or its alarm: an event without a recording is better than no event.
fn start_recorder(folder: &Path, director: &DirectorHandle) -> Option<Recorder> {
    let reports = director.clone();
    let started = Recorder::start(folder.to_owned(), move |report| {
        reports.try_call(Call::Recorder(report));
    });
    match started {
        Ok(recorder) => Some(recorder),
        Err(error) => {
            tracing::error!(%error, folder = %folder.display(), "this event is not recorded");
            director.try_call(Call::Recorder(Report::Failing(true)));
            None
        }
    }
}

/// An ended event's replay; made now if the server was killed before it was.
fn offer_replay(front: &mut Front, folder: &Path, director: &DirectorHandle) {
    if let Some(file) = recorder::replay_file(folder) {
        front.offer_replay(file);
        return;
    }
    let (folder, director) = (folder.to_owned(), director.clone());
    tokio::task::spawn_blocking(move || match recorder::make_replay(&folder) {
        Ok(file) => {
            director.try_call(Call::Recorder(Report::ReplayReady(file)));
        }
        Err(error) => {
            tracing::warn!(%error, folder = %folder.display(), "there is no replay");
            director.try_call(Call::Recorder(Report::NoReplay));
        }
    });
}

/// Why an event could not be opened.
#[derive(Debug)]
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

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the event \"{}\" cannot be opened: {}",
            self.slug, self.source
        )
    }
}

impl std::error::Error for OpenError {}
