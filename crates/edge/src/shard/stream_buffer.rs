//! A shard's own copy of a stream, as bytes ready to be sent: each chunk of sound as one chunk of HTTP (RFC 9112 §7.1).
//!
//! Copied once per shard when it is published, so that nothing is shared between threads while it is sent and the
//! publisher never waits for a listener.

use std::cell::{Ref, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};

use crate::stream::Stream;

/// The end of a chunked body.
pub(super) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Bytes with the frame of HTTP around them.
pub(super) struct HttpChunk {
    bytes: Bytes,
    /// Bytes of the frame before what is in it; two follow.
    before: u16,
}

impl HttpChunk {
    pub(super) fn new(sound: &[u8]) -> Self {
        let mut bytes = BytesMut::with_capacity(sound.len() + 12);
        bytes.put_slice(format!("{:x}\r\n", sound.len()).as_bytes());
        let before = bytes.len() as u16;
        bytes.put_slice(sound);
        bytes.put_slice(b"\r\n");
        Self {
            bytes: bytes.freeze(),
            before,
        }
    }

    fn slice(&self, chunked: bool) -> &[u8] {
        if chunked {
            &self.bytes
        } else {
            &self.bytes[usize::from(self.before)..self.bytes.len() - 2]
        }
    }

    pub(super) fn part(&self, chunked: bool, from: usize) -> Bytes {
        if chunked {
            self.bytes.slice(from..)
        } else {
            self.bytes
                .slice(usize::from(self.before) + from..self.bytes.len() - 2)
        }
    }
}

/// Given to one listener in one piece, bytes, unless one chunk has more.
const RUN_BYTES_MAX: usize = 64 * 1024;

/// Chunks in one piece.
#[derive(Default)]
struct Run {
    /// The first, the one before which it ends at the latest, and whether framed.
    asked: (u64, u64, bool),
    /// The chunk behind the last.
    to: u64,
    bytes: Vec<u8>,
}

/// One stream as a shard sends it.
pub(super) struct StreamBuffer {
    stream: Arc<Stream>,
    head: Option<HttpChunk>,
    /// The chunks, each with its sequence number.
    frames: VecDeque<(u64, HttpChunk)>,
    /// Ordinal of `frames[0]`.
    first: u64,
    run: RefCell<Run>,
    ended: bool,
    closing: bool,
}

impl StreamBuffer {
    pub(super) fn new(stream: Arc<Stream>) -> Self {
        Self {
            stream,
            head: None,
            frames: VecDeque::new(),
            first: 0,
            run: RefCell::default(),
            ended: false,
            closing: false,
        }
    }

    pub(super) fn stream(&self) -> &Arc<Stream> {
        &self.stream
    }

    /// Takes what was published since the last time. Says whether anything changed.
    pub(super) fn sync(&mut self) -> bool {
        let before = (self.end(), self.ended, self.closing, self.head.is_some());
        let follow = self.stream.follow(self.end());
        if follow.first > self.end() {
            // The ring ran on without us: what we have is older than the oldest it keeps.
            self.frames.clear();
            self.first = follow.first;
        }
        let framed = follow
            .chunks
            .iter()
            .map(|(sequence, chunk)| (*sequence, HttpChunk::new(chunk)));
        self.frames.extend(framed);
        while self.first < follow.first && self.frames.pop_front().is_some() {
            self.first += 1;
        }
        self.ended = follow.ended;
        self.closing = follow.closing;
        if self.head.is_none() {
            self.head = self.stream.head().map(|head| HttpChunk::new(&head));
        }
        before != (self.end(), self.ended, self.closing, self.head.is_some())
    }

    /// Ordinal of the oldest chunk that can still be had.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// Ordinal of the next chunk to be published.
    pub(super) fn end(&self) -> u64 {
        self.first + self.frames.len() as u64
    }

    /// Ordinal of the chunk a newcomer starts with who is given so much at once.
    ///
    /// Counted by sequence number, which is time: after a gap in the numbers the old chunks are not "just now".
    pub(super) fn join(&self, burst_ms: u32) -> u64 {
        let Some((last, _)) = self.frames.back() else {
            return self.end();
        };
        let burst = burst_ms.div_ceil(self.stream.spec().chunk_ms.max(1));
        let from = (last + 1).saturating_sub(u64::from(burst));
        self.first
            + self
                .frames
                .partition_point(|(sequence, _)| *sequence < from) as u64
    }

    /// Whether a newcomer who is given so much at once would get all of it: there may be less, soon after the beginning.
    pub(super) fn holds(&self, burst_ms: u32) -> bool {
        let begins = self.begins_ms(self.join(burst_ms));
        let held = begins.zip(self.begins_ms(self.end()));
        held.is_some_and(|(from, to)| to - from >= u64::from(burst_ms))
    }

    /// When a chunk begins, ms after the moment from which the family counts; of the chunk to come, when the last one ends.
    pub(super) fn begins_ms(&self, ordinal: u64) -> Option<u64> {
        let index = ordinal.checked_sub(self.first)? as usize;
        let sequence = match self.frames.get(index) {
            Some((sequence, _)) => *sequence,
            None if index == self.frames.len() => self.frames.back()?.0 + 1,
            None => return None,
        };
        Some(sequence * u64::from(self.stream.spec().chunk_ms))
    }

    /// The chunk that begins at that moment; it may be the one to come.
    pub(super) fn at_ms(&self, begins_ms: u64) -> Option<u64> {
        let chunk_ms = u64::from(self.stream.spec().chunk_ms.max(1));
        if !begins_ms.is_multiple_of(chunk_ms) {
            return None;
        }
        let sequence = begins_ms / chunk_ms;
        let index = self.frames.partition_point(|(one, _)| *one < sequence);
        let ordinal = self.first + index as u64;
        (self.begins_ms(ordinal) == Some(begins_ms)).then_some(ordinal)
    }

