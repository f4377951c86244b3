//! Packaging: from the mixed programme to the bytes that listeners read.
//!
//! [`Packager`] encodes the programme once per rendition and cuts it into CMAF chunks, HLS segments with their playlists,
//! Ogg pages and manifests; [`StemPackager`] does the same, in chunks only, for the recording of one speaker. All numbers
//! follow from the position on the event's timeline, so a server that was killed takes them up where the clock says.
//!
//! Nothing here opens a file, a socket or a clock, and nothing here knows who listens.

pub(crate) mod cmaf;
mod encoding;
pub mod hls;
pub mod manifest;
pub mod ogg;
mod packager;
mod stem;

use std::fmt;

use bytes::Bytes;

pub use cmaf::{NOTICE_VALUE, PRE_SKIP_SAMPLES};
pub use packager::{NOTICE_BYTES_MAX, NOTICES_PENDING_MAX, Packager, PackagerConfig};
pub use stem::{STEM_CHUNK_SAMPLES, StemChunk, StemPackager};

use crate::opus::CodecError;
use crate::rendition::Rendition;

/// Something that is ready to go out. Bodies are immutable and shared: cloning copies no sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// The next chunk of a rendition.
    Chunk(Chunk),
    /// A whole HLS segment: the chunks of 3.6 s one after the other.
    Segment {
        /// Which encoding.
        rendition: Rendition,
        /// Position of the segment divided by its length; never used twice for different sound.
        number: u64,
        /// The chunks, concatenated.
        bytes: Bytes,
    },
    /// The next Ogg page, 200 ms of the 48 kbit/s rendition.
    Ogg {
        /// Counts like the chunks of [`Rendition::Full`].
        sequence: u64,
        /// One whole page.
        bytes: Bytes,
    },
    /// The HLS media playlist of a rendition, anew after each segment.
    Playlist {
        /// Which encoding.
        rendition: Rendition,
        /// The playlist (RFC 8216).
        text: String,
    },
    /// The manifest of a rendition's last chunks, anew every 1.2 s.
    Manifest {
        /// Which encoding.
        rendition: Rendition,
        /// A [`manifest::Manifest`] as JSON.
        json: String,
    },
}

/// A box that tells one listener how it is served from here on; it stands between two chunks and belongs to neither.
/// `json` is the payload.
#[must_use]
pub fn cadence(json: &str) -> Bytes {
    Bytes::from(cmaf::cadence(json.as_bytes()))
}

/// The smallest published piece of a rendition: `[emsg]* prft moof mdat`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Which encoding.
    pub rendition: Rendition,
    /// Position of the chunk divided by its length.
    pub sequence: u64,
    /// The boxes.
    pub bytes: Bytes,
    /// When its first sample was captured, in microseconds since 1970.
    pub capture_unix_us: i64,
    /// SHA-256 of `bytes`.
    pub sha256: [u8; 32],
    /// How long it sounds.
    pub duration_ms: u32,
}

/// Why something could not be packaged as asked. All are our own fault: the caller is another part of Stentor.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PackageError {
    /// The programme must begin where the chunks of all renditions begin together; a stem at a tick.
    Misaligned {
        /// The position that was given, in samples.
        got: u64,
        /// It must be a multiple of this, in samples.
        step: u64,
    },
    /// A notice is longer than a chunk may carry.
    NoticeTooLong {
        /// Length of the notice in bytes.
        got: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The encoder refused. The timeline goes on: silence of the right length stands in the place.
    Codec(CodecError),
}

impl fmt::Display for PackageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Misaligned { got, step } => {
                write!(
                    f,
                    "the first position must be a multiple of {step} samples and is {got}"
                )
            }
            Self::NoticeTooLong { got, limit } => {
                write!(f, "a notice may have {limit} bytes and has {got}")
            }
            Self::Codec(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PackageError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Codec(error) => Some(error),
            Self::Misaligned { .. } | Self::NoticeTooLong { .. } => None,
        }
    }
}

impl From<CodecError> for PackageError {
    fn from(error: CodecError) -> Self {
        Self::Codec(error)
    }
}
