//! What a packager gives out.

use bytes::Bytes;

use super::hls::PlaylistCounts;
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
        /// What the next run of the server goes on from.
        counts: PlaylistCounts,
        /// The playlist (RFC 8216).
        text: String,
    },
    /// The manifest of a rendition's last chunks, anew every 1.2 s.
    Manifest {
        /// Which encoding.
        rendition: Rendition,
        /// A [`Manifest`](super::manifest::Manifest) as JSON.
        json: String,
    },
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
