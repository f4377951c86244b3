//! The mixer of one event: every speaker's packets in, the programme and everybody's return out, 20 ms at a time.
//!
//! ```text
//! packets → jitter → decode / FEC / conceal → resample → high-pass → fader → rider ─┬→ bus → rider → limiter → programme
//!                                                                                   └→ bus without oneself → limiter → return
//! ```
//!
//! It is told what is desired (who is on the stage, who is muted) and does it within a tick. It reads no clock and
//! opens nothing: `now_us` comes with every call, and the same calls give the same samples. It knows no people, sessions,
//! RTP headers or encoders of the output.

mod bed;
mod fader;
mod line;
mod noise;
mod pcm;
mod strip;
mod types;
mod voice;

pub use pcm::PCM_SAMPLES_MAX;
pub use types::{
    MixerConfig, MixerError, StripId, StripKind, StripOut, StripPlace, StripStats, TickOut,
};

use crate::loudness::limiter::{self, Limiter};
use crate::loudness::meter::Meter;
use crate::loudness::rider::{Rider, RiderConfig};
use crate::loudness::{SILENCE_DB, TARGET_LUFS};
use crate::opus::{Decode, OpusDecoder, ReceivedPacket};
use crate::rendition::TICK_SAMPLES;
use bed::Bed;
use line::Line;
use pcm::PcmLine;
use strip::{Strip, StripSource};

/// Most strips of one mixer, on the stage and off it (the core seats 64 at most).
pub const STRIPS_MAX: usize = 64;

/// By how much the programme and the returns come later than the strips' sound, in samples: the limiter.
pub const MIX_DELAY_SAMPLES: usize = limiter::DELAY_SAMPLES;

/// The rider of the bus corrects the differences of level that the strips' riders leave.
const BUS_RIDER: RiderConfig = RiderConfig {
    target_lufs: TARGET_LUFS,
    down_db_max: 9.0,
    up_db_max: 9.0,
    up_db_per_s: 1.5,
    down_db_per_s: 3.0,
    memory_s: 12.0,
    follows_turns: false,
};

/// Most strips in the green room that are listened to at once, beside those that somebody pre-listens to; where more wait, they take turns.
pub const ATTENDED_MAX: usize = 8;

/// Ticks of one such turn: 1 s.
const ATTENDED_TICKS: usize = 50;

/// Seconds between two readings of the meter.
const READING_S: f32 = 0.1;

/// The bed comes in after the stage has given nothing for this many ticks: 2 s.
const EMPTY_TICKS: u32 = 100;

/// Speech in the mix is remembered for this many ticks (the meter's 400 ms window holds it that long).
const SPEECH_TICKS: u32 = 10;

/// See the [module](self).
pub struct Mixer {
    config: MixerConfig,
    strips: Vec<Strip>,
    meter: Meter,
    bus_rider: Rider,
    bus_gain: f32,
    limiter: Limiter,
    bed: Bed,
    empty_ticks: u32,
    /// Ticks since there was speech in the mix.
    speechless_ticks: u32,
    /// Ticks of the turns in which those who wait are listened to.
    attending_ticks: usize,
    sum: [f32; TICK_SAMPLES],
}

impl Mixer {
    /// A mixer without strips.
    ///
    /// # Errors
    /// [`MixerError::Library`] if the loudness library refuses its set-up.
    pub fn new(config: MixerConfig) -> Result<Self, MixerError> {
        Ok(Self {
            config,
            strips: Vec::new(),
            meter: Meter::new().map_err(|error| MixerError::Library {
                reason: error.to_string(),
            })?,
            bus_rider: Rider::new(BUS_RIDER),
            bus_gain: 1.0,
            limiter: Limiter::new(),
            bed: Bed::new(),
            // A mixer that starts without strips starts with the bed.
            empty_ticks: EMPTY_TICKS,
            speechless_ticks: SPEECH_TICKS,
            attending_ticks: 0,
            sum: [0.0; TICK_SAMPLES],
        })
    }

    /// Adds a strip: muted, not on the stage, without loopback.
    ///
    /// # Errors
    /// [`MixerError::StripExists`], [`MixerError::TooManyStrips`], or [`MixerError::Library`] if the codec refuses.
    pub fn add(&mut self, id: StripId, kind: StripKind) -> Result<(), MixerError> {
        let decoder = OpusDecoder::new().map_err(|error| MixerError::Library {
            reason: error.to_string(),
        })?;
        self.add_with_decoder(id, kind, Box::new(decoder))
    }

