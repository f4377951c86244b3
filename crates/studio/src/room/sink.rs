//! What a room is opened with, and where its outputs go.

use std::fmt;

use stentor_core::SeatId;
use stentor_media::package::hls::PlaylistCounts;
use stentor_media::package::{Published, StemChunk};

use super::levels::RoomLevels;
use super::state::RoomStatus;

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
    /// What the playlists go on from.
    pub playlists: PlaylistCounts,
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

/// Where a room's outputs go. Called on the room's thread, which has 20 ms for everything: must not block.
pub trait RoomSink: Send {
    /// A piece of the programme is ready.
    fn published(&mut self, published: Published);
    /// Nothing of the programme comes until [`resumed`](Self::resumed): the room was [suspended](crate::Room::suspend).
    fn suspended(&mut self);
    /// The programme goes on. What leads up to this moment, but for the last second, was [published](Self::published) just before.
    fn resumed(&mut self);
    /// A second of one speaker is ready for the recording. The head of every stem is
    /// [`stentor_media::package::StemPackager::head`].
    fn stem(&mut self, seat: SeatId, chunk: StemChunk);
    /// The room's state has changed. It is whole: whoever follows it needs the newest only.
    fn state(&mut self, state: RoomStatus);
    /// The levels of the last 100 ms, which may be dropped for newer ones.
    fn levels(&mut self, levels: RoomLevels);
}
