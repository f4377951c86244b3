//! Voices to send, and ears to judge what arrives.

use crate::netem::Dice;

pub(crate) const TICK: usize = 960;

/// A made-up voice: a buzz with formants, cut into syllables by dice of its own, so that two voices are told apart by when
/// they speak.
pub(crate) struct Voice {
    /// As an amplitude; 0: a microphone that gives zeros.
    gain: f32,
    dice: Dice,
    pitch_hz: f32,
    phase: f32,
    level: f32,
    target: f32,
    left: usize,
}

impl Voice {
    pub(crate) fn new(seed: u64, pitch_hz: f32) -> Self {
        Self {
            gain: 1.0,
            dice: Dice(seed | 1),
            pitch_hz,
            phase: 0.0,
            level: 0.0,
            target: 0.0,
            left: 0,
        }
    }

    /// A microphone that gives zeros.
    pub(crate) fn dead() -> Self {
        Self::new(1, 100.0).at(0.0)
    }

    /// The same voice, softer.
    pub(crate) fn at(self, gain: f32) -> Self {
        Self { gain, ..self }
    }

    pub(crate) fn next(&mut self) -> [f32; TICK] {
        let mut tick = [0.0; TICK];
        for sample in &mut tick {
            if self.left == 0 {
                let speaks = self.target == 0.0;
                self.target = if speaks {
                    0.15 + 0.15 * self.dice.roll() as f32
                } else {
                    0.0
                };
                let ms = if speaks {
                    120.0 + 200.0 * self.dice.roll()
                } else {
                    60.0 + 200.0 * self.dice.roll()
                };
                self.left = (ms * 48.0) as usize;
            }
            self.left -= 1;
            self.level += (self.target - self.level) * 0.004;
            self.phase = (self.phase + self.pitch_hz / 48_000.0).fract();
            let mut buzz = 0.0;
            for harmonic in 1..=24 {
                let f = self.pitch_hz * harmonic as f32;
                let formants = formant(f, 600.0, 120.0)
                    + 0.6 * formant(f, 1_200.0, 150.0)
                    + 0.3 * formant(f, 2_500.0, 250.0);
                buzz += formants * (std::f32::consts::TAU * self.phase * harmonic as f32).sin();
            }
            *sample = self.level * buzz.clamp(-2.0, 2.0) * 0.5 * self.gain;
        }
        tick
    }
}

fn formant(f: f32, centre: f32, width: f32) -> f32 {
    1.0 / (1.0 + ((f - centre) / width).powi(2))
}

/// Root mean square in dBFS.
pub(crate) fn dbfs(pcm: &[f32]) -> f32 {
    let power = pcm.iter().map(|x| x * x).sum::<f32>() / pcm.len().max(1) as f32;
    10.0 * power.max(1e-12).log10()
}

/// How alike two sounds are by when they are loud: the best correlation of their 10 ms envelopes over lags of 0 to
/// `lag_ms_max`, and that lag in ms.
pub(crate) fn likeness(sent: &[f32], heard: &[f32], lag_ms_max: usize) -> (f32, usize) {
    let (a, b) = (envelope(sent), envelope(heard));
    (0..=lag_ms_max / 10)
        .map(|lag| {
            let n = a.len().min(b.len().saturating_sub(lag));
            (correlation(&a[..n], &b[lag..lag + n]), lag * 10)
        })
        .fold(
            (0.0, 0),
            |best, one| if one.0 > best.0 { one } else { best },
        )
}

fn envelope(pcm: &[f32]) -> Vec<f32> {
    pcm.chunks(480).map(|c| dbfs(c).max(-60.0)).collect()
}

fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let mean = |x: &[f32]| x.iter().sum::<f32>() / x.len().max(1) as f32;
    let (ma, mb) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        ab += (x - ma) * (y - mb);
        aa += (x - ma) * (x - ma);
        bb += (y - mb) * (y - mb);
    }
    ab / (aa * bb).sqrt().max(1e-9)
}
