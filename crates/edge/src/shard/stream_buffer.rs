//! A shard's own copy of a stream's ring, as bytes ready to be sent: each chunk of sound framed as one chunk of HTTP (RFC 9112
//! section 7.1).
//!
//! A chunk is copied once per shard when it is published, so that nothing is shared between threads while it is sent, and the
//! publisher never waits for a listener.

use std::cell::{Ref, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};

use crate::stream::Stream;

/// The end of a chunked body.
pub(super) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Sent to one listener with one write, bytes, unless a single chunk has more.
const BATCH_BYTES_MAX: usize = 64 * 1024;

/// One chunk of a chunked body.
pub(super) struct HttpChunk {
    bytes: Bytes,
    /// Length of the size line before the data; two bytes follow the data.
    size_line: u16,
}

impl HttpChunk {
    pub(super) fn new(data: &[u8]) -> Self {
        let mut bytes = BytesMut::with_capacity(data.len() + 12);
        bytes.put_slice(format!("{:x}\r\n", data.len()).as_bytes());
        let size_line = bytes.len() as u16;
        bytes.put_slice(data);
        bytes.put_slice(b"\r\n");
        Self {
            bytes: bytes.freeze(),
            size_line,
        }
    }

    /// With its framing, or without it for HTTP/1.0.
    fn as_slice(&self, chunked: bool) -> &[u8] {
        if chunked {
            &self.bytes
        } else {
            &self.bytes[usize::from(self.size_line)..self.bytes.len() - 2]
        }
    }

    /// The same from a byte of it on.
    pub(super) fn bytes_from(&self, chunked: bool, from: usize) -> Bytes {
        if chunked {
            self.bytes.slice(from..)
        } else {
            self.bytes
                .slice(usize::from(self.size_line) + from..self.bytes.len() - 2)
        }
    }
}

/// Chunks in one piece.
#[derive(Default)]
struct Batch {
    /// The first ordinal, the ordinal before which it ends at the latest, and whether it is framed.
    asked: (u64, u64, bool),
    /// The ordinal behind the last chunk.
    behind: u64,
    bytes: Vec<u8>,
}

/// See the module.
pub(super) struct StreamBuffer {
    stream: Arc<Stream>,
    head: Option<HttpChunk>,
    head_version: u64,
    /// The chunks, each with its sequence number.
    chunks: VecDeque<(u64, HttpChunk)>,
    /// Ordinal of `chunks[0]`.
    first: u64,
    batch: RefCell<Batch>,
    suspended: bool,
    ended: bool,
    closing: bool,
}

impl StreamBuffer {
    pub(super) fn new(stream: Arc<Stream>) -> Self {
        Self {
            stream,
            head: None,
            head_version: 0,
            chunks: VecDeque::new(),
            first: 0,
            batch: RefCell::default(),
            suspended: false,
            ended: false,
            closing: false,
        }
    }

    pub(super) fn stream(&self) -> &Arc<Stream> {
        &self.stream
    }

    /// Takes what was published since the last time. Says whether anything changed.
    pub(super) fn sync(&mut self) -> bool {
        let before = self.progress();
        let follow = self.stream.since(self.end());
        if follow.first > self.end() {
            // More was published since than the ring keeps: all we have is too old.
            self.chunks.clear();
            self.first = follow.first;
        }
        let framed = follow
            .chunks
            .iter()
            .map(|(sequence, chunk)| (*sequence, HttpChunk::new(chunk)));
        self.chunks.extend(framed);
        while self.first < follow.first && self.chunks.pop_front().is_some() {
            self.first += 1;
        }
        self.suspended = follow.suspended;
        self.ended = follow.ended;
        self.closing = follow.closing;
        let head_version = self.stream.head_version();
        if self.head_version != head_version {
            self.head_version = head_version;
            let head = self.stream.head();
            self.head = head.map(|head| HttpChunk::new(&head.bytes));
        }
        before != self.progress()
    }

    /// What listeners see of the stream: how far it is, and whether anything else is to be done for them.
    fn progress(&self) -> (u64, [bool; 4]) {
        let flags = [
            self.suspended,
            self.ended,
            self.closing,
            self.head.is_some(),
        ];
        (self.end(), flags)
    }

    /// Ordinal of the oldest chunk that is kept.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// Ordinal of the next chunk to be published.
    pub(super) fn end(&self) -> u64 {
        self.first + self.chunks.len() as u64
    }

