//! The programme as it is published: the streams of an event, and the room's way into them.
//!
//! It decides nothing about the sound: chunks come packaged, and go on as bytes.

mod cadence;
mod heads;
mod past;
mod paths;
mod sink;
mod streams;

pub use cadence::cadence_box;
pub(crate) use heads::Heads;
pub(crate) use past::{PastPublisher, withdraw_past};
pub(crate) use paths::event_path;
pub(crate) use sink::Sink;
pub(crate) use streams::{Streams, StreamsError};
