//! The streams of one event: what each is called, how much of it is kept, and how its listeners are served.

use std::sync::Arc;

use stentor_core::admission::Rung;
use stentor_edge::{Demand, DocumentError, Edge, Stream, StreamError, StreamSpec};
use stentor_media::mpeg;
use stentor_media::package::{LEAD_IN_MS, Packager};
use stentor_media::rendition::{Rendition, SEGMENT_MS};
use stentor_media::tags::Tags;
use stentor_media::transcode::MP3_CHUNK_MS;

use super::heads::Heads;
use super::past::withdraw_past;
use super::paths::{
    aac_playlist_path, aac_segment_path, direct_path, event_path, listings, mp3_path,
    multivariant_path, ogg_now_path, ogg_path, past_documents, segment_path,
};
use crate::announcement::REPLAY;
use crate::counters::Counters;
use crate::transcode::Faces;

/// How far back a stream's chunks can be had, ms: the depth of gap repair, and of the published manifest.
const RING_MS: u32 = 30_000;
/// What a listener asks for below a rendition.
const LIVE_NAME: &str = "live.mp4";
/// What a player loads first below a rendition.
const HEAD_NAME: &str = "init.mp4";
/// What a listener asks for below the Ogg face.
const OGG_NAME: &str = "live.ogg";
/// What a listener asks for in the folder of the event.
const MP3_NAME: &str = "live.mp3";
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
/// Listeners of the MP3 face, and of these those of one network: as of the Ogg face, and counted apart from it.
const MP3_LISTENERS_MAX: usize = OGG_LISTENERS_MAX;
const MP3_PREFIX_LISTENERS_MAX: usize = OGG_PREFIX_LISTENERS_MAX;
/// Segments that can be had: what the playlist lists, as much again for players that lag, and the one being written.
const SEGMENTS_KEPT: usize = stentor_media::package::hls::SEGMENTS_AVAILABLE_MIN;
/// What a newcomer of the Ogg face is given at once, ms: browsers hand an `<audio>` its sound in pieces of 32 KiB, and most players begin when
/// they have one of theirs. At 48 kbit/s with the pages' heads that is 5.4 s.
const OGG_BURST_MS: u32 = 5_600;
const _: () = assert!(RING_MS >= 2 * OGG_BURST_MS);
/// The same of the MP3 face: 32 KiB are 4.1 s of it.
const MP3_BURST_MS: u32 = OGG_BURST_MS;

/// The streams of one event.
pub(crate) struct Streams {
    pub(super) base: String,
    pub(super) direct: [Arc<Stream>; 3],
    pub(super) segments: [Arc<Stream>; 3],
    /// With the burst of most players, and with that of our own page.
    pub(super) ogg: [Arc<Stream>; 2],
    /// Segments of AAC, and MP3; `None` where nothing makes them.
    pub(super) transcoded: Option<[Arc<Stream>; 2]>,
    /// Marked by whoever asks for a stream or for a document about what is in it.
    pub(super) demand: Arc<Demand>,
}

impl Streams {
    /// Opens the streams of the event at `/e/slug` and publishes what does not change. `transcodes`: AAC and MP3 are made of it, too.
    ///
    /// # Errors
    /// Ours or the operator's: the edge is full. Then nothing of it is left there.
    pub(crate) fn open(edge: &Edge, slug: &str, transcodes: bool) -> Result<Self, StreamsError> {
        Self::try_open(edge, slug, transcodes).inspect_err(|_| Self::close(edge, slug))
    }

    fn try_open(edge: &Edge, slug: &str, transcodes: bool) -> Result<Self, StreamsError> {
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
        let chunk_ms = Rendition::Full.chunk_ms();
        let patient = ogg_spec(ogg_path(&base), OGG_BURST_MS);
        let now = ogg_spec(ogg_now_path(&base), burst_ms(chunk_ms));
        let ogg = [edge.open_stream(patient)?, edge.open_stream(now)?];
        for stream in &ogg {
            // Nothing but sound fits between its pages.
            edge.make_family(std::slice::from_ref(stream), false);
            stream.limit_listeners_of_prefix(OGG_PREFIX_LISTENERS_MAX);
        }
        let transcoded = match transcodes {
            true => Some(open_transcoded(edge, &base)?),
            false => None,
        };
        let demand = edge.open_demand()?;
        let streams = Self {
            base,
            direct,
            segments,
            ogg,
            transcoded,
            demand,
        };
        let farewell = farewell(&streams.base);
        for stream in streams.all() {
            stream.mark_demand_on(&streams.demand);
            stream.set_farewell(&farewell);
        }
        streams.take_over_promises(edge)?;
        Ok(streams)
    }

