//! The streams of one event: what each is called, how much of it is kept, and how its listeners are served.

use std::sync::Arc;

use stentor_core::admission::Rung;
use stentor_edge::{
    CacheClass, Demand, Document, DocumentError, Edge, Stream, StreamError, StreamSpec,
};
use stentor_media::package::{LEAD_IN_MS, Packager};
use stentor_media::rendition::{Rendition, SEGMENT_MS};

use super::paths::{direct_path, event_path, listings, ogg_path, segment_path};

/// How far back a stream's chunks can be had, ms: the depth of gap repair, and of the published manifest.
const RING_MS: u32 = 30_000;
/// How often listeners are sent bytes at rest, ms.
const FLUSH_MS: u32 = Rung::REST.flush_ms();
/// A ring holds the longest burst twice, or a newcomer could be overtaken while taking it.
const _: () = assert!(RING_MS >= 2 * Rung::CHEAPEST.burst_ms());
/// What a programme resumes with is enough for whoever comes then, on every rung.
const _: () = assert!(LEAD_IN_MS >= Rung::CHEAPEST.burst_ms());
/// The edge and the audio know nothing of each other: what the edge carries, whoever verifies it can read.
const _: () =
    assert!(stentor_edge::limits::CHUNK_BYTES_MAX == stentor_media::verify::CHUNK_BYTES_MAX);
/// Listeners of one stream of the direct face.
const LISTENERS_MAX: usize = 1_000_000;
/// Listeners of the Ogg face, which no CDN can share: capped apart (docs/design.md §5).
const OGG_LISTENERS_MAX: usize = 2_000;
/// Of these, listeners of one network (IPv4 /24, IPv6 /64): pages without script play this face, and one crowd must not take it.
const OGG_PREFIX_LISTENERS_MAX: usize = 250;
/// Segments that can be had: what the playlist lists, as much again for players that lag, and the one being written.
const SEGMENTS_KEPT: usize = stentor_media::package::hls::SEGMENTS_AVAILABLE_MIN;
/// Seconds the multivariant playlist may be kept; it never changes while an event lives.
const MULTIVARIANT_KEPT_S: u32 = 60;

/// The streams of one event.
pub(crate) struct Streams {
    pub(super) base: String,
    pub(super) direct: [Arc<Stream>; 3],
    pub(super) segments: [Arc<Stream>; 3],
    pub(super) ogg: Arc<Stream>,
    /// Marked by whoever asks for a stream or for a document about what is in it.
    pub(super) demand: Arc<Demand>,
}

impl Streams {
    /// Opens the streams of the event at `/e/slug` and publishes what does not change.
    ///
    /// # Errors
    /// Ours or the operator's: the edge is full.
    pub(crate) fn open(edge: &Edge, slug: &str) -> Result<Self, StreamsError> {
        let base = event_path(slug);
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
        ogg.limit_listeners_of_prefix(OGG_PREFIX_LISTENERS_MAX);
        let multivariant = Document::new(
            "application/vnd.apple.mpegurl",
            CacheClass::Short(MULTIVARIANT_KEPT_S),
            Packager::multivariant_playlist(),
        );
        let demand = edge.open_demand()?;
        edge.documents()
            .put_marking(&format!("{base}/index.m3u8"), multivariant, &demand)?;
        let streams = Self {
            base,
            direct,
            segments,
            ogg,
            demand,
        };
        for stream in streams.all() {
            stream.mark_demand_on(&streams.demand);
        }
        streams.await_documents(edge)?;
        Ok(streams)
    }

    /// Promises the documents that list what is published: there is nothing yet, or nothing any more.
    pub(super) fn await_documents(&self, edge: &Edge) -> Result<(), DocumentError> {
        Rendition::ALL
            .iter()
            .flat_map(|rendition| listings(&self.base, *rendition))
            .try_for_each(|path| edge.documents().await_demand(&path, &self.demand))
    }

    /// Nothing is published any more: takes the promises back that nobody will keep.
    pub(super) fn remove_documents(edge: &Edge, base: &str) {
        for path in Rendition::ALL
            .iter()
            .flat_map(|rendition| listings(base, *rendition))
        {
            edge.documents().remove(&path);
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Stream>> {
        self.direct.iter().chain(&self.segments).chain([&self.ogg])
    }

    /// Marked by whoever asks for any of it.
    pub(crate) fn demand(&self) -> Arc<Demand> {
        Arc::clone(&self.demand)
    }

    /// Closes the streams of an event that could not be opened.
    pub(crate) fn close(edge: &Edge, slug: &str) {
        let base = event_path(slug);
        for rendition in Rendition::ALL {
            edge.close_stream(&direct_path(&base, rendition));
            edge.close_stream(&segment_path(&base, rendition));
        }
        edge.close_stream(&ogg_path(&base));
        Self::remove_documents(edge, &base);
    }

    /// Those with listeners of their own.
    pub(crate) fn listened(&self) -> Vec<Arc<Stream>> {
        self.direct.iter().chain([&self.ogg]).cloned().collect()
    }
}

/// What a newcomer is given at once at rest, ms: what the rung says, or more where a single chunk is longer.
const fn burst_ms(chunk_ms: u32) -> u32 {
    let needed = chunk_ms + chunk_ms / 4 + 200;
    let rest = Rung::REST.burst_ms();
    if needed > rest { needed } else { rest }
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

/// Why the streams of an event cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StreamsError {
    /// The edge takes no such stream.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The edge takes no such document.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The system refuses a thread.
    #[error("whoever asks for the streams cannot be noticed: {0}")]
    Demand(#[from] std::io::Error),
}
