//! Blobs: named sequences of bytes, for recordings and replays.
//!
//! A blob is read whole, or a range of it; it is made whole, or by a writer: one that appends to what is there while
//! others already read it (a recording), or one whose bytes are seen when all of them are there (a replay). One writer at a
//! time has a key.
//!
//! It is not a cache, and not for what a listener needs in order to hear: that is in rings. Whoever sends a blob to
//! many asks where it lies ([`Blobs::local_path`]) and lets the system copy it.

mod blocking;
mod error;
mod files;
mod folder;
mod store;
mod writer;

pub use blocking::{BlobReader, BlobSink};
pub use error::BlobsError;
pub use folder::FolderBlobs;
pub use store::{
    BlobEntry, BlobWriter, Blobs, LISTED_MAX, PART_ENDING, RANGE_BYTES_MAX, SCANNED_MAX,
    WHOLE_BYTES_MAX, WRITERS_MAX,
};
pub(crate) use store::{check_bytes, check_key};
