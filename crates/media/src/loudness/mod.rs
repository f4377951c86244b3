//! Loudness: measuring it (ITU-R BS.1770, EBU R128), bringing it to the target, and keeping peaks below the ceiling.
//!
//! The target is speech at −18 LUFS ± 2 (AES TD1008 anchors on speech), true peak at most −1 dBTP. Levels are moved slowly
//! by a [`rider::Rider`] and peaks are caught by a [`limiter::Limiter`]; there is no compressor, on purpose: it would change how voices sound.

pub mod biquad;
pub mod limiter;
pub mod meter;
pub mod rider;

/// Loudness aimed at, in LUFS (AES TD1008 for speech).
pub const TARGET_LUFS: f32 = -18.0;

/// True peaks never exceed this, in dBTP.
pub const TRUE_PEAK_MAX_DBTP: f32 = -1.0;

/// Silence, as a level in dB: what is reported instead of minus infinity.
pub const SILENCE_DB: f32 = -120.0;

/// Amplitude of a level in dB.
#[must_use]
pub fn amplitude(db: f32) -> f32 {
    10.0_f32.powf(db / 20.0)
}

/// Level in dB of a mean square, not below [`SILENCE_DB`].
#[must_use]
pub fn power_db(mean_square: f32) -> f32 {
    (10.0 * mean_square.max(1e-12).log10()).max(SILENCE_DB)
}
