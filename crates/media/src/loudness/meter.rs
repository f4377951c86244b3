//! The programme meter: momentary and short-term loudness and true peak, by the `ebur128` crate (EBU Tech 3341).

use ebur128::{EbuR128, Mode};

use super::SILENCE_DB;
use crate::rendition::SAMPLE_RATE_HZ;

/// Ticks between two readings of the loudness windows: 100 ms, the step EBU Tech 3341 asks for.
const READ_TICKS: u32 = 5;

/// A reading of the programme.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoudnessReading {
    /// Loudness of the last 400 ms in LUFS.
    pub momentary_lufs: f32,
    /// Loudness of the last 3 s in LUFS.
    pub short_lufs: f32,
    /// Largest true peak of the last tick in dBTP.
    pub true_peak_dbtp: f32,
}

impl LoudnessReading {
    /// What is read before any sound.
    pub const SILENCE: Self = Self {
        momentary_lufs: SILENCE_DB,
        short_lufs: SILENCE_DB,
        true_peak_dbtp: SILENCE_DB,
    };
}

/// Our fault: the loudness library refused its set-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the loudness meter cannot be set up for one channel at {SAMPLE_RATE_HZ} Hz")]
pub struct MeterError;

/// Measures one mono programme.
pub struct Meter {
    inner: EbuR128,
    ticks: u32,
    reading: LoudnessReading,
}

impl Meter {
    /// A meter that has heard nothing.
    ///
    /// # Errors
    /// [`MeterError`] if the library refuses one channel at 48 kHz.
    pub fn new() -> Result<Self, MeterError> {
        let mut inner =
            EbuR128::new(1, SAMPLE_RATE_HZ, Mode::S | Mode::TRUE_PEAK).map_err(|_| MeterError)?;
        // A mono programme is the centre channel; the default of one channel means the same in BS.1770.
        inner
            .set_channel(0, ebur128::Channel::Center)
            .map_err(|_| MeterError)?;
        Ok(Self {
            inner,
            ticks: 0,
            reading: LoudnessReading::SILENCE,
        })
    }

    /// Takes in one tick; returns whether the loudness was read anew (every 100 ms).
    pub fn run(&mut self, sound: &[f32]) -> bool {
        if self.inner.add_frames_f32(sound).is_err() {
            return false;
        }
        self.reading.true_peak_dbtp = self
            .inner
            .prev_true_peak(0)
            .map_or(SILENCE_DB, |peak| decibel(20.0 * peak.log10()));
        self.ticks += 1;
        if !self.ticks.is_multiple_of(READ_TICKS) {
            return false;
        }
        self.reading.momentary_lufs = self.inner.loudness_momentary().map_or(SILENCE_DB, decibel);
        self.reading.short_lufs = self.inner.loudness_shortterm().map_or(SILENCE_DB, decibel);
        true
    }

    /// The latest reading.
    #[must_use]
    pub const fn reading(&self) -> LoudnessReading {
        self.reading
    }
}

fn decibel(db: f64) -> f32 {
    (db as f32).max(SILENCE_DB)
}
