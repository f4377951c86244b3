//! A level rider: an automatic gain that brings speech to its target loudness.
//!
//! It averages the loudness of what it is told is speech, gated like BS.1770 (what is 10 LU below the average does not
//! count), and moves its gain towards the target at a speed nobody notices. Pauses leave it where it is.
//!
//! One microphone may be two people, or one who comes nearer: speech that stays apart from the average is another level, which is
//! learnt anew and reached quickly ([`RiderConfig::follows_turns`]). What cannot be reached is said ([`Rider::is_out_of_reach`]).

use super::{amplitude, power_db};

/// Speech this much below the average is a pause between words (BS.1770-4's relative gate), in LU.
const RELATIVE_GATE_LU: f32 = 10.0;

/// Anything quieter is not taken for speech, even where the caller says that it is, in LUFS.
const ABSOLUTE_GATE_LUFS: f32 = -70.0;

/// Seconds of speech before the gain starts to move: one loud syllable does not tell a speaker's level.
const SETTLE_S: f32 = 0.2;

/// Seconds of speech whose mean is compared with the average.
const TURN_BLOCK_S: f32 = 0.4;

/// Such means this far from the average, so often one after the other, are another level, in LU: quieter and louder. Too loud hurts.
const QUIETER: (f32, u32) = (-7.0, 4);
const LOUDER: (f32, u32) = (7.0, 2);

/// Seconds of speech that another level counts for when it is found: it was found by speech that was far off, and what follows tells better.
const TURN_KNOWN_S: f32 = 0.4;

/// Speed added for each dB that the gain is off by more than the other figure, in 1/s and dB, and where that ends, in dB/s.
const HASTE_PER_S: f32 = 4.0;
const HASTE_FROM_DB: f32 = 6.0;
const HASTE_DB_PER_S_MAX: f32 = 60.0;

/// Seconds of speech that a shout lasts before it is pulled down at once, and how loud it is, in LU over the target and over the average:
/// the loudest syllables of even speech are less.
const SHOUT_S: f32 = 0.08;
const SHOUT_LU: f32 = 12.0;
const SHOUT_OVER_AVERAGE_LU: f32 = 12.0;

/// The target is out of reach when this many dB of gain are missing.
const OUT_OF_REACH_DB: f32 = 3.0;

/// Seconds of speech after which that can be said.
const KNOWN_S: f32 = 2.0;

/// How a rider behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RiderConfig {
    /// Loudness aimed at, in LUFS.
    pub target_lufs: f32,
    /// Most gain down, in dB.
    pub down_db_max: f32,
    /// Most gain up, in dB.
    pub up_db_max: f32,
    /// Speed of raising, in dB/s.
    pub up_db_per_s: f32,
    /// Speed of lowering, in dB/s: faster, since too loud hurts more than too quiet.
    pub down_db_per_s: f32,
    /// Seconds of speech averaged.
    pub memory_s: f32,
    /// Whether speech that stays apart from the average is another level, to be reached quickly.
    pub follows_turns: bool,
}

/// See the [module](self).
#[derive(Debug, Clone)]
pub struct Rider {
    config: RiderConfig,
    /// Mean power of the speech heard.
    power: f32,
    heard_s: f32,
    /// Seconds of speech by which its reach is judged.
    judged_s: f32,
    gain_db: f32,
    /// Most gain up that is allowed now.
    up_db_max: f32,
    block: Block,
    /// Mean power of the last blocks that were apart from the average, on the same side of it, and their number.
    apart: (f32, u32),
    /// Power of the last moment, for what is much too loud.
    shout: f32,
}

/// Speech that is being gathered.
#[derive(Debug, Clone, Copy, Default)]
struct Block {
    power: f32,
    seconds: f32,
}

impl Rider {
    /// A rider at 0 dB.
    #[must_use]
    pub const fn new(config: RiderConfig) -> Self {
        Self {
            config,
            power: 0.0,
            heard_s: 0.0,
            judged_s: 0.0,
            gain_db: 0.0,
            up_db_max: config.up_db_max,
            block: Block {
                power: 0.0,
                seconds: 0.0,
            },
            apart: (0.0, 0),
            shout: 0.0,
        }
    }

    /// Forbids more gain than this, in dB, whatever the range: what is raised with the speech must stay below it.
    pub const fn limit_gain(&mut self, db: f32) {
        self.up_db_max = db.clamp(0.0, self.config.up_db_max);
    }

