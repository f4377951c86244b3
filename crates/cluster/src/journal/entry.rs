//! An entry of a stream, and where a stream begins and ends.

use bytes::Bytes;

/// One entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its number in its stream: the first is 1, each next one more.
    pub sequence: u64,
    /// Whatever was appended; the journal does not look into it.
    pub bytes: Bytes,
}

/// What became of an append.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Appended {
    /// The number of the first entry appended; the others follow.
    pub sequence: u64,
    /// How many of the stream's oldest entries were dropped to make room.
    pub dropped: u64,
}

/// What a stream holds: the entries from `first` on, up to but without `next`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// The oldest that is there; what was before it has been dropped.
    pub first: u64,
    /// What the next one appended will have.
    pub next: u64,
}

impl Bounds {
    /// Of a stream nothing was ever appended to.
    pub const EMPTY: Self = Self { first: 1, next: 1 };
}
