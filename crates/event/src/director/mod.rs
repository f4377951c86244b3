//! One task per event: the only place where that event's conversation is stepped.
//!
//! What happens comes in as a [`Call`]; what the conversation wants done goes out to the room, the pages, the store and the
//! published documents. It decides nothing itself, and never waits for a page, a disk or a listener.

mod call;
mod outputs;
mod pages;
mod room_events;
mod run;
mod sessions;

pub(crate) use call::{Call, DirectorHandle, calls};
pub use call::{Joined, StageLevels};
pub(crate) use outputs::Destinations;
pub use pages::{PAGE_MESSAGES_MAX, PageId, PageMessage, PageSender};
pub(crate) use run::Director;
