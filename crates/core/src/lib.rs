//! The domain of Stentor: what is decided, without a clock, a socket or a thread.
//!
//! Everything here is a state machine that is told the time and what happened, and answers with what must be done:
//! `step(now, input, &mut out)`. The same code runs in the server and in the tests, which move time themselves (DESIGN §2, rule 5).
//!
//! - [`admission`]: the ladder, which decides what a newcomer costs under load
//! - [`conversation`]: one event's conversation, the machine that ties the others together
//! - [`event`]: the scheduled conversation: its phase, its condition, the host's message
//! - [`stage`]: seats, who may speak, who is speaking, whose microphone is silent
//! - [`timeline`]: where the programme is, in samples since the event's epoch
//! - [`limits`]: every bound of this crate, with its unit
//!
//! It is not: audio, transport, storage, text for people in more than one language, or wire formats. No type here
//! knows of serialisation.

#![no_std]

extern crate alloc;

pub mod admission;
pub mod conversation;
pub mod event;
pub mod id;
pub mod limits;
pub mod now;
pub mod stage;
pub mod timeline;

pub use id::{SeatId, SessionId};
pub use now::Now;
