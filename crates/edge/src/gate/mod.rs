//! The gate: whether an attempt is served, and if not, why.
//!
//! Every refusal of the edge is decided by [`judge`], from an [`Attempt`] that says all it needs to know. Whoever holds the socket, the
//! file or the stream describes the attempt, carries out the [`Outcome`] and counts its reason; it decides nothing itself. Whether a head can
//! be read is for the HTTP library to find out, and when a deadline has passed for whoever has the clock: what follows from it is said here.
//! Not here: who may do what in a conversation, and how often, which is `core`'s and the stage interface's.

mod attempt;
mod connection_limiter;
pub(crate) mod descriptors;
mod judge;
mod outcome;
mod queue;
mod room;

pub use attempt::{Ask, Attempt, HandshakeEnd, HeadFault, Missed, ResourceUsage, Spoken};
pub use judge::judge;
pub use outcome::Outcome;

pub(crate) use connection_limiter::{ConnectionLimiter, Permit};
pub(crate) use queue::{FairQueue, Turn};
pub(crate) use room::{Resources, Room};

/// Whether a stream takes one more listener: for [`Stream::join`](crate::stream::Stream::join).
pub(crate) fn stream_has_room(listening: u64, max: u64) -> Result<(), Outcome> {
    let listeners = ResourceUsage {
        used: listening,
        max,
    };
    judge(&Attempt::new(Ask::Stream { listeners })).allowed()
}

/// Whether a stream takes one more listener of a network that has so many: for [`Stream::share_of`](crate::stream::Stream::share_of).
pub(crate) fn network_has_room(listening: u64, max: u64) -> Result<(), Outcome> {
    let listeners = ResourceUsage {
        used: listening,
        max,
    };
    judge(&Attempt::new(Ask::StreamOfPrefix { listeners })).allowed()
}
