//! Packaging: from the mixed programme to the bytes that listeners read.
//!
//! [`Packager`] encodes the programme once per rendition and cuts it into CMAF chunks, HLS segments with their playlists,
//! Ogg pages and manifests; [`StemPackager`] does the same, in chunks only, for the recording of one speaker. All numbers
//! follow from the position on the event's timeline, so a server that was killed takes them up where the clock says.
//!
//! Nothing here opens a file, a socket or a clock, and nothing here knows who listens.

pub(crate) mod cmaf;
mod encoding;
mod error;
pub mod hls;
pub mod manifest;
pub mod ogg;
mod packager;
mod published;
mod stem;

pub use cmaf::{NOTICE_VALUE, PRE_SKIP_SAMPLES, cadence};
pub use error::PackageError;
pub use packager::{LEAD_IN_MS, NOTICE_BYTES_MAX, NOTICES_PENDING_MAX, Packager, PackagerConfig};
pub use published::{Chunk, Published};
pub use stem::{STEM_CHUNK_SAMPLES, StemChunk, StemPackager};
