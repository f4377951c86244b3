//! The packager of one speaker's own track.

use bytes::Bytes;

use super::cmaf::{self, ChunkContent, Packets};
use super::encoding::FrameEncoder;
use super::error::PackageError;
use crate::opus::{EncoderProfile, STEM_KBIT_PER_S};
use crate::rendition::{SAMPLE_RATE_HZ, TICK_SAMPLES};
use crate::tags::Tags;

/// Where the chunks of a stem end: at every whole second of the event's timeline.
pub const STEM_CHUNK_SAMPLES: u64 = SAMPLE_RATE_HZ as u64;

/// Bytes of one packet of a stem (hard CBR).
const STEM_PACKET_BYTES: usize = STEM_KBIT_PER_S as usize * 20 / 8;

/// A piece of a stem, in the same format as a chunk of the programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StemChunk {
    /// The second of the event's timeline it belongs to.
    pub sequence: u64,
    /// `prft moof mdat`.
    pub bytes: Bytes,
    /// When its first sample was captured, in microseconds since 1970.
    pub capture_unix_us: i64,
    /// How long it sounds: 1 s, less for the first and the last one.
    pub duration_ms: u32,
}

/// Encodes one speaker's clean sound and cuts it into chunks of a second.
pub struct StemPackager {
    encoder: FrameEncoder,
    packets: Packets,
    /// Position of the next tick.
    position: u64,
    /// Capture time of the first sample of the chunk being filled.
    capture_unix_us: i64,
}

impl StemPackager {
    /// A packager whose first tick stands at `first_position`, a multiple of 20 ms.
    ///
    /// # Errors
    /// [`PackageError::Misaligned`] between ticks; [`PackageError::Codec`] if the encoder cannot be had.
    pub fn new(first_position: u64) -> Result<Self, PackageError> {
        let step = TICK_SAMPLES as u64;
        if !first_position.is_multiple_of(step) {
            return Err(PackageError::Misaligned {
                got: first_position,
                step,
            });
        }
        Ok(Self {
            encoder: FrameEncoder::new(EncoderProfile::Stem, STEM_PACKET_BYTES)?,
            packets: Packets::default(),
            position: first_position,
            capture_unix_us: 0,
        })
    }

    /// `ftyp` and `moov`, with what the stem says of itself.
    #[must_use]
    pub fn head(tags: &Tags) -> Bytes {
        Bytes::from(cmaf::tagged_head(tags))
    }

    /// Position of the next tick, in samples since the epoch.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// Takes 20 ms, captured at `capture_unix_us`, and appends a chunk to `out` at each whole second.
    ///
    /// # Errors
    /// [`PackageError::Codec`] if the encoder failed. Silence stands in the place and what was due is in `out`.
    pub fn push(
        &mut self,
        pcm: &[f32; TICK_SAMPLES],
        capture_unix_us: i64,
        out: &mut Vec<StemChunk>,
    ) -> Result<(), PackageError> {
        if self.packets.is_empty() {
            self.capture_unix_us = capture_unix_us;
        }
        let encoded = self.encoder.push(pcm, |packet| self.packets.push(packet));
        self.position += TICK_SAMPLES as u64;
        if self.position.is_multiple_of(STEM_CHUNK_SAMPLES) {
            out.extend(self.cut());
        }
        Ok(encoded?)
    }

    /// What has been collected since the last whole second, at the end of the stem.
    #[must_use]
    pub fn finish(mut self) -> Option<StemChunk> {
        self.cut()
    }

    fn cut(&mut self) -> Option<StemChunk> {
        if self.packets.is_empty() {
            return None;
        }
        let samples = (self.packets.count() * TICK_SAMPLES) as u64;
        let position = self.position - samples;
        let sequence = position / STEM_CHUNK_SAMPLES;
        let bytes = Bytes::from(cmaf::chunk(&ChunkContent {
            sequence,
            position,
            capture_unix_us: self.capture_unix_us,
            frame_samples: TICK_SAMPLES as u32,
            packets: &self.packets,
            notices: &[],
        }));
        self.packets.clear();
        let duration_ms = (samples * 1_000 / u64::from(SAMPLE_RATE_HZ)) as u32;
        Some(StemChunk {
            sequence,
            bytes,
            capture_unix_us: self.capture_unix_us,
            duration_ms,
        })
    }
}
