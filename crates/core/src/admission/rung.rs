//! The rungs: what one listener costs at each of them (DESIGN §6).

/// A step of degradation. Higher rungs cost less per listener; the highest takes nobody new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rung(u8);

/// What is fixed about a rung.
struct Terms {
    flush_ms: u32,
    depth: usize,
}

/// 10 s is what Chromium's players still hold without evicting, and a tenth of what a send every second costs.
const TERMS: [Terms; Rung::COUNT] = [
    Terms {
        flush_ms: 200,
        depth: 0,
    },
    Terms {
        flush_ms: 1_000,
        depth: 0,
    },
    Terms {
        flush_ms: 3_000,
        depth: 1,
    },
    Terms {
        flush_ms: 10_000,
        depth: 2,
    },
    Terms {
        flush_ms: 10_000,
        depth: 2,
    },
];

/// What a newcomer is given at once at rest, ms: a player begins, and is still close to the stage.
const BURST_AT_REST_MS: u32 = 600;

/// Above rest it is given a flush interval, a quarter of it, and this, ms: turns are late now and then where there is a crowd,
/// and a player may stop a little short of what it was told to hold.
const BURST_MARGIN_MS: u32 = 400;

/// Sound that a player gathers more than it lacks, ms.
const NOTICE_MARGIN_MS: u32 = 200;

/// How much slower a listener's player plays while its buffer must grow, in thousandths: not heard on speech.
const STRETCH_PERMILLE: u64 = 40;

impl Rung {
    /// How many there are.
    pub const COUNT: usize = 5;
    /// Everything at its best.
    pub const REST: Self = Self(0);
    /// The cheapest way to hear. Above it nobody new is let in.
    pub const LEAST: Self = Self(3);
    /// Newcomers wait; those inside go on as they are, or are brought elsewhere: [`Ladder::inside`](super::Ladder::inside).
    pub const CLOSED: Self = Self(4);

    /// All of them, from the best.
    pub const ALL: [Self; Self::COUNT] = [Self(0), Self(1), Self(2), Self(3), Self(4)];

    /// The rung of this number, if there is one.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if (number as usize) < Self::COUNT {
            Some(Self(number))
        } else {
            None
        }
    }

    /// Its number, 0 to 4.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// One costlier rung down, if there is one.
    #[must_use]
    pub const fn below(self) -> Option<Self> {
        match self.0 {
            0 => None,
            n => Some(Self(n - 1)),
        }
    }

    /// One cheaper rung up, if there is one.
    #[must_use]
    pub const fn above(self) -> Option<Self> {
        Self::new(self.0 + 1)
    }

    /// Whether newcomers are let in.
    #[must_use]
    pub const fn admits(self) -> bool {
        self.0 < Self::CLOSED.0
    }

    /// How often a listener is sent bytes, ms.
    #[must_use]
    pub const fn flush_ms(self) -> u32 {
        TERMS[self.0 as usize].flush_ms
    }

    /// Which rendition is sent, counted from the best.
    #[must_use]
    pub const fn depth(self) -> usize {
        TERMS[self.0 as usize].depth
    }

    /// Whether what is not sound costs less too: status is kept longer, and who asks often is asked to ask less.
    #[must_use]
    pub const fn sheds_interaction(self) -> bool {
        self.0 >= 2
    }

    /// Sound a listener must hold to be sent bytes only every [`Self::flush_ms`], ms; what a newcomer is given at once.
    #[must_use]
    pub const fn burst_ms(self) -> u32 {
        match self.0 {
            0 => BURST_AT_REST_MS,
            _ => self.flush_ms() + self.flush_ms() / 4 + BURST_MARGIN_MS,
        }
    }

    /// How long somebody who is in must be told before it can move from this rung to `to`, ms: the time in which a player that
    /// plays 4 % slower gathers what it lacks, and two turns in which the word reaches it. Nothing to wait for downwards.
    #[must_use]
    pub const fn notice_ms(self, to: Self) -> u64 {
        if to.0 <= self.0 {
            return 0;
        }
        let missing_ms = (to.burst_ms() - self.burst_ms() + NOTICE_MARGIN_MS) as u64;
        missing_ms * 1_000 / STRETCH_PERMILLE + 2 * self.flush_ms() as u64
    }

    /// Turns of this rung in the time of one turn of `other`, in thousandths: what a move between them does to the cost.
    pub(super) const fn turns_permille(self, other: Self) -> u64 {
        other.flush_ms() as u64 * 1_000 / self.flush_ms() as u64
    }

    /// Bytes of this rung for one byte of `other`, in thousandths: the renditions halve from one to the next.
    pub(super) const fn bytes_permille(self, other: Self) -> u64 {
        1_000 * (1 << other.depth()) / (1 << self.depth())
    }
}
