//! A level rider: a slow automatic gain that brings speech to its target loudness.
//!
//! It averages the loudness of what it is told is speech, gated like BS.1770 (what is 10 LU below the average does not
//! count), and moves its gain towards the target at a speed nobody notices. Pauses leave it where it is.

use super::amplitude;

/// Speech this much below the average is a pause between words (BS.1770-4's relative gate), in LU.
const RELATIVE_GATE_LU: f32 = 10.0;

/// Anything quieter is not taken for speech, even where the caller says that it is, in LUFS.
const ABSOLUTE_GATE_LUFS: f32 = -60.0;

/// Seconds of speech before the gain starts to move: one loud syllable does not tell a speaker's level.
const SETTLE_S: f32 = 0.2;

/// How a rider behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RiderConfig {
    /// Loudness aimed at, in LUFS.
    pub target_lufs: f32,
    /// Most gain up or down, in dB.
    pub range_db: f32,
    /// Speed of raising, in dB/s.
    pub up_db_per_s: f32,
    /// Speed of lowering, in dB/s: faster, since too loud hurts more than too quiet.
    pub down_db_per_s: f32,
    /// Seconds of speech averaged.
    pub memory_s: f32,
}

/// See the [module](self).
#[derive(Debug, Clone)]
pub struct Rider {
    config: RiderConfig,
    /// Mean power of the speech heard.
    power: f32,
    heard_s: f32,
    gain_db: f32,
}

impl Rider {
    /// A rider at 0 dB.
    #[must_use]
    pub const fn new(config: RiderConfig) -> Self {
        Self {
            config,
            power: 0.0,
            heard_s: 0.0,
            gain_db: 0.0,
        }
    }

    /// Takes in `seconds` of speech at `lufs`, measured before the gain.
    pub fn observe(&mut self, lufs: f32, seconds: f32) {
        if lufs < ABSOLUTE_GATE_LUFS || !lufs.is_finite() {
            return;
        }
        let counts = self.heard_s < SETTLE_S || lufs > self.average_lufs() - RELATIVE_GATE_LU;
        if counts {
            self.heard_s = (self.heard_s + seconds).min(self.config.memory_s);
            let weight = (seconds / self.heard_s).min(1.0);
            self.power += (10.0_f32.powf(lufs / 10.0) - self.power) * weight;
        } else {
            // A speaker who steps back for good must be followed too: the gate lets the average sink slowly.
            self.power *= 1.0 - seconds / self.config.memory_s;
        }
        if self.heard_s < SETTLE_S {
            return;
        }
        let wanted = (self.config.target_lufs - self.average_lufs())
            .clamp(-self.config.range_db, self.config.range_db);
        let step = (wanted - self.gain_db).clamp(
            -self.config.down_db_per_s * seconds,
            self.config.up_db_per_s * seconds,
        );
        self.gain_db += step;
    }

    /// Average loudness of the speech so far, in LUFS.
    #[must_use]
    pub fn average_lufs(&self) -> f32 {
        super::power_db(self.power)
    }

    /// The gain in dB.
    #[must_use]
    pub const fn gain_db(&self) -> f32 {
        self.gain_db
    }

    /// The gain as an amplitude.
    #[must_use]
    pub fn gain(&self) -> f32 {
        amplitude(self.gain_db)
    }
}
