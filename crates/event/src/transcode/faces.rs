//! Where AAC and MP3 of a programme are published.

use std::sync::Arc;

use stentor_edge::{CacheClass, Demand, Document, Edge, PublishError, Stream};
use stentor_media::transcode::Transcoded;

use crate::counters::{Counters, add};

/// Seconds the playlist may be kept: as that of every other rendition.
const PLAYLIST_KEPT_S: u32 = 1;

/// The HLS rendition of AAC and the endless stream of MP3.
pub(crate) struct Faces {
    pub(crate) edge: Edge,
    /// Marked by whoever asks for the programme.
    pub(crate) demand: Arc<Demand>,
    pub(crate) segments: Arc<Stream>,
    pub(crate) mp3: Arc<Stream>,
    /// Where the media playlist of AAC is.
    pub(crate) playlist_path: String,
    /// What is said there of a programme that is over and was never listed.
    pub(crate) farewell: String,
    pub(crate) counters: Arc<Counters>,
}

impl Faces {
    /// Publishes a segment or a chunk.
    pub(super) fn publish(&self, piece: Transcoded) {
        let (stream, number, bytes) = match piece {
            Transcoded::Segment { number, bytes } => (&self.segments, number, bytes),
            Transcoded::Mp3 { sequence, bytes } => (&self.mp3, sequence, bytes),
        };
        match stream.publish(number, bytes) {
            Ok(()) | Err(PublishError::Ended) => {}
            Err(error) => {
                add(&self.counters.chunks_not_published, 1);
                tracing::error!(%error, path = stream.spec().path, "a chunk was not published");
            }
        }
    }

    /// Publishes the playlist.
    pub(super) fn list(&self, text: String) {
        let cache = CacheClass::Short(PLAYLIST_KEPT_S);
        let document = Document::new("application/vnd.apple.mpegurl", cache, text);
        let documents = self.edge.documents();
        self.told(documents.put_marking(&self.playlist_path, document, &self.demand));
    }

    /// Nothing is made any more until somebody asks: what there is, is of the past.
    pub(super) fn suspend(&self) {
        self.segments.suspend();
        self.mp3.suspend();
        let documents = self.edge.documents();
        self.told(documents.await_demand(&self.playlist_path, &self.demand));
    }

    /// Who has waited is served.
    pub(super) fn resume(&self) {
        self.segments.resume();
        self.mp3.resume();
    }

    /// The programme is over; this was listed last.
    pub(super) fn end(&self, playlist: Option<String>) {
        self.segments.end();
        self.mp3.end();
        match playlist {
            Some(playlist) => self.list(format!("{playlist}#EXT-X-ENDLIST\n")),
            None => {
                let documents = self.edge.documents();
                self.told(documents.put_gone(&self.playlist_path, &self.farewell));
            }
        }
    }

    fn told<E: std::error::Error>(&self, put: Result<(), E>) {
        if let Err(error) = put {
            add(&self.counters.documents_not_published, 1);
            tracing::error!(%error, path = self.playlist_path, "cannot be published");
        }
    }
}
