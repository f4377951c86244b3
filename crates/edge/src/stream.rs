//! A stream: a head, a ring of chunks, and an exact count of its listeners.
//!
//! The publisher's side ([`Stream::publish`]) never waits for a listener. Whoever sends follows the ring by ordinal; a listener is
//! a [`StreamSubscription`](crate::family::StreamSubscription). A stream knows nothing of other streams: what it is part of is in
//! `crate::family`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

pub use crate::ring::PublishError;

use crate::demand::Demand;
use crate::heads::etag_of;
use crate::limits::PATH_BYTES_MAX;
use crate::path::is_good_path;
use crate::prefix::{Prefix, PrefixShare, PrefixShares};
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
    /// What a new listener is given at once at rest, ms: at least a flush interval, or its player would run dry before its first turn.
    pub burst_ms: u32,
    /// Chunks kept.
    pub ring_chunks: usize,
    /// Listeners of the endless answer. Beyond: 503 to those who come; nobody who listens is put out.
    pub listeners_max: usize,
}

/// Why a stream was not opened. The operator's or the caller's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// A path must begin with `/`, not end with one, and fit [`PATH_BYTES_MAX`].
    #[error(
        "a path begins with a slash, does not end with one and has at most {PATH_BYTES_MAX} bytes, unlike {got:?}"
    )]
    BadPath {
        /// The path given.
        got: String,
    },
    /// The content type is no header value.
    #[error("{got:?} is not a content type")]
    BadContentType {
        /// The content type given.
        got: String,
    },
    /// The ring must hold the longest burst twice, or a new listener could be overtaken while taking it.
    #[error("the ring must hold the burst twice, {needed} chunks, and was given {got}")]
    RingTooShort {
        /// Chunks needed.
        needed: usize,
        /// Chunks given.
        got: usize,
    },
    /// A new listener must be given at least one flush interval at once.
    #[error(
        "a listener is sent bytes every {needed_ms} ms and must be given as much at once; the burst is {got_ms} ms"
    )]
    BurstTooShort {
        /// The longer of flush interval and chunk, ms.
        needed_ms: u32,
        /// The burst given, ms.
        got_ms: u32,
    },
    /// A stream of that path is open and has not ended.
    #[error("a stream is already open at {path}")]
    Taken {
        /// The path.
        path: String,
    },
    /// The edge is full of streams.
    #[error("there are already {max} streams, which is the limit")]
    TooMany {
        /// `EdgeLimits::streams_max`.
        max: usize,
    },
}

/// Figures of one stream since it was opened. `joined − left = listening`, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamStats {
    /// Listeners who were admitted.
    pub joined: u64,
    /// Listeners who left, for whatever reason.
    pub left: u64,
    /// Listeners now.
    pub listening: u64,
    /// Listeners refused because the stream was full.
    pub refused_full: u64,
    /// Times a listener fell out of the ring and was put at the live edge.
    pub overtaken: u64,
    /// Chunks that overtaken listeners will never get.
    pub chunks_skipped: u64,
    /// Listeners disconnected because they were overtaken again and again; `left` counts them too.
    pub dropped_slow: u64,
    /// Chunks published.
    pub published: u64,
}

/// One stream of chunks, shared by its publisher and its listeners.
pub struct Stream {
    spec: StreamSpec,
    content_type: HeaderValue,
    ring: RwLock<Ring>,
    head: RwLock<Option<StreamHead>>,
    /// How often the head was set.
    head_version: AtomicU64,
    fields: RwLock<HeaderMap>,
    farewell: OnceLock<String>,
    counts: Mutex<ListenerCounts>,
    demand: OnceLock<Arc<Demand>>,
    of_prefixes: OnceLock<OfPrefixes>,
    suspended: AtomicBool,
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
            counts: Mutex::default(),
            demand: OnceLock::new(),
            of_prefixes: OnceLock::new(),
            suspended: AtomicBool::new(false),
            content_type,
            spec,
            head: RwLock::default(),
            head_version: AtomicU64::new(0),
            fields: RwLock::default(),
            farewell: OnceLock::new(),
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

