//! An event that waits for a place: its page and its status are there, and whoever asks for its sound or its stage gives it one when there is one.
//!
//! It has no room, no director and no recorder; its conversation rests in the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stentor_core::conversation::View;
use stentor_core::event::Phase;
use stentor_edge::Demand;

use crate::clock::unix_ms_now;
use crate::counters::Counters;
use crate::programme::{Streams, StreamsError};
use crate::publisher::{Offers, Publisher};
use crate::record::EventRecord;
use crate::services::EventServices;

/// One of them.
pub(crate) struct WaitingEvent {
    phase: Phase,
    record: EventRecord,
    publisher: Publisher,
    demand: Arc<Demand>,
    wanted: AtomicBool,
}

impl WaitingEvent {
    /// Publishes what can be of an event that waits, as it rests.
    ///
    /// # Errors
    /// The edge is full.
    pub(crate) fn publish(
        services: &EventServices,
        record: EventRecord,
        view: &View,
    ) -> Result<Self, StreamsError> {
        let demand = Streams::promise(&services.edge, &record.slug, services.ffmpeg.is_some())?;
        let mut publisher = Publisher::new(
            services.edge.clone(),
            services.listen_assets.clone(),
            &record.slug,
            Vec::new(),
            None,
            Arc::new(Counters::default()),
        )
        .listed(
            services.board.clone(),
            &services.base_url,
            Offers {
                mails: services.reminders.is_some(),
                transcodes: services.ffmpeg.is_some(),
            },
        )
        .with_pictures(Arc::clone(&services.recordings));
        let now = unix_ms_now();
        publisher.publish_status(view, record.lang, now);
        publisher.publish_pages(view, &record, now);
        Ok(Self {
            phase: view.phase(),
            record,
            publisher,
            demand,
            wanted: AtomicBool::new(false),
        })
    }

    pub(crate) fn slug(&self) -> &str {
        &self.record.slug
    }

    /// Where it is in its life.
    pub(crate) const fn phase(&self) -> Phase {
        self.phase
    }

    /// Somebody asks for its stage.
    pub(crate) fn want(&self) {
        self.wanted.store(true, Ordering::Relaxed);
    }

    /// Whether anybody has asked for it since this was called last.
    pub(crate) fn take_wanted(&self) -> bool {
        let stage = self.wanted.swap(false, Ordering::Relaxed);
        self.demand.take() || stage
    }

    /// It is gone from the store.
    pub(crate) fn withdraw(mut self) {
        self.publisher.withdraw();
    }
}

/// Which of the events of a store come first where not all have a place: those on air, then those that begin soonest.
pub(crate) fn comes_before(view: &View) -> (bool, i64) {
    (
        !view.phase().is_running(),
        view.starts_unix_ms().unwrap_or(i64::MAX),
    )
}
