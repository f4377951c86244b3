//! How loaded a node is, as numbers, and the bounds on them.

use super::rung::Rung;

/// What a node can run short of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadMeasure {
    /// Flushes that came late.
    Late,
    /// Processor time.
    Processor,
    /// Sockets that took no more (`EAGAIN`).
    Blocked,
    /// Bytes per second of the configured link.
    Link,
    /// Descriptors, or room for connections.
    Descriptors,
    /// Memory.
    Memory,
}

/// One measurement of a node. Every figure is a share, in thousandths of what there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Flushes that were late, of all flushes.
    pub late: u16,
    /// Processor time used: that of the busiest shard's thread, or that of the process over all processors, whichever is more.
    pub processor: u16,
    /// The part of `processor` that is spent on flushing: a rung changes only this.
    pub flushing: u16,
    /// Flushes that ended in a socket that took no more, of all flushes.
    pub blocked: u16,
    /// Bytes sent, of the link; 0 where none was configured.
    pub link: u16,
    /// Connections, of those that descriptors and configuration allow.
    pub descriptors: u16,
    /// Memory in use, of what the process may have.
    pub memory: u16,
}

/// The bounds of one measure, in thousandths.
pub(super) struct Bounds {
    pub(super) measure: LoadMeasure,
    /// Above it a listener must cost less; `None` where no rung relieves it.
    pub(super) climb: Option<u16>,
    /// The highest rung that it alone asks for.
    pub(super) highest: Rung,
    /// Above it nobody new can be taken.
    pub(super) close: Option<u16>,
}

/// When several measures are over their bounds, the first in this order is named as the reason: it is nearest to what a listener
/// hears.
///
/// A late flush is the harm that all other measures only hint at, so a small share of them is enough. Blocked sockets are mostly due
/// to their owners' networks, and who reads slowly on purpose looks the same: they raise the rung by one, since larger and rarer sends help
/// them, and no further, and never close the doors.
pub(super) const BOUNDS: [Bounds; 6] = [
    Bounds {
        measure: LoadMeasure::Late,
        climb: Some(20),
        highest: Rung::CHEAPEST,
        close: Some(300),
    },
    Bounds {
        measure: LoadMeasure::Processor,
        climb: Some(700),
        highest: Rung::CHEAPEST,
        close: Some(950),
    },
    Bounds {
        measure: LoadMeasure::Link,
        climb: Some(800),
        highest: Rung::CHEAPEST,
        close: Some(960),
    },
    Bounds {
        measure: LoadMeasure::Blocked,
        climb: Some(150),
        highest: Rung::ALL[1],
        close: None,
    },
    Bounds {
        measure: LoadMeasure::Descriptors,
        climb: None,
        highest: Rung::CHEAPEST,
        close: Some(970),
    },
    Bounds {
        measure: LoadMeasure::Memory,
        climb: None,
        highest: Rung::CHEAPEST,
        close: Some(930),
    },
];

impl Load {
    /// The share of one measure.
    #[must_use]
    pub const fn of(&self, measure: LoadMeasure) -> u16 {
        match measure {
            LoadMeasure::Late => self.late,
            LoadMeasure::Processor => self.processor,
            LoadMeasure::Blocked => self.blocked,
            LoadMeasure::Link => self.link,
            LoadMeasure::Descriptors => self.descriptors,
            LoadMeasure::Memory => self.memory,
        }
    }

    /// The first measure above the bound that `bound` picks.
    pub(super) fn over(&self, bound: impl Fn(&Bounds) -> Option<u16>) -> Option<LoadMeasure> {
        BOUNDS
            .iter()
            .find(|bounds| bound(bounds).is_some_and(|at| self.of(bounds.measure) > at))
            .map(|bounds| bounds.measure)
    }
}

impl LoadMeasure {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Late,
        Self::Processor,
        Self::Link,
        Self::Blocked,
        Self::Descriptors,
        Self::Memory,
    ];

    /// Its name in metrics and in the evidence.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Processor => "processor",
            Self::Blocked => "blocked",
            Self::Link => "link",
            Self::Descriptors => "descriptors",
            Self::Memory => "memory",
        }
    }
}
