//! The programme as samples: the last chunks of the best rendition, decoded from wherever an encoder is to begin.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::opus::{CodecError, Decode, OpusDecoder, PACKET_SAMPLES_MAX};
use crate::rendition::Rendition;
use crate::verify::ReadChunk;

/// Chunks kept: 20 s. What resumes comes with 14.4 s at once, and an encoder that was lost is followed by one that begins where the last
/// segment that is whole ends. Beyond: the oldest goes, and an encoder that has not had it is overtaken.
pub const HISTORY_CHUNKS_MAX: usize = 100;

/// Chunks in a row that may be missing: 2 s of silence stand in for them. Beyond: what was kept is given up, and the sound begins anew.
pub const HOLE_CHUNKS_MAX: u64 = 10;

/// Sound that is decoded and thrown away before the first sample that is wanted, in samples: 400 ms. After 80 ms a decoder sounds right
/// (RFC 7845 §4.6); after this, nothing tells any more that it began in the middle.
const PRE_ROLL_SAMPLES: u64 = 19_200;

const CHUNK_SAMPLES: u64 = Rendition::Full.chunk_samples();
const FRAME_SAMPLES: usize = Rendition::Full.frame_samples();

/// What was to be read next is not kept any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the sound from sample {wanted} on is not kept any more; what is kept begins at {kept_from}"
)]
pub struct Overtaken {
    /// Position that was to be read next.
    pub wanted: u64,
    /// The first position kept.
    pub kept_from: u64,
}

/// The last chunks of the programme, and a reader of their samples.
///
/// The decoder's look-ahead of 6.5 ms is left in the sound: all of it is so much late.
pub struct ProgrammePcm {
    decoder: OpusDecoder,
    /// Chunks in a row; an empty one is missing.
    chunks: VecDeque<Bytes>,
    /// Number of the first of them.
    first: u64,
    /// Number of the chunk that is decoded next.
    next: u64,
    /// Position of the next sample that is given out.
    cursor: u64,
}

impl ProgrammePcm {
    /// Keeps nothing yet.
    ///
    /// # Errors
    /// [`CodecError`] if there is no decoder to be had.
    pub fn new() -> Result<Self, CodecError> {
        Ok(Self {
            decoder: OpusDecoder::new()?,
            chunks: VecDeque::with_capacity(HISTORY_CHUNKS_MAX),
            first: 0,
            next: 0,
            cursor: 0,
        })
    }

    /// Adds the next chunk of [`Rendition::Full`]. One that is not after the last is left out.
    pub fn push(&mut self, sequence: u64, chunk: Bytes) {
        let expected = self.first + self.chunks.len() as u64;
        if !self.chunks.is_empty() && sequence < expected {
            return;
        }
        let missing = sequence - expected.min(sequence);
        if self.chunks.is_empty() || missing > HOLE_CHUNKS_MAX {
            self.chunks.clear();
            self.first = sequence;
        } else {
            (0..missing).for_each(|_| self.keep(Bytes::new()));
        }
        self.keep(chunk);
    }

    fn keep(&mut self, chunk: Bytes) {
        if self.chunks.len() == HISTORY_CHUNKS_MAX {
            self.chunks.pop_front();
            self.first += 1;
        }
        self.chunks.push_back(chunk);
    }

    /// The first position kept; `None` if nothing is.
    #[must_use]
    pub fn kept_from(&self) -> Option<u64> {
        (!self.chunks.is_empty()).then(|| self.first * CHUNK_SAMPLES)
    }

    /// The position after the last sample kept.
    #[must_use]
    pub fn kept_to(&self) -> u64 {
        (self.first + self.chunks.len() as u64) * CHUNK_SAMPLES
    }

    /// Reads on from this position. What is not kept before the first chunk is silence.
    ///
    /// # Errors
    /// [`CodecError`] if the decoder cannot forget what it heard.
    pub fn seek(&mut self, position: u64) -> Result<(), CodecError> {
        self.decoder.reset()?;
        let warm = position.saturating_sub(PRE_ROLL_SAMPLES) / CHUNK_SAMPLES;
        self.next = warm.max(self.first);
        self.cursor = position;
        Ok(())
    }

    /// Whether there is something to read.
    #[must_use]
    pub fn has_more(&self) -> bool {
        !self.chunks.is_empty() && self.next < self.first + self.chunks.len() as u64
    }

    /// Appends what follows to `out`, at most a chunk and the silence before the first one, as 16-bit little-endian samples of 48 kHz;
    /// whether there was anything.
    ///
    /// # Errors
    /// [`Overtaken`]: it has to [`seek`](Self::seek) anew.
    pub fn read(&mut self, out: &mut Vec<u8>) -> Result<bool, Overtaken> {
        while self.has_more() {
            if self.next < self.first {
                return Err(Overtaken {
                    wanted: self.cursor,
                    kept_from: self.first * CHUNK_SAMPLES,
                });
            }
            let start = self.next * CHUNK_SAMPLES;
            let chunk = self.chunks[(self.next - self.first) as usize].clone();
            self.next += 1;
            let samples = decode(&mut self.decoder, &chunk);
            let silence = start.saturating_sub(self.cursor);
            let skipped = self.cursor.saturating_sub(start).min(CHUNK_SAMPLES);
            out.resize(out.len() + 2 * silence as usize, 0);
            let wanted = &samples[skipped as usize..];
            out.extend(
                wanted
                    .iter()
                    .flat_map(|sample| as_i16(*sample).to_le_bytes()),
            );
            self.cursor = self.cursor.max(start + CHUNK_SAMPLES);
            if !wanted.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The samples of a chunk. Where one cannot be read, or is missing, there is silence.
fn decode(decoder: &mut OpusDecoder, chunk: &[u8]) -> Vec<f32> {
    let mut samples = vec![0.0; CHUNK_SAMPLES as usize];
    let Ok(read) = ReadChunk::parse(chunk) else {
        return samples;
    };
    let mut packet_samples = [0.0; PACKET_SAMPLES_MAX];
    for (packet, to) in read.packets().zip(samples.chunks_exact_mut(FRAME_SAMPLES)) {
        if decoder.decode(packet, &mut packet_samples) == Ok(FRAME_SAMPLES) {
            to.copy_from_slice(&packet_samples[..FRAME_SAMPLES]);
        }
    }
    samples
}

fn as_i16(sample: f32) -> i16 {
    // The limiter keeps the mix below full scale; a decoder may overshoot.
    (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16
}
