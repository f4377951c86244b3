//! Which part of a recording its host keeps. Nothing is encoded again: a cut is between two packets, 20 ms apart.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// What of the event's timeline is kept, in samples since the epoch; a side that is `None` is not cut. It is always said of the whole recording, so
/// that a cut is made again by saying another, and undone by saying none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cut {
    /// Where it begins.
    pub from: Option<u64>,
    /// Where it ends.
    pub to: Option<u64>,
}

impl Cut {
    /// Whether nothing is cut.
    #[must_use]
    pub fn keeps_all(&self) -> bool {
        *self == Self::default()
    }

    /// What is kept.
    pub(super) fn kept(&self) -> Range<u64> {
        self.from.unwrap_or(0)..self.to.unwrap_or(u64::MAX)
    }
}