    /// Ordinal of the chunk that a listener starts with who is sent `burst_ms` at once.
    ///
    /// Counted by sequence number, which is time: after a gap in the numbers the chunks before it are not the latest sound.
    pub(super) fn burst_start(&self, burst_ms: u32) -> u64 {
        let Some((last, _)) = self.chunks.back() else {
            return self.end();
        };
        let burst = burst_ms.div_ceil(self.stream.spec().chunk_ms.max(1));
        let from = (last + 1).saturating_sub(u64::from(burst));
        self.first
            + self
                .chunks
                .partition_point(|(sequence, _)| *sequence < from) as u64
    }

    /// Whether there is as much sound as such a burst: soon after the beginning there may be less.
    pub(super) fn has_burst(&self, burst_ms: u32) -> bool {
        let starts = self.starts_at_ms(self.burst_start(burst_ms));
        let span = starts.zip(self.starts_at_ms(self.end()));
        span.is_some_and(|(from, to)| to - from >= u64::from(burst_ms))
    }

    /// When a chunk starts, ms after the moment from which its family counts. The chunk to come starts when the last one ends.
    pub(super) fn starts_at_ms(&self, ordinal: u64) -> Option<u64> {
        let index = ordinal.checked_sub(self.first)? as usize;
        let sequence = match self.chunks.get(index) {
            Some((sequence, _)) => *sequence,
            None if index == self.chunks.len() => self.chunks.back()?.0 + 1,
            None => return None,
        };
        Some(sequence * u64::from(self.stream.spec().chunk_ms))
    }

    /// Ordinal of the chunk that starts at that moment; it may be the one to come.
    pub(super) fn starting_at(&self, ms: u64) -> Option<u64> {
        let chunk_ms = u64::from(self.stream.spec().chunk_ms.max(1));
        if !ms.is_multiple_of(chunk_ms) {
            return None;
        }
        let sequence = ms / chunk_ms;
        let index = self.chunks.partition_point(|(one, _)| *one < sequence);
        let ordinal = self.first + index as u64;
        (self.starts_at_ms(ordinal) == Some(ms)).then_some(ordinal)
    }

    /// Those who come wait until it goes on.
    pub(super) fn suspended(&self) -> bool {
        self.suspended
    }

    /// Nothing will follow what was published.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Answers end now, because this process leaves.
    pub(super) fn closing(&self) -> bool {
        self.closing
    }

    /// What a listener is sent first; `None` while there is nothing to begin with.
    pub(super) fn head(&self, chunked: bool) -> Option<Bytes> {
        let head = self.head.as_ref().filter(|_| !self.suspended);
        head.map(|head| head.bytes_from(chunked, 0))
    }

    /// The chunks from `from` on and before `until`, in one piece of at most [`BATCH_BYTES_MAX`] or of one chunk, and the ordinal behind
    /// them.
    ///
    /// Kept for the next listener, since nearly all listeners of a cohort get the same. One write of one piece costs less than one of
    /// many.
    pub(super) fn batch(&self, from: u64, until: u64, chunked: bool) -> (Ref<'_, [u8]>, u64) {
        let asked = (from, until.min(self.end()), chunked);
        let mut batch = self.batch.borrow_mut();
        if batch.asked != asked {
            batch.asked = asked;
            batch.behind = from;
            batch.bytes.clear();
            let start = from.saturating_sub(self.first) as usize;
            for (_, chunk) in self.chunks.range(start.min(self.chunks.len())..) {
                let slice = chunk.as_slice(chunked);
                let fits =
                    batch.bytes.is_empty() || batch.bytes.len() + slice.len() <= BATCH_BYTES_MAX;
                if batch.behind == asked.1 || !fits {
                    break;
                }
                batch.bytes.extend_from_slice(slice);
                batch.behind += 1;
            }
        }
        let behind = batch.behind;
        drop(batch);
        (
            Ref::map(self.batch.borrow(), |batch| &batch.bytes[..]),
            behind,
        )
    }

    /// The chunk that `taken` bytes from the beginning of chunk `from` lead into, and how far into it.
    pub(super) fn locate(&self, from: u64, chunked: bool, mut taken: usize) -> (u64, usize) {
        let mut ordinal = from;
        for (_, chunk) in self.chunks.range((from - self.first) as usize..) {
            let length = chunk.as_slice(chunked).len();
            if taken < length {
                break;
            }
            taken -= length;
            ordinal += 1;
        }
        (ordinal, taken)
    }