    /// Sets what every listener who comes from now on is given before the chunks. One that came before any is set waits for it.
    pub fn set_head(&self, head: Bytes) {
        let head = StreamHead {
            etag: etag_of(&head),
            bytes: head,
        };
        *self.head.write().unwrap_or_else(PoisonError::into_inner) = Some(head);
        // Behind it: whoever sees the version finds this head, or a later one.
        self.head_version.fetch_add(1, Ordering::Release);
    }

    /// Sets the further fields of the answer that a listener gets: what they mean is its publisher's affair.
    pub fn set_fields(&self, fields: HeaderMap) {
        *self.fields.write().unwrap_or_else(PoisonError::into_inner) = fields;
    }

    /// What whoever comes after the end is told, in one sentence. Only the first call counts.
    pub fn set_farewell(&self, sentence: &str) {
        self.farewell.get_or_init(|| sentence.to_owned());
    }

    pub(crate) fn farewell(&self) -> &str {
        self.farewell
            .get()
            .map_or("This stream has ended.", String::as_str)
    }

    pub(crate) fn fields(&self) -> HeaderMap {
        self.fields
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Publishes the next chunk to all listeners. It waits for none and wakes none: the shards look for new chunks every tick
    /// by themselves.
    ///
    /// # Errors
    /// When the sequence number does not grow, the chunk is too large, or the stream has ended.
    pub fn publish(&self, sequence: u64, bytes: Bytes) -> Result<(), PublishError> {
        self.ring
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .publish(sequence, bytes)
    }

    /// From now on whoever asks for anything of it marks this demand. Only the first call counts.
    pub fn mark_demand_on(&self, demand: &Arc<Demand>) {
        self.demand.get_or_init(|| Arc::clone(demand));
    }

    /// Of its listeners so many may be of one IPv4 /24 or IPv6 /64. Beyond: 503. Only the first call counts.
    pub fn limit_listeners_of_prefix(&self, max: usize) {
        self.of_prefixes.get_or_init(|| OfPrefixes {
            shares: Arc::default(),
            max: max as u64,
        });
    }

    /// A share of its listeners for one more of a network, if `admits` says so of how many there are and how many there may be; none where
    /// it is bounded for no network.
    pub(crate) fn share_of<R>(
        &self,
        prefix: Prefix,
        admits: impl FnOnce(u64, u64) -> Result<(), R>,
    ) -> Result<Option<PrefixShare>, R> {
        let Some(bounded) = self.of_prefixes.get() else {
            return Ok(None);
        };
        let share = bounded.shares.take(prefix, |has| admits(has, bounded.max));
        share.map(Some)
    }

    /// Nothing is published for a while: what was is of the past. Listeners who come wait for [`Self::resume`]; before it, what is to be
    /// given to them can be published.
    pub fn suspend(&self) {
        self.suspended.store(true, Ordering::Release);
    }

    /// Listeners who have waited are given the burst, and those who come from now on.
    pub fn resume(&self) {
        self.suspended.store(false, Ordering::Release);
    }

    /// Whether those who come wait.
    #[must_use]
    pub fn suspended(&self) -> bool {
        self.suspended.load(Ordering::Acquire)
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
        let counts = *self.lock_counts();
        counts.joined - counts.left
    }

    /// Its figures since it was opened.
    #[must_use]
    pub fn counters(&self) -> StreamStats {
        let counts = *self.lock_counts();
        StreamStats {
            joined: counts.joined,
            left: counts.left,
            listening: counts.joined - counts.left,
            refused_full: self.refused_full.load(Ordering::Relaxed),
            overtaken: self.overtaken.load(Ordering::Relaxed),
            chunks_skipped: self.chunks_skipped.load(Ordering::Relaxed),
            dropped_slow: self.dropped_slow.load(Ordering::Relaxed),
            published: self.read_ring().published(),
        }
    }

    /// Ends every listener's response cleanly without ending the stream: this process is about to exit.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }

    /// Counts a listener in if `admits` says so of how many there are and how many there may be. Both are asked under the one lock
    /// that counts, so that two listeners cannot both be the last one.
    pub(crate) fn join<R>(&self, admits: impl FnOnce(u64, u64) -> Result<(), R>) -> Result<(), R> {
        let mut counts = self.lock_counts();
        let listening = counts.joined - counts.left;
        let admitted = admits(listening, self.spec.listeners_max as u64);
        match admitted {
            Ok(()) => counts.joined += 1,
            Err(_) => {
                drop(counts);
                self.refused_full.fetch_add(1, Ordering::Relaxed);
            }
        }
        admitted
    }

    /// Counts a listener out that was counted in by [`Self::join`].
    pub(crate) fn leave(&self) {
        self.lock_counts().left += 1;
    }

    /// Somebody asks for something of it.
    pub(crate) fn mark_demand(&self) {
        if let Some(demand) = self.demand.get() {
            demand.mark();
        }
    }

    pub(crate) fn content_type(&self) -> &HeaderValue {
        &self.content_type
    }

    /// Changes with the head: to see without a lock that it is the same.
    pub(crate) fn head_version(&self) -> u64 {
        self.head_version.load(Ordering::Acquire)
    }

    pub(crate) fn head(&self) -> Option<StreamHead> {
        self.head
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What a sender needs to continue from an ordinal: references to the chunks since then, and whether more will come.
    pub(crate) fn since(&self, ordinal: u64) -> StreamUpdate {
        // First, so that what was published before it went on is seen with it.
        let suspended = self.suspended();
        let ring = self.read_ring();
        StreamUpdate {
            first: ring.first(),
            chunks: ring
                .since(ordinal)
                .map(|(sequence, bytes)| (sequence, bytes.clone()))
                .collect(),
            suspended,
            ended: ring.ended(),
            closing: self.closing.load(Ordering::Acquire),
        }
    }

    /// A listener fell out of the ring and missed so many chunks.
    pub(crate) fn count_overtaken(&self, skipped: u64) {
        self.overtaken.fetch_add(1, Ordering::Relaxed);
        self.chunks_skipped.fetch_add(skipped, Ordering::Relaxed);
    }

    /// A listener was disconnected because it was overtaken again and again.
    pub(crate) fn count_dropped_slow(&self) {
        self.dropped_slow.fetch_add(1, Ordering::Relaxed);
    }

    /// One chunk, if the ring still has it.
    #[must_use]
    pub fn lookup(&self, sequence: u64) -> Lookup {
        self.read_ring().lookup(sequence)
    }

    fn lock_counts(&self) -> MutexGuard<'_, ListenerCounts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_ring(&self) -> RwLockReadGuard<'_, Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What listeners are given before the chunks.
#[derive(Clone)]
pub(crate) struct StreamHead {
    pub(crate) bytes: Bytes,
    pub(crate) etag: HeaderValue,
}

/// How many listeners each network may have.
struct OfPrefixes {
    shares: Arc<PrefixShares>,
    max: u64,
}

/// How many joined and left. One lock for both, so that `joined − left = listening` holds at any moment.
#[derive(Clone, Copy, Debug, Default)]
struct ListenerCounts {
    joined: u64,
    left: u64,
}

/// What has happened to a stream, see [`Stream::since`].
pub(crate) struct StreamUpdate {
    /// Ordinal of the oldest chunk kept.
    pub(crate) first: u64,
    /// The chunks asked for, with their sequence numbers.
    pub(crate) chunks: Vec<(u64, Bytes)>,
    /// Those who come wait.
    pub(crate) suspended: bool,
    /// Nothing will follow.
    pub(crate) ended: bool,
    /// Responses end now although the stream goes on: this process is about to exit.
    pub(crate) closing: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::spec;

    #[test]
    fn a_bad_specification_is_refused_with_its_reason() {
        let bad = |change: fn(&mut StreamSpec)| {
            let mut s = StreamSpec {
                burst_ms: 500,
                ring_chunks: 6,
                ..spec()
            };
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
