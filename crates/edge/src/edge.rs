//! The handle of everything that is served: streams, documents, counters.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use stentor_core::admission::{Rung, StepReason};
use tokio::sync::Semaphore;

use crate::counters::{AtomicCounters, EdgeStats};
use crate::demand::{Demand, DemandRelay};
use crate::documents::{DocumentError, Documents};
use crate::family::{CadenceChange, CadenceEncoder, Family, FamilyPosition};
use crate::gauges::Gauges;
use crate::limits::EdgeLimits;
use crate::not_found::{NotFound, StoredNotFound};
use crate::stream::{Stream, StreamError, StreamSpec};

/// How an edge is made.
#[derive(Clone, Debug, Default)]
pub struct EdgeConfig {
    /// Limits of what it keeps and serves.
    pub limits: EdgeLimits,
    /// Encodes the announcement of another cadence to listeners of a family; without it nothing is announced.
    pub cadence_encoder: Option<CadenceEncoder>,
    /// For how long answers ask browsers to come by TLS alone (RFC 6797); only for an edge all of whose connections are TLS.
    pub strict_transport: Option<Duration>,
    /// Pages from elsewhere may not read what handlers answer: for an edge that is not the public's.
    pub private: bool,
    /// Runs at the start of each thread of this edge, on it: the shards', and those that start them and wait for what they return.
    pub on_thread_start: Option<fn()>,
}

/// Value of `Strict-Transport-Security`.
fn strict_transport(kept: Duration) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("max-age={}", kept.as_secs())).ok()
}

/// The rungs of the ladder that a node is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeRungs {
    /// Where new listeners join; [`Rung::CLOSED`] lets nobody new in.
    pub joins: Rung,
    /// Whose cadence current listeners get, at most [`Rung::CHEAPEST`]: they stay also when nobody new is let in.
    pub served: Rung,
    /// Why they are these: listeners are told.
    pub why: StepReason,
}

impl NodeRungs {
    /// One rung for everybody. [`Rung::CLOSED`] serves current listeners as [`Rung::CHEAPEST`] does.
    #[must_use]
    pub fn at(rung: Rung) -> Self {
        Self {
            joins: rung,
            served: rung.min(Rung::CHEAPEST),
            why: StepReason::default(),
        }
    }

    /// As one word.
    fn word(self) -> u32 {
        let why = StepReason::ALL.iter().position(|why| *why == self.why);
        let why = why.unwrap_or_default() as u8;
        u32::from_be_bytes([0, why, self.joins.number(), self.served.number()])
    }

    fn of_word(word: u32) -> Self {
        let [_, why, joins, served] = word.to_be_bytes();
        let why = StepReason::ALL.get(usize::from(why)).copied();
        Self {
            joins: Rung::new(joins).unwrap_or_default(),
            served: Rung::new(served).unwrap_or_default(),
            why: why.unwrap_or_default(),
        }
    }
}

/// What a node serves to listeners. A cheap handle: clones are the same edge.
///
/// ```
/// use bytes::Bytes;
/// use stentor_edge::{CacheClass, Document, Edge, EdgeConfig, StreamSpec};
///
/// let edge = Edge::new(EdgeConfig::default());
/// let stream = edge.open_stream(StreamSpec {
///     path: "/demo".into(),
///     live_name: Some("live.mp4".into()),
///     chunk_ext: Some("m4s".into()),
///     head_name: None,
///     content_type: "audio/mp4".into(),
///     chunk_ms: 200,
///     flush_ms: 200,
///     burst_ms: 600,
///     ring_chunks: 20,
///     listeners_max: 10,
/// })?;
/// stream.publish(7, Bytes::from_static(b"a chunk"))?;
/// assert_eq!(stream.counters().published, 1);
///
/// let page = Document::new("text/plain", CacheClass::NoStore, "hello");
/// edge.documents().put("/", page)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Edge {
    inner: Arc<Inner>,
}

/// An open stream, and its place in its family; without a family the ladder changes nothing for its listeners.
#[derive(Clone)]
pub(crate) struct OpenStream {
    pub(crate) stream: Arc<Stream>,
    pub(crate) position: Option<FamilyPosition>,
}

struct Inner {
    limits: EdgeLimits,
    streams: RwLock<HashMap<String, OpenStream>>,
    documents: Documents,
    counters: AtomicCounters,
    files: Arc<Semaphore>,
    draining: AtomicBool,
    /// How long this server goes on sending after a shutdown was announced, ms; 0 while none is.
    leaves_in_ms: AtomicU32,
    /// All of [`NodeRungs`] in one word, so that no reader sees one of them new and another one old.
    rungs: AtomicU32,
    cadence_encoder: Option<CadenceEncoder>,
    strict_transport: Option<HeaderValue>,
    private: bool,
    on_thread_start: Option<fn()>,
    not_found: OnceLock<StoredNotFound>,
    demand: DemandRelay,
    gauges: Gauges,
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edge")
            .field("limits", &self.inner.limits)
            .finish_non_exhaustive()
    }
}