    /// Takes in `seconds` of speech at `lufs`, measured before the gain.
    pub fn observe(&mut self, lufs: f32, seconds: f32) {
        if lufs < ABSOLUTE_GATE_LUFS || !lufs.is_finite() {
            return;
        }
        self.judged_s = (self.judged_s + seconds).min(KNOWN_S);
        let power = 10.0_f32.powf(lufs / 10.0);
        let counts = self.heard_s < SETTLE_S || lufs > self.average_lufs() - RELATIVE_GATE_LU;
        if counts {
            self.heard_s = (self.heard_s + seconds).min(self.config.memory_s);
            let weight = (seconds / self.heard_s).min(1.0);
            self.power += (power - self.power) * weight;
        } else {
            // A speaker who steps back for good must be followed too: the gate lets the average sink slowly.
            self.power *= 1.0 - seconds / self.config.memory_s;
        }
        if self.config.follows_turns {
            self.follow_turn(power, seconds);
            self.soften_shout(power, seconds);
        }
        if self.heard_s >= SETTLE_S {
            self.step(seconds);
        }
    }

    /// Whether speech is heard that all gain which is allowed does not bring near the target.
    #[must_use]
    pub fn is_out_of_reach(&self) -> bool {
        self.heard_s.min(self.judged_s) >= KNOWN_S
            && self.wanted_db() - self.allowed_db() > OUT_OF_REACH_DB
    }

    /// Nobody listens for a while: whether the target is out of reach is to be found out anew. The gain stays.
    pub const fn forget_reach(&mut self) {
        self.judged_s = 0.0;
    }

    fn wanted_db(&self) -> f32 {
        self.config.target_lufs - self.average_lufs()
    }

    fn allowed_db(&self) -> f32 {
        self.wanted_db()
            .clamp(-self.config.down_db_max, self.up_db_max)
    }

    fn step(&mut self, seconds: f32) {
        let missing = self.allowed_db() - self.gain_db;
        let haste = if self.config.follows_turns {
            ((missing.abs() - HASTE_FROM_DB) * HASTE_PER_S).clamp(0.0, HASTE_DB_PER_S_MAX)
        } else {
            0.0
        };
        self.gain_db += missing.clamp(
            -(self.config.down_db_per_s + haste) * seconds,
            (self.config.up_db_per_s + haste) * seconds,
        );
    }

    /// Finds speech that stays apart from the average, and begins anew with it.
    fn follow_turn(&mut self, power: f32, seconds: f32) {
        self.block.power += power * seconds;
        self.block.seconds += seconds;
        if self.block.seconds < TURN_BLOCK_S {
            return;
        }
        let block = std::mem::take(&mut self.block);
        let mean = block.power / block.seconds;
        let off_lu = power_db(mean) - self.average_lufs();
        let enough = if off_lu <= QUIETER.0 {
            QUIETER.1
        } else if off_lu >= LOUDER.0 {
            LOUDER.1
        } else {
            self.apart = (0.0, 0);
            return;
        };
        let is_same_side = self.apart.1 > 0 && (self.apart.0 < self.power) == (off_lu < 0.0);
        let (before, blocks) = if is_same_side { self.apart } else { (0.0, 0) };
        let blocks = blocks + 1;
        self.apart = (before + (mean - before) / blocks as f32, blocks);
        if blocks >= enough {
            self.power = self.apart.0;
            self.heard_s = TURN_KNOWN_S;
            self.apart = (0.0, 0);
        }
    }

    /// What is much too loud with the gain of another level does not wait until its own is known.
    fn soften_shout(&mut self, power: f32, seconds: f32) {
        self.shout += (power - self.shout) * (seconds / SHOUT_S).min(1.0);
        let lufs = power_db(self.shout);
        let over = lufs + self.gain_db - (self.config.target_lufs + SHOUT_LU);
        if over > 0.0 && lufs > self.average_lufs() + SHOUT_OVER_AVERAGE_LU {
            self.gain_db = (self.gain_db - over).max(-self.config.down_db_max);
        }
    }

    /// Average loudness of the speech so far, in LUFS.
    #[must_use]
    pub fn average_lufs(&self) -> f32 {
        power_db(self.power)
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
