//! Where the room's output goes: to the rings and documents everyone reads, to the recorder, and its events to the director.
//!
//! Runs on the room's thread, so nothing here waits: rings overwrite, queues refuse and say so.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use stentor_core::SeatId;
use stentor_core::admission::Rung;
use stentor_core::timeline::SAMPLES_PER_MS;
use stentor_edge::{
    CacheClass, Document, DocumentError, Edge, PublishError, Stream, StreamError, StreamSpec, Told,
};
use stentor_media::package::{Packager, Published, StemChunk, StemPackager};
use stentor_media::rendition::{Rendition, SEGMENT_MS};
use stentor_studio::{RoomEvent, RoomSink};

use crate::director::{Call, DirectorHandle};
use crate::event::keeper::Keeper;
use crate::recorder::{Recorder, Track};

/// How far back a stream's chunks can be had, ms: the depth of gap repair, and of the published manifest.
const RING_MS: u32 = 30_000;
/// How often listeners are sent bytes at rest, ms.
const FLUSH_MS: u32 = Rung::REST.flush_ms();
/// A ring holds the longest burst twice, or a newcomer could be overtaken while taking it.
const _: () = assert!(RING_MS >= 2 * Rung::CHEAPEST.burst_ms());
/// Listeners of one stream of the direct face.
const LISTENERS_MAX: usize = 1_000_000;
/// Listeners of the Ogg face, which no CDN can share: capped apart (DESIGN §5).
const OGG_LISTENERS_MAX: usize = 2_000;
/// Segments that can be had: what the playlist lists, as much again for players that lag, and the one being written.
const SEGMENTS_KEPT: usize = stentor_media::package::hls::SEGMENTS_AVAILABLE_MIN;
/// Seconds a media playlist may be kept: less than half a segment, or players would find nothing new.
const PLAYLIST_KEPT_S: u32 = 1;
/// Seconds the multivariant playlist may be kept; it never changes while an event lives.
const MULTIVARIANT_KEPT_S: u32 = 60;
/// Seconds a manifest may be kept.
const MANIFEST_KEPT_S: u32 = 1;

/// The streams of one event.
pub(crate) struct Streams {
    base: String,
    direct: [Arc<Stream>; 3],
    segments: [Arc<Stream>; 3],
    ogg: Arc<Stream>,
}

impl Streams {
    /// Opens the streams of the event at `/e/slug` and publishes what does not change.
    ///
    /// # Errors
    /// Ours or the operator's: the edge is full.
    pub(crate) fn open(edge: &Edge, slug: &str) -> Result<Self, ProgrammeError> {
        let base = format!("/e/{slug}");
        let each = |open: &dyn Fn(Rendition) -> Result<Arc<Stream>, StreamError>| {
            let [full, mid, low] = Rendition::ALL.map(open);
            Ok::<_, StreamError>([full?, mid?, low?])
        };
        let direct = each(&|rendition| {
            let stream = edge.open_stream(direct_spec(&base, rendition))?;
            stream.set_head(Packager::head());
            Ok(stream)
        })?;
        let segments = each(&|rendition| edge.open_stream(segment_spec(&base, rendition)))?;
        edge.make_family(&direct, true);
        let ogg = edge.open_stream(ogg_spec(&base))?;
        // Nothing but sound fits between its pages.
        edge.make_family(std::slice::from_ref(&ogg), false);
        ogg.set_head(Packager::ogg_head());
        let multivariant = Document::new(
            "application/vnd.apple.mpegurl",
            CacheClass::Short(MULTIVARIANT_KEPT_S),
            Packager::multivariant_playlist(),
        );
        edge.documents()
            .put(&format!("{base}/index.m3u8"), multivariant)?;
        Ok(Self {
            base,
            direct,
            segments,
            ogg,
        })
    }

    /// Closes the streams of an event that could not be opened.
    pub(crate) fn close(edge: &Edge, slug: &str) {
        let base = format!("/e/{slug}");
        for rendition in Rendition::ALL {
            edge.close_stream(&direct_path(&base, rendition));
            edge.close_stream(&segment_path(&base, rendition));
        }
        edge.close_stream(&ogg_path(&base));
    }

