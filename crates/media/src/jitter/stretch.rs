//! Shortening and lengthening sound without changing its pitch.
//!
//! One splice removes or repeats a stretch of at most 20 ms where the waveform resembles itself (WSOLA, Verhelst and
//! Roelands 1993; the same idea as the accelerate and pre-emptive expand of WebRTC's NetEq). In speech the best stretch is
//! a pitch period. When to do it is for the owner of the sound to decide.

/// Cross-fade of a splice in samples: 5 ms, shorter than any syllable and longer than most pitch periods' attack.
const FADE: usize = 240;

/// Shortest and longest stretch in samples: 2.5 ms (400 Hz) to 16 ms (62 Hz).
const LAG_MIN: usize = 120;
const LAG_MAX: usize = 768;

/// Samples needed to splice.
pub const SPLICE_SAMPLES: usize = LAG_MAX + FADE;

/// Below this mean square the sound is a pause and any splice is inaudible: −50 dBFS.
const PAUSE_POWER: f32 = 1e-5;

/// Step of the coarse search in samples.
const COARSE: usize = 4;

/// How much alike the two sides of a splice must be (normalised correlation, 1 is the same).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimilarityThreshold(pub f32);

impl SimilarityThreshold {
    /// Inaudible: the two sides are one period apart.
    pub const STRICT: Self = Self(0.85);
    /// Better than keeping far too much delay.
    pub const HASTY: Self = Self(0.5);
}

/// Shortens `sound` by cutting near its start; returns the samples removed (0 when no cut is good enough).
pub fn shorten(sound: &mut Vec<f32>, least: SimilarityThreshold) -> usize {
    let Some(lag) = best_lag(sound, least) else {
        return 0;
    };
    // From the end: with a lag shorter than the fade, what is written is still to be read at a smaller index.
    for i in (0..FADE).rev() {
        let fade_in = (i as f32 + 0.5) / FADE as f32;
        sound[lag + i] = sound[i] * (1.0 - fade_in) + sound[lag + i] * fade_in;
    }
    sound.drain(..lag);
    lag
}

/// Lengthens `sound` by repeating near its start; returns the samples added (0 when no repetition is good enough).
pub fn lengthen(sound: &mut Vec<f32>, least: SimilarityThreshold) -> usize {
    let Some(lag) = best_lag(sound, least) else {
        return 0;
    };
    let len = sound.len();
    sound.resize(len + lag, 0.0);
    sound.copy_within(0..len, lag);
    // Now `lag` samples of the original stand in front of the whole: from there, fade from its going on to its beginning.
    // The original going on at `lag` has moved to `2 * lag`.
    for i in 0..FADE {
        let fade_in = (i as f32 + 0.5) / FADE as f32;
        let going_on = sound[2 * lag + i];
        sound[lag + i] = going_on * (1.0 - fade_in) + sound[lag + i] * fade_in;
    }
    lag
}

/// The lag at which the start of `sound` is most like itself.
fn best_lag(sound: &[f32], least: SimilarityThreshold) -> Option<usize> {
    if sound.len() < SPLICE_SAMPLES {
        return None;
    }
    let power = sound[..SPLICE_SAMPLES].iter().map(|x| x * x).sum::<f32>() / SPLICE_SAMPLES as f32;
    let coarse = (LAG_MIN..=LAG_MAX)
        .step_by(COARSE)
        .map(|lag| (lag, similarity(sound, lag, COARSE)))
        .fold((LAG_MAX, f32::MIN), |best, this| {
            if this.1 > best.1 { this } else { best }
        });
    if power < PAUSE_POWER {
        return Some(coarse.0);
    }
    let low = coarse.0.saturating_sub(COARSE - 1).max(LAG_MIN);
    let high = (coarse.0 + COARSE - 1).min(LAG_MAX);
    let (lag, alike) = (low..=high)
        .map(|lag| (lag, similarity(sound, lag, 1)))
        .fold((coarse.0, f32::MIN), |best, this| {
            if this.1 > best.1 { this } else { best }
        });
    (alike >= least.0).then_some(lag)
}

/// Normalised correlation of the first [`FADE`] samples with those `lag` later, every `step`th sample.
fn similarity(sound: &[f32], lag: usize, step: usize) -> f32 {
    let (mut product, mut here, mut there) = (0.0_f32, 1e-9_f32, 1e-9_f32);
    for i in (0..FADE).step_by(step) {
        let (a, b) = (sound[i], sound[lag + i]);
        product += a * b;
        here += a * a;
        there += b * b;
    }
    product / (here * there).sqrt()
}
