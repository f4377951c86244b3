//! Who is let in, and at what cost: the ladder under load (DESIGN §6).
//!
//! It is not the gate: it does not ask whose an attempt is.

mod doors;
mod ladder;
mod load;
mod rung;

pub use doors::Doors;
pub use ladder::{Ladder, Pace, Reason, Step};
pub use load::{Load, Measure};
pub use rung::Rung;