    /// Those with listeners of their own.
    pub(crate) fn listened(&self) -> Vec<Arc<Stream>> {
        self.direct.iter().chain([&self.ogg]).cloned().collect()
    }
}

fn direct_path(base: &str, rendition: Rendition) -> String {
    format!("{base}/{}", rendition.name())
}

fn segment_path(base: &str, rendition: Rendition) -> String {
    format!("{base}/{}/hls", rendition.name())
}

fn ogg_path(base: &str) -> String {
    format!("{base}/ogg")
}

/// What a newcomer is given at once at rest, ms: what the rung says, or more where a single chunk is longer.
const fn burst_ms(chunk_ms: u32) -> u32 {
    let needed = chunk_ms + chunk_ms / 4 + 200;
    let rest = Rung::REST.burst_ms();
    if needed > rest { needed } else { rest }
}

/// What tells a listener how it is served: as on which rung, how often it is sent bytes, how much sound it must hold for that,
/// and, when this server leaves, for how long yet.
pub(crate) fn word(told: Told) -> Bytes {
    let mut json = format!(
        "{{\"v\":1,\"rung\":{},\"flush_ms\":{},\"hold_ms\":{}",
        told.rung.number(),
        told.flush_ms,
        told.hold_ms
    );
    if let Some(ms) = told.leaves_in_ms {
        json.push_str(&format!(",\"leaves_in_ms\":{ms}"));
    }
    json.push('}');
    stentor_media::package::cadence(&json)
}

fn direct_spec(base: &str, rendition: Rendition) -> StreamSpec {
    let chunk_ms = rendition.chunk_ms();
    StreamSpec {
        path: direct_path(base, rendition),
        live_name: Some("live.mp4".to_owned()),
        chunk_ext: Some("m4s".to_owned()),
        head_name: Some("init.mp4".to_owned()),
        content_type: "audio/mp4".to_owned(),
        chunk_ms,
        flush_ms: FLUSH_MS,
        burst_ms: burst_ms(chunk_ms),
        ring_chunks: (RING_MS / chunk_ms) as usize,
        listeners_max: LISTENERS_MAX,
    }
}

fn segment_spec(base: &str, rendition: Rendition) -> StreamSpec {
    StreamSpec {
        path: segment_path(base, rendition),
        live_name: None,
        chunk_ext: Some("m4s".to_owned()),
        head_name: None,
        content_type: "audio/mp4".to_owned(),
        chunk_ms: SEGMENT_MS,
        flush_ms: SEGMENT_MS,
        burst_ms: SEGMENT_MS,
        ring_chunks: SEGMENTS_KEPT,
        listeners_max: 0,
    }
}

fn ogg_spec(base: &str) -> StreamSpec {
    let chunk_ms = Rendition::Full.chunk_ms();
    StreamSpec {
        path: ogg_path(base),
        live_name: Some("live.ogg".to_owned()),
        chunk_ext: None,
        head_name: None,
        content_type: "audio/ogg".to_owned(),
        chunk_ms,
        flush_ms: FLUSH_MS,
        burst_ms: burst_ms(chunk_ms),
        ring_chunks: (RING_MS / chunk_ms) as usize,
        listeners_max: OGG_LISTENERS_MAX,
    }
}

/// The room's sink.
pub(crate) struct Sink {
    pub(crate) edge: Edge,
    pub(crate) streams: Streams,
    pub(crate) recorder: Option<Recorder>,
    /// Whether the event is on air: what is said before and after is nobody's record.
    pub(crate) recording: Arc<AtomicBool>,
    pub(crate) keeper: Keeper,
    /// The media playlists as last published, by rendition.
    pub(crate) playlists: [String; 3],
    /// Whether the event is over, not only this process.
    pub(crate) over: Arc<AtomicBool>,
    pub(crate) director: DirectorHandle,
}

impl Sink {
    fn is_recording(&self) -> bool {
        self.recording.load(Ordering::Relaxed)
    }