    /// What was promised while the event waited for a place is promised by it from now on; whoever asked for a stream finds it. Nothing is
    /// without an answer in between.
    fn take_over_promises(&self, edge: &Edge) -> Result<(), DocumentError> {
        self.await_documents(edge)?;
        let documents = edge.documents();
        documents.await_demand(&multivariant_path(&self.base), &self.demand)?;
        if self.transcoded.is_some() {
            documents.await_demand(&aac_playlist_path(&self.base), &self.demand)?;
        }
        let live = live_paths(&self.base).into_iter();
        for path in live.chain([mp3_live_path(&self.base)]) {
            documents.remove(&path);
        }
        Ok(())
    }

    /// Promises everything of a programme that is asked for from outside, at its own addresses: whoever asks marks what is returned.
    ///
    /// # Errors
    /// The edge is full. Then nothing is promised.
    pub(crate) fn promise(
        edge: &Edge,
        slug: &str,
        transcodes: bool,
    ) -> Result<Arc<Demand>, StreamsError> {
        let demand = edge.open_demand()?;
        let base = event_path(slug);
        let transcoded = transcoded_asked_for(&base).into_iter();
        let promised = asked_for(&base)
            .into_iter()
            .chain(transcoded.filter(|_| transcodes))
            .try_for_each(|path| edge.documents().await_demand(&path, &demand));
        if let Err(error) = promised {
            Self::close(edge, slug);
            return Err(error.into());
        }
        Ok(demand)
    }

    /// Promises the documents that list what is published: there is nothing yet, or nothing any more.
    pub(super) fn await_documents(&self, edge: &Edge) -> Result<(), DocumentError> {
        Rendition::ALL
            .iter()
            .flat_map(|rendition| listings(&self.base, *rendition))
            .try_for_each(|path| edge.documents().await_demand(&path, &self.demand))
    }

    /// Nothing was listed, and nothing will be: the event is over.
    pub(super) fn say_that_listings_are_gone(edge: &Edge, base: &str) -> Result<(), DocumentError> {
        Rendition::ALL
            .iter()
            .flat_map(|rendition| listings(base, *rendition))
            .try_for_each(|path| edge.documents().put_gone(&path, &farewell(base)))
    }

    /// Says at the addresses of a programme that it is over, for players that come back to them.
    ///
    /// # Errors
    /// The edge is full: some of them are not there.
    pub(crate) fn say_that_it_is_over(edge: &Edge, slug: &str) -> Result<(), DocumentError> {
        let base = event_path(slug);
        asked_for(&base)
            .into_iter()
            .chain(transcoded_asked_for(&base))
            .chain(head_paths(&base))
            .chain(past_documents(&base))
            .try_for_each(|path| edge.documents().put_gone(&path, &farewell(&base)))
    }

    /// What the room itself publishes to.
    pub(super) fn of_room(&self) -> impl Iterator<Item = &Arc<Stream>> {
        self.direct.iter().chain(&self.segments).chain(&self.ogg)
    }

    fn all(&self) -> impl Iterator<Item = &Arc<Stream>> {
        self.of_room().chain(self.transcoded.iter().flatten())
    }

    /// Where AAC and MP3 are published; `None` where nothing makes them.
    pub(crate) fn transcoded(&self, edge: &Edge, counters: &Arc<Counters>) -> Option<Faces> {
        let [segments, mp3] = self.transcoded.clone()?;
        Some(Faces {
            edge: edge.clone(),
            demand: self.demand(),
            segments,
            mp3,
            playlist_path: aac_playlist_path(&self.base),
            farewell: farewell(&self.base),
            counters: Arc::clone(counters),
        })
    }

    /// Marked by whoever asks for any of it.
    pub(crate) fn demand(&self) -> Arc<Demand> {
        Arc::clone(&self.demand)
    }

    /// Closes the streams of an event that could not be opened, or goes from this server.
    pub(crate) fn close(edge: &Edge, slug: &str) {
        let base = event_path(slug);
        let transcoded = transcoded_asked_for(&base);
        for path in asked_for(&base)
            .into_iter()
            .chain(transcoded)
            .chain(head_paths(&base))
        {
            edge.documents().remove(&path);
        }
        withdraw_past(edge, &base);
        for rendition in Rendition::ALL {
            edge.close_stream(&direct_path(&base, rendition));
            edge.close_stream(&segment_path(&base, rendition));
        }
        edge.close_stream(&ogg_path(&base));
        edge.close_stream(&ogg_now_path(&base));
        edge.close_stream(&aac_segment_path(&base));
        edge.close_stream(&mp3_path(&base));
    }

