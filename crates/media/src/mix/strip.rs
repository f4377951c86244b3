//! One channel strip of the mixer: a line, its filter, its fader and its level rider.

use super::fader::Fader;
use super::line::{Line, LineSignal, LineStats};
use super::pcm::PcmLine;
use super::types::{StripId, StripKind, StripPlace, StripStats};
use super::voice::{VoiceActivity, VoiceDetector};
use crate::jitter::JitterStats;
use crate::loudness::biquad::{Biquad, KWeighting};
use crate::loudness::limiter::Limiter;
use crate::loudness::rider::{Rider, RiderConfig};
use crate::loudness::{SILENCE_DB, TARGET_LUFS};
use crate::rendition::TICK_SAMPLES;

/// Everything below is rumble, wind and mains: no voice.
const HIGH_PASS_HZ: f64 = 80.0;

/// The rider of a strip: quick enough to find a new speaker's level within a sentence, then slow. Its range takes a voice from the far
/// end of a table and one that shouts into the microphone.
const RIDER: RiderConfig = RiderConfig {
    target_lufs: TARGET_LUFS,
    down_db_max: 24.0,
    up_db_max: 40.0,
    up_db_per_s: 6.0,
    down_db_per_s: 12.0,
    memory_s: 8.0,
    follows_turns: true,
};

/// The room that is raised with a quiet voice stays below this, in dBFS, as long as the voice is not raised by less than the other
/// figure, in dB.
const RAISED_NOISE_MAX_DB: f32 = -42.0;
const RAISED_ANYWAY_DB: f32 = 12.0;

/// Seconds of a tick.
const TICK_S: f32 = 0.02;

/// With nothing at all received for this many ticks an open microphone counts as silent: 1 s.
const NOTHING_TICKS: u32 = 50;

/// Something came from a microphone when it has given more than zeros for this many ticks: 100 ms. What a codec makes of the first zeros of a
/// dead one is no zeros, for a tick.
const SOUND_TICKS: u32 = 5;

/// Where the sound of a strip comes from.
pub(super) enum StripSource {
    /// Packets of a peer.
    Rtp(Box<Line>),
    /// Samples of our own process.
    Pcm(PcmLine),
}

/// See the [module](self).
pub(super) struct Strip {
    pub(super) id: StripId,
    pub(super) kind: StripKind,
    pub(super) source: StripSource,
    pub(super) muted: bool,
    pub(super) place: StripPlace,
    pub(super) loopback: bool,
    /// Its sound is left as it comes: no high-pass, no rider.
    pub(super) original: bool,
    /// In the green room, it is listened to for its meter and for whoever pre-listens.
    pub(super) attended: bool,
    /// Somebody hears it alone.
    pub(super) pre_listened: bool,
    pub(super) limiter: Limiter,
    fader: Fader,
    air_fader: Fader,
    loop_fader: Fader,
    high_pass: Biquad,
    weighting: KWeighting,
    detector: VoiceDetector,
    rider: Rider,
    last_gain: f32,
    pub(super) heard: VoiceActivity,
    /// Ticks in which more than zeros came, since the last zeros.
    sound_ticks: u32,
    /// Sound ever came from it.
    sounded: bool,
    nothing_ticks: u32,
    /// High-passed and faded, as for the stem.
    pub(super) clean: [f32; TICK_SAMPLES],
    /// [`clean`](Self::clean) at the level for the bus.
    pub(super) levelled: [f32; TICK_SAMPLES],
    /// [`levelled`](Self::levelled) as far as it belongs into the programme.
    pub(super) aired: [f32; TICK_SAMPLES],
    /// What the speaker hears of themselves in the green room.
    pub(super) looped: [f32; TICK_SAMPLES],
    /// What whoever pre-listens hears of them there.
    pub(super) waiting: [f32; TICK_SAMPLES],
    /// Whether [`levelled`](Self::levelled) holds anything.
    pub(super) sounding: bool,
    /// Whether [`aired`](Self::aired) holds anything.
    pub(super) airing: bool,
    /// Whether [`looped`](Self::looped) holds anything.
    pub(super) looping: bool,
}