    /// Everything was published; nothing follows.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// This process leaves: answers end now.
    pub(super) fn closing(&self) -> bool {
        self.closing
    }

    pub(super) fn head(&self, chunked: bool) -> Option<Bytes> {
        self.head.as_ref().map(|head| head.part(chunked, 0))
    }

    /// The chunks from `from` on and before `until`, in one piece of [`RUN_BYTES_MAX`] or of one chunk, and the chunk behind them.
    ///
    /// Kept for the next listener: of those served as on one rung nearly all are to get the same. A send of one piece costs less
    /// than one of many.
    pub(super) fn run(&self, from: u64, until: u64, chunked: bool) -> (Ref<'_, [u8]>, u64) {
        let asked = (from, until.min(self.end()), chunked);
        let mut run = self.run.borrow_mut();
        if run.asked != asked {
            run.asked = asked;
            run.to = from;
            run.bytes.clear();
            let start = from.saturating_sub(self.first) as usize;
            for (_, frame) in self.frames.range(start.min(self.frames.len())..) {
                let slice = frame.slice(chunked);
                let fits = run.bytes.is_empty() || run.bytes.len() + slice.len() <= RUN_BYTES_MAX;
                if run.to == asked.1 || !fits {
                    break;
                }
                run.bytes.extend_from_slice(slice);
                run.to += 1;
            }
        }
        let to = run.to;
        drop(run);
        (Ref::map(self.run.borrow(), |run| &run.bytes[..]), to)
    }

    /// Which chunk is the one that `taken` bytes from the beginning of chunk `from` lead into, and how far.
    pub(super) fn reached(&self, from: u64, chunked: bool, mut taken: usize) -> (u64, usize) {
        let mut ordinal = from;
        for (_, frame) in self.frames.range((from - self.first) as usize..) {
            let length = frame.slice(chunked).len();
            if taken < length {
                break;
            }
            taken -= length;
            ordinal += 1;
        }
        (ordinal, taken)
    }

    /// What of a chunk is left after `sent` bytes of it.
    pub(super) fn rest(&self, ordinal: u64, chunked: bool, sent: usize) -> Bytes {
        self.frames
            .get((ordinal - self.first) as usize)
            .map_or_else(Bytes::new, |(_, frame)| frame.part(chunked, sent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::StreamSpec;

    fn frames(chunk_ms: u32, sequences: impl IntoIterator<Item = u64>) -> StreamBuffer {
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
        let mut frames = StreamBuffer::new(stream.clone());
        for sequence in sequences {
            let bytes = Bytes::from(sequence.to_string());
            stream.publish(sequence, bytes).unwrap();
        }
        frames.sync();
        frames
    }

    #[test]
    fn a_burst_is_as_many_chunks_as_its_time_takes() {
        let frames = frames(200, 100..108);
        assert_eq!((frames.join(500), frames.end()), (5, 8));
        assert_eq!(frames.join(200), 7);
        assert_eq!(frames.join(60_000), 0, "there is no more");
        assert!(frames.holds(1_600) && !frames.holds(1_800));
    }

    #[test]
    fn a_run_is_what_its_chunks_are_one_after_the_other() {
        let frames = frames(200, 8..12);
        let run = |from, until, chunked| {
            let (bytes, to) = frames.run(from, until, chunked);
            (String::from_utf8(bytes.to_vec()).unwrap(), to)
        };
        for _ in 0..2 {
            assert_eq!(run(1, 3, false), ("910".into(), 3));
            assert_eq!(
                run(1, u64::MAX, true),
                ("1\r\n9\r\n2\r\n10\r\n2\r\n11\r\n".into(), 4)
            );
            assert_eq!(run(3, 4, false), ("11".into(), 4));
        }
        assert_eq!(frames.reached(1, false, 1), (2, 0));
        assert_eq!(frames.reached(1, false, 2), (2, 1));
        assert_eq!(frames.reached(1, false, 5), (4, 0));
    }

    #[test]
    fn a_run_ends_where_it_would_be_too_long_and_has_one_chunk_at_least() {
        let stream = frames(200, []).stream;
        let mut frames = StreamBuffer::new(stream.clone());
        for sequence in 0..3 {
            let bytes = vec![b'.'; RUN_BYTES_MAX / 2 + 1];
            stream.publish(sequence, bytes.into()).unwrap();
        }
        stream
            .publish(3, vec![b'.'; 2 * RUN_BYTES_MAX].into())
            .unwrap();
        frames.sync();
        assert_eq!(frames.run(0, 4, false).1, 1);
        assert_eq!(frames.run(3, 4, false).1, 4);
    }

    #[test]
    fn a_burst_does_not_reach_behind_a_gap_in_time() {
        assert_eq!(frames(200, [1, 2, 3, 50]).join(600), 3);
    }

    #[test]
    fn two_streams_meet_where_their_chunks_begin_together_and_nowhere_else() {
        let (fine, coarse) = (frames(200, 594..606), frames(1_200, 95..101));
        // 600 × 0.2 s = 100 × 1.2 s.
        let meets = |ordinal| fine.begins_ms(ordinal).and_then(|ms| coarse.at_ms(ms));
        let met: Vec<u64> = (fine.first()..=fine.end()).filter_map(meets).collect();
        assert_eq!(met, [5, 6], "the second is the one to come in both");
        assert_eq!(fine.begins_ms(fine.end()), Some(606 * 200));
        assert_eq!(coarse.at_ms(606 * 200), Some(coarse.end()));
        assert_eq!(coarse.at_ms(120_200), None);
        assert_eq!(coarse.at_ms(122_400), None, "nobody knows yet");
    }
}
