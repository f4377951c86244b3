//! Comfort noise: the sound of the speaker's room while nothing comes from it (RFC 3389 explains why silence is worse).

use crate::loudness::amplitude;

/// Comfort noise is never louder than this, in dBFS: a wrong estimate of the room must not become loud.
const LEVEL_MAX_DB: f32 = -50.0;

/// Quieter than this it is left out, in dBFS.
const LEVEL_MIN_DB: f32 = -90.0;

/// Corner of the one-pole low-pass that takes the hiss off, as its coefficient: about 1.5 kHz.
const LOW_PASS: f32 = 0.18;

/// RMS of the shaped noise for a generator of amplitude one, so that levels come out as asked.
const SHAPED_RMS: f32 = 0.577 * 0.315;

/// Share of the way to the level aimed at that is gone per sample: 5 ms.
const APPROACH: f32 = 1.0 / 240.0;

/// A deterministic source of soft noise.
#[derive(Debug, Clone)]
pub(super) struct ComfortNoise {
    state: u32,
    low: f32,
    level: f32,
    aim: f32,
}

impl ComfortNoise {
    pub(super) const fn new(seed: u32) -> Self {
        // Xorshift stays at zero if it starts there.
        Self {
            state: seed.wrapping_mul(0x9e37_79b9) | 1,
            low: 0.0,
            level: 0.0,
            aim: 0.0,
        }
    }

    /// Sets the level in dBFS (RMS).
    pub(super) fn aim(&mut self, level_db: f32) {
        self.aim = if level_db < LEVEL_MIN_DB {
            0.0
        } else {
            amplitude(level_db.min(LEVEL_MAX_DB)) / SHAPED_RMS
        };
    }

    /// Lets it die away.
    pub(super) const fn fade_out(&mut self) {
        self.aim = 0.0;
    }

    /// Stops it at once, where nobody hears.
    pub(super) const fn silence(&mut self) {
        self.level = 0.0;
        self.low = 0.0;
    }

    /// Fills `out`.
    pub(super) fn fill(&mut self, out: &mut [f32]) {
        for x in out {
            self.level += (self.aim - self.level) * APPROACH;
            self.low += (self.white() - self.low) * LOW_PASS;
            *x = self.low * self.level;
        }
    }

    /// Uniform in −1..1 (xorshift32, Marsaglia 2003).
    fn white(&mut self) -> f32 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 17;
        self.state ^= self.state << 5;
        (self.state as i32) as f32 / 2_147_483_648.0
    }
}
