//! How a shard writes to a socket: what it takes now, and never waiting; and why an answer is over.
//!
//! Listeners and responses are written through this, so that their rules need no socket to be tested.

use std::io::{self, IoSlice};

use crate::gate::{Ask, Attempt, Missed, Outcome, judge};

/// A socket that takes what it can, and never waits.
pub(super) trait NonblockingWrite {
    /// As [`io::Write::write_vectored`] on a non-blocking socket.
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Sends what the socket itself holds back (ciphertext). `WouldBlock` while there is some.
    fn flush(&mut self) -> io::Result<()>;
}

/// Why an answer is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CloseCause {
    /// Everything was sent, and its end with it.
    Ended,
    /// The peer closed the connection, or it failed.
    Disconnected,
    /// The gate does not let it stay.
    Refused(Outcome),
}

impl CloseCause {
    /// The peer took nothing for too long.
    pub(super) fn stalled() -> Self {
        let missed = Missed::Write;
        Self::Refused(judge(&Attempt::new(Ask::Time { missed })))
    }
}
