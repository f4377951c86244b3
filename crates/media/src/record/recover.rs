//! How much of a recording is good after the process was killed.

use std::io::{ErrorKind, Read};
use std::ops::Range;

use super::error::RecordError;
use crate::rendition::TICK_SAMPLES;
use crate::verify::{ChunkReader, InitSegment, Item, ReadChunk};

/// Bytes read at once.
const READ_BYTES: usize = 64 * 1024;

/// What of a file is good.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovered {
    /// Bytes up to the end of the last whole chunk: cut the file here before appending to it.
    pub valid_bytes: u64,
    /// Whether the head is whole. If not, `valid_bytes` is 0 and the file begins anew.
    pub has_head: bool,
    /// Whole chunks.
    pub chunks: u64,
    /// Position after the latest sample, in samples since the epoch.
    pub end_position: Option<u64>,
}

/// Reads a recording from its beginning to the first thing that is not whole or not ours.
///
/// # Errors
/// [`RecordError::Io`] if reading fails. A torn or damaged file is not an error: it is good up to a point.
pub fn recover(source: impl Read) -> Result<Recovered, RecordError> {
    recover_with(source, |_| {})
}

/// A whole chunk, where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedChunk {
    /// Position of its first sample, in samples since the epoch.
    pub position: u64,
    /// How many samples it has.
    pub samples: u64,
    /// Where it stands in the recording.
    pub bytes: Range<u64>,
}

/// What of the timeline a chunk has, in samples since the epoch; `None` if these bytes are not exactly one chunk of the programme or of a speaker.
#[must_use]
pub fn chunk_span(bytes: &[u8]) -> Option<Range<u64>> {
    let chunk = ReadChunk::parse(bytes).ok()?;
    let frame_samples = chunk.frame_samples.unwrap_or(TICK_SAMPLES as u32);
    let samples = chunk.sizes.len() as u64 * u64::from(frame_samples);
    Some(chunk.position..chunk.position.saturating_add(samples))
}

/// As [`recover`], and tells of each whole chunk, in the order in which they stand.
///
/// # Errors
/// As [`recover`].
pub fn recover_with(
    source: impl Read,
    mut each: impl FnMut(RecordedChunk),
) -> Result<Recovered, RecordError> {
    let mut recovered = Recovered::default();
    let mut items = RecordingReader::new(source);
    while let Some(item) = items.next()? {
        match item {
            RecordedItem::InitSegment(_) => recovered.has_head = true,
            RecordedItem::Chunk { chunk, samples } => {
                recovered.chunks += 1;
                recovered.end_position = recovered
                    .end_position
                    .max(Some(chunk.position.saturating_add(samples)));
                each(RecordedChunk {
                    position: chunk.position,
                    samples,
                    bytes: recovered.valid_bytes..items.reader.whole_bytes(),
                });
            }
        }
        recovered.valid_bytes = items.reader.whole_bytes();
    }
    Ok(recovered)
}

/// A head, or a chunk that follows one.
pub(super) enum RecordedItem {
    InitSegment(InitSegment),
    Chunk { chunk: ReadChunk, samples: u64 },
}

/// Reads heads and chunks up to the first thing that is neither. Holds one of them and [`READ_BYTES`].
pub(super) struct RecordingReader<R> {
    source: R,
    reader: ChunkReader,
    buffer: Box<[u8]>,
    /// What of the buffer is yet to be read.
    unread: Range<usize>,
    frame_samples: Option<u32>,
}

impl<R: Read> RecordingReader<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            reader: ChunkReader::new(),
            buffer: vec![0; READ_BYTES].into_boxed_slice(),
            unread: 0..0,
            frame_samples: None,
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<RecordedItem>, RecordError> {
        loop {
            let mut input = &self.buffer[self.unread.clone()];
            let item = self.reader.read(&mut input);
            self.unread.start = self.unread.end - input.len();
            match item {
                Ok(Some(Item::InitSegment(head))) => {
                    self.frame_samples = Some(head.frame_samples);
                    return Ok(Some(RecordedItem::InitSegment(head)));
                }
                Ok(Some(Item::Chunk(chunk))) => {
                    let Some(frame_samples) = self.frame_samples else {
                        return Ok(None);
                    };
                    let frame_samples = chunk.frame_samples.unwrap_or(frame_samples);
                    let samples = chunk.sizes.len() as u64 * u64::from(frame_samples);
                    return Ok(Some(RecordedItem::Chunk { chunk, samples }));
                }
                // No recording has any.
                Ok(Some(Item::Cadence(_))) => {}
                Ok(None) => {
                    let got = self.fill()?;
                    if got == 0 {
                        return Ok(None);
                    }
                    self.unread = 0..got;
                }
                Err(_) => return Ok(None),
            }
        }
    }

    fn fill(&mut self) -> Result<usize, RecordError> {
        loop {
            match self.source.read(&mut self.buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return Ok(result?),
            }
        }
    }
}
