//! Reminders by mail over HTTP: asked for on an event's page, confirmed and stopped by the links in mails.
//!
//! Nobody needs one to hear. A link is followed by scanners of mail before people see it, so that it shows a page with a button, and only what the
//! button sends does something; a mailbox's own button sends the same (RFC 8058). Nothing is set in a browser.

mod ask;
mod client;
mod language;
mod link;
mod page;

pub(crate) use ask::{BODY_BYTES_MAX, ask};
pub use client::Client;
pub(crate) use link::{press, show};
