//! The line of one speaker: from packets to an even stream of samples on our clock.
//!
//! Jitter buffer → decoder (or FEC, concealment, comfort noise) → a short queue of samples → resampler. The delay is held
//! at the jitter buffer's target in two ways: the resampler corrects a drifting clock and small errors, by up to 0.3 %,
//! which nobody hears; a splice of one pitch period corrects large ones. Sound is never thrown away to catch up,
//! except beyond the hard maximum, where the jitter buffer skips.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{
    Adjustable, Async, FixedAsync, PolynomialDegree, Resampler, ResamplerConstructionError,
};

use super::noise::ComfortNoise;
use crate::jitter::stretch::{self, SPLICE_SAMPLES, SimilarityThreshold};
use crate::jitter::{JitterBuffer, Pull, Pushed};
use crate::opus::{Decode, PACKET_SAMPLES_MAX, ReceivedPacket, packet};
use crate::rendition::TICK_SAMPLES;

/// Concealment goes on for this long at full level, in samples: 120 ms. Any longer, and the voice sounds like a robot's.
const CONCEAL_FULL: usize = 5_760;

/// After this long, in samples, only comfort noise is left: 200 ms.
const CONCEAL_END: usize = 9_600;

/// Cross-fade where sound takes up again after a hole, in samples: 5 ms.
const JOIN: usize = 240;

/// Longest concealment asked of the decoder at once, in samples: 20 ms, a frame every decoder accepts.
const CONCEAL_STEP: usize = 960;

/// Most that the resampling ratio is moved from the nominal one: 0.3 %, less than a listener hears as a change of pitch.
const RATE_MAX: f64 = 0.003;

/// Largest drift of a sender's clock that is corrected: 0.1 %.
const DRIFT_MAX: f64 = 0.001;

/// Proportional gain, per ms of error: an error goes with a time constant of 5 s.
const PROPORTIONAL: f64 = 2e-4;

/// Integral gain, per ms of error and tick: critically damped beside [`PROPORTIONAL`].
const INTEGRAL: f64 = 1e-5 * 0.02;

/// Splicing begins at this error and ends at the other, in µs.
const SPLICE_BEGIN_US: f64 = 12_000.0;
const SPLICE_END_US: f64 = 4_000.0;

/// From this error on a less perfect splice is better than the delay, in µs.
const SPLICE_HASTY_US: f64 = 40_000.0;

/// Share of a tick's error that enters the smoothed one: a single late tick or packet changes nothing.
const SMOOTHING: f64 = 0.15;

/// Ticks between two splices, so that speech is at most about a quarter faster.
const SPLICE_TICKS: u32 = 2;

/// The resampler's interpolation reaches this far: its ratio never leaves 1 ± 1 %.
const RATIO_RANGE: f64 = 1.01;

/// Samples the resampler may want beyond a tick: half its interpolation, and what the ratio adds.
const READ_AHEAD: usize = 8;

/// Pulls for one tick: 100 ms in the shortest packets there are (2.5 ms). Beyond it the rest of the tick is concealed.
const PULLS_MAX: usize = 40;

/// What a line gave in one tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineSignal {
    /// Sound from the speaker, real or concealed.
    Sound,
    /// The speaker's device is silent on purpose (DTX): comfort noise.
    Silence,
    /// Nothing: not started, or long gone.
    Nothing,
}

/// Counts of one line beside those of its jitter buffer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LineStats {
    pub(super) fec_recovered: u64,
    pub(super) concealed: u64,
    pub(super) garbage: u64,
    pub(super) splices: u64,
}

/// See the [module](self).
pub(super) struct Line {
    pub(super) jitter: JitterBuffer,
    decoder: Box<dyn Decode>,
    resampler: Async<f32>,
    /// Decoded and not yet played: at most [`PACKET_SAMPLES_MAX`] plus a tick and a splice.
    queue: Vec<f32>,
    scratch: Vec<f32>,
    noise: ComfortNoise,
    steering: Steering,
    /// Samples concealed in a row.
    concealed_run: usize,
    idle: bool,
    given: LineSignal,
    /// Delay of the first sample of the last tick in µs.
    delay_us: i64,
    stats: LineStats,
}

#[derive(Debug, Default)]
struct Steering {
    drift: f64,
    /// Smoothed error of the delay in µs.
    error_us: f64,
    splicing: bool,
    ticks_since_splice: u32,
}

