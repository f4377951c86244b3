//! At what cost newcomers are let in, or whether they wait: the ladder under load (docs/design.md §6).
//!
//! It is not the gate: it does not look at who is asking.

mod doors;
mod ladder;
mod load;
mod rung;

pub use doors::Doors;
pub use ladder::{Ladder, LadderStep, Pace, StepReason};
pub use load::{Load, LoadMeasure};
pub use rung::{Rung, STRETCH_PERMILLE};
