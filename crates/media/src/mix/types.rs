//! What goes into the mixer and comes out of it, as data.

use core::fmt;

use crate::loudness::SILENCE_DB;
use crate::rendition::TICK_SAMPLES;

/// Names a strip. The owner gives it; a strip that is removed and added again is a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct StripId(pub u32);

impl fmt::Display for StripId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "strip {}", self.0)
    }
}

/// Where a strip's sound comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StripKind {
    /// A person's browser: Opus packets.
    Microphone,
    /// An outside mixer or encoder (WHIP): Opus packets.
    LineIn,
    /// Our own process: samples ([`Mixer::receive_pcm`](super::Mixer::receive_pcm)).
    InProcess,
}

/// Who hears a strip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StripPlace {
    /// Nobody but the speaker.
    #[default]
    GreenRoom,
    /// The others on the stage: before the event is on air and after its end.
    OnStage,
    /// The others on the stage, and the programme.
    OnAir,
}

/// How a mixer behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MixerConfig {
    /// Whether an empty stage gives the bed (else silence).
    pub bed: bool,
}

impl Default for MixerConfig {
    fn default() -> Self {
        Self { bed: true }
    }
}

/// What the mixer made in one tick. Levels are in dB; sound is 48 kHz mono, full scale ±1.
#[derive(Debug, Clone)]
pub struct TickOut {
    /// What goes to the encoders.
    pub programme: [f32; TICK_SAMPLES],
    /// Someone in the mix is speaking: the published sound must hold something.
    pub mix_has_speech: bool,
    /// The bed is to be heard.
    pub bed: bool,
    /// Loudness of the programme over 400 ms, in LUFS.
    pub lufs_momentary: f32,
    /// Loudness of the programme over 3 s, in LUFS.
    pub lufs_short: f32,
    /// Largest true peak of this tick of the programme, in dBTP.
    pub true_peak: f32,
    /// One for each strip, in order of their ids.
    pub strips: Vec<StripOut>,
}

impl Default for TickOut {
    fn default() -> Self {
        Self {
            programme: [0.0; TICK_SAMPLES],
            mix_has_speech: false,
            bed: false,
            lufs_momentary: SILENCE_DB,
            lufs_short: SILENCE_DB,
            true_peak: SILENCE_DB,
            strips: Vec::new(),
        }
    }
}

/// One strip's part of a tick.
#[derive(Debug, Clone)]
pub struct StripOut {
    /// The strip.
    pub id: StripId,
    /// For the stem: the speaker alone, as far as the mix has them (mute and stage applied), before any level riding.
    pub clean: [f32; TICK_SAMPLES],
    /// For the speaker's ear: on the stage everybody else; in the green room oneself if looped back, else silence.
    pub minus: [f32; TICK_SAMPLES],
    /// Level before the fader in dBFS (RMS); [`SILENCE_DB`] while the strip is not listened to.
    pub dbfs: f32,
    /// A voice is heard.
    pub voice: bool,
    /// A voice is heard that is too quiet to be brought to the others' level, or has too much noise around it.
    pub out_of_reach: bool,
    /// Listened to, and there is nothing at all: digital silence, or no packets for a second.
    pub digital_silence: bool,
    /// Sound came from the speaker's device: no zeros, no comfort noise.
    pub sound: bool,
    /// The strip is muted and nothing of it is left in the mix.
    pub mute_applied: bool,
    /// Counts since the strip was added.
    pub stats: StripStats,
}

impl Default for StripOut {
    fn default() -> Self {
        Self {
            id: StripId::default(),
            clean: [0.0; TICK_SAMPLES],
            minus: [0.0; TICK_SAMPLES],
            dbfs: SILENCE_DB,
            voice: false,
            out_of_reach: false,
            digital_silence: false,
            sound: false,
            mute_applied: false,
            stats: StripStats::default(),
        }
    }
}

/// How a strip's line is doing. Counts are packets unless said otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct StripStats {
    /// Delay between the earliest a sample could be played and when it is, in ms.
    pub buffer_ms: f32,
    /// How much later than the earliest all but one in fifty packets of the last seconds came, in ms.
    pub jitter_ms: f32,
    /// Taken in, copies not counted.
    pub received: u64,
    /// Not there when due, in no copy.
    pub lost: u64,
    /// Played from a RED copy.
    pub red_recovered: u64,
    /// Of the lost, recovered from the copy inside the next packet (in-band FEC).
    pub fec_recovered: u64,
    /// Times a stretch (20 ms mostly) was concealed.
    pub concealed: u64,
    /// Came after their moment.
    pub late: u64,
    /// Came more than once as primaries.
    pub duplicates: u64,
    /// Skipped to keep the delay below its maximum.
    pub skipped: u64,
    /// Refused: not fitting the stream, empty or too large.
    pub refused: u64,
    /// Not Opus: concealed.
    pub garbage: u64,
    /// Times the stream was taken up anew after a jump in its numbers.
    pub jumps: u64,
    /// Times a stretch was cut or repeated to bring the delay to its target.
    pub splices: u64,
    /// Estimated drift of the sender's clock in parts per million, positive when fast.
    pub drift_ppm: f32,
}

/// Why the mixer refused a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MixerError {
    /// Our fault: no such strip.
    #[error("the mixer has no {id}")]
    UnknownStrip {
        /// The strip asked for.
        id: StripId,
    },
    /// Our fault: the strip is there already.
    #[error("the mixer already has {id}")]
    StripExists {
        /// The strip asked for.
        id: StripId,
    },
    /// All strips are taken.
    #[error("the mixer has at most {max} strips, and all are taken")]
    TooManyStrips {
        /// The limit.
        max: usize,
    },
    /// Our fault: packets for a strip of samples, or the other way round.
    #[error("{id} is a {kind:?} and takes no such input")]
    WrongKind {
        /// The strip.
        id: StripId,
        /// What it is.
        kind: StripKind,
    },
    /// Our fault: the feeder of an in-process line runs ahead of the clock.
    #[error("at most {max} samples may wait on a wire, {got} more were offered")]
    PcmFull {
        /// Samples that may wait.
        max: usize,
        /// Samples offered on top of those waiting.
        got: usize,
    },
    /// Our fault: a library refused its set-up.
    #[error("an audio library refused its set-up: {reason}")]
    Library {
        /// Its words.
        reason: String,
    },
}
