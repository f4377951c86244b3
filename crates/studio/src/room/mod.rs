//! One event's room: who is connected, what they say and hear, and the programme that comes of it.
//!
//! [`engine`] is the room itself, sans-IO: it is told what arrived and what time it is. `thread` moves it every 20 ms and
//! carries between it, the network thread and the rest of the server. `port` is how either is reached.

pub mod engine;
pub(crate) mod port;
mod report;
mod returns;
mod session;
mod stems;
pub(crate) mod thread;

use std::fmt;

use stentor_core::event::Alarm;
use stentor_core::stage::{SeatLevel, SessionKind};
use stentor_core::{SeatId, SessionId};
use stentor_media::package::{Published, StemChunk};

use crate::peer::CloseReason;

/// What a room is opened with.
pub struct RoomConfig {
    /// The event's slug; names the room's thread and log lines.
    pub event: String,
    /// When the event's timeline began, in milliseconds since 1970. Fixed for ever when the event is made.
    pub epoch_unix_ms: i64,
    /// Position after the last sample known to have been published, in samples since the epoch; 0 if none was. The
    /// programme goes on at the next boundary that was certainly never published
    /// ([`stentor_core::timeline::Timeline::resume_after`]).
    pub resume_after_position: u64,
    /// Where everything goes that comes out.
    pub sink: Box<dyn RoomSink>,
}

impl fmt::Debug for RoomConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoomConfig")
            .field("event", &self.event)
            .finish_non_exhaustive()
    }
}

/// Where a room's sound and news go. Called on the room's thread, which has 20 ms for everything: must not block.
pub trait RoomSink: Send {
    /// A piece of the programme is ready.
    fn published(&mut self, published: Published);
    /// A second of one speaker is ready for the recording. The head of every stem is
    /// [`stentor_media::package::StemPackager::head`].
    fn stem(&mut self, seat: SeatId, chunk: StemChunk);
    /// Something happened.
    fn event(&mut self, event: RoomEvent);
}

/// What a room tells.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum RoomEvent {
    /// A session is connected; its strip is muted.
    Up {
        /// Whose.
        seat: SeatId,
        /// Which.
        session: SessionId,
        /// What it is.
        kind: SessionKind,
    },
    /// A session is over. Comes for every session whose offer was answered, connected or not.
    Down {
        /// Whose.
        seat: SeatId,
        /// Which.
        session: SessionId,
        /// Why.
        reason: CloseReason,
    },
    /// What each microphone gave in the last 100 ms.
    Levels(Vec<SeatLevel>),
    /// The mixer does what an order said. Until this comes, it does what it did before.
    MuteApplied {
        /// Whose strip.
        seat: SeatId,
        /// Which session feeds it.
        session: SessionId,
        /// What it does.
        muted: bool,
        /// The version of the order; 0 for a session that has had none.
        version: u64,
    },
    /// How loud the programme is, every 100 ms.
    Meter {
        /// Short-term loudness (3 s, EBU R 128), in LUFS.
        lufs: f32,
        /// Highest true peak since the last report, in dBTP.
        true_peak: f32,
    },
    /// Something of our own fails, or works again.
    Alarm {
        /// What.
        alarm: Alarm,
        /// Since now, or no more.
        on: bool,
    },
    /// The code serving a speaker panicked; its session is over, the others did not notice.
    PeerPanicked {
        /// Whose.
        seat: SeatId,
        /// Which.
        session: SessionId,
    },
    /// How the room is doing, once a second.
    Stats(RoomStats),
}

/// How a room is doing. Counters run since it was opened.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RoomStats {
    /// Position of the programme, in samples since the epoch.
    pub position: u64,
    /// Ticks done.
    pub ticks: u64,
    /// Ticks that began more than a tick (20 ms) late.
    pub ticks_late: u64,
    /// Worst lateness of a tick in the last second, in microseconds.
    pub late_us_max: u64,
    /// Longest work of a tick in the last second, in microseconds.
    pub work_us_max: u64,
    /// Times the clock was set anew because the machine had stopped us for more than a second.
    pub clock_resets: u64,
    /// Packets that found the room's queue full.
    pub sound_dropped: u64,
    /// Times the desk panicked and was made anew; each cost 20 ms of silence.
    pub desks_made_anew: u64,
    /// One line per speaking session.
    pub seats: Vec<SeatStats>,
}

/// How one speaking session is doing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeatStats {
    /// Whose.
    pub seat: SeatId,
    /// Which.
    pub session: SessionId,
    /// Delay of the jitter buffer, in milliseconds.
    pub buffer_ms: f32,
    /// Packets lost on the way.
    pub lost: u64,
    /// Of these, played from a RED copy.
    pub red_recovered: u64,
    /// Of these, played from in-band FEC.
    pub fec_recovered: u64,
    /// Ticks that were made up.
    pub concealed: u64,
    /// Packets that were not Opus.
    pub garbage: u64,
    /// Clock drift against ours, in parts per million.
    pub drift_ppm: f32,
}