    fn put(&self, below: &str, document: Document) {
        if let Err(error) = self
            .edge
            .documents()
            .put(&format!("{}{below}", self.streams.base), document)
        {
            tracing::error!(%error, "cannot be published");
        }
    }

    fn publish(stream: &Stream, sequence: u64, bytes: Bytes) {
        match stream.publish(sequence, bytes) {
            // An ended stream takes nothing more: the event is over.
            Ok(()) | Err(PublishError::Ended) => {}
            Err(error) => {
                tracing::error!(%error, path = stream.spec().path, "a chunk was not published")
            }
        }
    }

    fn chunk(&self, chunk: stentor_media::package::Chunk) {
        if chunk.rendition == Rendition::Full && self.is_recording() {
            self.record(Track::Programme, Packager::head(), chunk.bytes.clone());
        }
        if chunk.rendition == Rendition::Low {
            // The longest chunks end where chunks of every rendition end.
            let samples = u64::from(chunk.duration_ms) * SAMPLES_PER_MS;
            self.keeper.position((chunk.sequence + 1) * samples);
        }
        Self::publish(
            &self.streams.direct[chunk.rendition as usize],
            chunk.sequence,
            chunk.bytes,
        );
    }

    fn record(&self, track: Track, head: Bytes, chunk: Bytes) {
        if let Some(recorder) = &self.recorder {
            // A chunk that finds the queue full is lost, and the recorder tells.
            recorder.chunk(track, head, chunk);
        }
    }
}

impl Drop for Sink {
    /// The room has stopped. Players of an event that is over are told that nothing follows (RFC 8216 section 4.3.3.4).
    fn drop(&mut self) {
        if !self.over.load(Ordering::Relaxed) {
            return;
        }
        for rendition in Rendition::ALL {
            let playlist = std::mem::take(&mut self.playlists[rendition as usize]);
            if !playlist.is_empty() {
                let ended = format!("{playlist}#EXT-X-ENDLIST\n");
                let cache = CacheClass::Short(PLAYLIST_KEPT_S);
                let document = Document::new("application/vnd.apple.mpegurl", cache, ended);
                self.put(&format!("/{}/index.m3u8", rendition.name()), document);
            }
        }
    }
}

impl RoomSink for Sink {
    fn published(&mut self, published: Published) {
        match published {
            Published::Chunk(chunk) => self.chunk(chunk),
            Published::Segment {
                rendition,
                number,
                bytes,
            } => {
                Self::publish(&self.streams.segments[rendition as usize], number, bytes);
            }
            Published::Ogg { sequence, bytes } => Self::publish(&self.streams.ogg, sequence, bytes),
            Published::Playlist { rendition, text } => {
                self.playlists[rendition as usize].clone_from(&text);
                let cache = CacheClass::Short(PLAYLIST_KEPT_S);
                let document = Document::new("application/vnd.apple.mpegurl", cache, text);
                self.put(&format!("/{}/index.m3u8", rendition.name()), document);
            }
            Published::Manifest { rendition, json } => {
                let document =
                    Document::new("application/json", CacheClass::Short(MANIFEST_KEPT_S), json);
                self.put(&format!("/{}/manifest.json", rendition.name()), document);
            }
        }
    }

    fn stem(&mut self, seat: SeatId, chunk: StemChunk) {
        // The room makes stems of what is on air only; the last one comes when the event has just ended.
        self.record(Track::Speaker(seat), StemPackager::head(), chunk.bytes);
    }

    fn event(&mut self, event: RoomEvent) {
        if !self.director.try_call(Call::Room(event)) {
            tracing::error!("the director does not keep up: an event of the room is lost");
        }
    }
}

/// Why an event's programme cannot be published.
#[derive(Debug)]
pub(crate) enum ProgrammeError {
    Stream(StreamError),
    Document(DocumentError),
}

impl From<StreamError> for ProgrammeError {
    fn from(error: StreamError) -> Self {
        Self::Stream(error)
    }
}

impl From<DocumentError> for ProgrammeError {
    fn from(error: DocumentError) -> Self {
        Self::Document(error)
    }
}

impl fmt::Display for ProgrammeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(error) => error.fmt(f),
            Self::Document(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ProgrammeError {}
