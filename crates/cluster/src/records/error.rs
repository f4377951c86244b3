//! Why records could not be read or changed.

use super::record::Version;
use crate::error::{FaultOwner, StoreError};
use crate::key::{Key, Kind};

/// Why a call was not carried out. Nothing was changed, except where [`StoreError`] says otherwise.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RecordsError {
    /// The record is not at the version the change was made from.
    #[error("the record {kind}/{key} {}: it was changed from elsewhere", versions(*.expected, *.found))]
    Conflict {
        /// What it is a record of.
        kind: Kind,
        /// Its name among those of its kind.
        key: Key,
        /// The version the change was made from; `None` if it was to make the record.
        expected: Option<Version>,
        /// The version it has; `None` if there is no such record.
        found: Option<Version>,
    },
    /// A record is too large.
    #[error("a record of {got} bytes cannot be kept, at most {max} can")]
    TooBig {
        /// Bytes allowed.
        max: usize,
        /// Bytes given.
        got: usize,
    },
    /// Too many changes at once.
    #[error("{got} changes cannot be made at once, at most {max} can")]
    TooMany {
        /// Changes allowed.
        max: usize,
        /// Changes given.
        got: usize,
    },
    /// What any store can meet.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RecordsError {
    /// Who can mend it.
    #[must_use]
    pub const fn fault(&self) -> FaultOwner {
        match self {
            Self::Conflict { .. } | Self::TooBig { .. } | Self::TooMany { .. } => {
                FaultOwner::Caller
            }
            Self::Store(error) => error.fault(),
        }
    }
}

fn versions(expected: Option<Version>, found: Option<Version>) -> String {
    match (expected, found) {
        (Some(expected), Some(found)) => {
            format!("is at version {found}, not {expected}")
        }
        (None, Some(found)) => format!("is there already, at version {found}"),
        (Some(expected), None) => format!("is not there, let alone at version {expected}"),
        (None, None) => "is not there".to_owned(),
    }
}
