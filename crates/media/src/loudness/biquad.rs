//! Second-order filters, and the two of them that make the K-weighting of ITU-R BS.1770-4.

use core::f64::consts::PI;

use crate::rendition::SAMPLE_RATE_HZ;

/// One second-order section, transposed direct form II. State in `f64`: an 80 Hz pole at 48 kHz is close to the unit circle.
#[derive(Debug, Clone)]
pub struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
    state: [f64; 2],
}

impl Biquad {
    const fn new(b: [f64; 3], a: [f64; 2]) -> Self {
        Self {
            b,
            a,
            state: [0.0; 2],
        }
    }

    /// A Butterworth high-pass (12 dB per octave) at `hz`.
    #[must_use]
    pub fn high_pass(hz: f64) -> Self {
        let w = 2.0 * PI * hz / f64::from(SAMPLE_RATE_HZ);
        let alpha = w.sin() / core::f64::consts::SQRT_2;
        let (cos, a0) = (w.cos(), 1.0 + alpha);
        Self::new(
            [
                (1.0 + cos) / 2.0 / a0,
                -(1.0 + cos) / a0,
                (1.0 + cos) / 2.0 / a0,
            ],
            [-2.0 * cos / a0, (1.0 - alpha) / a0],
        )
    }

    /// Filters one sample.
    pub fn run(&mut self, x: f32) -> f32 {
        let x = f64::from(x);
        let y = self.b[0] * x + self.state[0];
        self.state[0] = self.b[1] * x - self.a[0] * y + self.state[1];
        self.state[1] = self.b[2] * x - self.a[1] * y;
        y as f32
    }

    /// Filters `sound` in place.
    pub fn run_all(&mut self, sound: &mut [f32]) {
        for x in sound {
            *x = self.run(*x);
        }
        // Silence must not leave denormal numbers behind: they are slow.
        for state in &mut self.state {
            if state.abs() < 1e-30 {
                *state = 0.0;
            }
        }
    }

    /// Forgets the past.
    pub const fn reset(&mut self) {
        self.state = [0.0; 2];
    }
}

/// K-weighting at 48 kHz (ITU-R BS.1770-4, annex 1, tables 1 and 2).
#[derive(Debug, Clone)]
pub struct KWeighting {
    shelf: Biquad,
    high_pass: Biquad,
}

impl Default for KWeighting {
    fn default() -> Self {
        Self {
            shelf: Biquad::new(
                [
                    1.535_124_859_586_97,
                    -2.691_696_189_406_38,
                    1.198_392_810_852_85,
                ],
                [-1.690_659_293_182_41, 0.732_480_774_215_85],
            ),
            high_pass: Biquad::new(
                [1.0, -2.0, 1.0],
                [-1.990_047_454_833_98, 0.990_072_250_366_21],
            ),
        }
    }
}

impl KWeighting {
    /// Loudness of `sound` in LUFS, as one ungated block.
    pub fn loudness(&mut self, sound: &[f32]) -> f32 {
        let mut sum = 0.0_f32;
        for &x in sound {
            let y = self.high_pass.run(self.shelf.run(x));
            sum += y * y;
        }
        // BS.1770-4 equation 2: the constant makes a 997 Hz sine at 0 dBFS read −3.01.
        super::power_db(sum / sound.len().max(1) as f32) - 0.691
    }
}
