//! Names of things that outlive a connection, and of connections.

use core::fmt;

/// A place in one event, given by invitation and stable for ever: it survives reloads, reconnections and restarts.
///
/// Numbered from 1 within an event and never used again there, even after its holder was removed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SeatId(pub u32);

/// One media connection (a WebRTC session). A seat sees many of them, one at a time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SessionId(pub u64);

/// One open stage page. Grows with every page of the event, and is never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PageId(pub u64);

/// A stage page by a random number of its own, which it keeps when it is reloaded and takes from nobody: a link opened anew is another page.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PageKey(pub u128);

impl fmt::Display for SeatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
