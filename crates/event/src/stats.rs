//! How one event is doing, in numbers: what its parts count, who is connected, and what of our own fails.
//!
//! Reading it asks nobody and waits for nobody: each part puts its figures where they can be read.

use std::sync::Arc;

use stentor_core::event::{Alarm, Phase};
use stentor_core::stage::SessionKind;
use stentor_edge::Stream;
use stentor_studio::{RoomStats, RoomStatus};
use tokio::sync::watch;

use crate::air::Air;
use crate::counters::{Counters, EventCounters};
use crate::recorder::RecorderState;
use crate::replay::ReplayState;
use crate::reports::Reports;

/// How one event is doing.
#[derive(Clone, Debug, PartialEq)]
pub struct EventStats {
    /// Whether its programme carries the stage.
    pub is_on_air: bool,
    /// Whether nothing is mixed, because nobody is there.
    pub is_suspended: bool,
    /// Its room, as of the last second; `None` once it has stopped.
    pub room: Option<RoomStats>,
    /// Sessions that are connected, by kind.
    pub sessions: [(SessionKind, usize); 3],
    /// Every alarm, and whether it is on.
    pub alarms: [(Alarm, bool); Alarm::ALL.len()],
    /// What was counted since it was opened here.
    pub counters: EventCounters,
}

impl EventStats {
    /// Whether there is anything about it to look after: it has a room, or an alarm is on.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.room.is_some() || self.alarms.iter().any(|(_, on)| *on)
    }
}

/// Where the figures of one event are read.
pub(crate) struct StatsSources {
    counters: Arc<Counters>,
    air: Arc<Air>,
    /// The stream that is suspended with the room; `None` without one.
    stream: Option<Arc<Stream>>,
    room: watch::Receiver<Arc<RoomStatus>>,
    recorder: watch::Receiver<RecorderState>,
    replay: watch::Receiver<ReplayState>,
    store_failing: watch::Receiver<bool>,
}

impl StatsSources {
    pub(crate) fn new(
        counters: Arc<Counters>,
        air: Arc<Air>,
        stream: Option<Arc<Stream>>,
        reports: &Reports,
    ) -> Self {
        Self {
            counters,
            air,
            stream,
            room: reports.room.clone(),
            recorder: reports.recorder.clone(),
            replay: reports.replay.clone(),
            store_failing: reports.store_failing.clone(),
        }
    }

    /// Where the event is in its life.
    pub(crate) fn phase(&self) -> Phase {
        self.air.phase()
    }

    /// As of now; `room` is what the room measured, while it runs.
    pub(crate) fn read(&self, room: Option<RoomStats>) -> EventStats {
        let state = Arc::clone(&self.room.borrow());
        let connected = |kind| {
            let sessions = state.sessions.values();
            sessions
                .filter(|session| session.kind == kind && session.connected.is_some())
                .count()
        };
        let is_on = |alarm| match alarm {
            Alarm::OutputSilent => room.is_some() && state.output_silent,
            Alarm::MixerLate => room.is_some() && state.mixer_late,
            Alarm::Recorder => self.recorder.borrow().failing,
            Alarm::Replay => self.replay.borrow().failing,
            Alarm::Store => *self.store_failing.borrow(),
        };
        EventStats {
            is_on_air: room.is_some() && self.air.is_on(),
            is_suspended: room.is_some()
                && self
                    .stream
                    .as_ref()
                    .is_some_and(|stream| stream.suspended()),
            sessions: [
                SessionKind::Browser,
                SessionKind::LineIn,
                SessionKind::Monitor,
            ]
            .map(|kind| (kind, connected(kind))),
            alarms: Alarm::ALL.map(|alarm| (alarm, is_on(alarm))),
            counters: self.counters.snapshot(),
            room,
        }
    }
}
