//! Reminders by mail: who asked for them, kept until the event is over; and the mails, written and handed over.
//!
//! Who is told what and when is decided in [`stentor_core::reminders`]; that a mail reaches a server is for
//! [`stentor_cluster::mail`]. This is what lies between: the addresses in the store, the links in the mails, the words.
//!
//! No address is in any error or line of the log, and none is in memory for longer than it takes to write it down or to write to it.

mod courier;
mod job;
mod letter;
mod occasion;
mod service;
mod stored;
#[cfg(test)]
mod tests;
mod token;
mod when;

pub use courier::SENDING_MAX;
pub use occasion::Occasion;
pub use service::{AskError, EVENTS_MAX, ReminderParts, ReminderStats, Reminders, Shown};
pub use token::TOKEN_CHARS;
