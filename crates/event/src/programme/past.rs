//! Going back while an event is live: `/e/SLUG/past/`, cut from its recording, the same bytes for everyone.
//!
//! What a page fetches, in this order, to play from a moment on. Times are milliseconds since the timeline began: a moment less `epoch_unix_ms`.
//!
//! 1. `past/index.json` ([`RewindIndex`]; good for [`INDEX_KEPT_S`]). `recorded: false` and no `spans`: nobody can go back. A moment before the first
//!    span or between two of them: it begins where the next span does. A moment behind the last span: go on with 4.
//! 2. `past/init.mp4`, unless its player has the head of the live stream: that is as good.
//! 3. `past/N.m4s` with N = time / `piece_ms`, rounded down, and then N + 1 and so on, each a piece of fragmented MP4 whose decode times are those of
//!    the live stream. Where a span ends, the next one is at its beginning / `piece_ms`, and the player's clock is set there. A 404 in the middle
//!    of a span is a gap that was too short to be told: go on with N + 1.
//! 4. Behind the last span, up to a piece's length: `48/hls/M.m4s` with M = time / `segment_ms`, the immutable segments of HLS; those of the last
//!    75 s are there, a piece begins where a segment does, and a 404 there is asked again after a segment's time, or is a gap (the index tells).
//! 5. Live again when the player has caught up with the last segment, or at once: `48/live.mp4`, as anybody who comes.
//!
//! Players that know HLS only are given `past/index.m3u8`, in which they can go anywhere; it is one to two pieces behind what is live.
//!
//! What is read here comes from the file that the recorder writes, by ranges of bytes: no copy, nothing in memory but where each piece lies
//! ([`PIECES_MAX`](stentor_media::record::PIECES_MAX)). Every answer is short-lived although a piece never changes: what its host withholds or deletes no
//! cache may keep. Nothing here asks for the programme: who listens to what was said does not keep the mixer awake.

use std::sync::Arc;

use bytes::Bytes;
use stentor_edge::{
    CacheClass, Document, DocumentBody, DocumentError, Edge, FilePart, FileParts, PartsDocument,
};
use stentor_media::package::Packager;
use stentor_media::package::hls::SEGMENTS_AVAILABLE_MIN;
use stentor_media::record::{PIECE_EXTENSION, PIECE_MS, RewindIndex, rewind_playlist};
use stentor_media::rendition::SEGMENT_MS;

use super::paths::{past_documents, past_path};
use crate::air::Air;
use crate::compress::gzip;
use crate::counters::{Counters, add};
use crate::recorder::{Past, PastSink, SharedPieces};

/// Seconds the lists may be kept: they change every 28.8 s.
const INDEX_KEPT_S: u32 = 5;
/// Seconds a piece may be kept: as long as a crowd that goes back to the same moment takes to come, and no longer than a host who withholds it
/// would wait.
const PIECE_KEPT_S: u32 = 600;
/// Seconds the head may be kept.
const HEAD_KEPT_S: u32 = 600;
/// What is too new to be in a piece is among the segments, also when the recorder is a piece late.
const _: () = assert!(SEGMENTS_AVAILABLE_MIN as u32 * SEGMENT_MS >= 2 * PIECE_MS);

/// Shows what can be heard again of one event.
pub(crate) struct PastPublisher {
    pub(crate) edge: Edge,
    pub(crate) base: String,
    pub(crate) epoch_unix_ms: i64,
    pub(crate) air: Arc<Air>,
    pub(crate) counters: Arc<Counters>,
    /// Whether it was said last that what is on air is recorded.
    pub(crate) told_recorded: Option<bool>,
}

impl PastPublisher {
    fn publish(&mut self, past: &Past) -> Result<(), DocumentError> {
        let recorded = self.air.records();
        self.told_recorded = Some(recorded);
        let (index, playlist) = {
            let pieces = past.pieces.read();
            let index = RewindIndex::of(&pieces, self.epoch_unix_ms, recorded, past.ended);
            let listed = pieces.pieces();
            let playlist = rewind_playlist(listed, self.epoch_unix_ms, past.ended);
            (index, (!listed.is_empty()).then_some(playlist))
        };
        let documents = self.edge.documents();
        let [head_path, index_path, playlist_path] = past_documents(&self.base);
        let kept = CacheClass::Short(INDEX_KEPT_S);
        if let (Some(playlist), Some(file)) = (playlist, &past.file) {
            let head = CacheClass::Short(HEAD_KEPT_S);
            documents.put(
                &head_path,
                Document::new("audio/mp4", head, Packager::head()),
            )?;
            let parts = PartsDocument {
                content_type: "audio/mp4".to_owned(),
                cache: CacheClass::Short(PIECE_KEPT_S),
                file: file.clone(),
                extension: PIECE_EXTENSION.to_owned(),
                parts: Arc::new(Pieces(past.pieces.clone())),
            };
            documents.put_parts(&past_path(&self.base), parts)?;
            let playlist = Bytes::from(playlist);
            let mut document = Document::new("application/vnd.apple.mpegurl", kept, "");
            document.body = DocumentBody {
                gzip: gzip(&playlist),
                identity: playlist,
                br: None,
            };
            documents.put(&playlist_path, document)?;
        }
        documents.put(
            &index_path,
            Document::new("application/json", kept, index.to_json()),
        )
    }
}

impl PastSink for PastPublisher {
    fn show(&mut self, past: &Past) {
        if let Err(error) = self.publish(past) {
            add(&self.counters.documents_not_published, 1);
            tracing::error!(%error, path = self.base, "nobody can go back to what was said");
        }
    }