impl Strip {
    pub(super) fn new(id: StripId, kind: StripKind, source: StripSource) -> Self {
        Self {
            id,
            kind,
            source,
            muted: true,
            place: StripPlace::GreenRoom,
            loopback: false,
            original: false,
            attended: false,
            pre_listened: false,
            limiter: Limiter::new(),
            fader: Fader::closed(),
            air_fader: Fader::closed(),
            loop_fader: Fader::closed(),
            high_pass: Biquad::high_pass(HIGH_PASS_HZ),
            weighting: KWeighting::default(),
            detector: VoiceDetector::new(),
            rider: Rider::new(RIDER),
            last_gain: 1.0,
            heard: VoiceActivity::nothing(false),
            sound_ticks: 0,
            sounded: false,
            nothing_ticks: 0,
            clean: [0.0; TICK_SAMPLES],
            levelled: [0.0; TICK_SAMPLES],
            aired: [0.0; TICK_SAMPLES],
            looped: [0.0; TICK_SAMPLES],
            waiting: [0.0; TICK_SAMPLES],
            sounding: false,
            airing: false,
            looping: false,
        }
    }

    /// Whether this strip may be heard by others.
    pub(super) const fn open(&self) -> bool {
        self.on_stage() && !self.muted
    }

    /// Whether the others on the stage hear this strip.
    pub(super) const fn on_stage(&self) -> bool {
        !matches!(self.place, StripPlace::GreenRoom)
    }

    /// Whether its level is to be known although nobody hears it.
    pub(super) const fn waits(&self) -> bool {
        !self.on_stage()
    }

    /// Whether this strip may be heard by listeners.
    pub(super) const fn open_on_air(&self) -> bool {
        matches!(self.place, StripPlace::OnAir) && !self.muted
    }

    /// Whether the mute is done: desired, and nothing of the speaker is left in the mix.
    pub(super) const fn mute_applied(&self) -> bool {
        self.muted && self.fader.is_closed()
    }

    /// Whether anything came from the speaker in the last second.
    pub(super) const fn live(&self) -> bool {
        self.nothing_ticks < NOTHING_TICKS
    }

    /// Takes one tick from the source and brings it through filter, fader and rider.
    pub(super) fn run(&mut self, now_us: u64) {
        self.fader.aim(self.open());
        self.air_fader.aim(self.open_on_air());
        self.loop_fader.aim(self.loopback && !self.on_stage());
        let attended = self.attended && self.waits();
        let closed = self.muted && self.fader.is_closed() && self.loop_fader.is_closed();
        let unheard = closed && !attended;
        let given = if unheard {
            self.skip(now_us)
        } else {
            self.take(now_us)
        };
        if given == LineSignal::Nothing && (unheard || self.nothing_ticks > 0) {
            self.rest(unheard);
            return;
        }
        self.process(given);
    }

    fn skip(&mut self, now_us: u64) -> LineSignal {
        match &mut self.source {
            StripSource::Rtp(line) => line.skip(now_us),
            StripSource::Pcm(line) => line.skip(),
        }
        LineSignal::Nothing
    }

    fn take(&mut self, now_us: u64) -> LineSignal {
        // A microphone that gives digital silence has no background noise that could be continued, and of one that was never heard none is known.
        let noise_floor_db = if self.heard.digital_silence || !self.sounded {
            SILENCE_DB
        } else {
            self.detector.noise_floor_db()
        };
        match &mut self.source {
            StripSource::Rtp(line) => line.run(now_us, noise_floor_db, &mut self.clean),
            StripSource::Pcm(line) => line.run(&mut self.clean),
        }
    }

