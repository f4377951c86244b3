//! A line of our own process: samples on our clock already, so it needs no more than a queue.

use super::line::LineSignal;
use crate::rendition::TICK_SAMPLES;

/// Most samples held: 1 s. More is refused: whoever feeds the line must not run ahead of the clock.
pub const PCM_SAMPLES_MAX: usize = 48_000;

/// A bounded queue of samples.
#[derive(Debug, Default)]
pub(super) struct PcmLine {
    queue: Vec<f32>,
}

impl PcmLine {
    /// Takes all of `pcm`, or nothing when it does not fit; returns whether it did.
    pub(super) fn receive(&mut self, pcm: &[f32]) -> bool {
        if self.queue.len() + pcm.len() > PCM_SAMPLES_MAX {
            return false;
        }
        self.queue.extend(pcm.iter().map(|x| {
            if x.is_finite() {
                x.clamp(-4.0, 4.0)
            } else {
                0.0
            }
        }));
        true
    }

    pub(super) fn run(&mut self, out: &mut [f32; TICK_SAMPLES]) -> LineSignal {
        if self.queue.is_empty() {
            return LineSignal::Nothing;
        }
        let taken = self.queue.len().min(TICK_SAMPLES);
        out[..taken].copy_from_slice(&self.queue[..taken]);
        out[taken..].fill(0.0);
        self.queue.drain(..taken);
        LineSignal::Sound
    }

    /// Passes over one tick.
    pub(super) fn skip(&mut self) {
        let taken = self.queue.len().min(TICK_SAMPLES);
        self.queue.drain(..taken);
    }
}
