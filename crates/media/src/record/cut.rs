//! Which part of a recording its host keeps. Nothing is encoded again: a cut is between two packets, 20 ms apart.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::finalised::Finalised;
use crate::rendition::SAMPLE_RATE_HZ;

/// The least that is kept of a recording, in milliseconds. Less is refused: it is a slip of the hand.
pub const CUT_MS_MIN: u64 = 1_000;

/// Samples of a millisecond.
const MS_SAMPLES: u64 = SAMPLE_RATE_HZ as u64 / 1_000;

/// What is kept, in milliseconds of the whole replay: always of the whole one, so that a cut is made again by saying another, and undone by
/// saying none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cut {
    /// Where it begins.
    pub from_ms: u64,
    /// Where it ends; `None` for the end of the whole one.
    pub to_ms: Option<u64>,
}

/// Why a recording cannot be cut so. Theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CutError {
    /// It would end before it begins.
    #[error("a cut ends after it begins, got an end at {to_ms} ms and a beginning at {from_ms} ms")]
    Backwards {
        /// Where it would begin.
        from_ms: u64,
        /// Where it would end.
        to_ms: u64,
    },
    /// It would begin or end behind the end of the recording.
    #[error("the whole replay has {duration_ms} ms, it cannot be cut at {got_ms} ms")]
    Outside {
        /// Where it would be cut.
        got_ms: u64,
        /// How long the whole one is.
        duration_ms: u64,
    },
    /// Next to nothing would be left.
    #[error("a cut leaves at least {CUT_MS_MIN} ms, got {got_ms}")]
    TooShort {
        /// What would be left, in milliseconds.
        got_ms: u64,
    },
}

/// What of the event's timeline is kept of a whole recording, in samples since the epoch.
///
/// # Errors
/// [`CutError`].
pub fn cut_points(whole: &Finalised, cut: Cut) -> Result<Range<u64>, CutError> {
    // Of a millisecond that is there in part, players show the whole.
    let duration_ms = whole.duration_samples.div_ceil(MS_SAMPLES);
    let Cut { from_ms, to_ms } = cut;
    let to_ms = to_ms.unwrap_or(duration_ms);
    if let Some(&got_ms) = [from_ms, to_ms].iter().find(|ms| **ms > duration_ms) {
        return Err(CutError::Outside {
            got_ms,
            duration_ms,
        });
    }
    if from_ms >= to_ms {
        return Err(CutError::Backwards { from_ms, to_ms });
    }
    let got_ms = to_ms - from_ms;
    if got_ms < CUT_MS_MIN {
        return Err(CutError::TooShort { got_ms });
    }
    let from = whole.position_of(from_ms * MS_SAMPLES);
    let to = if to_ms == duration_ms {
        whole.end_position()
    } else {
        whole.position_of(to_ms * MS_SAMPLES)
    };
    Ok(from..to)
}

#[cfg(test)]
mod tests {
    use super::super::finalised::Gap;
    use super::*;

    /// Ten seconds, with a gap of one minute in the middle.
    fn whole() -> Finalised {
        Finalised {
            first_position: 1_000_000,
            duration_samples: 480_000 - 312,
            gaps: vec![Gap {
                at_samples: 240_000,
                position: 1_240_000,
                samples: 60 * 48_000,
            }],
            overlaps: 0,
            bytes: 0,
        }
    }

    fn points(from_ms: u64, to_ms: impl Into<Option<u64>>) -> Result<Range<u64>, CutError> {
        let to_ms = to_ms.into();
        cut_points(&whole(), Cut { from_ms, to_ms })
    }

    #[test]
    fn a_time_of_the_replay_is_found_on_the_timeline_behind_what_was_not_recorded() {
        assert_eq!(points(1_000, 4_000), Ok(1_048_000..1_192_000));
        assert_eq!(points(1_000, 6_000), Ok(1_048_000..1_288_000 + 2_880_000));
        let end = 1_480_000 + 2_880_000;
        assert_eq!(points(0, None), Ok(1_000_000..end));
        assert_eq!(points(0, 9_994), Ok(1_000_000..end));
    }

    #[test]
    fn a_cut_outside_or_backwards_or_of_nothing_is_refused_with_what_was_got() {
        let outside = |got_ms| {
            Err(CutError::Outside {
                got_ms,
                duration_ms: 9_994,
            })
        };
        assert_eq!(points(0, 9_995), outside(9_995));
        assert_eq!(points(20_000, None), outside(20_000));
        assert_eq!(points(u64::MAX, u64::MAX), outside(u64::MAX));
        let backwards = |from_ms, to_ms| Err(CutError::Backwards { from_ms, to_ms });
        assert_eq!(points(5_000, 4_000), backwards(5_000, 4_000));
        assert_eq!(points(5_000, 5_000), backwards(5_000, 5_000));
        assert_eq!(points(9_994, None), backwards(9_994, 9_994));
        assert_eq!(points(0, CUT_MS_MIN), Ok(1_000_000..1_048_000));
        let got_ms = CUT_MS_MIN - 1;
        assert_eq!(points(0, got_ms), Err(CutError::TooShort { got_ms }));
    }
}
