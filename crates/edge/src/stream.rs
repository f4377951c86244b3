//! A stream: a head, a ring of chunks, and the listeners who hear it, counted exactly.
//!
//! The publisher's side ([`Stream::publish`]) never waits for a listener. Those who send follow the ring by
//! ordinal; a listener is a [`Place`], counted from its making to its drop.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard};

use bytes::Bytes;
use http::HeaderValue;
use stentor_core::admission::Rung;

pub use crate::ring::PublishError;

use crate::family::{Kin, Terms};
use crate::limits::PATH_BYTES_MAX;
use crate::ring::{Lookup, Ring};

/// What a stream is called and how much of it is kept.
#[derive(Clone, Debug)]
pub struct StreamSpec {
    /// Folder of all its URLs, such as `/e/demo/48`.
    pub path: String,
    /// Name of the endless answer within the folder, such as `live.mp4`; without it there is none.
    pub live_name: Option<String>,
    /// Extension of the numbered chunks, such as `m4s`; without it chunks have no URLs.
    pub chunk_ext: Option<String>,
    /// Name of the head within the folder, such as `init.mp4`; without it the head has no URL.
    pub head_name: Option<String>,
    /// Content type of the endless answer, the head and the chunks.
    pub content_type: String,
    /// Duration of one chunk, that is of one sequence number, ms.
    pub chunk_ms: u32,
    /// How often a listener is sent bytes at rest, ms; a chunk longer than this is sent when it is there.
    pub flush_ms: u32,
    /// What a newcomer is given at once at rest, ms: at least a flush interval, or its player would run dry before its first turn.
    pub burst_ms: u32,
    /// Chunks kept.
    pub ring_chunks: usize,
    /// Listeners of the endless answer. Beyond: 503 to newcomers; nobody who is in is put out.
    pub listeners_max: usize,
}

/// Why a stream was not opened. The operator's or the caller's fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamError {
    /// A path must begin with `/`, not end with one, and fit [`PATH_BYTES_MAX`].
    BadPath {
        /// The path given.
        got: String,
    },
    /// The content type is no header value.
    BadContentType {
        /// The content type given.
        got: String,
    },
    /// The ring must hold the longest burst twice, or a newcomer could be overtaken while taking it.
    RingTooShort {
        /// Chunks needed.
        needed: usize,
        /// Chunks given.
        got: usize,
    },
    /// A newcomer must be given at least one flush interval at once.
    BurstTooShort {
        /// The longer of flush interval and chunk, ms.
        needed_ms: u32,
        /// The burst given, ms.
        got_ms: u32,
    },
    /// A stream of that path is open and has not ended.
    Taken {
        /// The path.
        path: String,
    },
    /// The edge is full of streams.
    TooMany {
        /// `EdgeLimits::streams_max`.
        max: usize,
    },
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadPath { got } => write!(
                f,
                "A path begins with a slash, does not end with one and has at most {PATH_BYTES_MAX} bytes; this one is {got:?}."
            ),
            Self::BadContentType { got } => write!(f, "{got:?} is no content type."),
            Self::RingTooShort { needed, got } => write!(
                f,
                "The ring must hold the burst twice, {needed} chunks, and was given {got}."
            ),
            Self::BurstTooShort { needed_ms, got_ms } => write!(
                f,
                "A newcomer is sent bytes every {needed_ms} ms and must be given as much at once; the burst is {got_ms} ms."
            ),
            Self::Taken { path } => write!(f, "A stream is already open at {path}."),
            Self::TooMany { max } => {
                write!(f, "There are already {max} streams, which is the limit.")
            }
        }
    }
}

impl std::error::Error for StreamError {}

/// Figures of one stream since it was opened. `joined − left = listening`, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamCounters {
    /// Listeners who were let in.
    pub joined: u64,
    /// Listeners who are gone, for whatever reason.
    pub left: u64,
    /// Listeners who are in.
    pub listening: u64,
    /// Newcomers refused because the stream was full.
    pub refused_full: u64,
    /// Times a listener fell out of the ring and was put at the live edge.
    pub overtaken: u64,
    /// Chunks that overtaken listeners will never get.
    pub chunks_skipped: u64,
    /// Listeners let go because they were overtaken again and again (among those who left).
    pub dropped_slow: u64,
    /// Chunks published.
    pub published: u64,
}

/// One stream of chunks. Shared by its publisher and its listeners.
pub struct Stream {
    spec: StreamSpec,
    content_type: HeaderValue,
    ring: RwLock<Ring>,
    head: RwLock<Option<Bytes>>,
    presence: Mutex<Presence>,
    kin: OnceLock<Kin>,
    closing: AtomicBool,
    refused_full: AtomicU64,
    overtaken: AtomicU64,
    chunks_skipped: AtomicU64,
    dropped_slow: AtomicU64,
}

