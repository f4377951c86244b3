//! The events of a store: read, made, and brought back as conversations.
//!
//! Each event is three records under its address. What only an operator changes is one, small, so that listing events
//! decodes no conversation; its conversation, with title and beginning, is another; how far its programme was published the
//! third. No field is in two of them. A fourth waits there while something is to be changed that whoever runs the event has not
//! changed yet: only one process writes a conversation. One event that cannot be read is told about and passed over: it must not take the
//! others with it.

mod amending;
mod store;

pub use crate::amendment::Amendment;
pub(crate) use amending::{Asked, asked};
pub use amending::{ask, carry_out, is_asked};
pub(crate) use store::{
    CONVERSATION, KeptState, POSITION, PublishedSoFar, Unreadable, key, language,
    stored_events_telling,
};
pub use store::{CatalogError, Restored, is_stored, restore, store_event, stored_events};
