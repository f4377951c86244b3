//! One listener in many really listens: its sound is decoded, because a stream of perfect chunks can carry silence.

use stentor_media::opus::{Decode, OpusDecoder, PACKET_SAMPLES_MAX};
use stentor_media::rendition::SAMPLE_RATE_HZ;
use stentor_media::verify::confidence::OUTPUT_FLOOR_DBFS;
use stentor_media::verify::{ChunkReader, Item};

/// Listeners per worker that decode: 15 µs of processor time for each 20 ms packet, and 100 KiB of memory.
pub const SOUND_METERS_MAX: usize = 64;

/// Decodes a stream and measures how loud it is.
pub(crate) struct SoundMeter {
    reader: ChunkReader,
    decoder: OpusDecoder,
    pcm: Vec<f32>,
    heard: SoundTotals,
    silent_now_us: u64,
}

/// What was heard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SoundTotals {
    /// Sound decoded, in microseconds.
    pub decoded_us: u64,
    /// Of that, in packets below the threshold of the confidence monitor.
    pub silent_us: u64,
    /// The longest silence in one piece.
    pub longest_silence_us: u64,
    /// Packets or chunks that could not be decoded.
    pub undecodable: u64,
}

impl SoundTotals {
    /// Whether a second or more was decoded and all of it was silent.
    #[must_use]
    pub const fn nothing_but_silence(&self) -> bool {
        self.decoded_us >= 1_000_000 && self.silent_us == self.decoded_us
    }
}

impl SoundMeter {
    /// A meter that has heard nothing; `None` if the codec cannot be had.
    #[must_use]
    pub(crate) fn new() -> Option<Self> {
        Some(Self {
            reader: ChunkReader::new(),
            decoder: OpusDecoder::new().ok()?,
            pcm: vec![0.0; PACKET_SAMPLES_MAX],
            heard: SoundTotals::default(),
            silent_now_us: 0,
        })
    }

    /// Takes the next bytes of the stream.
    pub(crate) fn listen(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match self.reader.read(&mut bytes) {
                Ok(Some(Item::Chunk(chunk))) => chunk.packets().for_each(|packet| {
                    // Borrowed apart, because the packets borrow the chunk alone.
                    match self.decoder.decode(packet, &mut self.pcm) {
                        Ok(samples) => {
                            let power = power(&self.pcm[..samples]);
                            self.heard.measure(samples, power, &mut self.silent_now_us);
                        }
                        Err(_) => self.heard.undecodable += 1,
                    }
                }),
                Ok(_) => {}
                Err(_) => {
                    self.heard.undecodable += 1;
                    return;
                }
            }
        }
    }

    /// What was heard so far.
    #[must_use]
    pub(crate) const fn heard(&self) -> &SoundTotals {
        &self.heard
    }
}

impl SoundTotals {
    fn measure(&mut self, samples: usize, power: f32, silent_now_us: &mut u64) {
        let us = samples as u64 * 1_000_000 / u64::from(SAMPLE_RATE_HZ);
        self.decoded_us += us;
        // Full-scale square is 0 dBFS.
        if 10.0 * power.max(1e-12).log10() < OUTPUT_FLOOR_DBFS {
            self.silent_us += us;
            *silent_now_us += us;
            self.longest_silence_us = self.longest_silence_us.max(*silent_now_us);
        } else {
            *silent_now_us = 0;
        }
    }
}

fn power(pcm: &[f32]) -> f32 {
    pcm.iter().map(|sample| sample * sample).sum::<f32>() / pcm.len().max(1) as f32
}
