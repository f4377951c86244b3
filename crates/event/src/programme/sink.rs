//! Where the room's output goes: to the rings and documents everyone reads, to the recorder, and its state to the director.
//!
//! Runs on the room's thread, so nothing here waits: rings overwrite, the recorder's queue refuses and says so, and of what
//! is reported the newest counts.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use stentor_core::SeatId;
use stentor_core::timeline::SAMPLES_PER_MS;
use stentor_edge::{CacheClass, Document, Edge, PublishError, Stream};
use stentor_media::package::{Packager, Published, StemChunk};
use stentor_media::record::PIECE_SAMPLES;
use stentor_media::rendition::Rendition;
use stentor_studio::{RoomLevels, RoomSink, RoomStatus};
use tokio::sync::oneshot;

use super::paths::{manifest_path, playlist_path};
use super::streams::Streams;
use crate::air::Air;
use crate::counters::{Counters, add};
use crate::recorder::{Recorder, RecordingTrack};
use crate::reports::Reporter;
use crate::snapshot_writer::SnapshotWriter;
use crate::transcode::Feed;

/// Seconds a media playlist may be kept: less than half a segment, or players would find nothing new.
const PLAYLIST_KEPT_S: u32 = 1;
/// Seconds a manifest may be kept.
const MANIFEST_KEPT_S: u32 = 1;

/// The room's sink.
pub(crate) struct Sink {
    pub(crate) edge: Edge,
    pub(crate) streams: Streams,
    pub(crate) recorder: Option<Recorder>,
    /// Where AAC and MP3 are made of the best rendition; `None` where nothing makes them.
    pub(crate) transcoder: Option<Feed>,
    pub(crate) air: Arc<Air>,
    pub(crate) snapshots: SnapshotWriter,
    /// The media playlists as last published, by rendition.
    pub(crate) playlists: [String; 3],
    /// Whether the event is over, not only this process.
    pub(crate) over: Arc<AtomicBool>,
    pub(crate) reporter: Reporter,
    pub(crate) counters: Arc<Counters>,
    /// The last page of the Ogg face.
    pub(crate) ogg_sequence: Option<u64>,
    /// Closed with it: then nothing of the programme can be published any more.
    pub(crate) _publishes: Arc<oneshot::Sender<Infallible>>,
    /// Nothing of the programme comes but what leads up to it.
    pub(crate) suspended: bool,
}

impl Sink {
    /// What is said before and after is nobody's record, and what leads up to a programme that is resumed was said before.
    fn is_recording(&self) -> bool {
        self.air.is_on() && self.air.records() && !self.suspended
    }

    fn put(&self, path: &str, document: Document) {
        let demand = &self.streams.demand;
        if let Err(error) = self.edge.documents().put_marking(path, document, demand) {
            add(&self.counters.documents_not_published, 1);
            tracing::error!(%error, "cannot be published");
        }
    }

    fn put_playlist(&self, rendition: Rendition, text: String) {
        let cache = CacheClass::Short(PLAYLIST_KEPT_S);
        let document = Document::new("application/vnd.apple.mpegurl", cache, text);
        self.put(&playlist_path(&self.streams.base, rendition), document);
    }

    fn publish(&self, stream: &Stream, sequence: u64, bytes: Bytes) {
        match stream.publish(sequence, bytes) {
            // An ended stream takes nothing more: the event is over.
            Ok(()) | Err(PublishError::Ended) => {}
            Err(error) => {
                add(&self.counters.chunks_not_published, 1);
                tracing::error!(%error, path = stream.spec().path, "a chunk was not published");
            }
        }
    }

