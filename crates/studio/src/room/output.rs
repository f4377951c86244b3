//! What a room's engine wants done.

use stentor_core::{SeatId, SessionId};
use stentor_media::package::{Published, StemChunk};

use super::levels::RoomLevels;
use super::state::RoomStatus;
use super::stats::RoomStats;
use crate::peer::{DisconnectReason, ReturnPacket};

/// One thing to be done.
#[derive(Debug)]
pub enum EngineOutput {
    /// Send a packet to a session's peer.
    Send(SessionId, ReturnPacket),
    /// Say goodbye to a session's peer.
    Close(SessionId, DisconnectReason),
    /// Give out a piece of the programme.
    Programme(Published),
    /// Give out a piece of a speaker's recording.
    Stem(SeatId, StemChunk),
    /// Nothing of the programme comes any more.
    Suspended,
    /// The programme goes on, and what leads up to this moment has been given out.
    Resumed,
    /// Give out the room's state, which has changed.
    State(RoomStatus),
    /// Give out what was measured in the last 100 ms.
    Levels(RoomLevels),
    /// Give out how the room is doing.
    Stats(RoomStats),
}
