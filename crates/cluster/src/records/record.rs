//! A record, and a change of it.

use std::fmt;

use bytes::Bytes;

use crate::key::{Key, Kind};

/// Which state of a record: a number that grows with every change in the store, so that none is used twice for a
/// record, even if it is deleted and made again. No other meaning.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version(pub u64);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is kept under one kind and key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Its name among those of its kind.
    pub key: Key,
    /// The version it was made with: records are listed in this order.
    pub created: Version,
    /// The version of these bytes.
    pub version: Version,
    /// Whatever was put; the store does not look into it.
    pub bytes: Bytes,
}

/// A change of one record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// Makes a record, or replaces its bytes.
    Put {
        /// What it is a record of.
        kind: Kind,
        /// Its name among those of its kind.
        key: Key,
        /// The version that is replaced; `None` to make one that is not there.
        expected: Option<Version>,
        /// What is kept from now on.
        bytes: Bytes,
    },
    /// Deletes a record.
    Delete {
        /// What it is a record of.
        kind: Kind,
        /// Its name among those of its kind.
        key: Key,
        /// The version that is deleted.
        expected: Version,
    },
}

/// Some records of one kind, the newest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// At most [`LISTED_MAX`](super::LISTED_MAX), the last made first.
    pub records: Vec<Record>,
    /// Where the next page begins, if there are older ones.
    pub before: Option<Version>,
}
