//! How loaded this node is: what the ladder decides on, measured and not guessed.
//!
//! Shares are in thousandths. What the system does not say counts as free: a gauge that fails must not close the doors.

mod machine;
mod meter;

pub use meter::LoadMeter;
