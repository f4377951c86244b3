//! The rungs: what one listener is sent, and so what one listener costs, at each of them (docs/design.md §6).

/// A step of degradation. Higher rungs cost less per listener; the highest takes nobody new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rung(u8);

/// What a listener on one rung is sent.
struct RungSpec {
    /// Time between two sends, ms.
    flush_ms: u32,
    /// Rendition, counted from the best.
    depth: usize,
}

/// By number. 10 s is as much as Chromium's players hold without evicting, and costs a tenth of a send every second.
const SPECS: [RungSpec; Rung::COUNT] = [
    RungSpec {
        flush_ms: 200,
        depth: 0,
    },
    RungSpec {
        flush_ms: 1_000,
        depth: 0,
    },
    RungSpec {
        flush_ms: 3_000,
        depth: 1,
    },
    RungSpec {
        flush_ms: 10_000,
        depth: 2,
    },
    RungSpec {
        flush_ms: 10_000,
        depth: 2,
    },
];

/// Sound a newcomer is sent at once at rest, ms: enough for a player to begin, and still close to the stage.
const BURST_AT_REST_MS: u32 = 600;

/// Above rest a newcomer is sent one flush interval, a quarter of it, and this, ms: in a crowd a flush is late now and then, and a
/// player may stop a little short of the buffer it was told to hold.
const BURST_MARGIN_MS: u32 = 400;

/// Sound a player gathers beyond what it lacks before it is moved to a longer flush interval, ms.
const STRETCH_MARGIN_MS: u32 = 200;

/// How much slower a player plays while its buffer must grow, in thousandths. 4 % is not heard on speech. The page plays at
/// `RATE_MIN` in `web/listen/sync.ts`, which a test ties to this.
pub const STRETCH_PERMILLE: u64 = 40;

impl Rung {
    /// How many there are.
    pub const COUNT: usize = 5;
    /// Not loaded: the best sound, closest to the stage.
    pub const REST: Self = Self(0);
    /// The cheapest rung at which newcomers are let in.
    pub const CHEAPEST: Self = Self(3);
    /// Newcomers wait. Current listeners go on, at the rung that [`Ladder::served`](super::Ladder::served) says.
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

    /// The next rung down, which costs more, if there is one.
    #[must_use]
    pub const fn below(self) -> Option<Self> {
        match self.0 {
            0 => None,
            n => Some(Self(n - 1)),
        }
    }

    /// The next rung up, which costs less, if there is one.
    #[must_use]
    pub const fn above(self) -> Option<Self> {
        Self::new(self.0 + 1)
    }

    /// Whether newcomers are let in.
    #[must_use]
    pub const fn admits(self) -> bool {
        self.0 < Self::CLOSED.0
    }

    /// Time between two sends to a listener, ms.
    #[must_use]
    pub const fn flush_ms(self) -> u32 {
        SPECS[self.0 as usize].flush_ms
    }

    /// Which rendition is sent, counted from the best.
    #[must_use]
    pub const fn depth(self) -> usize {
        SPECS[self.0 as usize].depth
    }

    /// Whether anything that is not sound must cost less too: caches keep the status longer, and pages poll it less often.
    #[must_use]
    pub const fn sheds_interaction(self) -> bool {
        self.0 >= 2
    }

    /// Sound a listener must hold to be sent bytes only every [`Self::flush_ms`], ms; a newcomer is sent this much at once.
    #[must_use]
    pub const fn burst_ms(self) -> u32 {
        match self.0 {
            0 => BURST_AT_REST_MS,
            _ => self.flush_ms() + self.flush_ms() / 4 + BURST_MARGIN_MS,
        }
    }

    /// How long before it moves from this rung to `to` a listener must be warned, ms: two flushes until the warning has arrived, and
    /// the time in which a player that plays [`STRETCH_PERMILLE`] slower gathers the sound it lacks. Moving down needs no warning.
    #[must_use]
    pub const fn warning_ms(self, to: Self) -> u64 {
        if to.0 <= self.0 {
            return 0;
        }
        let missing_ms = (to.burst_ms() - self.burst_ms() + STRETCH_MARGIN_MS) as u64;
        missing_ms * 1_000 / STRETCH_PERMILLE + 2 * self.flush_ms() as u64
    }

    /// Flushes on this rung in the time of one flush on `other`, in thousandths: the factor by which moving from `other` changes what
    /// flushing costs.
    pub(super) const fn flushes_permille(self, other: Self) -> u64 {
        other.flush_ms() as u64 * 1_000 / self.flush_ms() as u64
    }

    /// Bytes on this rung for one byte on `other`, in thousandths: each rendition has half the bit rate of the one before.
    pub(super) const fn bytes_permille(self, other: Self) -> u64 {
        1_000 * (1 << other.depth()) / (1 << self.depth())
    }
}