impl Stream {
    pub(crate) fn new(spec: StreamSpec) -> Result<Self, StreamError> {
        if !is_good_path(&spec.path) {
            return Err(StreamError::BadPath { got: spec.path });
        }
        let Ok(content_type) = HeaderValue::from_str(&spec.content_type) else {
            return Err(StreamError::BadContentType {
                got: spec.content_type,
            });
        };
        let interval_ms = spec.flush_ms.max(spec.chunk_ms);
        if spec.live_name.is_some() && spec.burst_ms < interval_ms {
            return Err(StreamError::BurstTooShort {
                needed_ms: interval_ms,
                got_ms: spec.burst_ms,
            });
        }
        let burst = spec.burst_ms.div_ceil(spec.chunk_ms.max(1)) as usize;
        if spec.ring_chunks < (2 * burst).max(1) {
            return Err(StreamError::RingTooShort {
                needed: (2 * burst).max(1),
                got: spec.ring_chunks,
            });
        }
        Ok(Self {
            ring: RwLock::new(Ring::new(spec.ring_chunks)),
            presence: Mutex::default(),
            kin: OnceLock::new(),
            content_type,
            spec,
            head: RwLock::default(),
            closing: AtomicBool::new(false),
            refused_full: AtomicU64::new(0),
            overtaken: AtomicU64::new(0),
            chunks_skipped: AtomicU64::new(0),
            dropped_slow: AtomicU64::new(0),
        })
    }

    /// What it was opened with.
    #[must_use]
    pub fn spec(&self) -> &StreamSpec {
        &self.spec
    }

    /// Sets what every newcomer is given before the chunks. A listener that came before waits for it.
    pub fn set_head(&self, head: Bytes) {
        *self.head.write().unwrap_or_else(PoisonError::into_inner) = Some(head);
    }

    /// Gives the next chunk to everyone; never waits for a listener.
    ///
    /// # Errors
    /// When the sequence number does not grow, the chunk is too large, or the stream has ended.
    pub fn publish(&self, sequence: u64, bytes: Bytes) -> Result<(), PublishError> {
        self.ring
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .publish(sequence, bytes)
    }

    /// Says that nothing will follow: listeners get what is left and then a clean end.
    pub fn end(&self) {
        self.ring
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .end();
    }