impl Line {
    pub(super) fn new(
        decoder: Box<dyn Decode>,
        seed: u32,
    ) -> Result<Self, ResamplerConstructionError> {
        let resampler = Async::new_poly(
            1.0,
            RATIO_RANGE,
            PolynomialDegree::Septic,
            TICK_SAMPLES,
            1,
            FixedAsync::Output,
        )?;
        Ok(Self {
            jitter: JitterBuffer::new(),
            decoder,
            resampler,
            queue: Vec::with_capacity(PACKET_SAMPLES_MAX + 2 * TICK_SAMPLES + SPLICE_SAMPLES),
            scratch: vec![0.0; PACKET_SAMPLES_MAX],
            noise: ComfortNoise::new(seed),
            steering: Steering::default(),
            concealed_run: 0,
            idle: true,
            given: LineSignal::Nothing,
            delay_us: 0,
            stats: LineStats::default(),
        })
    }

    pub(super) fn receive(&mut self, packet: ReceivedPacket) -> Pushed {
        self.jitter.push(packet)
    }

    /// Passes over what is due, for a speaker nobody hears: costs no decoding.
    pub(super) fn skip(&mut self, now_us: u64) {
        self.jitter.discard(now_us);
        if !self.idle {
            self.idle = true;
            self.queue.clear();
            self.resampler.reset();
            self.noise.silence();
            self.given = LineSignal::Nothing;
        }
    }

    /// Fills one tick. `noise_floor_db` is the level of the speaker's room, for comfort noise.
    pub(super) fn run(
        &mut self,
        now_us: u64,
        noise_floor_db: f32,
        out: &mut [f32; TICK_SAMPLES],
    ) -> LineSignal {
        self.noise.aim(noise_floor_db);
        self.steer(now_us);
        let needed = self.resampler.input_frames_next();
        self.fill(now_us, needed);
        if self.queue.len() < needed {
            self.queue.clear();
            out.fill(0.0);
            return LineSignal::Nothing;
        }
        self.splice(now_us, needed);
        self.resample(needed, out);
        self.given
    }

    /// Sets the resampler's ratio from the error of the delay.
    fn steer(&mut self, now_us: u64) {
        let Some(error_us) = self.jitter.error_us(now_us, self.queue.len()) else {
            self.set_rate(self.steering.drift);
            return;
        };
        self.delay_us = self.jitter.target_us() + error_us;
        let steering = &mut self.steering;
        steering.error_us += (error_us as f64 - steering.error_us) * SMOOTHING;
        let off_us = steering.error_us.abs();
        steering.splicing =
            off_us > SPLICE_BEGIN_US || (steering.splicing && off_us > SPLICE_END_US);
        let error_ms = steering.error_us / 1_000.0;
        if !steering.splicing {
            let drift = steering.drift + error_ms * INTEGRAL;
            steering.drift = drift.clamp(-DRIFT_MAX, DRIFT_MAX);
        }
        let rate = steering.drift + error_ms * PROPORTIONAL;
        self.set_rate(rate);
    }

    fn set_rate(&mut self, rate: f64) {
        let rate = rate.clamp(-RATE_MAX, RATE_MAX);
        // Cannot fail: the rate is finite and far inside the range given to `new_poly`.
        let _ = self.resampler.set_resample_ratio(1.0 / (1.0 + rate), true);
    }

    /// Pulls and decodes until `needed` samples are queued.
    fn fill(&mut self, now_us: u64, needed: usize) {
        for _ in 0..PULLS_MAX {
            if self.queue.len() >= needed || !self.pull(now_us, needed) {
                return;
            }
        }
    }

    /// Queues what is due; returns whether there was anything.
    fn pull(&mut self, now_us: u64, needed: usize) -> bool {
        match self.jitter.pull(now_us) {
            Pull::Packet {
                payload, skipped, ..
            } => {
                let length = packet::samples(payload).unwrap_or(TICK_SAMPLES);
                let joined = skipped && self.concealed_run == 0 && !self.idle;
                let tail = if joined {
                    self.decoder.conceal(&mut self.scratch[..JOIN]).unwrap_or(0)
                } else {
                    0
                };
                let mut from = [0.0; JOIN];
                if tail == JOIN {
                    from.copy_from_slice(&self.scratch[..JOIN]);
                }
                match self.decoder.decode(payload, &mut self.scratch) {
                    Ok(samples) => {
                        if joined {
                            join(&from, &mut self.scratch[..samples]);
                        }
                        self.accept(samples);
                    }
                    Err(_) => {
                        self.stats.garbage += 1;
                        self.conceal(length);
                    }
                }
            }
            Pull::Fec { next, samples } => {
                match self.decoder.decode_fec(next, &mut self.scratch[..samples]) {
                    Ok(samples) => {
                        self.stats.fec_recovered += 1;
                        self.accept(samples);
                    }
                    Err(_) => self.conceal(samples),
                }
            }
            Pull::Lost { samples } | Pull::Starved { samples } => self.conceal(samples),
            Pull::Silence { samples } => {
                self.quiet(samples);
                self.given = LineSignal::Silence;
            }
            Pull::Idle { .. } => {
                self.given = LineSignal::Nothing;
                if self.idle {
                    return false;
                }
                self.idle = true;
                self.noise.fade_out();
                self.quiet(needed.saturating_sub(self.queue.len()));
            }
        }
        true
    }

