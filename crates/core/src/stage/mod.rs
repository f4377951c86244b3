//! Who may speak now: seats, their places and roles, their sessions, who is speaking, what is wrong with whom.
//!
//! No sound is in here: levels come in as figures, and orders to the mixer go out as data.

mod commands;
mod hearing;
mod level;
mod loopback;
mod places;
mod pre_listen;
mod reservations;
mod seat;
mod sessions;
mod silence;
mod speaking;
mod table;
mod warning_watch;
mod warnings;

pub use crate::output::{AppliedMute, SeatOrder};
pub use crate::session_kind::{ConnectFailure, SessionKind};
pub use commands::StageCommand;
pub use level::SeatLevel;
pub(crate) use seat::Seat;
pub use seat::{Place, Role};
pub(crate) use table::SeatTable;
