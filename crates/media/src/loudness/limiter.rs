//! A look-ahead limiter for true peaks.
//!
//! Peaks are found at four times the sample rate (ITU-R BS.1770-4 annex 2). The gain a peak needs is held over the
//! look-ahead and smoothed by a mean of the same length, so it has arrived when the peak comes out and never steps.
//! It is a safeguard, not an effect: the level riders keep it idle most of the time, and while idle it only delays the sound.

use core::f32::consts::PI;

use crate::rendition::TICK_SAMPLES;

/// Look-ahead in samples: 2.5 ms, the time the gain takes to come down.
const LOOK_AHEAD: usize = 120;

/// Taps of each phase of the interpolator, and the phases between two samples.
const TAPS: usize = 12;
const PHASES: usize = 3;

/// Delay of the limiter in samples: the look-ahead and half the interpolator (2.6 ms).
pub const DELAY_SAMPLES: usize = LOOK_AHEAD + TAPS / 2;

/// Ceiling aimed at, in dBTP: below the promised −1 by what four-fold oversampling may miss of a speech peak.
const CEILING_DBTP: f32 = -1.3;
const _: () = assert!(CEILING_DBTP < super::TRUE_PEAK_MAX_DBTP);

/// Below this amplitude no interpolated peak can reach the ceiling (the taps of a phase sum to less than 2.2).
const SAFE: f32 = 0.39;

/// The gain goes back by this share of what is missing for each sample: time constant 80 ms.
const RELEASE: f32 = 1.0 / (0.080 * 48_000.0);

/// See the [module](self).
#[derive(Debug, Clone)]
pub struct Limiter {
    ceiling: f32,
    phases: [[f32; TAPS]; PHASES],
    /// Sound on its way, a ring of [`DELAY_SAMPLES`].
    delay: [f32; DELAY_SAMPLES],
    delay_at: usize,
    /// The last samples before the block, oldest first.
    history: [f32; TAPS - 1],
    /// Least needed gain of the look-ahead: a monotone queue of (clock, gain).
    least: std::collections::VecDeque<(u64, f32)>,
    clock: u64,
    envelope: f32,
    smooth: [f32; LOOK_AHEAD],
    smooth_at: usize,
    smooth_sum: f64,
    /// Samples since the gain was last below one anywhere between input and output.
    idle: usize,
    reduction: f32,
}

impl Default for Limiter {
    fn default() -> Self {
        Self::new()
    }
}

impl Limiter {
    /// A limiter to [`TRUE_PEAK_MAX_DBTP`](super::TRUE_PEAK_MAX_DBTP).
    #[must_use]
    pub fn new() -> Self {
        Self {
            ceiling: super::amplitude(CEILING_DBTP),
            phases: interpolator(),
            delay: [0.0; DELAY_SAMPLES],
            delay_at: 0,
            history: [0.0; TAPS - 1],
            least: std::collections::VecDeque::with_capacity(LOOK_AHEAD + 2),
            clock: 0,
            envelope: 1.0,
            smooth: [1.0; LOOK_AHEAD],
            smooth_at: 0,
            smooth_sum: LOOK_AHEAD as f64,
            idle: LOOK_AHEAD * 4,
            reduction: 1.0,
        }
    }

    /// Limits `sound` in place; it comes out [`DELAY_SAMPLES`] later.
    pub fn run(&mut self, sound: &mut [f32]) {
        self.reduction = 1.0;
        for block in sound.chunks_mut(TICK_SAMPLES) {
            self.run_block(block);
        }
    }