    /// What is left of a chunk after `sent` bytes of it.
    pub(super) fn rest(&self, ordinal: u64, chunked: bool, sent: usize) -> Bytes {
        self.chunks
            .get((ordinal - self.first) as usize)
            .map_or_else(Bytes::new, |(_, chunk)| chunk.bytes_from(chunked, sent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::StreamSpec;

    fn buffer(chunk_ms: u32, sequences: impl IntoIterator<Item = u64>) -> StreamBuffer {
        let spec = StreamSpec {
            path: "/e/demo/48".into(),
            live_name: Some("live.mp4".into()),
            chunk_ext: None,
            head_name: None,
            content_type: "audio/mp4".into(),
            chunk_ms,
            flush_ms: chunk_ms,
            burst_ms: chunk_ms,
            ring_chunks: 10,
            listeners_max: 1,
        };
        let stream = Arc::new(Stream::new(spec).unwrap());
        let mut buffer = StreamBuffer::new(stream.clone());
        for sequence in sequences {
            let bytes = Bytes::from(sequence.to_string());
            stream.publish(sequence, bytes).unwrap();
        }
        buffer.sync();
        buffer
    }

    #[test]
    fn who_comes_after_another_head_was_set_is_given_that_one() {
        let mut buffer = buffer(200, 0..4);
        let stream = buffer.stream().clone();
        let head = |buffer: &StreamBuffer| buffer.head(false);
        assert_eq!(head(&buffer), None);
        for set in ["first", "second", "third"] {
            stream.set_head(Bytes::from_static(set.as_bytes()));
            buffer.sync();
            assert_eq!(head(&buffer).as_deref(), Some(set.as_bytes()));
        }
    }

    #[test]
    fn a_burst_is_as_many_chunks_as_its_time_takes() {
        let buffer = buffer(200, 100..108);
        assert_eq!((buffer.burst_start(500), buffer.end()), (5, 8));
        assert_eq!(buffer.burst_start(200), 7);
        assert_eq!(buffer.burst_start(60_000), 0, "there is no more");
        assert!(buffer.has_burst(1_600) && !buffer.has_burst(1_800));
    }

    #[test]
    fn a_batch_is_what_its_chunks_are_one_after_the_other() {
        let buffer = buffer(200, 8..12);
        let batch = |from, until, chunked| {
            let (bytes, to) = buffer.batch(from, until, chunked);
            (String::from_utf8(bytes.to_vec()).unwrap(), to)
        };
        for _ in 0..2 {
            assert_eq!(batch(1, 3, false), ("910".into(), 3));
            assert_eq!(
                batch(1, u64::MAX, true),
                ("1\r\n9\r\n2\r\n10\r\n2\r\n11\r\n".into(), 4)
            );
            assert_eq!(batch(3, 4, false), ("11".into(), 4));
        }
        assert_eq!(buffer.locate(1, false, 1), (2, 0));
        assert_eq!(buffer.locate(1, false, 2), (2, 1));
        assert_eq!(buffer.locate(1, false, 5), (4, 0));
    }

    #[test]
    fn a_batch_ends_where_it_would_be_too_long_and_has_one_chunk_at_least() {
        let stream = buffer(200, []).stream;
        let mut buffer = StreamBuffer::new(stream.clone());
        for sequence in 0..3 {
            let bytes = vec![b'.'; BATCH_BYTES_MAX / 2 + 1];
            stream.publish(sequence, bytes.into()).unwrap();
        }
        stream
            .publish(3, vec![b'.'; 2 * BATCH_BYTES_MAX].into())
            .unwrap();
        buffer.sync();
        assert_eq!(buffer.batch(0, 4, false).1, 1);
        assert_eq!(buffer.batch(3, 4, false).1, 4);
    }

    #[test]
    fn a_burst_does_not_reach_behind_a_gap_in_time() {
        assert_eq!(buffer(200, [1, 2, 3, 50]).burst_start(600), 3);
    }

    #[test]
    fn two_streams_meet_where_their_chunks_begin_together_and_nowhere_else() {
        let (fine, coarse) = (buffer(200, 594..606), buffer(1_200, 95..101));
        // 600 × 0.2 s = 100 × 1.2 s.
        let meets = |ordinal| {
            fine.starts_at_ms(ordinal)
                .and_then(|ms| coarse.starting_at(ms))
        };
        let met: Vec<u64> = (fine.first()..=fine.end()).filter_map(meets).collect();
        assert_eq!(met, [5, 6], "the second is the one to come in both");
        assert_eq!(fine.starts_at_ms(fine.end()), Some(606 * 200));
        assert_eq!(coarse.starting_at(606 * 200), Some(coarse.end()));
        assert_eq!(coarse.starting_at(120_200), None);
        assert_eq!(coarse.starting_at(122_400), None, "nobody knows yet");
    }
}
