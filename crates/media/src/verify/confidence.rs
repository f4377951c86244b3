//! The confidence monitor: decodes what is published and compares it with what was mixed.
//!
//! Its name is the broadcasters': the studio listens to its own station off the air. It catches what no counter sees: an
//! encoder fed with the wrong buffer, a packager that writes silence, a programme that stopped.

use std::collections::VecDeque;

use super::chunks::ReadChunk;
use crate::opus::{CodecError, Decode, OpusDecoder, PACKET_SAMPLES_MAX};
use crate::package::Chunk;
use crate::rendition::TICK_SAMPLES;

/// Ticks of the mix that are remembered until the chunk with them comes back: 5 s. When one more comes without any chunk,
/// the oldest is forgotten and the programme counts as not published.
pub const MIX_TICKS_MAX: usize = 250;

/// Output below this is no sound: full-scale square is 0 dBFS.
pub const OUTPUT_FLOOR_DBFS: f32 = -55.0;

/// Output this far below the mix is not the mix: coding loses fractions of a decibel.
pub const OUTPUT_DEFICIT_DB: f32 = 20.0;

/// The alarm comes when speech has been lost for this long without a good chunk in between, in ticks of 20 ms: 1 s.
pub const ALARM_AFTER_TICKS: u32 = 50;

/// The alarm goes when speech has come through for this long, in ticks of 20 ms: 400 ms.
pub const CLEAR_AFTER_TICKS: u32 = 20;

/// What the monitor reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfidenceAlarm {
    /// There is speech in the mix and none in what listeners get.
    OutputSilent,
    /// Speech comes through again.
    Cleared,
}

/// Compares the programme as mixed with the programme as published.
pub struct Monitor {
    decoder: OpusDecoder,
    pcm: Vec<f32>,
    mix: VecDeque<MixTick>,
    lost_ticks: u32,
    good_ticks: u32,
    alarmed: bool,
}

struct MixTick {
    position: u64,
    power: f32,
    speech: bool,
}

impl Monitor {
    /// A monitor that has heard nothing.
    ///
    /// # Errors
    /// [`CodecError`] if the decoder cannot be had.
    pub fn new() -> Result<Self, CodecError> {
        Ok(Self {
            decoder: OpusDecoder::new()?,
            pcm: vec![0.0; PACKET_SAMPLES_MAX],
            mix: VecDeque::with_capacity(MIX_TICKS_MAX),
            lost_ticks: 0,
            good_ticks: 0,
            alarmed: false,
        })
    }

    /// Notes a tick of the mix: the sound at `position` and whether someone speaks in it.
    pub fn mixed(
        &mut self,
        position: u64,
        pcm: &[f32; TICK_SAMPLES],
        speech: bool,
    ) -> Option<ConfidenceAlarm> {
        let overdue = if self.mix.len() == MIX_TICKS_MAX {
            self.mix.pop_front()
        } else {
            None
        };
        self.mix.push_back(MixTick {
            position,
            power: power(pcm),
            speech,
        });
        match overdue {
            Some(tick) if tick.speech => self.judge(1, false),
            _ => None,
        }
    }

    /// Listens to a chunk of [`crate::rendition::Rendition::Full`] as it was published. A chunk that cannot be read or
    /// decoded counts as silence: that is what it is to a listener.
    pub fn published(&mut self, chunk: &Chunk) -> Option<ConfidenceAlarm> {
        let start = chunk
            .sequence
            .saturating_mul(chunk.rendition.chunk_samples());
        let end = start.saturating_add(chunk.rendition.chunk_samples());
        let frame_samples = chunk.rendition.frame_samples() as u64;
        let powers = self.decoded_powers(&chunk.bytes);
        let (mut ticks, mut mix_power, mut output_power) = (0, 0.0, 0.0);
        while let Some(tick) = self.mix.pop_front_if(|tick| tick.position < end) {
            if tick.speech && tick.position >= start {
                ticks += 1;
                mix_power += tick.power;
                let frame = ((tick.position - start) / frame_samples) as usize;
                output_power += powers.get(frame).copied().unwrap_or(0.0);
            }
        }
        if ticks == 0 {
            return None;
        }
        let (mix_db, output_db) = (
            decibel(mix_power / ticks as f32),
            decibel(output_power / ticks as f32),
        );
        self.judge(
            ticks,
            output_db >= OUTPUT_FLOOR_DBFS && output_db >= mix_db - OUTPUT_DEFICIT_DB,
        )
    }

    /// Whether the alarm is on.
    #[must_use]
    pub const fn is_alarmed(&self) -> bool {
        self.alarmed
    }

    /// Mean power of each frame.
    fn decoded_powers(&mut self, bytes: &[u8]) -> Vec<f32> {
        let Ok(chunk) = ReadChunk::parse(bytes) else {
            return Vec::new();
        };
        let packets = chunk.packets();
        packets
            .map(|packet| {
                self.decoder
                    .decode(packet, &mut self.pcm)
                    .map_or(0.0, |n| power(&self.pcm[..n]))
            })
            .collect()
    }

    fn judge(&mut self, speech_ticks: u32, good: bool) -> Option<ConfidenceAlarm> {
        if good {
            self.lost_ticks = 0;
            self.good_ticks = self.good_ticks.saturating_add(speech_ticks);
        } else {
            self.good_ticks = 0;
            self.lost_ticks = self.lost_ticks.saturating_add(speech_ticks);
        }
        let (before, counted, limit, alarm) = if self.alarmed {
            (
                true,
                self.good_ticks,
                CLEAR_AFTER_TICKS,
                ConfidenceAlarm::Cleared,
            )
        } else {
            (
                false,
                self.lost_ticks,
                ALARM_AFTER_TICKS,
                ConfidenceAlarm::OutputSilent,
            )
        };
        (counted >= limit).then(|| {
            self.alarmed = !before;
            alarm
        })
    }
}

/// Mean of the squares.
fn power(pcm: &[f32]) -> f32 {
    if pcm.is_empty() {
        return 0.0;
    }
    pcm.iter().map(|sample| sample * sample).sum::<f32>() / pcm.len() as f32
}

fn decibel(power: f32) -> f32 {
    10.0 * power.max(1e-12).log10()
}
