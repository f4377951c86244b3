//! Where the streams of an event are found: `/e/slug` and what is below it.

use stentor_media::record::PIECE_HEAD_NAME;
use stentor_media::rendition::Rendition;

/// The event itself.
pub(crate) fn event_path(slug: &str) -> String {
    format!("/e/{slug}")
}

/// Chunks of one rendition.
pub(super) fn direct_path(base: &str, rendition: Rendition) -> String {
    format!("{base}/{}", rendition.name())
}

/// Segments of one rendition, for HLS.
pub(super) fn segment_path(base: &str, rendition: Rendition) -> String {
    format!("{base}/{}/hls", rendition.name())
}

/// The Ogg face.
pub(super) fn ogg_path(base: &str) -> String {
    format!("{base}/ogg")
}

/// The Ogg face for players that need no more than a moment to begin.
pub(super) fn ogg_now_path(base: &str) -> String {
    format!("{base}/ogg/now")
}

/// Segments of AAC, for HLS.
pub(super) fn aac_segment_path(base: &str) -> String {
    format!("{base}/aac/hls")
}

/// The media playlist of AAC.
pub(super) fn aac_playlist_path(base: &str) -> String {
    format!("{base}/aac/index.m3u8")
}

/// The MP3 face, which is in the folder of the event itself: people type it into radios.
pub(super) fn mp3_path(base: &str) -> String {
    base.to_owned()
}

/// The multivariant playlist.
pub(super) fn multivariant_path(base: &str) -> String {
    format!("{base}/index.m3u8")
}

/// The media playlist of one rendition.
pub(super) fn playlist_path(base: &str, rendition: Rendition) -> String {
    format!("{base}/{}/index.m3u8", rendition.name())
}

/// The manifest of one rendition.
pub(super) fn manifest_path(base: &str, rendition: Rendition) -> String {
    format!("{base}/{}/manifest.json", rendition.name())
}

/// The documents that list what there is of one rendition.
pub(super) fn listings(base: &str, rendition: Rendition) -> [String; 2] {
    [
        playlist_path(base, rendition),
        manifest_path(base, rendition),
    ]
}

/// What was said before, while the event is live: pieces of its recording.
pub(super) fn past_path(base: &str) -> String {
    format!("{base}/past")
}

/// The head of the pieces, and the documents that list them: as JSON, and as a playlist.
pub(super) fn past_documents(base: &str) -> [String; 3] {
    [PIECE_HEAD_NAME, "index.json", "index.m3u8"].map(|name| format!("{}/{name}", past_path(base)))
}
