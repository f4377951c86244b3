//! Records: which events there are, in which state each is, and how far its programme was published.
//!
//! The trait is synchronous: an embedded database answers in microseconds and syncs the disk in milliseconds, so
//! callers on an event loop go through a blocking thread. Every method either has done what it says when it
//! returns, durably, or returns an error and has done nothing.
//!
//! It is not a queue and not a log: of each event only the newest state is kept.

pub mod conformance;
mod error;
mod schema;
mod sqlite;

pub use error::{Fault, StoreError};
pub use sqlite::SqliteStore;

/// Bytes of one state. The largest conversation takes about a tenth of it; more is refused.
pub const SNAPSHOT_BYTES_MAX: usize = 512 * 1024;

/// Events given by [`Store::events`]: the newest. Older ones are still found by name.
pub const EVENTS_LISTED_MAX: usize = 1_000;

/// What never changes about an event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventRecord {
    /// The last part of its address; its name in every call. What a slug may be is the caller's rule.
    pub slug: String,
    /// As listeners read it.
    pub title: String,
    /// Language of its page where none is asked for.
    pub lang: String,
    /// Position 0 of its timeline, in milliseconds since 1970; fixed for ever.
    pub epoch_unix_ms: i64,
    /// When the record was made, in milliseconds since 1970.
    pub created_unix_ms: i64,
    /// The announced beginning, in milliseconds since 1970.
    pub starts_unix_ms: Option<i64>,
    /// When its invitation links end, in seconds since 1970.
    pub links_expire_unix_s: i64,
    /// Number of the rung of the ladder on which its doors open.
    pub opens_at: u8,
}

/// A store of records. Shared by threads; more than one process may have it open.
pub trait Store: Send + Sync {
    /// Makes an event and its first state, both or neither.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if the name is taken, [`StoreError::TooBig`] for the state; the operator's otherwise.
    fn create_event(&self, event: &EventRecord, snapshot: &[u8]) -> Result<(), StoreError>;

    /// An event by its name.
    ///
    /// # Errors
    /// The operator's.
    fn event(&self, slug: &str) -> Result<Option<EventRecord>, StoreError>;

    /// The newest events ([`EVENTS_LISTED_MAX`]), in the order they were made.
    ///
    /// # Errors
    /// The operator's.
    fn events(&self) -> Result<Vec<EventRecord>, StoreError>;

    /// Replaces the state of an event. What the bytes mean, and their version, is the caller's affair.
    ///
    /// # Errors
    /// [`StoreError::NoEvent`], [`StoreError::TooBig`]; the operator's otherwise.
    fn save_snapshot(&self, slug: &str, snapshot: &[u8]) -> Result<(), StoreError>;

    /// The state of an event as last saved; `None` if there is no such event.
    ///
    /// # Errors
    /// The operator's.
    fn snapshot(&self, slug: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Says how far the programme was published: the position after the last sample, in samples since the epoch. It
    /// only grows: a lower one changes nothing, so that a late writer cannot let a position be used twice.
    ///
    /// # Errors
    /// [`StoreError::NoEvent`], [`StoreError::PositionTooBig`]; the operator's otherwise.
    fn save_position(&self, slug: &str, position: u64) -> Result<(), StoreError>;

    /// How far the programme was published; 0 if it never was, or if there is no such event.
    ///
    /// # Errors
    /// The operator's.
    fn position(&self, slug: &str) -> Result<u64, StoreError>;
}