impl Edge {
    /// An edge that serves nothing yet.
    #[must_use]
    pub fn new(config: EdgeConfig) -> Self {
        let limits = config.limits;
        Self {
            inner: Arc::new(Inner {
                streams: RwLock::default(),
                documents: Documents::new(&limits),
                counters: AtomicCounters::default(),
                files: Arc::new(Semaphore::new(limits.file_answers_max)),
                draining: AtomicBool::new(false),
                leaves_in_ms: AtomicU32::default(),
                rungs: AtomicU32::new(NodeRungs::default().word()),
                cadence_encoder: config.cadence_encoder,
                strict_transport: config.strict_transport.and_then(strict_transport),
                private: config.private,
                on_thread_start: config.on_thread_start,
                not_found: OnceLock::new(),
                demand: DemandRelay::default(),
                gauges: Gauges::default(),
                limits,
            }),
        }
    }

    /// Opens a stream; it replaces an ended stream of the same path.
    ///
    /// # Errors
    /// When the specification is wrong, the path is taken, or the edge is full of streams.
    pub fn open_stream(&self, spec: StreamSpec) -> Result<Arc<Stream>, StreamError> {
        let stream = Arc::new(Stream::new(spec)?);
        let path = stream.spec().path.clone();
        let mut streams = self.write_streams();
        match streams.get(&path) {
            Some(open) if !open.stream.ended() => return Err(StreamError::Taken { path }),
            Some(_) => {}
            None if streams.len() >= self.inner.limits.streams_max => {
                return Err(StreamError::TooMany {
                    max: self.inner.limits.streams_max,
                });
            }
            None => {}
        }
        let open = OpenStream {
            stream: stream.clone(),
            position: None,
        };
        streams.insert(path, open);
        if self.draining() {
            stream.close();
        }
        Ok(stream)
    }

    /// Makes a family of streams: one programme, the best rendition first, each cheaper than the one before. The ladder moves
    /// listeners between them. `announces` when the bytes of [`EdgeConfig::cadence_encoder`] may stand between their chunks.
    ///
    /// All must be open here and number their chunks from the same moment, so that chunk `n` begins `n` times its length after it.
    /// Whoever listens already stays outside the family.
    pub fn make_family(&self, streams: &[Arc<Stream>], announces: bool) {
        let announces = announces && self.inner.cadence_encoder.is_some();
        let members = Family::bind(streams, announces);
        let mut open = self.write_streams();
        for (stream, position) in streams.iter().zip(members) {
            if let Some(open) = open.get_mut(&stream.spec().path)
                && Arc::ptr_eq(&open.stream, stream)
            {
                open.position = Some(position);
            }
        }
    }

    /// Moves this node to other rungs of the ladder.
    pub fn set_rungs(&self, rungs: NodeRungs) {
        let served = rungs.served.min(Rung::CHEAPEST);
        let word = NodeRungs { served, ..rungs }.word();
        self.inner.rungs.store(word, Ordering::Relaxed);
    }

    /// The rungs this node is on.
    #[must_use]
    pub fn rungs(&self) -> NodeRungs {
        NodeRungs::of_word(self.inner.rungs.load(Ordering::Relaxed))
    }

    /// The rung whose cadence current listeners get, once they have been told and have moved.
    pub(crate) fn served_rung(&self) -> Rung {
        self.rungs().served
    }

    /// The announcement of another cadence, as bytes that stand between two chunks.
    pub(crate) fn encode_cadence(&self, change: CadenceChange) -> Option<Bytes> {
        let why = self.rungs().why;
        self.inner.cadence_encoder.map(|encode| encode(change, why))
    }

    /// To be called first on each thread of this edge.
    pub(crate) fn thread_started(&self) {
        if let Some(on_start) = self.inner.on_thread_start {
            on_start();
        }
    }

    pub(crate) fn gauges(&self) -> &Gauges {
        &self.inner.gauges
    }

    /// Ends a stream and removes it: its URLs go to the fallback from now on. Returns whether there was one.
    pub fn close_stream(&self, path: &str) -> bool {
        let removed = self.write_streams().remove(path);
        if let Some(open) = &removed {
            open.stream.end();
        }
        removed.is_some()
    }

    /// The stream whose folder is `path`.
    #[must_use]
    pub fn stream(&self, path: &str) -> Option<Arc<Stream>> {
        self.read_streams()
            .get(path)
            .map(|open| open.stream.clone())
    }

    /// The same, with its place in its family.
    pub(crate) fn open_stream_at(&self, path: &str) -> Option<OpenStream> {
        self.read_streams().get(path).cloned()
    }

    /// All open streams, in no order.
    #[must_use]
    pub fn streams(&self) -> Vec<Arc<Stream>> {
        self.read_streams()
            .values()
            .map(|open| open.stream.clone())
            .collect()
    }

