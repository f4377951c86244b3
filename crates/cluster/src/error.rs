//! What can go wrong with any store, by whose fault. What only one kind of store can refuse is said beside its trait.

/// Who can mend it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FaultOwner {
    /// The calling code asked for what cannot be, or lost a race it must be ready to lose.
    Caller,
    /// The machine: its disk, its files, another process.
    Operator,
    /// This program: a defect to be reported.
    Ours,
}

/// Why a store did not do what it was asked. Nothing was done, except where a variant says otherwise.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process keeps the store locked for longer than we wait.
    #[error("the store {place} is locked by another process")]
    Locked {
        /// Where the store is.
        place: String,
    },
    /// The file is not a database, or a damaged one.
    #[error(
        "the store {place} is damaged ({why}); put a backup in its place, or move it away to begin afresh"
    )]
    Corrupt {
        /// Where the store is.
        place: String,
        /// What was found.
        why: String,
    },
    /// The file is a sound database of another program.
    #[error("the file {place} is a database of another program")]
    Foreign {
        /// Where the store is.
        place: String,
    },
    /// The store was written by a newer Stentor.
    #[error(
        "the store {place} was written by a newer Stentor (schema {got}, this one knows {known})"
    )]
    Newer {
        /// Where the store is.
        place: String,
        /// Version of its schema.
        got: u32,
        /// The newest version this program knows.
        known: u32,
    },
    /// The store was written by an older Stentor, and whoever opens it may not bring it to the present schema.
    #[error(
        "the store {place} is of an older Stentor (schema {got}, this one writes {known}) that may be running: stop it first"
    )]
    Older {
        /// Where the store is.
        place: String,
        /// Version of its schema.
        got: u32,
        /// The version this program writes.
        known: u32,
    },
    /// There is no room.
    #[error("there is no room left for the store {place}")]
    Full {
        /// Where the store is.
        place: String,
    },
    /// The file or its folder cannot be opened, read or written.
    #[error("the store {place} cannot be used: {why}")]
    Unusable {
        /// Where the store is.
        place: String,
        /// What the system said.
        why: String,
    },
    /// More calls wait than may.
    #[error("the store {place} does not keep up: {max} calls wait already")]
    Busy {
        /// Where the store is.
        place: String,
        /// Calls that may wait.
        max: usize,
    },
    /// No answer came in time. A change may have been made or not: only reading tells.
    #[error("the store {place} did not answer within {within_ms} ms")]
    TimedOut {
        /// Where the store is.
        place: String,
        /// How long was waited, in milliseconds.
        within_ms: u64,
    },
    /// The store's thread has ended by a panic. The change it was at may have been made or not.
    #[error("the store {place} has stopped after a fault of its own")]
    Stopped {
        /// Where the store was.
        place: String,
    },
}

impl StoreError {
    /// Who can mend it.
    #[must_use]
    pub const fn fault(&self) -> FaultOwner {
        match self {
            Self::Locked { .. }
            | Self::Corrupt { .. }
            | Self::Foreign { .. }
            | Self::Newer { .. }
            | Self::Older { .. }
            | Self::Full { .. }
            | Self::Unusable { .. }
            | Self::Busy { .. }
            | Self::TimedOut { .. } => FaultOwner::Operator,
            Self::Stopped { .. } => FaultOwner::Ours,
        }
    }
}
