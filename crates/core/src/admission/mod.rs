//! At what cost newcomers are let in, or whether they wait: the ladder under load (docs/design.md §6).
//!
//! It is not the gate: it does not look at who is asking.

mod ladder;
mod load;
mod opening;
mod rung;

pub use ladder::{Ladder, LadderStep, Pace, StepReason};
pub use load::{Load, LoadMeasure};
pub use opening::OpeningRung;
pub use rung::{Rung, STRETCH_PERMILLE};