    /// Names of the streams beside a path: `48`, `24` for any path `/e/demo/x`. In order. A stream that has others below it is none of
    /// these: what is beside it are other programmes.
    pub(crate) fn siblings(&self, parent: &str) -> Vec<Arc<Stream>> {
        let streams = self.read_streams();
        let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        let beside = streams
            .iter()
            .filter(|(path, _)| folder(path).is_some_and(|folder| folder == parent));
        let mut found: Vec<_> = beside.map(|(_, open)| open.stream.clone()).collect();
        if !found.is_empty() {
            let folders: HashSet<String> = streams.keys().filter_map(|path| folder(path)).collect();
            found.retain(|stream| !folders.contains(&stream.spec().path));
        }
        found.sort_by(|a, b| a.spec().path.cmp(&b.spec().path));
        found
    }

    /// Pages, playlists, status, replay: what is the same for everyone.
    #[must_use]
    pub fn documents(&self) -> &Documents {
        &self.inner.documents
    }

    /// Answers here where nothing is, and leaves only the paths of handlers to the fallback. Only the first call counts.
    ///
    /// # Errors
    /// When a content type is none.
    pub fn answer_not_found(&self, not_found: NotFound) -> Result<(), DocumentError> {
        let stored = StoredNotFound::new(not_found)?;
        self.inner.not_found.get_or_init(|| stored);
        Ok(())
    }

    pub(crate) fn not_found(&self) -> Option<&StoredNotFound> {
        self.inner.not_found.get()
    }

    /// Demand for streams and documents of this edge, for which nobody has asked yet.
    ///
    /// # Errors
    /// When the system refuses the thread that passes it on, which is one for all.
    pub fn open_demand(&self) -> io::Result<Arc<Demand>> {
        self.inner.demand.open()
    }

    /// Figures of connections and requests since this edge was made.
    #[must_use]
    pub fn counters(&self) -> EdgeStats {
        self.inner.counters.snapshot()
    }

    /// The shards that run now, each a thread with a descriptor table of its own.
    #[must_use]
    pub fn shards(&self) -> usize {
        self.inner.gauges.shards().len()
    }

    /// Sockets that shards have, or that are on their way to one.
    #[must_use]
    pub fn shard_sockets(&self) -> usize {
        self.inner.gauges.sockets()
    }

    /// Connections that may be open at once, as descriptors and configuration allow; 0 before a port is served.
    #[must_use]
    pub fn connections_max(&self) -> usize {
        self.inner.gauges.connections_max.load(Ordering::Relaxed)
    }

    /// Tells every listener that can be told to find another server, and lets nobody new in. Sending goes on until
    /// [`Self::drain`], which follows in about `within_ms`.
    pub fn announce_shutdown(&self, within_ms: u32) {
        self.inner
            .leaves_in_ms
            .store(within_ms.max(1), Ordering::Release);
    }

    /// Clients that are in the middle of a recording, on the shards and on the accept side.
    #[must_use]
    pub fn reading(&self) -> usize {
        let on_accept_side =
            self.inner.limits.file_answers_max - self.inner.files.available_permits();
        self.inner.gauges.reading() + on_accept_side
    }

    /// Says on an answer that this host is spoken to over TLS alone, if that is so.
    pub(crate) fn tell_strict_transport(&self, headers: &mut HeaderMap) {
        if let Some(value) = &self.inner.strict_transport {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, value.clone());
        }
    }

    /// Whether any page may read what handlers answer.
    pub(crate) fn is_public(&self) -> bool {
        !self.inner.private
    }

    /// Whether nobody new is let in because this server shuts down.
    pub(crate) fn is_leaving(&self) -> bool {
        self.draining() || self.leaves_in_ms().is_some()
    }

    /// How long this server goes on sending, once its shutdown was announced.
    pub(crate) fn leaves_in_ms(&self) -> Option<u32> {
        match self.inner.leaves_in_ms.load(Ordering::Acquire) {
            0 => None,
            ms => Some(ms),
        }
    }

    /// Ends the response of every listener cleanly, and of whoever still comes: this process is about to exit.
    pub fn drain(&self) {
        self.inner.draining.store(true, Ordering::Release);
        for stream in self.streams() {
            stream.close();
        }
    }

    /// Whether [`Self::drain`] was called.
    #[must_use]
    pub fn draining(&self) -> bool {
        self.inner.draining.load(Ordering::Acquire)
    }

    pub(crate) fn limits(&self) -> &EdgeLimits {
        &self.inner.limits
    }

    pub(crate) fn count(&self) -> &AtomicCounters {
        &self.inner.counters
    }

    pub(crate) fn files(&self) -> &Arc<Semaphore> {
        &self.inner.files
    }

    fn read_streams(&self) -> RwLockReadGuard<'_, HashMap<String, OpenStream>> {
        self.inner
            .streams
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn write_streams(&self) -> RwLockWriteGuard<'_, HashMap<String, OpenStream>> {
        self.inner
            .streams
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