    /// As [`add`](Self::add), with a decoder of the caller's.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_with_decoder(
        &mut self,
        id: StripId,
        kind: StripKind,
        decoder: Box<dyn Decode>,
    ) -> Result<(), MixerError> {
        let Err(at) = self.strips.binary_search_by_key(&id, |strip| strip.id) else {
            return Err(MixerError::StripExists { id });
        };
        if self.strips.len() >= STRIPS_MAX {
            return Err(MixerError::TooManyStrips { max: STRIPS_MAX });
        }
        let source = match kind {
            StripKind::Microphone | StripKind::LineIn => {
                StripSource::Rtp(Box::new(Line::new(decoder, id.0).map_err(|error| {
                    MixerError::Library {
                        reason: error.to_string(),
                    }
                })?))
            }
            StripKind::InProcess => StripSource::Pcm(PcmLine::default()),
        };
        self.strips.insert(at, Strip::new(id, kind, source));
        Ok(())
    }

    /// Removes a strip at once, without a fade: mute it a tick before where that matters.
    ///
    /// # Errors
    /// [`MixerError::UnknownStrip`].
    pub fn remove(&mut self, id: StripId) -> Result<(), MixerError> {
        let at = self.find(id)?;
        self.strips.remove(at);
        Ok(())
    }

    /// Desires a strip muted or not; done with a fade of 10 ms in the next tick ([`StripOut::mute_applied`]).
    ///
    /// # Errors
    /// [`MixerError::UnknownStrip`].
    pub fn set_muted(&mut self, id: StripId, muted: bool) -> Result<(), MixerError> {
        let at = self.find(id)?;
        self.strips[at].muted = muted;
        Ok(())
    }

    /// Desires a strip in the green room, on the stage, or on the stage and on air.
    ///
    /// # Errors
    /// [`MixerError::UnknownStrip`].
    pub fn set_place(&mut self, id: StripId, place: StripPlace) -> Result<(), MixerError> {
        let at = self.find(id)?;
        self.strips[at].place = place;
        Ok(())
    }

    /// Lets a speaker in the green room hear themselves, muted or not. On the stage it does nothing.
    ///
    /// # Errors
    /// [`MixerError::UnknownStrip`].
    pub fn set_loopback(&mut self, id: StripId, on: bool) -> Result<(), MixerError> {
        let at = self.find(id)?;
        self.strips[at].loopback = on;
        Ok(())
    }

    /// Leaves a strip's sound as it comes, for music: no high-pass, no level rider, and it moves no level of the programme.
    ///
    /// # Errors
    /// [`MixerError::UnknownStrip`].
    pub fn set_original(&mut self, id: StripId, original: bool) -> Result<(), MixerError> {
        let at = self.find(id)?;
        self.strips[at].original = original;
        Ok(())
    }

    /// Desires that these strips are listened to in every tick while they are in the green room, and no others. Strips that are not there are
    /// no matter.
    pub fn pre_listen(&mut self, ids: impl IntoIterator<Item = StripId>) {
        for strip in &mut self.strips {
            strip.pre_listened = false;
        }
        for id in ids {
            if let Ok(at) = self.find(id) {
                self.strips[at].pre_listened = true;
            }
        }
    }

    /// What a strip in the green room gave in the last tick, at its level; `None` for one on the stage, and for one that is not there.
    #[must_use]
    pub fn waiting_sound(&self, id: StripId) -> Option<&[f32; TICK_SAMPLES]> {
        let at = self.find(id).ok()?;
        let strip = &self.strips[at];
        strip.waits().then_some(&strip.waiting)
    }

    /// Takes in a packet. What is wrong with a packet is counted in [`StripStats`], not an error.
    ///
    /// # Errors
    /// [`MixerError::UnknownStrip`], or [`MixerError::WrongKind`] for a strip that takes samples.
    pub fn receive(&mut self, id: StripId, packet: ReceivedPacket) -> Result<(), MixerError> {
        let at = self.find(id)?;
        let strip = &mut self.strips[at];
        let kind = strip.kind;
        let StripSource::Rtp(line) = &mut strip.source else {
            return Err(MixerError::WrongKind { id, kind });
        };
        line.receive(packet);
        Ok(())
    }

    /// Takes in samples of our own process (48 kHz mono), to be played at the mixer's own pace.
    ///
    /// # Errors
    /// [`MixerError::UnknownStrip`], [`MixerError::WrongKind`] for a strip that takes packets, and
    /// [`MixerError::PcmFull`] when more than [`PCM_SAMPLES_MAX`] would be waiting (nothing is taken then).
    pub fn receive_pcm(&mut self, id: StripId, pcm: &[f32]) -> Result<(), MixerError> {
        let at = self.find(id)?;
        let strip = &mut self.strips[at];
        let kind = strip.kind;
        let StripSource::Pcm(line) = &mut strip.source else {
            return Err(MixerError::WrongKind { id, kind });
        };
        if line.receive(pcm) {
            Ok(())
        } else {
            Err(MixerError::PcmFull {
                max: PCM_SAMPLES_MAX,
                got: pcm.len(),
            })
        }
    }

    /// Strips there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.strips.len()
    }

    /// Whether there is no strip.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.strips.is_empty()
    }

    fn find(&self, id: StripId) -> Result<usize, MixerError> {
        self.strips
            .binary_search_by_key(&id, |strip| strip.id)
            .map_err(|_| MixerError::UnknownStrip { id })
    }

    /// Makes the next 20 ms. To be called every 20 ms of the sample clock; `out` is used again from tick to tick.
    ///
    /// `now_us` should be the time at which the tick was due, not the time of the call: the delay of every line is measured
    /// against it, and a single late tick must not look like delay of the network.
    pub fn tick(&mut self, now_us: u64, out: &mut TickOut) {
        self.attend();
        for strip in &mut self.strips {
            strip.run(now_us);
        }
        self.sum.fill(0.0);
        for strip in self.strips.iter().filter(|strip| strip.airing) {
            add(&mut self.sum, &strip.aired);
        }
        out.mix_has_speech = self
            .strips
            .iter()
            .any(|strip| strip.open_on_air() && strip.heard.voice);
        self.returns(out);
        self.programme(out);
    }

    /// Chooses who of those that wait is listened to.
    fn attend(&mut self) {
        let waiting = self.strips.iter().filter(|strip| strip.waits()).count();
        let turns = waiting.div_ceil(ATTENDED_MAX).max(1);
        let turn = self.attending_ticks / ATTENDED_TICKS % turns;
        self.attending_ticks = (self.attending_ticks + 1) % (turns * ATTENDED_TICKS);
        let waiting = self.strips.iter_mut().filter(|strip| strip.waits());
        for (n, strip) in waiting.enumerate() {
            strip.attended = strip.pre_listened || n / ATTENDED_MAX == turn;
        }
    }

    /// Each strip's own outputs, and its mix of the others.
    fn returns(&mut self, out: &mut TickOut) {
        out.strips.resize_with(self.strips.len(), StripOut::default);
        for at in 0..self.strips.len() {
            let one = &mut out.strips[at];
            self.mix_minus(at, &mut one.minus);
            let strip = &mut self.strips[at];
            strip.limiter.run(&mut one.minus);
            one.id = strip.id;
            if strip.sounding {
                one.clean.copy_from_slice(&strip.clean);
            } else {
                one.clean.fill(0.0);
            }
            one.dbfs = strip.heard.dbfs;
            one.voice = strip.heard.voice;
            one.out_of_reach = strip.is_out_of_reach();
            one.digital_silence = strip.heard.digital_silence;
            one.sound = strip.heard.sound;
            one.mute_applied = strip.mute_applied();
            one.stats = strip.stats();
        }
    }

    /// What the speaker of strip `at` hears: the others, or in the green room at most themselves.
    fn mix_minus(&self, at: usize, minus: &mut [f32; TICK_SAMPLES]) {
        let strip = &self.strips[at];
        if !strip.on_stage() {
            minus.fill(0.0);
            if strip.looping {
                minus.copy_from_slice(&strip.looped);
            }
            return;
        }
        minus.fill(0.0);
        // Summed anew instead of subtracting from the bus: then nothing of oneself is left, not even a rounding error.
        for (other, from) in self.strips.iter().enumerate() {
            if other != at && from.sounding {
                add(minus, &from.levelled);
            }
        }
        for x in minus {
            *x *= self.bus_gain;
        }
    }

    /// The bus at its level, the bed under it, limited and measured.
    fn programme(&mut self, out: &mut TickOut) {
        let gain = self.bus_rider.gain();
        let step = (gain - self.bus_gain) / TICK_SAMPLES as f32;
        for (i, (x, sum)) in out.programme.iter_mut().zip(&self.sum).enumerate() {
            *x = sum * (self.bus_gain + step * (i + 1) as f32);
        }
        self.bus_gain = gain;
        let empty = self.stage_is_empty();
        out.bed = self.bed.run(self.config.bed && empty, &mut out.programme);
        self.limiter.run(&mut out.programme);
        let speaks = |strip: &Strip| strip.open_on_air() && strip.heard.voice && !strip.original;
        self.speechless_ticks = if self.strips.iter().any(speaks) {
            0
        } else {
            self.speechless_ticks.saturating_add(1)
        };
        let rides = self.speechless_ticks < SPEECH_TICKS && !out.bed;
        if self.meter.run(&out.programme) && rides {
            let before_gain = self.meter.reading().momentary_lufs - self.bus_rider.gain_db();
            self.bus_rider.observe(before_gain, READING_S);
        }
        let reading = self.meter.reading();
        out.lufs_momentary = reading.momentary_lufs;
        out.lufs_short = reading.short_lufs;
        out.true_peak = reading.true_peak_dbtp.max(SILENCE_DB);
    }

    fn stage_is_empty(&mut self) -> bool {
        let live = self.strips.iter().any(|strip| strip.airing && strip.live());
        self.empty_ticks = if live {
            0
        } else {
            self.empty_ticks.saturating_add(1)
        };
        self.empty_ticks >= EMPTY_TICKS
    }
}

fn add(sum: &mut [f32; TICK_SAMPLES], sound: &[f32; TICK_SAMPLES]) {
    for (a, b) in sum.iter_mut().zip(sound) {
        *a += b;
    }
}
