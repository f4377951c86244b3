//! What can go wrong with a store, by whose fault.

use std::fmt;

/// Who can mend it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The calling code asked for what cannot be.
    Caller,
    /// The machine: its disk, its files, another process.
    Operator,
}

/// Why a store did not do what it was asked. It has done nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoreError {
    /// An event of this name is there already.
    Exists {
        /// The name.
        slug: String,
    },
    /// There is no event of this name.
    NoEvent {
        /// The name.
        slug: String,
    },
    /// A state is larger than any conversation can be.
    TooBig {
        /// Bytes allowed.
        max: usize,
        /// Bytes given.
        got: usize,
    },
    /// A position beyond what a record can hold: more than six million years of programme.
    PositionTooBig {
        /// The position given.
        got: u64,
    },
    /// Another process keeps the store locked for longer than we wait.
    Locked {
        /// Where the store is.
        place: String,
    },
    /// The file is not a database, or a damaged one.
    Corrupt {
        /// Where the store is.
        place: String,
        /// What was found.
        why: String,
    },
    /// The file is a sound database of another program.
    Foreign {
        /// Where the store is.
        place: String,
    },
    /// The store was written by a newer Stentor.
    Newer {
        /// Where the store is.
        place: String,
        /// Version of its schema.
        got: u32,
        /// The newest version this program knows.
        known: u32,
    },
    /// There is no room.
    Full {
        /// Where the store is.
        place: String,
    },
    /// The file or its folder cannot be opened, read or written.
    Unusable {
        /// Where the store is.
        place: String,
        /// What the system said.
        why: String,
    },
}

impl StoreError {
    /// Who can mend it.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Exists { .. }
            | Self::NoEvent { .. }
            | Self::TooBig { .. }
            | Self::PositionTooBig { .. } => Fault::Caller,
            Self::Locked { .. }
            | Self::Corrupt { .. }
            | Self::Foreign { .. }
            | Self::Newer { .. }
            | Self::Full { .. }
            | Self::Unusable { .. } => Fault::Operator,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists { slug } => write!(f, "there is already an event named \"{slug}\""),
            Self::NoEvent { slug } => write!(f, "there is no event named \"{slug}\""),
            Self::TooBig { max, got } => write!(
                f,
                "a state of {got} bytes cannot be kept, at most {max} can"
            ),
            Self::PositionTooBig { got } => {
                write!(f, "position {got} cannot be kept, at most {} can", i64::MAX)
            }
            Self::Locked { place } => write!(f, "the store {place} is locked by another process"),
            Self::Corrupt { place, why } => write!(
                f,
                "the store {place} is damaged ({why}); put a backup in its place, or move it away to begin afresh"
            ),
            Self::Foreign { place } => {
                write!(f, "the file {place} is a database of another program")
            }
            Self::Newer { place, got, known } => write!(
                f,
                "the store {place} was written by a newer Stentor (schema {got}, this one knows {known})"
            ),
            Self::Full { place } => write!(f, "there is no room left for the store {place}"),
            Self::Unusable { place, why } => write!(f, "the store {place} cannot be used: {why}"),
        }
    }
}

impl std::error::Error for StoreError {}