    /// Queues `samples` of the scratch as the speaker's own sound.
    fn accept(&mut self, samples: usize) {
        if self.concealed_run > CONCEAL_FULL || self.given != LineSignal::Sound {
            let mut from = [0.0; JOIN];
            self.noise.fill(&mut from);
            join(&from, &mut self.scratch[..samples]);
        }
        if self.idle && self.queue.is_empty() {
            // The resampler reads a little ahead: without this the first tick would want a second packet.
            self.queue.resize(READ_AHEAD, 0.0);
        }
        self.queue.extend_from_slice(&self.scratch[..samples]);
        self.concealed_run = 0;
        self.idle = false;
        self.given = LineSignal::Sound;
    }

    /// Goes on from what was heard, fading to comfort noise.
    fn conceal(&mut self, samples: usize) {
        self.stats.concealed += 1;
        let mut left = samples;
        while left > 0 {
            // The decoder conceals in steps of 2.5 ms.
            let step = left.min(CONCEAL_STEP);
            let whole = step.next_multiple_of(120);
            let heard = self.concealed_run < CONCEAL_END
                && self
                    .decoder
                    .conceal(&mut self.scratch[..whole])
                    .is_ok_and(|got| got >= step);
            let start = self.queue.len();
            self.queue.resize(start + step, 0.0);
            self.noise.fill(&mut self.queue[start..]);
            if heard {
                for i in 0..step {
                    let over = (self.concealed_run + i).saturating_sub(CONCEAL_FULL);
                    let fade = (over as f32 / (CONCEAL_END - CONCEAL_FULL) as f32).min(1.0);
                    self.queue[start + i] =
                        self.scratch[i] * (1.0 - fade) + self.queue[start + i] * fade;
                }
            }
            self.concealed_run = self.concealed_run.saturating_add(step);
            left -= step;
        }
    }

    fn quiet(&mut self, samples: usize) {
        let start = self.queue.len();
        self.queue.resize(start + samples, 0.0);
        self.noise.fill(&mut self.queue[start..]);
        self.concealed_run = 0;
    }

    /// Cuts or repeats a stretch of sound where the delay is far from its target.
    fn splice(&mut self, now_us: u64, needed: usize) {
        let steering = &mut self.steering;
        steering.ticks_since_splice = steering.ticks_since_splice.saturating_add(1);
        let wait = !steering.splicing || steering.ticks_since_splice < SPLICE_TICKS;
        if wait || self.concealed_run > 0 {
            return;
        }
        let error_us = steering.error_us;
        let least = if error_us > SPLICE_HASTY_US {
            SimilarityThreshold::HASTY
        } else {
            SimilarityThreshold::STRICT
        };
        if error_us > 0.0 {
            // What is cut must be there: decode ahead, if it has come.
            for _ in 0..PULLS_MAX {
                // A buffer that starts again holds packets it does not give yet.
                let enough = self.queue.len() >= needed + SPLICE_SAMPLES;
                if enough || self.jitter.is_empty() || !self.pull(now_us, needed) {
                    break;
                }
            }
            if self.queue.len() < needed + SPLICE_SAMPLES {
                return;
            }
            let removed = stretch::shorten(&mut self.queue, least);
            self.spliced(-(removed as f64));
        } else {
            let added = stretch::lengthen(&mut self.queue, least);
            self.spliced(added as f64);
        }
    }

    /// Accounts for a splice of so many samples.
    fn spliced(&mut self, samples: f64) {
        if samples != 0.0 {
            self.stats.splices += 1;
            self.steering.ticks_since_splice = 0;
            self.steering.error_us += samples * 1_000.0 / 48.0;
        }
    }

