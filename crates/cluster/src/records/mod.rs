//! Records: small states by kind and key, of which only the newest is kept, each with a version.
//!
//! A change names the version it was made from (compare-and-set), so no writer ever replaces what it has not seen: not a late
//! one, not a second one, not its own earlier write whose answer was lost. Changes that belong together are made together.
//!
//! It is not a queue and not a log (that is the journal), knows nothing of what the bytes mean, and lists small things:
//! what is listed often is kept apart from what is large, as two kinds.

mod error;
mod record;
mod sqlite;
mod store;

pub use error::RecordsError;
pub use record::{Change, Page, Record, Version};
pub use sqlite::SqliteRecords;
pub(crate) use store::check_changes;
pub use store::{CHANGES_MAX, LISTED_BYTES_MAX, LISTED_MAX, RECORD_BYTES_MAX, Records};
