//! What the room, the recorder and the store report to an event's director.
//!
//! Each reports what is so, and its newest report replaces the one before: nothing waits, nothing piles up, and a director
//! that was slow finds the truth. It is not for what happened, which would have to be seen once each.

use std::sync::Arc;

use stentor_core::stage::SeatLevel;
use stentor_studio::{RoomLevels, RoomStatus};
use tokio::sync::watch;

use crate::encode_once::EncodeOnce;
use crate::recorder::RecorderState;
use crate::replay::ReplayState;

/// How loud everybody is, and the programme.
#[derive(Clone, Debug, PartialEq)]
pub struct StageLevels {
    /// What each microphone gave.
    pub seats: Vec<SeatLevel>,
    /// Loudness of the programme, LUFS.
    pub lufs: f32,
    /// True peak of the programme, dBTP.
    pub true_peak: f32,
}

impl StageLevels {
    /// Nobody is heard.
    const SILENCE: Self = Self {
        seats: Vec::new(),
        lufs: f32::NEG_INFINITY,
        true_peak: f32::NEG_INFINITY,
    };
}

/// The reporters' end.
#[derive(Clone)]
pub(crate) struct Reporter {
    room: watch::Sender<Arc<RoomStatus>>,
    levels: watch::Sender<Arc<EncodeOnce<StageLevels>>>,
    recorder: watch::Sender<RecorderState>,
    replay: watch::Sender<ReplayState>,
    store_failing: watch::Sender<bool>,
}

impl Reporter {
    /// The room's state.
    pub(crate) fn room(&self, state: RoomStatus) {
        self.room.send_replace(Arc::new(state));
    }

    /// What the room measured in the last 100 ms; the pages see it without the director.
    pub(crate) fn levels(&self, levels: RoomLevels) {
        self.levels
            .send_replace(Arc::new(EncodeOnce::new(StageLevels {
                seats: levels.seats,
                lufs: levels.lufs,
                true_peak: levels.true_peak,
            })));
    }

    /// Where the recorder says how the recording is.
    pub(crate) fn recorder(&self) -> watch::Sender<RecorderState> {
        self.recorder.clone()
    }

    /// Where the keeper of the replay says what there is.
    pub(crate) fn replay(&self) -> watch::Sender<ReplayState> {
        self.replay.clone()
    }

    /// Where the snapshot writer says whether the store cannot be written.
    pub(crate) fn store_failing(&self) -> watch::Sender<bool> {
        self.store_failing.clone()
    }
}

/// The director's end. Every field holds the newest report.
pub(crate) struct Reports {
    pub(crate) room: watch::Receiver<Arc<RoomStatus>>,
    pub(crate) levels: watch::Receiver<Arc<EncodeOnce<StageLevels>>>,
    pub(crate) recorder: watch::Receiver<RecorderState>,
    pub(crate) replay: watch::Receiver<ReplayState>,
    pub(crate) store_failing: watch::Receiver<bool>,
}

/// Both ends, before anything has been reported.
pub(crate) fn reports() -> (Reporter, Reports) {
    let (room, room_reports) = watch::channel(Arc::new(RoomStatus::default()));
    let (levels, level_reports) = watch::channel(Arc::new(EncodeOnce::new(StageLevels::SILENCE)));
    let (recorder, recorder_reports) = watch::channel(RecorderState::default());
    let (replay, replay_reports) = watch::channel(ReplayState::default());
    let (store_failing, store_reports) = watch::channel(false);
    let reporter = Reporter {
        room,
        levels,
        recorder,
        replay,
        store_failing,
    };
    let reports = Reports {
        room: room_reports,
        levels: level_reports,
        recorder: recorder_reports,
        replay: replay_reports,
        store_failing: store_reports,
    };
    (reporter, reports)
}