    fn look(&mut self, past: &Past) {
        if self.told_recorded != Some(self.air.records()) {
            self.show(past);
        }
    }
}

/// Where the pieces lie, for the edge.
struct Pieces(SharedPieces);

impl FileParts for Pieces {
    fn part(&self, number: u64) -> Option<FilePart> {
        let piece = self.0.read().get(number)?;
        Some(FilePart {
            offset: piece.offset,
            bytes: u64::from(piece.bytes),
        })
    }
}

/// Takes away what could be heard again of an event.
pub(crate) fn withdraw_past(edge: &Edge, base: &str) {
    edge.documents().remove_parts(&past_path(base));
    for path in past_documents(base) {
        edge.documents().remove(&path);
    }
}

#[cfg(test)]
mod tests {
    use http::{Request, Response};
    use stentor_core::event::Phase;
    use stentor_edge::EdgeConfig;
    use stentor_edge::faces::{Reply, answer};

    use super::*;

    const CHUNK_SAMPLES: u64 = 9_600;
    const CHUNK_BYTES: u64 = 1_350;
    const HOUR_MS: u64 = 3_600_000;

    /// An event on air, and its recording so far.
    struct Scene {
        publisher: PastPublisher,
        past: Past,
        bytes: u64,
        _folder: tempfile::TempDir,
    }

    impl Scene {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("programme.mp4");
            std::fs::write(&file, "").expect("it can be written");
            let air = Arc::new(Air::default());
            air.set(Phase::OnAir, true);
            let publisher = PastPublisher {
                edge: Edge::new(EdgeConfig::default()),
                base: "/e/talk".to_owned(),
                epoch_unix_ms: 1_795_377_600_000,
                air,
                counters: Arc::default(),
                told_recorded: None,
            };
            let past = Past {
                file: Some(file),
                ..Past::default()
            };
            Self {
                publisher,
                past,
                bytes: 0,
                _folder: folder,
            }
        }

        /// Records from and to a time, chunk by chunk, as the recorder does.
        fn record(&mut self, from_ms: u64, to_ms: u64) {
            for position in (from_ms * 48..to_ms * 48).step_by(CHUNK_SAMPLES as usize) {
                let bytes = self.bytes..self.bytes + CHUNK_BYTES;
                self.bytes = bytes.end;
                let add = |pieces: &mut _| {
                    stentor_media::record::PieceIndex::add(pieces, position, CHUNK_SAMPLES, bytes)
                };
                if self.past.pieces.change(add) {
                    self.publisher.show(&self.past);
                }
            }
        }

        fn ask(&self, below: &str) -> Reply {
            let request = Request::get(format!("/e/talk/past/{below}"));
            let (parts, ()) = request.body(()).expect("a request").into_parts();
            answer(&self.publisher.edge, &parts)
        }

        fn text(&self, below: &str) -> String {
            match self.ask(below) {
                Reply::Whole(response) => String::from_utf8_lossy(response.body()).into_owned(),
                _ => panic!("{below} is a document"),
            }
        }

        fn status(&self, below: &str) -> u16 {
            match self.ask(below) {
                Reply::Whole(response) => Response::status(&response).as_u16(),
                Reply::File(_) => 200,
                _ => 0,
            }
        }

        /// Bytes of memory: what lies where, and what says so.
        fn memory(&self) -> (usize, u64) {
            let index = self.past.pieces.read().memory_bytes();
            (index, self.publisher.edge.documents().bytes())
        }
    }

    #[test]
    fn after_eight_hours_every_moment_can_be_had_and_the_memory_is_that_of_the_first_minute() {
        let mut scene = Scene::new();
        scene.record(0, 60_000);
        let (index, documents) = scene.memory();
        let paths = scene.publisher.edge.documents().len();
        scene.record(60_000, 8 * HOUR_MS + 200);
        let (index_after, documents_after) = scene.memory();
        assert_eq!(index_after, index);
        // All that grows is the playlist, by 26 bytes a piece, and its compressed form.
        let grown = documents_after - documents;
        assert!(grown < 1_000 * 40, "{grown}");
        assert_eq!(scene.publisher.edge.documents().len(), paths);
        for number in [0, 1, 499, 999] {
            assert_eq!(scene.status(&format!("{number}.m4s")), 200, "{number}");
        }
        assert_eq!(scene.status("1000.m4s"), 404, "it still grows");
        assert!(
            scene
                .text("index.json")
                .contains("\"spans\":[[0,28800000]]")
        );
        assert_eq!(scene.text("index.m3u8").matches(".m4s").count(), 1_000);
    }

    #[test]
    fn what_is_not_recorded_any_more_is_told_and_what_is_withdrawn_is_gone() {
        let mut scene = Scene::new();
        scene.record(0, 30_000);
        scene.publisher.look(&scene.past);
        assert!(scene.text("index.json").contains("\"recorded\":true"));
        scene.publisher.air.set(Phase::OnAir, false);
        scene.publisher.look(&scene.past);
        assert!(scene.text("index.json").contains("\"recorded\":false"));
        assert!(scene.text("index.json").contains("\"spans\":[[0,28800]]"));
        let all = ["index.json", "index.m3u8", "init.mp4", "0.m4s"];
        assert_eq!(all.map(|name| scene.status(name)), [200; 4]);
        withdraw_past(&scene.publisher.edge, "/e/talk");
        assert_eq!(all.map(|name| scene.status(name)), [0; 4]);
        assert!(scene.publisher.edge.documents().is_empty());
    }
}