    fn chunk(&self, chunk: stentor_media::package::Chunk) {
        if chunk.rendition == Rendition::Full {
            if self.is_recording() {
                self.record(RecordingTrack::Programme, chunk.bytes.clone());
            }
            self.tell_passed((chunk.sequence + 1) * Rendition::Full.chunk_samples());
        }
        if chunk.rendition == Rendition::Full
            && let Some(transcoder) = &self.transcoder
        {
            transcoder.chunk(chunk.sequence, chunk.bytes.clone());
        }
        if chunk.rendition == Rendition::Low {
            // The longest chunks end where chunks of every rendition end.
            let samples = u64::from(chunk.duration_ms) * SAMPLES_PER_MS;
            self.snapshots.position((chunk.sequence + 1) * samples);
        }
        self.publish(
            &self.streams.direct[chunk.rendition as usize],
            chunk.sequence,
            chunk.bytes,
        );
    }

    /// What can be heard again goes as far as the end of a piece, whether or not anything was recorded there.
    fn tell_passed(&self, position: u64) {
        if position.is_multiple_of(PIECE_SAMPLES)
            && let Some(recorder) = &self.recorder
        {
            recorder.passed(position);
        }
    }

    fn record(&self, recording: RecordingTrack, chunk: Bytes) {
        if let Some(recorder) = &self.recorder {
            // A chunk that finds the queue full is lost, and the recorder tells.
            recorder.chunk(recording, chunk);
        }
    }
}

impl Drop for Sink {
    /// The room has stopped. Players of an event that is over are told that nothing follows (RFC 3533 section 6, RFC 8216 section 4.3.3.4);
    /// those of a server that leaves are not.
    fn drop(&mut self) {
        if !self.over.load(Ordering::Relaxed) {
            return;
        }
        if let Some(transcoder) = &self.transcoder {
            transcoder.over();
        }
        if let Some(sequence) = self.ogg_sequence {
            let last = Packager::last_ogg_page(sequence);
            for ogg in &self.streams.ogg {
                self.publish(ogg, sequence + 1, last.clone());
            }
        }
        for stream in self.streams.of_room() {
            stream.end();
        }
        let playlists = std::mem::take(&mut self.playlists);
        if playlists.iter().any(String::is_empty) {
            // It ends before anything was listed, or while it was suspended.
            let said = Streams::say_that_listings_are_gone(&self.edge, &self.streams.base);
            if let Err(error) = said {
                tracing::error!(%error, "whoever asks for a playlist waits in vain");
            }
            return;
        }
        for (rendition, playlist) in Rendition::ALL.into_iter().zip(playlists) {
            self.put_playlist(rendition, format!("{playlist}#EXT-X-ENDLIST\n"));
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
                self.publish(&self.streams.segments[rendition as usize], number, bytes);
            }
            Published::Ogg { sequence, bytes } => {
                self.ogg_sequence = Some(sequence);
                for ogg in &self.streams.ogg {
                    self.publish(ogg, sequence, bytes.clone());
                }
            }
            Published::Playlist {
                rendition,
                counts,
                text,
            } => {
                self.snapshots.playlists(counts);
                self.playlists[rendition as usize].clone_from(&text);
                self.put_playlist(rendition, text);
            }
            Published::Manifest { rendition, json } => {
                let document =
                    Document::new("application/json", CacheClass::Short(MANIFEST_KEPT_S), json);
                self.put(&manifest_path(&self.streams.base, rendition), document);
            }
        }
    }

    fn suspended(&mut self) {
        self.suspended = true;
        if let Some(transcoder) = &self.transcoder {
            transcoder.suspended();
        }
        self.playlists = Default::default();
        for stream in self.streams.of_room() {
            stream.suspend();
        }
        if let Err(error) = self.streams.await_documents(&self.edge) {
            tracing::error!(%error, "what is listed of the programme stays as it was");
        }
    }

    fn resumed(&mut self) {
        self.suspended = false;
        for stream in self.streams.of_room() {
            stream.resume();
        }
    }

    fn stem(&mut self, seat: SeatId, chunk: StemChunk) {
        // The room makes stems of what is on air only; the last one comes when the event has just ended.
        if !self.air.records() {
            return;
        }
        self.record(RecordingTrack::Speaker(seat), chunk.bytes);
    }

    fn state(&mut self, state: RoomStatus) {
        self.reporter.room(state);
    }

    fn levels(&mut self, levels: RoomLevels) {
        self.reporter.levels(levels);
    }
}
