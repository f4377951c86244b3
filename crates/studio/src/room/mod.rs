//! One event's room: who is connected, what they say and hear, and the programme that comes of it.
//!
//! [`engine`] is the room itself, sans-IO: it is told what arrived and what time it is. `thread` runs it every 20 ms and
//! carries between it, the network thread and the rest of the server.
//!
//! What comes out leaves by ways that suit it. The programme and the recordings are pieces, each given once. The
//! [`state`] is whole and replaces the one before, so nothing is lost on who is slow. [Levels](levels) and
//! [figures](stats) are worth nothing when they are old.

pub mod engine;
mod failures;
pub mod levels;
pub mod output;
mod pre_listened;
mod return_feed;
mod routing;
mod session;
pub mod sink;
pub mod state;
pub mod stats;
mod stems;
mod telemetry;
pub(crate) mod thread;
pub mod tick;
