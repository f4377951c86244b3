//! An event's parts, its room, streams, recorder and director, put together.

use std::sync::atomic::{AtomicBool, AtomicU8};
use std::sync::{Arc, Mutex};

use stentor_core::Now;
use stentor_core::admission::OpeningRung;
use stentor_studio::{Room, RoomConfig};
use tokio::sync::oneshot;

use crate::about::{About, AboutNow};
use crate::air::Air;
use crate::budgets::SeatBudgets;
use crate::catalog::{self, PublishedSoFar, Restored};
use crate::clock::{system_clock, unix_ms_now};
use crate::counters::Counters;
use crate::director::{self, Destinations, DirectedRoom, DirectorParts};
use crate::file_links::FileLinks;
use crate::host_picture::HostPicture;
use crate::host_recordings::HostRecordings;
use crate::links::LiveLinks;
use crate::open_event::OpenEvent;
use crate::programme::{PastPublisher, Sink, Streams, event_path};
use crate::publisher::{Offers, Publisher};
use crate::record::EventRecord;
use crate::recorder::Recorder;
use crate::replay::{ReplayKeeper, ReplayWishes};
use crate::reports::reports;
use crate::services::EventServices;
use crate::snapshot_writer::SnapshotWriter;
use crate::stats::StatsSources;
use crate::transcode::{Feed, FeedParts};

