//! Recordings: the bytes of a stream, appended to a file while the event runs, and what is made of them afterwards.
//!
//! The file that grows is the stream itself, a head and chunks, so that nothing but the last chunk can be lost however the
//! process ends. [`recover`] says how much of a torn file is good; [`finalise`] makes one file of one or several such
//! files which any player can seek in. Files are opened by others: here are readers and writers only.

mod finalise;
mod layout;
mod recover;

use std::fmt;
use std::io;

pub use finalise::{Finalised, Gap, finalise};
pub use layout::RECORDING_SAMPLES_MAX;
pub use recover::{Recovered, recover};

/// Why a recording could not be read or finalised.
#[derive(Debug)]
#[non_exhaustive]
pub enum RecordError {
    /// The operating system failed us.
    Io(io::Error),
    /// There is no sound in the sources.
    Empty,
    /// The sources are of different kinds and cannot become one track.
    Mixed {
        /// Samples of a frame in this source.
        got: u32,
        /// Samples of a frame in the first.
        expected: u32,
    },
    /// There is more than one file may hold.
    TooLong {
        /// The limit in Opus packets.
        limit: usize,
    },
    /// A source was changed between the two passes.
    Changed,
}

impl From<io::Error> for RecordError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the recording cannot be read or written: {error}"),
            Self::Empty => f.write_str("the recording holds no sound"),
            Self::Mixed { got, expected } => {
                write!(
                    f,
                    "a part has frames of {got} samples and the first part has {expected}"
                )
            }
            Self::TooLong { limit } => write!(
                f,
                "the recording has more than {limit} packets, more than one file may hold"
            ),
            Self::Changed => f.write_str("the recording was changed while it was read"),
        }
    }
}

impl std::error::Error for RecordError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}
