//! The bed: what is heard while nobody is on the stage.
//!
//! A slow, soft chord made of a few tones that swell by turns, far below speech, so that a listener knows the line is
//! alive and is not disturbed. It is computed, so it needs no file and no licence, and it is the same every time.

use core::f32::consts::TAU;

use crate::loudness::amplitude;
use crate::rendition::SAMPLE_RATE_HZ;

/// An open chord (D, A, D, E, A and a soft F sharp): pitch in Hz, share of the sound, and seconds between its swells.
/// The periods share no common multiple within the hour, so it does not repeat.
const TONES: [(f32, f32, f32); 6] = [
    (146.832, 1.0, 23.0),
    (220.0, 0.8, 19.0),
    (293.665, 0.6, 31.0),
    (329.628, 0.35, 29.0),
    (369.994, 0.3, 41.0),
    (440.0, 0.25, 37.0),
];

/// Level of the loudest tone in dBFS: the whole comes to about −38 LUFS, 20 below speech.
const LEVEL_DB: f32 = -39.0;

/// Length of the fade in and out, in samples: 2 s and 0.3 s.
const FADE_IN: f32 = 96_000.0;
const FADE_OUT: f32 = 14_400.0;

/// See the [module](self).
#[derive(Debug, Clone)]
pub(super) struct Bed {
    phases: [f32; TONES.len()],
    swells: [f32; TONES.len()],
    gain: f32,
    peak: f32,
}

impl Bed {
    pub(super) fn new() -> Self {
        let mut swells = [0.0; TONES.len()];
        for (i, swell) in swells.iter_mut().enumerate() {
            *swell = i as f32 / TONES.len() as f32;
        }
        Self {
            phases: [0.0; TONES.len()],
            swells,
            gain: 0.0,
            peak: amplitude(LEVEL_DB),
        }
    }

    /// Adds the bed to `out`, fading towards being there or not. Returns whether any of it is heard.
    pub(super) fn run(&mut self, wanted: bool, out: &mut [f32]) -> bool {
        if !wanted && self.gain == 0.0 {
            return false;
        }
        let step = if wanted {
            1.0 / FADE_IN
        } else {
            -1.0 / FADE_OUT
        };
        for x in out {
            self.gain = (self.gain + step).clamp(0.0, 1.0);
            *x += self.sample() * self.gain;
        }
        true
    }

    fn sample(&mut self) -> f32 {
        let rate = SAMPLE_RATE_HZ as f32;
        let mut sum = 0.0;
        for (i, &(hz, share, period_s)) in TONES.iter().enumerate() {
            self.phases[i] = (self.phases[i] + hz / rate).fract();
            self.swells[i] = (self.swells[i] + 1.0 / (period_s * rate)).fract();
            let swell = 0.55 - 0.45 * (TAU * self.swells[i]).cos();
            sum += (TAU * self.phases[i]).sin() * share * swell;
        }
        sum * self.peak
    }
}