    /// A strip that gives nothing costs nothing.
    fn rest(&mut self, unheard: bool) {
        self.sounding = false;
        self.airing = false;
        self.looping = false;
        self.waiting.fill(0.0);
        self.nothing_ticks = if unheard {
            0
        } else {
            self.nothing_ticks.saturating_add(1)
        };
        self.detector.pause();
        // A fader with nothing before it has no ramp to make.
        self.fader.finish();
        self.air_fader.finish();
        self.loop_fader.finish();
        if unheard && self.waits() {
            // Its turn to be listened to comes again; until then its meter stays as it was.
            return;
        }
        if unheard {
            self.rider.forget_reach();
        }
        let was = self.heard.digital_silence;
        let digital_silence = !unheard && (was || self.nothing_ticks >= NOTHING_TICKS);
        self.heard = VoiceActivity::nothing(digital_silence);
    }

    fn process(&mut self, given: LineSignal) {
        if given == LineSignal::Nothing {
            self.clean.fill(0.0);
        }
        if !self.original {
            self.high_pass.run_all(&mut self.clean);
        }
        self.heard = match given {
            LineSignal::Sound => self.detector.run(&self.clean),
            LineSignal::Silence | LineSignal::Nothing => {
                self.detector.pause();
                // Comfort noise says nothing about the microphone.
                VoiceActivity::nothing(self.heard.digital_silence)
            }
        };
        self.sound_ticks = match given {
            LineSignal::Sound if self.heard.sound => self.sound_ticks.saturating_add(1),
            LineSignal::Silence => self.sound_ticks,
            LineSignal::Sound | LineSignal::Nothing => 0,
        };
        self.heard.sound &= self.sound_ticks >= SOUND_TICKS;
        self.sounded |= self.heard.sound;
        self.nothing_ticks = if given == LineSignal::Nothing {
            self.nothing_ticks.saturating_add(1)
        } else {
            0
        };
        let lufs = self.weighting.loudness(&self.clean);
        if self.heard.voice && (self.open() || !self.on_stage()) && !self.original {
            let most = RAISED_NOISE_MAX_DB - self.detector.noise_floor_db();
            self.rider.limit_gain(most.max(RAISED_ANYWAY_DB));
            self.rider.observe(lufs, TICK_S);
        }
        self.split();
    }

    /// Makes the three uses of the sound: for the stem, for the bus, for the speaker's own ear.
    fn split(&mut self) {
        let gain = if self.original {
            1.0
        } else {
            self.rider.gain()
        };
        let step = (gain - self.last_gain) / TICK_SAMPLES as f32;
        self.looping = !self.loop_fader.is_closed() || self.loop_fader.opening();
        self.sounding = !self.fader.is_closed() || self.fader.opening();
        self.airing = self.sounding && (!self.air_fader.is_closed() || self.air_fader.opening());
        for i in 0..TICK_SAMPLES {
            let level = self.last_gain + step * (i + 1) as f32;
            let dry = self.clean[i];
            self.waiting[i] = dry * level;
            self.looped[i] = self.waiting[i] * self.loop_fader.next();
            let faded = dry * self.fader.next();
            self.clean[i] = faded;
            self.levelled[i] = faded * level;
            self.aired[i] = self.levelled[i] * self.air_fader.next();
        }
        self.last_gain = gain;
    }

    /// Whether a voice is heard that the rider cannot bring to its level.
    pub(super) fn is_out_of_reach(&self) -> bool {
        !self.original && self.rider.is_out_of_reach()
    }

    pub(super) fn stats(&self) -> StripStats {
        match &self.source {
            StripSource::Rtp(line) => {
                // Field by field: what is counted is shown.
                let JitterStats {
                    received,
                    lost,
                    red_recovered,
                    late,
                    duplicates,
                    skipped,
                    refused,
                    jumps,
                } = line.jitter.stats();
                let LineStats {
                    fec_recovered,
                    concealed,
                    garbage,
                    splices,
                } = line.stats();
                StripStats {
                    buffer_ms: line.delay_ms(),
                    jitter_ms: line.jitter.jitter_us() as f32 / 1_000.0,
                    received,
                    lost,
                    red_recovered,
                    fec_recovered,
                    concealed,
                    late,
                    duplicates,
                    skipped,
                    refused,
                    garbage,
                    jumps,
                    splices,
                    drift_ppm: line.drift_ppm(),
                }
            }
            StripSource::Pcm(_) => StripStats::default(),
        }
    }
}
