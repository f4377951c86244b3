//! One task per event: the only place where that event's conversation is stepped.
//!
//! What is wanted comes in as a [`Call`], what is so as a [report](crate::reports); what the conversation wants done goes out to the room, the pages, the store and the
//! published documents. It decides nothing itself, and never waits for a page or a listener; for the store it waits half a second at most, and only where something has happened that nobody may be told before it is kept.

mod call;
mod evening;
mod outputs;
mod pages;
mod room;
mod room_changes;
mod run;
mod sessions;
#[cfg(test)]
mod tests;

pub use call::{Acted, Joined};
pub(crate) use call::{Call, DirectorHandle, Reserved, calls};
pub(crate) use outputs::Destinations;
pub use pages::{OfferingPage, PAGE_MESSAGES_MAX, PageMessage, PageSender};
pub(crate) use room::DirectedRoom;
pub(crate) use run::DirectorParts;
