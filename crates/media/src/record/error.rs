//! What recordings refuse.

use std::io;

/// Why a recording could not be read or finalised.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The operating system failed us.
    #[error("the recording cannot be read or written: {0}")]
    Io(#[from] io::Error),
    /// There is no sound in the sources.
    #[error("the recording holds no sound")]
    Empty,
    /// The sources are of different kinds and cannot become one track.
    #[error("a part has frames of {got} samples and the first part has {expected}")]
    Mixed {
        /// Samples of a frame in this source.
        got: u32,
        /// Samples of a frame in the first.
        expected: u32,
    },
    /// There is more than one file may hold.
    #[error("the recording has more than {limit} packets, more than one file may hold")]
    TooLong {
        /// The limit in Opus packets.
        limit: usize,
    },
    /// Nothing was recorded in what a cut leaves of it.
    #[error("nothing was recorded in the part that is to be kept")]
    CutAway,
    /// A source was changed between the two passes.
    #[error("the recording was changed while it was read")]
    Changed,
}
