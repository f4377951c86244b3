//! Voice detection: energy above the noise floor of the room, and the periodicity that only voices have.
//!
//! Decides on 20 ms of decoded sound, so a client cannot lie about it. It is not a speech recogniser: music passes.

use crate::loudness::{SILENCE_DB, power_db};
use crate::rendition::TICK_SAMPLES;

/// Speech is at least this far above the noise floor of the room, in dB.
const OVER_NOISE_FLOOR_DB: f32 = 9.0;

/// Quieter than this nothing is called a voice, in dBFS.
const VOICE_MIN_DB: f32 = -75.0;

/// Below this a voice is known by its syllables, too: what stays within so many dB is the hum of a fan or of the mains.
const HUM_MAX_DB: f32 = -40.0;
const HUM_RANGE_DB: f32 = 5.0;

/// Ticks of something like a voice in which a voice has at least two syllables: 0.6 s. Of these, so many are left out at each end: a hum
/// that begins or ends is one still.
const SYLLABLE_TICKS: usize = 30;
const OUTLIERS: usize = 2;

/// The estimate of the noise floor starts at the first of these and stays between the other two, in dBFS.
const NOISE_FLOOR_START_DB: f32 = -60.0;
const NOISE_FLOOR_MAX_DB: f32 = -35.0;
const NOISE_FLOOR_MIN_DB: f32 = -100.0;

/// How fast the estimate of the noise floor follows a room that becomes quieter, and one that becomes louder, in dB per tick.
const NOISE_FLOOR_FALL_DB: f32 = 1.0;
const NOISE_FLOOR_RISE_DB: f32 = 0.06;

/// Periodicity (normalised autocorrelation) that starts a voice.
const PERIODIC: f32 = 0.5;

/// A voice goes on through unvoiced sounds and short pauses for this many ticks: 240 ms.
const HANG_TICKS: u32 = 12;

/// A tick whose loudest sample is below this holds nothing at all: −86 dBFS. A living microphone has more noise; Opus in its
/// speech mode decodes nothing at all to ±1 of 16 bits, which is 3.3e-5 after the resampler.
const DIGITAL_SILENCE: f32 = 5e-5;

/// One sample in eight is enough to find the pitch: 6 kHz.
const DECIMATE: usize = 8;
const SHORT: usize = TICK_SAMPLES / DECIMATE;

/// Pitch searched, in decimated samples: 400 Hz to 70 Hz.
const PITCH_MIN: usize = 15;
const PITCH_MAX: usize = 86;

/// What one tick sounded like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct VoiceActivity {
    /// Level in dBFS (RMS).
    pub(super) dbfs: f32,
    pub(super) voice: bool,
    pub(super) digital_silence: bool,
    /// Sound came from the speaker's device, be it only the noise of a room.
    pub(super) sound: bool,
}

impl VoiceActivity {
    /// Nothing came that tells anything; what is known of the device stays.
    pub(super) const fn nothing(digital_silence: bool) -> Self {
        Self {
            dbfs: SILENCE_DB,
            voice: false,
            digital_silence,
            sound: false,
        }
    }
}

/// See the [module](self).
#[derive(Debug, Clone)]
pub(super) struct VoiceDetector {
    noise_floor_db: f32,
    /// The last two ticks, decimated.
    recent: [f32; 2 * SHORT],
    /// Levels of the last ticks that were loud and periodic, in turn.
    levels: [f32; SYLLABLE_TICKS],
    next_level: usize,
    hang: u32,
}

impl VoiceDetector {
    pub(super) const fn new() -> Self {
        Self {
            noise_floor_db: NOISE_FLOOR_START_DB,
            recent: [0.0; 2 * SHORT],
            levels: [f32::INFINITY; SYLLABLE_TICKS],
            next_level: 0,
            hang: 0,
        }
    }

    /// Level of the room in dBFS.
    pub(super) const fn noise_floor_db(&self) -> f32 {
        self.noise_floor_db
    }

    /// Nothing was heard in this tick.
    pub(super) const fn pause(&mut self) {
        self.hang = 0;
    }

    pub(super) fn run(&mut self, sound: &[f32; TICK_SAMPLES]) -> VoiceActivity {
        let power = sound.iter().map(|x| x * x).sum::<f32>() / TICK_SAMPLES as f32;
        let peak = sound.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        let dbfs = power_db(power);
        self.remember(sound);
        let digital_silence = peak < DIGITAL_SILENCE;
        if digital_silence {
            self.hang = 0;
            return VoiceActivity {
                dbfs,
                voice: false,
                digital_silence,
                sound: false,
            };
        }
        let loud = dbfs > VOICE_MIN_DB && dbfs > self.noise_floor_db + OVER_NOISE_FLOOR_DB;
        let voiced = loud && self.periodicity() > PERIODIC && !self.is_hum(dbfs);
        if voiced {
            self.hang = HANG_TICKS;
        } else {
            self.hang = self.hang.saturating_sub(1);
        }
        self.follow_noise_floor(dbfs, voiced);
        VoiceActivity {
            dbfs,
            voice: self.hang > 0,
            digital_silence,
            sound: true,
        }
    }

    fn follow_noise_floor(&mut self, dbfs: f32, voiced: bool) {
        if dbfs < self.noise_floor_db {
            self.noise_floor_db = dbfs.max(self.noise_floor_db - NOISE_FLOOR_FALL_DB);
        } else if !voiced {
            self.noise_floor_db = dbfs.min(self.noise_floor_db + NOISE_FLOOR_RISE_DB);
        }
        self.noise_floor_db = self
            .noise_floor_db
            .clamp(NOISE_FLOOR_MIN_DB, NOISE_FLOOR_MAX_DB);
    }

    /// Whether something periodic is soft, and has been as loud for as long as it is known.
    fn is_hum(&mut self, dbfs: f32) -> bool {
        self.levels[self.next_level] = dbfs;
        self.next_level = (self.next_level + 1) % SYLLABLE_TICKS;
        if dbfs > HUM_MAX_DB {
            return false;
        }
        let mut levels = self.levels;
        levels.sort_unstable_by(f32::total_cmp);
        // Before there are as many nothing soft is a voice yet.
        let most = levels[SYLLABLE_TICKS - 1 - OUTLIERS];
        most.is_infinite() || most - levels[OUTLIERS] < HUM_RANGE_DB
    }

    /// Keeps two ticks at 6 kHz; a mean of eight is low-pass enough to find a pitch.
    fn remember(&mut self, sound: &[f32; TICK_SAMPLES]) {
        self.recent.copy_within(SHORT.., 0);
        for (x, eight) in self.recent[SHORT..]
            .iter_mut()
            .zip(sound.chunks_exact(DECIMATE))
        {
            *x = eight.iter().sum::<f32>() / DECIMATE as f32;
        }
    }

    /// Largest normalised autocorrelation over the range of human pitch.
    fn periodicity(&self) -> f32 {
        let newest = &self.recent[PITCH_MAX..];
        let here: f32 = newest.iter().map(|x| x * x).sum::<f32>() + 1e-9;
        let mut best = 0.0_f32;
        for lag in PITCH_MIN..=PITCH_MAX {
            let older = &self.recent[PITCH_MAX - lag..2 * SHORT - lag];
            let (mut product, mut there) = (0.0_f32, 1e-9_f32);
            for (a, b) in newest.iter().zip(older) {
                product += a * b;
                there += b * b;
            }
            best = best.max(product / (here * there).sqrt());
        }
        best
    }
}
