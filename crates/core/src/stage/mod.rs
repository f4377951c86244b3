//! Who may speak now: seats, their places and roles, their sessions, who is speaking, whose microphone is silent.
//!
//! No sound is in here: levels come in as figures, and orders to the mixer go out as data.

mod commands;
mod hearing;
mod level;
mod loopback;
mod places;
mod reservations;
mod seat;
mod sessions;
mod silence;
mod speaking;
mod table;

pub use crate::output::{AppliedMute, SeatOrder};
pub use commands::StageCommand;
pub use level::SeatLevel;
pub(crate) use seat::Seat;
pub use seat::{Place, Role, SessionKind};
pub(crate) use table::SeatTable;
