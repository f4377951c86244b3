//! Why a journal could not be appended to or read.

use crate::error::{FaultOwner, StoreError};

/// Why a call was not carried out. Nothing was appended, except where [`StoreError`] says otherwise.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum JournalError {
    /// An entry is too large.
    #[error("an entry of {got} bytes cannot be appended, at most {max} can")]
    EntryTooBig {
        /// Bytes allowed.
        max: usize,
        /// Bytes given.
        got: usize,
    },
    /// Too many entries at once.
    #[error("{got} entries cannot be appended at once, at most {max} can")]
    TooMany {
        /// Entries allowed.
        max: usize,
        /// Entries given.
        got: usize,
    },
    /// Too many bytes at once.
    #[error("entries of {got} bytes cannot be appended at once, at most {max} can")]
    TooBig {
        /// Bytes allowed.
        max: usize,
        /// Bytes given.
        got: usize,
    },
    /// Too many streams; one must be deleted before another can begin.
    #[error("the journal has {max} streams already, no more can begin")]
    TooManyStreams {
        /// Streams allowed.
        max: usize,
    },
    /// What any store can meet.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl JournalError {
    /// Who can mend it.
    #[must_use]
    pub const fn fault(&self) -> FaultOwner {
        match self {
            Self::EntryTooBig { .. } | Self::TooMany { .. } | Self::TooBig { .. } => {
                FaultOwner::Caller
            }
            Self::TooManyStreams { .. } => FaultOwner::Operator,
            Self::Store(error) => error.fault(),
        }
    }
}
