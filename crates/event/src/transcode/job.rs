//! What the programme tells whoever makes AAC and MP3 of it, and with what that begins.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use stentor_media::package::hls::PlaylistCounts;
use tokio::sync::oneshot;

use super::faces::Faces;
use super::program::Ffmpeg;

/// What the programme tells.
pub(super) enum Job {
    /// The next chunk of the best rendition.
    Chunk {
        /// Its number.
        sequence: u64,
        /// Its boxes.
        bytes: Bytes,
    },
    /// Nothing will come until it resumes.
    Suspended,
    /// Nothing will come, and the event is over.
    Over,
}

/// What AAC and MP3 of a programme are made with.
pub(crate) struct FeedParts {
    pub(crate) ffmpeg: Arc<Ffmpeg>,
    /// The event's address, for the log.
    pub(crate) event: String,
    pub(crate) epoch_unix_ms: i64,
    /// What playlists go on from.
    pub(crate) playlists: PlaylistCounts,
    pub(crate) faces: Faces,
    /// Held until nothing can be published any more.
    pub(crate) publishes: Arc<oneshot::Sender<Infallible>>,
}