    /// Whether nothing will follow.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.read_ring().ended()
    }

    /// Listeners of the endless answer now.
    #[must_use]
    pub fn listeners(&self) -> u64 {
        let presence = *self.lock_presence();
        presence.joined - presence.left
    }

    /// Its figures since it was opened.
    #[must_use]
    pub fn counters(&self) -> StreamCounters {
        let presence = *self.lock_presence();
        StreamCounters {
            joined: presence.joined,
            left: presence.left,
            listening: presence.joined - presence.left,
            refused_full: self.refused_full.load(Ordering::Relaxed),
            overtaken: self.overtaken.load(Ordering::Relaxed),
            chunks_skipped: self.chunks_skipped.load(Ordering::Relaxed),
            dropped_slow: self.dropped_slow.load(Ordering::Relaxed),
            published: self.read_ring().published(),
        }
    }

    /// Ends every listener's answer cleanly without ending the stream: this process is leaving.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }

    /// Makes it one of a family; once.
    pub(crate) fn bind(&self, kin: Kin) {
        let bound = self.kin.set(kin);
        debug_assert!(bound.is_ok(), "a stream has one family");
    }

    /// Its family; without one the ladder changes nothing for its listeners.
    pub(crate) fn kin(&self) -> Option<&Kin> {
        self.kin.get()
    }

    /// How its listeners are served at this rung.
    pub(crate) fn terms(&self, rung: Rung) -> Terms {
        Terms::of(self, rung)
    }

    pub(crate) fn content_type(&self) -> &HeaderValue {
        &self.content_type
    }

    pub(crate) fn head(&self) -> Option<Bytes> {
        self.head
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What a sender needs to go on from an ordinal: its own copy of the chunks since then.
    pub(crate) fn follow(&self, ordinal: u64) -> Follow {
        let ring = self.read_ring();
        Follow {
            first: ring.first(),
            chunks: ring
                .since(ordinal)
                .map(|(sequence, bytes)| (sequence, bytes.clone()))
                .collect(),
            ended: ring.ended(),
            closing: self.closing.load(Ordering::Acquire),
        }
    }

    /// A listener fell out of the ring and missed so many chunks.
    pub(crate) fn count_overtaken(&self, skipped: u64) {
        self.overtaken.fetch_add(1, Ordering::Relaxed);
        self.chunks_skipped.fetch_add(skipped, Ordering::Relaxed);
    }

    /// A listener was let go because it was overtaken again and again.
    pub(crate) fn count_dropped_slow(&self) {
        self.dropped_slow.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn lookup(&self, sequence: u64) -> Lookup {
        self.read_ring().lookup(sequence)
    }

    fn lock_presence(&self) -> MutexGuard<'_, Presence> {
        self.presence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_ring(&self) -> RwLockReadGuard<'_, Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a path may name a stream or a document.
pub(crate) fn is_good_path(path: &str) -> bool {
    path.starts_with('/')
        && (path.len() == 1 || !path.ends_with('/'))
        && path.len() <= PATH_BYTES_MAX
        && path.bytes().all(|b| b.is_ascii_graphic())
}

/// How many came and went. One lock for both, so that `joined − left = listening` holds at any moment.
#[derive(Clone, Copy, Debug, Default)]
struct Presence {
    joined: u64,
    left: u64,
}

/// A sender's view of a stream, see [`Stream::follow`].
pub(crate) struct Follow {
    /// Ordinal of the oldest chunk kept.
    pub(crate) first: u64,
    /// The chunks asked for, with their sequence numbers.
    pub(crate) chunks: Vec<(u64, Bytes)>,
    /// Nothing will follow.
    pub(crate) ended: bool,
    /// Answers end now although the stream goes on: this process is leaving.
    pub(crate) closing: bool,
}

/// One listener's place in a stream, counted while it exists.
pub struct Place {
    stream: Arc<Stream>,
    /// Which of the family was asked for, counted from the best.
    asked: u8,
}

impl Place {
    /// A place for somebody who asks for `stream` at this rung, or `None` when it is full (which is counted).
    #[must_use]
    pub fn take(stream: Arc<Stream>, rung: Rung) -> Option<Self> {
        let Some(kin) = stream.kin() else {
            return Self::of(stream, 0);
        };
        let asked = kin.depth;
        Self::of(kin.at(asked, rung)?, asked)
    }

    /// Where this listener belongs that moves from one rung to another; where it is if that changes nothing. On the way up it
    /// gets no better rendition than it has: it may have come at a higher rung than it is served on.
    pub(crate) fn stream_at(&self, from: Rung, to: Rung) -> Arc<Stream> {
        let there = self.stream.kin().and_then(|kin| {
            let least = if to > from { kin.depth } else { 0 };
            kin.at(self.asked.max(least), to)
        });
        there.unwrap_or_else(|| self.stream.clone())
    }

    /// Whether this is what it hears at that rung, as far as it asked for it.
    pub(crate) fn belongs_at(&self, rung: Rung) -> bool {
        let kin = self.stream.kin();
        kin.is_none_or(|kin| kin.depth_at(self.asked, rung) == usize::from(kin.depth))
    }

    /// What it asked for.
    pub(crate) fn asked(&self) -> Arc<Stream> {
        let asked = self
            .stream
            .kin()
            .and_then(|kin| kin.at(self.asked, Rung::REST));
        asked.unwrap_or_else(|| self.stream.clone())
    }

    /// A place for the same listener in another stream of the family.
    pub(crate) fn beside(&self, stream: Arc<Stream>) -> Option<Self> {
        Self::of(stream, self.asked)
    }

    fn of(stream: Arc<Stream>, asked: u8) -> Option<Self> {
        let mut presence = stream.lock_presence();
        if presence.joined - presence.left >= stream.spec.listeners_max as u64 {
            drop(presence);
            stream.refused_full.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        presence.joined += 1;
        drop(presence);
        Some(Self { stream, asked })
    }

    /// The stream.
    #[must_use]
    pub fn stream(&self) -> &Arc<Stream> {
        &self.stream
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.stream.lock_presence().left += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn spec() -> StreamSpec {
        StreamSpec {
            path: "/e/demo/48".into(),
            live_name: Some("live.mp4".into()),
            chunk_ext: Some("m4s".into()),
            head_name: Some("init.mp4".into()),
            content_type: "audio/mp4".into(),
            chunk_ms: 200,
            flush_ms: 200,
            burst_ms: 500,
            ring_chunks: 6,
            listeners_max: 2,
        }
    }

    #[test]
    fn a_full_stream_refuses_and_says_how_often() {
        let stream = Arc::new(Stream::new(spec()).unwrap());
        let one = Place::take(stream.clone(), Rung::REST);
        let _two = Place::take(stream.clone(), Rung::REST).unwrap();
        assert!(Place::take(stream.clone(), Rung::REST).is_none());
        assert_eq!(stream.counters().refused_full, 1);
        assert_eq!(stream.listeners(), 2);
        drop(one);
        assert_eq!(stream.listeners(), 1);
        assert!(Place::take(stream.clone(), Rung::REST).is_some());
        let c = stream.counters();
        assert_eq!((c.joined, c.left, c.listening), (3, 2, 1));
    }

    #[test]
    fn a_bad_specification_is_refused_with_its_reason() {
        let bad = |change: fn(&mut StreamSpec)| {
            let mut s = spec();
            change(&mut s);
            Stream::new(s).err().unwrap()
        };
        assert!(matches!(
            bad(|s| s.path = "e".into()),
            StreamError::BadPath { .. }
        ));
        assert!(matches!(
            bad(|s| s.path = format!("/{}", "x".repeat(PATH_BYTES_MAX))),
            StreamError::BadPath { .. }
        ));
        assert!(matches!(
            bad(|s| s.content_type = "a\nb".into()),
            StreamError::BadContentType { .. }
        ));
        assert_eq!(
            bad(|s| s.flush_ms = 1_000),
            StreamError::BurstTooShort {
                needed_ms: 1_000,
                got_ms: 500
            }
        );
        assert_eq!(
            bad(|s| s.ring_chunks = 5),
            StreamError::RingTooShort { needed: 6, got: 5 }
        );
    }
}
