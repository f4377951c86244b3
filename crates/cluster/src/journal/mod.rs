//! Journal: streams of entries that are only ever appended, each with its number; for what happened, in the order it
//! happened in.
//!
//! It is bounded: a stream that reaches its limit loses its oldest entries, and says so to whoever appends and whoever
//! reads; a journal that reaches its own takes nothing more, so that one event never costs another its past.
//!
//! It is not a bus (nobody is told of an entry), not a proof (entries are not chained: whoever needs that chains them),
//! and not for what is replaced (that is a record).

mod entry;
mod error;
mod sqlite;
mod store;

pub use entry::{Appended, Bounds, Entry};
pub use error::JournalError;
pub use sqlite::{JournalLimits, SqliteJournal};
pub use store::{
    APPENDED_BYTES_MAX, APPENDED_MAX, ENTRY_BYTES_MAX, Journal, READ_BYTES_MAX, READ_MAX,
    STREAMS_MAX,
};
