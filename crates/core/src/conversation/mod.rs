//! One event's conversation: the machine that is told what happened and says what must be done.
//!
//! [`Conversation::step`] takes the time and one [`Input`] and fills an [`Outbox`]; [`Conversation::view`] is what pages
//! show, [`Conversation::snapshot`] what survives a restart. Commands are obeyed or refused with a reason; nothing here
//! fails in another way.
//!
//! It is not a mixer and not a page: mute, for instance, is here what is *desired*, with a version; what the mixer does
//! comes back as [`Input::MuteApplied`] and is shown beside it.

mod abandoned;
mod idle;
mod input;
mod machine;
mod notices;
mod restore;
mod snapshot;
mod view;

pub use crate::output::{Notice, NoticeKind, Outbox, Output, SeatWarning, SessionEndReason};
pub use crate::refusal::Refusal;
pub use input::{Amendment, Command, Input};
pub use machine::{Conversation, FIRST_HOST};
pub use snapshot::{SeatSnapshot, Snapshot, SnapshotError};
pub use view::{SeatView, View};