/// Puts an event together where it was left, and lets it run.
///
/// # Errors
/// Ours or the operator's: no room in the studio or the edge.
pub(crate) async fn assemble(
    services: &EventServices,
    record: EventRecord,
    restored: Restored,
) -> Result<Arc<OpenEvent>, OpenError> {
    let Restored {
        mut conversation,
        kept,
    } = restored;
    let abandoned = services.policy.end_abandoned_after;
    conversation.end_when_abandoned(abandoned.map(|after| after.as_millis() as u64));
    let key = catalog::key(&record.slug).map_err(|source| OpenError::new(&record, source))?;
    let (director, calls) = director::calls();
    let (reporter, reports) = reports();
    let air = Arc::new(Air::default());
    let counters = Arc::new(Counters::default());
    let (snapshots, written) = SnapshotWriter::start(
        Arc::clone(&services.records),
        key.clone(),
        &kept,
        Arc::clone(&counters),
        reporter.store_failing(),
    );
    let over = Arc::new(AtomicBool::new(false));
    let view = conversation.view();
    air.set(view.phase(), view.recorded);
    let now = Now {
        mono_ms: 0,
        unix_ms: unix_ms_now(),
    };
    // Before anybody can come: the director looks a moment later.
    let mut doors = OpeningRung::new(record.opens_at);
    let wanted = doors.minimum_rung(now, view.phase(), view.starts_unix_ms());
    let minimum_rung = Arc::new(AtomicU8::new(wanted.number()));
    let ended = view.phase().is_over();
    let about = AboutNow::default();
    let known = About::of(&view, record.epoch_unix_ms, &services.base_url);
    about.set(Arc::new(known));
    let (room, recorder, listened, demand, published, heads) = if ended {
        if let Err(error) = Streams::say_that_it_is_over(&services.edge, &record.slug) {
            tracing::error!(%error, event = record.slug, "players that come back are not told that it is over");
        }
        (None, None, Vec::new(), None, None, None)
    } else {
        let streams = Streams::open(&services.edge, &record.slug, services.ffmpeg.is_some())
            .map_err(|source| OpenError::new(&record, source))?;
        let (listened, demand) = (streams.listened(), streams.demand());
        let heads = streams.heads(&services.edge, &record.slug);
        let recorder = Recorder::start(
            Arc::clone(&services.recordings),
            key.clone(),
            about.clone(),
            Arc::clone(&counters),
            reporter.recorder(),
            Box::new(PastPublisher {
                edge: services.edge.clone(),
                base: event_path(&record.slug),
                epoch_unix_ms: record.epoch_unix_ms,
                air: Arc::clone(&air),
                counters: Arc::clone(&counters),
                told_recorded: None,
            }),
        );
        let (publishes, published) = oneshot::channel();
        let publishes = Arc::new(publishes);
        let faces = streams.transcoded(&services.edge, &counters);
        let transcoder = services.ffmpeg.clone().zip(faces).map(|(ffmpeg, faces)| {
            Feed::start(FeedParts {
                ffmpeg,
                event: record.slug.clone(),
                epoch_unix_ms: record.epoch_unix_ms,
                playlists: kept.published.next_playlists(),
                faces,
                publishes: Arc::clone(&publishes),
            })
        });
        let sink = Sink {
            edge: services.edge.clone(),
            streams,
            recorder: Some(recorder.clone()),
            transcoder,
            air: Arc::clone(&air),
            snapshots: snapshots.clone(),
            playlists: Default::default(),
            over: Arc::clone(&over),
            reporter: reporter.clone(),
            counters: Arc::clone(&counters),
            ogg_sequence: None,
            _publishes: publishes,
            suspended: false,
        };
        let room = open_room(services, &record, kept.published, sink)
            .await
            .inspect_err(|_| {
                // The paths must be free when it is tried again.
                Streams::close(&services.edge, &record.slug);
            })?;
        (
            Some(room),
            Some(recorder),
            listened,
            Some(demand),
            Some(published),
            Some(heads),
        )
    };
    let heard = listened.first().cloned();
    let file_links = FileLinks::new(services.edge.clone());
    let mut publisher = Publisher::new(
        services.edge.clone(),
        services.listen_assets.clone(),
        &record.slug,
        listened,
        heads,
        Arc::clone(&counters),
    )
    .listed(
        services.board.clone(),
        &services.base_url,
        Offers {
            mails: services.reminders.is_some(),
            transcodes: services.ffmpeg.is_some(),
        },
    )
    .with_pictures(Arc::clone(&services.recordings))
    .with_file_links(Arc::clone(&file_links));
    publisher.describe(&about.get());
    publisher.follow_schedule(&view, now.unix_ms);
    let (replay, wishes) = ReplayWishes::new(&view.schedule, record.epoch_unix_ms, ended);
    let keeper = ReplayKeeper {
        blobs: Arc::clone(&services.recordings),
        event: key.clone(),
        about: about.clone(),
        ffmpeg: services.ffmpeg.clone(),
        report: reporter.replay(),
    };
    let wish = wishes.borrow().clone();
    if ended && let Some(found) = keeper.found_as(&wish).await {
        publisher.replay_made(found, now.unix_ms);
    }
    tokio::spawn(keeper.run(wishes));
    // Whoever comes back as soon as the server is ready finds the page.
    publisher.publish_status(&view, record.lang, now.unix_ms);
    publisher.publish_pages(&view, &record, now.unix_ms);
    let links = Arc::new(LiveLinks::new(
        services.key.clone(),
        services.base_url.clone(),
        record.slug.clone(),
        record.links_generation,
        services.policy.links_after_end_days,
    ));
    links.follow(view.phase(), view.schedule.since_unix_ms);
    let picture = HostPicture::new(
        Arc::clone(&services.recordings),
        key.clone(),
        director.clone(),
    );
    let recordings = HostRecordings {
        blobs: Arc::clone(&services.recordings),
        event: key,
        about: about.clone(),
        epoch_unix_ms: record.epoch_unix_ms,
        replay: reports.replay.clone(),
        links: file_links,
    };
    let event = Arc::new(OpenEvent {
        slug: record.slug.clone(),
        listen_link: record.listen_link(&services.base_url),
        record: Mutex::new(record.clone()),
        links: Arc::clone(&links),
        director,
        room: room.clone(),
        over: Arc::clone(&over),
        minimum_rung: Arc::clone(&minimum_rung),
        written: Mutex::new(Some(written)),
        stats: StatsSources::new(Arc::clone(&counters), Arc::clone(&air), heard, &reports),
        budgets: SeatBudgets::default(),
        recordings,
        picture,
    });
    let director = DirectorParts {
        conversation,
        doors,
        minimum_rung,
        clock: system_clock(),
        reports,
        counters,
        demand,
        destinations: Destinations {
            record,
            links,
            room: room.map(|room| Box::new(room) as Box<dyn DirectedRoom>),
            publisher,
            about,
            air,
            snapshots: Box::new(snapshots),
            recorder,
            replay,
            over,
            published,
        },
    };
    tokio::spawn(director.run(calls));
    Ok(event)
}

/// Starts the room, with its thread and encoders, where nothing else waits for it.
async fn open_room(
    services: &EventServices,
    record: &EventRecord,
    published: PublishedSoFar,
    sink: Sink,
) -> Result<Room, OpenError> {
    let studio = services.studio.clone();
    let config = RoomConfig {
        event: record.slug.clone(),
        epoch_unix_ms: record.epoch_unix_ms,
        resume_after_position: published.end,
        playlists: published.next_playlists(),
        sink: Box::new(sink),
    };
    let opened = tokio::task::spawn_blocking(move || studio.open_room(config));
    opened
        .await
        .map_err(|source| OpenError::new(record, source))?
        .map_err(|source| OpenError::new(record, source))
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
