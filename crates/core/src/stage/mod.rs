//! Who may speak now: seats, their places and roles, their sessions, who is speaking, whose microphone is silent.
//!
//! It is not the decision who may command what (that is [`crate::conversation`]), nor any sound: levels come in as
//! figures, and orders to the mixer go out as data.

mod seat;
mod silence;
mod speaking;
mod table;

pub use seat::{Place, Role, SessionKind};
pub(crate) use seat::{Seat, Session};
pub(crate) use table::Table;

use crate::{SeatId, SessionId};

/// What the mixer shall do with a seat: desired state, complete, so that a lost or repeated order does no harm.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SeatOrder {
    /// Whose strip.
    pub seat: SeatId,
    /// The session this was decided for. Strips of any other session of the seat stay muted: a session the core has not
    /// seen yet must not profit from what was decided for the one before.
    pub session: Option<SessionId>,
    /// Whether the others on stage hear it, also before the event is on air and after its end.
    pub on_stage: bool,
    /// Whether it is part of the programme: on stage, and the event on air. A place on stage that was taken before the
    /// beginning is not heard by the lobby.
    pub on_air: bool,
    /// Whether it is silenced. True as long as the session has not confirmed that it knows the mute state.
    pub muted: bool,
    /// Version of the mute state this order carries; comes back with the mixer's acknowledgement.
    pub version: u64,
}

/// What the mixer measured on one seat's microphone in the last 100 ms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SeatLevel {
    /// Whose strip.
    pub seat: SeatId,
    /// Level in tenths of a decibel below full scale: -183 is -18.3 dBFS.
    pub dbfs_tenths: i16,
    /// Whether it sounded like a voice.
    pub voice: bool,
    /// Whether every sample was zero, or nothing but what a muted device sends.
    pub digital_silence: bool,
}
