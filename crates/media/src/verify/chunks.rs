//! Reassembling a stream into initialisation segments and whole chunks: positions, capture times, notices and Opus packets.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

use crate::mp4::{Part, StreamError, StreamReader, TrackHeader};

/// Largest chunk with all its notices, in bytes.
pub const CHUNK_BYTES_MAX: usize = 1024 * 1024;

/// The initialisation segment of a stream (ISO/IEC 14496-12), which stands before its chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitSegment {
    /// `ftyp` and `moov`.
    pub bytes: Bytes,
    /// Duration of one Opus packet, in samples.
    pub frame_samples: u32,
    /// Samples to leave out at the beginning (RFC 7845 §4.2).
    pub pre_skip: u16,
}

/// A chunk, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadChunk {
    /// All of it, as published.
    pub bytes: Bytes,
    /// Position of the first sample (`tfdt`).
    pub position: u64,
    /// When the first sample was captured (`prft`), in microseconds since 1970.
    pub capture_unix_us: i64,
    /// Duration of one Opus packet, in samples, where it is not as the head says.
    pub frame_samples: Option<u32>,
    /// The notices it carries.
    pub notices: Vec<ReadNotice>,
    /// Bytes of each Opus packet.
    pub sizes: Vec<u16>,
    /// The Opus packets, one beside the other.
    pub data: Bytes,
}

/// One line for the listener, as it travels in an `emsg`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadNotice {
    /// The same notice has the same number in every rendition.
    pub id: u32,
    /// The payload, JSON in UTF-8.
    pub payload: Bytes,
}

impl ReadChunk {
    /// Reads exactly one chunk.
    ///
    /// # Errors
    /// [`ChunkError`] if the bytes are anything else.
    pub fn parse(bytes: &[u8]) -> Result<Self, ChunkError> {
        let mut rest = bytes;
        match ChunkReader::new().read(&mut rest)? {
            Some(Item::Chunk(chunk)) if rest.is_empty() => Ok(chunk),
            _ => Err(ChunkError::NotOneChunk { got: bytes.len() }),
        }
    }

    /// The Opus packets in order.
    pub fn packets(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.data[..];
        self.sizes.iter().map(move |&size| {
            // The sizes add up to the data: checked when the chunk was read.
            let (packet, later) = rest.split_at(usize::from(size));
            rest = later;
            packet
        })
    }
}

/// What a [`ChunkReader`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// The head. A stream may send it again.
    InitSegment(InitSegment),
    /// The next chunk.
    Chunk(ReadChunk),
    /// How this listener is served from here on: the payload, JSON in UTF-8. It belongs to no chunk.
    Cadence(Bytes),
}

/// Assembles the parts of a stream into initialisation segments and chunks. Holds at most one of them.
#[derive(Debug, Default)]
pub struct ChunkReader {
    stream: StreamReader,
    /// Bytes of all parts so far.
    taken_bytes: u64,
    whole_bytes: u64,
    draft: Draft,
}

/// The item being assembled.
#[derive(Debug, Default)]
struct Draft {
    bytes: BytesMut,
    chunk: ReadChunk,
    /// Number of each notice, and where its payload stands in `bytes`.
    notices: Vec<(u32, Range<usize>)>,
    data_from: usize,
}

impl ChunkReader {
    /// A reader at the beginning of a head or a chunk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes off the front of `input` until a head or a chunk is whole. `None` means that all of `input` was taken.
    ///
    /// # Errors
    /// [`ChunkError`] when what comes cannot be part of a stream of ours. The reader is of no use then.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Item>, ChunkError> {
        while let Some(part) = self.stream.next(input)? {
            self.taken_bytes += part.bytes().len() as u64;
            if let Some(item) = self.draft.take(&part)? {
                self.whole_bytes = self.taken_bytes;
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    /// Bytes of all whole heads and chunks read so far: what of a torn file is good.
    #[must_use]
    pub const fn whole_bytes(&self) -> u64 {
        self.whole_bytes
    }
}

impl Draft {
    /// Adds a part; gives the item that is whole with it.
    fn take(&mut self, part: &Part<'_>) -> Result<Option<Item>, ChunkError> {
        if let Part::Cadence { payload, .. } = part {
            return Ok(Some(Item::Cadence(Bytes::copy_from_slice(payload))));
        }
        self.append(part)?;
        match *part {
            Part::Track { header, .. } => return Ok(Some(Item::InitSegment(self.head(header)))),
            Part::Event {
                notice: Some(notice),
                ..
            } => {
                // The payload is what an `emsg` ends with.
                let end = self.bytes.len();
                let payload = end - notice.payload.len()..end;
                self.notices.push((notice.id, payload));
            }
            Part::CaptureTime { unix_us, .. } => self.chunk.capture_unix_us = unix_us,
            Part::Fragment { fragment, .. } => {
                self.chunk.position = fragment.position;
                self.chunk.frame_samples = fragment.frame_samples;
                self.chunk.sizes = fragment.packet_sizes().collect();
            }
            Part::DataHeader { .. } => self.data_from = self.bytes.len(),
            Part::Data { last: true, .. } => return Ok(Some(Item::Chunk(self.chunk()))),
            _ => {}
        }
        Ok(None)
    }

    fn append(&mut self, part: &Part<'_>) -> Result<(), ChunkError> {
        let mut got = self.bytes.len() + part.bytes().len();
        if let Part::DataHeader { data_bytes, .. } = part {
            got += *data_bytes as usize;
        }
        if got > CHUNK_BYTES_MAX {
            return Err(ChunkError::TooLarge {
                got,
                limit: CHUNK_BYTES_MAX,
            });
        }
        self.bytes.reserve(got - self.bytes.len());
        self.bytes.extend_from_slice(part.bytes());
        Ok(())
    }

    fn head(&mut self, header: TrackHeader) -> InitSegment {
        InitSegment {
            bytes: self.bytes.split().freeze(),
            frame_samples: header.frame_samples,
            pre_skip: header.pre_skip,
        }
    }

    fn chunk(&mut self) -> ReadChunk {
        let bytes = self.bytes.split().freeze();
        let notices = self.notices.drain(..);
        let notices = notices.map(|(id, payload)| ReadNotice {
            id,
            payload: bytes.slice(payload),
        });
        ReadChunk {
            notices: notices.collect(),
            data: bytes.slice(self.data_from..),
            bytes,
            ..std::mem::take(&mut self.chunk)
        }
    }
}

/// Why bytes are not heads and chunks of ours. Always the sender's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChunkError {
    /// It is not even a stream.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// A chunk with its notices is too large.
    #[error("a chunk has {got} bytes and the limit is {limit}")]
    TooLarge {
        /// Its bytes so far, or those it announces.
        got: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The bytes are not exactly one chunk.
    #[error("{got} bytes are not exactly one chunk")]
    NotOneChunk {
        /// How many bytes they are.
        got: usize,
    },
}