    fn run_block(&mut self, block: &mut [f32]) {
        // What was, then what comes: a window of TAPS of it belongs to each sample of the block.
        let mut reach = [0.0; TICK_SAMPLES + TAPS - 1];
        let reach = &mut reach[..block.len() + TAPS - 1];
        reach[..TAPS - 1].copy_from_slice(&self.history);
        for (x, wet) in reach[TAPS - 1..].iter_mut().zip(block.iter_mut()) {
            // A decoder may be made to produce these; they must not stay in the filters.
            if !wet.is_finite() {
                *wet = 0.0;
            }
            *x = *wet;
        }
        self.history.copy_from_slice(&reach[block.len()..]);
        let quiet = reach.iter().all(|x| x.abs() < SAFE);
        if quiet && self.idle >= LOOK_AHEAD * 4 && block.len() >= DELAY_SAMPLES {
            self.pass(block);
            return;
        }
        for (x, window) in block.iter_mut().zip(reach.windows(TAPS)) {
            let gain = self.gain(self.peak(window));
            *x = self.delayed(*x) * gain;
            self.reduction = self.reduction.min(gain);
        }
    }

    /// The least gain applied in the last [`run`](Self::run), as an amplitude.
    #[must_use]
    pub const fn reduction(&self) -> f32 {
        self.reduction
    }

    /// Delays a block of at least [`DELAY_SAMPLES`] and does nothing else: no sample of it, or near it, needs limiting.
    fn pass(&mut self, block: &mut [f32]) {
        self.delay.rotate_left(self.delay_at);
        self.delay_at = 0;
        block.rotate_right(DELAY_SAMPLES);
        block[..DELAY_SAMPLES].swap_with_slice(&mut self.delay);
    }

    fn delayed(&mut self, x: f32) -> f32 {
        let out = core::mem::replace(&mut self.delay[self.delay_at], x);
        self.delay_at = (self.delay_at + 1) % DELAY_SAMPLES;
        out
    }

    /// The gain for the sample that comes out now, when `peak` has come in.
    fn gain(&mut self, peak: f32) -> f32 {
        let needed = (self.ceiling / peak.max(1e-9)).min(1.0);
        self.clock += 1;
        while self.least.back().is_some_and(|&(_, gain)| gain >= needed) {
            self.least.pop_back();
        }
        self.least.push_back((self.clock, needed));
        while self
            .least
            .front()
            .is_some_and(|&(at, _)| at + (LOOK_AHEAD as u64) < self.clock)
        {
            self.least.pop_front();
        }
        let held = self.least.front().map_or(1.0, |&(_, gain)| gain);
        let released = self.envelope + (1.0 - self.envelope) * RELEASE;
        self.envelope = if released > 0.999_9 {
            held
        } else {
            held.min(released)
        };
        let old = core::mem::replace(&mut self.smooth[self.smooth_at], self.envelope);
        self.smooth_at = (self.smooth_at + 1) % LOOK_AHEAD;
        self.smooth_sum += f64::from(self.envelope) - f64::from(old);
        self.idle = if self.envelope < 1.0 {
            0
        } else {
            self.idle.saturating_add(1)
        };
        ((self.smooth_sum / LOOK_AHEAD as f64) as f32).min(1.0)
    }

    /// The largest amplitude around the middle of a window of [`TAPS`] samples.
    fn peak(&self, window: &[f32]) -> f32 {
        // The middle lies between taps 5 and 6: both ends and the three points between.
        let ends = window[TAPS / 2 - 1].abs().max(window[TAPS / 2].abs());
        self.phases.iter().fold(ends, |peak, phase| {
            let between: f32 = phase.iter().zip(window).map(|(tap, x)| tap * x).sum();
            peak.max(between.abs())
        })
    }
}

/// Windowed sinc at a quarter, a half and three quarters of a sample behind the middle.
fn interpolator() -> [[f32; TAPS]; PHASES] {
    let mut phases = [[0.0; TAPS]; PHASES];
    for (p, phase) in phases.iter_mut().enumerate() {
        let offset = (p + 1) as f32 / (PHASES + 1) as f32;
        for (k, tap) in phase.iter_mut().enumerate() {
            let t = k as f32 - (TAPS / 2 - 1) as f32 - offset;
            let window = (0.5 * PI * t / (TAPS as f32 / 2.0)).cos().max(0.0);
            *tap = (PI * t).sin() / (PI * t) * window.powf(0.75);
        }
        // Unity gain for slow signals.
        let sum: f32 = phase.iter().sum();
        phase.iter_mut().for_each(|tap| *tap /= sum);
    }
    phases
}