    /// Where the programme says what it is.
    pub(crate) fn heads(&self, edge: &Edge, slug: &str) -> Heads {
        Heads {
            edge: edge.clone(),
            slug: slug.to_owned(),
            base: self.base.clone(),
            direct: self.direct.clone(),
            ogg: self.ogg.clone(),
            mp3: self.mp3().cloned(),
            demand: self.demand(),
        }
    }

    /// Those with listeners of their own.
    pub(crate) fn listened(&self) -> Vec<Arc<Stream>> {
        let listened = self.direct.iter().chain(&self.ogg).chain(self.mp3());
        listened.cloned().collect()
    }

    fn mp3(&self) -> Option<&Arc<Stream>> {
        self.transcoded.as_ref().map(|[_, mp3]| mp3)
    }
}

/// Opens the streams of what is made of the programme by another program.
fn open_transcoded(edge: &Edge, base: &str) -> Result<[Arc<Stream>; 2], StreamError> {
    let segments = edge.open_stream(aac_segment_spec(base))?;
    let mp3 = edge.open_stream(mp3_spec(base))?;
    edge.make_family(std::slice::from_ref(&mp3), false);
    mp3.limit_listeners_of_prefix(MP3_PREFIX_LISTENERS_MAX);
    // A stream without a head has not begun.
    mp3.set_head(mpeg::tag(&Tags::default()).into());
    Ok([segments, mp3])
}

/// The addresses by which a programme is found: players begin with one of these.
fn asked_for(base: &str) -> Vec<String> {
    let lists = Rendition::ALL.into_iter().flat_map(|of| listings(base, of));
    let lists = lists.chain([multivariant_path(base)]);
    live_paths(base).into_iter().chain(lists).collect()
}

/// The same of what is made by another program.
fn transcoded_asked_for(base: &str) -> [String; 2] {
    [aac_playlist_path(base), mp3_live_path(base)]
}

fn mp3_live_path(base: &str) -> String {
    format!("{}/{MP3_NAME}", mp3_path(base))
}

/// The endless answers of the room.
fn live_paths(base: &str) -> Vec<String> {
    let direct = Rendition::ALL.map(|of| format!("{}/{LIVE_NAME}", direct_path(base, of)));
    let ogg = [ogg_path(base), ogg_now_path(base)].map(|path| format!("{path}/{OGG_NAME}"));
    direct.into_iter().chain(ogg).collect()
}

/// The heads, which playlists name.
fn head_paths(base: &str) -> [String; 3] {
    Rendition::ALL.map(|of| format!("{}/{HEAD_NAME}", direct_path(base, of)))
}

/// What is said at the addresses of a programme that is over. It may have no replay, or none yet.
fn farewell(base: &str) -> String {
    format!("This event is over; if it was recorded, it can be heard at {base}{REPLAY}.")
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
        live_name: Some(LIVE_NAME.to_owned()),
        chunk_ext: Some("m4s".to_owned()),
        head_name: Some(HEAD_NAME.to_owned()),
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

fn ogg_spec(path: String, burst_ms: u32) -> StreamSpec {
    let chunk_ms = Rendition::Full.chunk_ms();
    StreamSpec {
        path,
        live_name: Some(OGG_NAME.to_owned()),
        chunk_ext: None,
        head_name: None,
        content_type: "audio/ogg".to_owned(),
        chunk_ms,
        flush_ms: FLUSH_MS,
        burst_ms,
        ring_chunks: (RING_MS / chunk_ms) as usize,
        listeners_max: OGG_LISTENERS_MAX,
    }
}

fn aac_segment_spec(base: &str) -> StreamSpec {
    StreamSpec {
        path: aac_segment_path(base),
        chunk_ext: Some("aac".to_owned()),
        content_type: "audio/aac".to_owned(),
        ..segment_spec(base, Rendition::Full)
    }
}

fn mp3_spec(base: &str) -> StreamSpec {
    StreamSpec {
        path: mp3_path(base),
        live_name: Some(MP3_NAME.to_owned()),
        content_type: "audio/mpeg".to_owned(),
        chunk_ms: MP3_CHUNK_MS,
        ring_chunks: (RING_MS / MP3_CHUNK_MS) as usize,
        listeners_max: MP3_LISTENERS_MAX,
        ..ogg_spec(ogg_path(base), MP3_BURST_MS)
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
