//! What is in a finalised file, and where on the event's timeline that is.

use std::ops::Range;

use crate::package::PRE_SKIP_SAMPLES;

/// Sound that is not in the recording: the server was down, or nobody was there to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Where in the finalised file it was cut out, in samples from the beginning.
    pub at_samples: u64,
    /// Where it begins on the event's timeline, in samples since the epoch.
    pub position: u64,
    /// Its length in samples.
    pub samples: u64,
}

/// What the finalised file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finalised {
    /// Position of the first sample, in samples since the epoch.
    pub first_position: u64,
    /// How long the file plays, in samples.
    pub duration_samples: u64,
    /// What is missing between the first and the last sample, in order.
    pub gaps: Vec<Gap>,
    /// Chunks left out because their time was already taken.
    pub overlaps: u64,
    /// Length of the file in bytes.
    pub bytes: u64,
}

impl Finalised {
    /// What parts of the event's timeline the file plays, one after the other: from and to, in samples since the epoch.
    pub fn spans(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        let begins = self.gaps.iter().map(|gap| gap.position + gap.samples);
        let begins = std::iter::once(self.first_position).chain(begins);
        let ends = self.gaps.iter().map(|gap| gap.position);
        let ends = ends.chain([self.end_position()]);
        begins.zip(ends).map(|(from, to)| from..to)
    }

    /// Position after the last sample, in samples since the epoch.
    #[must_use]
    pub fn end_position(&self) -> u64 {
        let cut: u64 = self.gaps.iter().map(|gap| gap.samples).sum();
        let played = self.duration_samples + u64::from(PRE_SKIP_SAMPLES);
        self.first_position + played + cut
    }

    /// When the file plays what is at a position, in samples from its beginning; what it does not have, when it goes on behind that.
    #[must_use]
    pub fn time_of(&self, position: u64) -> u64 {
        let before = self.gaps.iter().take_while(|gap| gap.position <= position);
        let missing: u64 = before
            .map(|gap| gap.samples.min(position - gap.position))
            .sum();
        position.saturating_sub(self.first_position + missing)
    }
}
