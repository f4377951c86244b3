//! The handle of everything that is served: streams, documents, counters.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use stentor_core::admission::Rung;
use tokio::sync::Semaphore;

use crate::counters::{Counters, EdgeCounters};
use crate::documents::Documents;
use crate::family::{Kin, Told, Word};
use crate::limits::EdgeLimits;
use crate::load::Gauges;
use crate::stream::{Stream, StreamError, StreamSpec};

/// How an edge is made.
#[derive(Clone, Debug, Default)]
pub struct EdgeConfig {
    /// Bounds of what it keeps and serves.
    pub limits: EdgeLimits,
    /// How listeners of a family are told that they will be served otherwise; without it they are not.
    pub word: Option<Word>,
}

/// What a node serves to listeners. A cheap handle: clones are the same edge.
#[derive(Clone)]
pub struct Edge {
    inner: Arc<Inner>,
}

struct Inner {
    limits: EdgeLimits,
    streams: RwLock<HashMap<String, Arc<Stream>>>,
    documents: Documents,
    counters: Counters,
    files: Arc<Semaphore>,
    draining: AtomicBool,
    /// How long a server that hands its listeners over still sends, ms; 0 while it stays.
    leaves_in_ms: AtomicU32,
    /// Where newcomers join.
    rung: AtomicU8,
    /// As on which those inside are served.
    inside: AtomicU8,
    word: Option<Word>,
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
                counters: Counters::default(),
                files: Arc::new(Semaphore::new(limits.file_answers_max)),
                draining: AtomicBool::new(false),
                leaves_in_ms: AtomicU32::default(),
                rung: AtomicU8::default(),
                inside: AtomicU8::default(),
                word: config.word,
                gauges: Gauges::default(),
                limits,
            }),
        }
    }

    /// Opens a stream; an ended stream of the same path gives way.
    ///
    /// # Errors
    /// When the specification is wrong, the path is taken, or the edge is full of streams.
    pub fn open_stream(&self, spec: StreamSpec) -> Result<Arc<Stream>, StreamError> {
        let stream = Arc::new(Stream::new(spec)?);
        let path = stream.spec().path.clone();
        let mut streams = self.write_streams();
        match streams.get(&path) {
            Some(open) if !open.ended() => return Err(StreamError::Taken { path }),
            Some(_) => {}
            None if streams.len() >= self.inner.limits.streams_max => {
                return Err(StreamError::TooMany {
                    max: self.inner.limits.streams_max,
                });
            }
            None => {}
        }
        streams.insert(path, stream.clone());
        if self.draining() {
            stream.close();
        }
        Ok(stream)
    }

    /// Makes a family of streams: one programme, the best first, each cheaper than the one before. The ladder moves their
    /// listeners between them. `told` when the bytes of [`EdgeConfig::word`] may stand between their chunks.
    ///
    /// All must number their chunks from the same moment, so that chunk `n` begins `n` times its length after it.
    pub fn make_family(&self, streams: &[Arc<Stream>], told: bool) {
        Kin::bind(streams, told && self.inner.word.is_some());
    }

    /// Where newcomers join from now on, and those inside are brought. [`Rung::CLOSED`] lets nobody new in, and leaves those
    /// inside where they are: see [`Self::bring_to`].
    pub fn set_rung(&self, rung: Rung) {
        self.inner.rung.store(rung.number(), Ordering::Relaxed);
        if rung.admits() {
            self.bring_to(rung);
        }
    }

    /// Where those inside are brought; at most to [`Rung::CHEAPEST`].
    pub fn bring_to(&self, rung: Rung) {
        let rung = rung.min(Rung::CHEAPEST);
        self.inner.inside.store(rung.number(), Ordering::Relaxed);
    }

    /// As on which rung those inside are served once they have been told and have moved.
    #[must_use]
    pub fn inside(&self) -> Rung {
        Rung::new(self.inner.inside.load(Ordering::Relaxed)).unwrap_or_default()
    }

    /// Where newcomers join.
    #[must_use]
    pub fn rung(&self) -> Rung {
        Rung::new(self.inner.rung.load(Ordering::Relaxed)).unwrap_or_default()
    }

    /// What a listener is told who is to be served like this.
    pub(crate) fn word(&self, told: Told) -> Option<Bytes> {
        self.inner.word.map(|word| word(told))
    }

    pub(crate) fn gauges(&self) -> &Gauges {
        &self.inner.gauges
    }

    /// Ends a stream and forgets it: its URLs go to the fallback from now on. Says whether there was one.
    pub fn close_stream(&self, path: &str) -> bool {
        let removed = self.write_streams().remove(path);
        if let Some(stream) = &removed {
            stream.end();
        }
        removed.is_some()
    }

    /// The stream whose folder is `path`.
    #[must_use]
    pub fn stream(&self, path: &str) -> Option<Arc<Stream>> {
        self.read_streams().get(path).cloned()
    }

    /// All open streams, in no order.
    #[must_use]
    pub fn streams(&self) -> Vec<Arc<Stream>> {
        self.read_streams().values().cloned().collect()
    }

    /// Names of the streams beside a path: `48`, `24` for any path `/e/demo/x`. In order.
    pub(crate) fn siblings(&self, parent: &str) -> Vec<Arc<Stream>> {
        let mut found: Vec<_> = self
            .read_streams()
            .iter()
            .filter(|(path, _)| path.rsplit_once('/').is_some_and(|(p, _)| p == parent))
            .map(|(_, stream)| stream.clone())
            .collect();
        found.sort_by(|a, b| a.spec().path.cmp(&b.spec().path));
        found
    }

    /// Pages, playlists, status, replay: what is the same for everyone.
    #[must_use]
    pub fn documents(&self) -> &Documents {
        &self.inner.documents
    }

    /// Figures of connections and requests since this edge was made.
    #[must_use]
    pub fn counters(&self) -> EdgeCounters {
        self.inner.counters.snapshot()
    }

    /// Tells every listener that can be told to find another server, and lets nobody new in; the sound goes on until
    /// [`Self::drain`], for about so long.
    pub fn hand_over(&self, within_ms: u32) {
        self.inner
            .leaves_in_ms
            .store(within_ms.max(1), Ordering::Release);
    }

    /// Clients who are in the middle of a recording, in shards and elsewhere.
    #[must_use]
    pub fn reading(&self) -> usize {
        let elsewhere = self.inner.limits.file_answers_max - self.inner.files.available_permits();
        self.inner.gauges.reading() + elsewhere
    }

    /// Whether nobody new is let in because this server leaves.
    pub(crate) fn is_leaving(&self) -> bool {
        self.draining() || self.leaves_in_ms().is_some()
    }

    /// How long this server still sends, once it hands its listeners over.
    pub(crate) fn leaves_in_ms(&self) -> Option<u32> {
        match self.inner.leaves_in_ms.load(Ordering::Acquire) {
            0 => None,
            ms => Some(ms),
        }
    }

    /// Ends every listener's answer cleanly, and those of whoever still comes: this process is leaving.
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

    pub(crate) fn count(&self) -> &Counters {
        &self.inner.counters
    }

    pub(crate) fn files(&self) -> &Arc<Semaphore> {
        &self.inner.files
    }

    fn read_streams(&self) -> RwLockReadGuard<'_, HashMap<String, Arc<Stream>>> {
        self.inner
            .streams
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn write_streams(&self) -> RwLockWriteGuard<'_, HashMap<String, Arc<Stream>>> {
        self.inner
            .streams
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