    fn resample(&mut self, needed: usize, out: &mut [f32; TICK_SAMPLES]) {
        let given = SequentialSlice::new(&self.queue[..], 1, self.queue.len());
        let taken = SequentialSlice::new_mut(&mut out[..], 1, TICK_SAMPLES);
        let used = match (given, taken) {
            (Ok(given), Ok(mut taken)) => self
                .resampler
                .process_into_buffer(&given, &mut taken, None)
                .map_or(needed, |(used, _)| used),
            _ => needed,
        };
        self.queue.drain(..used.min(self.queue.len()));
    }

    /// Drift of the sender's clock against ours in parts per million; positive when the sender is fast.
    pub(super) fn drift_ppm(&self) -> f32 {
        (self.steering.drift * 1e6) as f32
    }

    /// Delay of the first sample of the last tick in ms; while the line waits, what it was before.
    pub(super) fn delay_ms(&self) -> f32 {
        self.delay_us as f32 / 1_000.0
    }

    pub(super) const fn stats(&self) -> LineStats {
        self.stats
    }
}

/// Fades from the end of what was heard into `sound`.
fn join(from: &[f32; JOIN], sound: &mut [f32]) {
    for (i, (x, old)) in sound.iter_mut().zip(from).enumerate() {
        let fade_in = (i as f32 + 0.5) / JOIN as f32;
        *x = old * (1.0 - fade_in) + *x * fade_in;
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::opus::{CodecError, PacketSource};

    /// A decoder that gives the packet's second byte as level: an hour of packets costs no codec.
    struct Counting;

    impl Decode for Counting {
        fn decode(&mut self, packet: &[u8], out: &mut [f32]) -> Result<usize, CodecError> {
            out[..TICK_SAMPLES].fill(f32::from(packet[1]) / 256.0);
            Ok(TICK_SAMPLES)
        }

        fn decode_fec(&mut self, _: &[u8], out: &mut [f32]) -> Result<usize, CodecError> {
            Ok(out.len())
        }

        fn conceal(&mut self, out: &mut [f32]) -> Result<usize, CodecError> {
            Ok(out.len())
        }

        fn reset(&mut self) -> Result<(), CodecError> {
            Ok(())
        }
    }

    /// Runs an hour with a sender whose clock is off; gives the line and its least and largest delay after a minute.
    fn an_hour(clock: f64) -> (Line, f32, f32) {
        let mut line = Line::new(Box::new(Counting), 1).expect("a line");
        let mut out = [0.0; TICK_SAMPLES];
        let (mut least, mut most) = (f32::MAX, 0.0_f32);
        let mut sent = 0_u64;
        for n in 0..180_000_u64 {
            let now_us = n * 20_000;
            while (sent as f64 * 20_000.0 / clock) as u64 + 3_000 <= now_us {
                let arrival_us = (sent as f64 * 20_000.0 / clock) as u64 + 3_000;
                // Up to 4 ms of jitter, repeating but not with the tick.
                let arrival_us = arrival_us + sent * 7_919 % 4_000;
                line.receive(ReceivedPacket {
                    sequence: sent,
                    timestamp: sent * 960,
                    arrived_us: arrival_us,
                    bytes: Bytes::from_static(&[31 << 3, 100, 0]),
                    from: PacketSource::Primary,
                });
                sent += 1;
            }
            line.run(now_us + 4_000, -80.0, &mut out);
            if n > 3_000 {
                least = least.min(line.delay_ms());
                most = most.max(line.delay_ms());
                assert!(
                    (out[400] - 100.0 / 256.0).abs() < 1e-3,
                    "the sound goes on in tick {n}"
                );
            }
        }
        (line, least, most)
    }

    fn nothing_lost_and_no_delay_added(clock: f64) {
        let (line, least, most) = an_hour(clock);
        let (jitter, own) = (line.jitter.stats(), line.stats());
        assert_eq!(
            (jitter.lost, jitter.late, jitter.skipped),
            (0, 0, 0),
            "{jitter:?}"
        );
        assert_eq!((own.concealed, own.splices), (0, 0), "{own:?}");
        assert!(
            most < 40.0 && most - least < 8.0,
            "between {least} and {most} ms"
        );
        let ppm = (clock - 1.0) * 1e6;
        assert!(
            (f64::from(line.drift_ppm()) - ppm).abs() < 25.0,
            "{} for {ppm}",
            line.drift_ppm()
        );
    }

    #[test]
    fn an_hour_with_a_fast_clock_loses_nothing_and_adds_no_delay() {
        nothing_lost_and_no_delay_added(1.000_5);
    }

    #[test]
    fn an_hour_with_a_slow_clock_loses_nothing_and_adds_no_delay() {
        nothing_lost_and_no_delay_added(0.999_5);
    }
}
