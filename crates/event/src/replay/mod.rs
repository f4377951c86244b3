//! The replay of an event: made of what was recorded, as the event's history wants it, while and whenever that changes.
//!
//! What is wanted ([`Wish`]) follows from the history and is kept nowhere else; how the replay that lies there was made ([`MadeReplay`]) lies beside
//! it. Where they differ it is made anew, always from the whole recording and under another name first: whatever goes wrong, a full disk or
//! `kill -9`, there is one whole replay, and the next change or start finishes what was wanted.
//!
//! Whether anybody may hear it is not decided here.

mod keeper;
mod made;
mod make;
#[cfg(test)]
mod tests;
mod wish;

pub(crate) use keeper::{ReplayIs, ReplayKeeper, ReplayState};
pub(crate) use made::{MadeReplay, ReplayFile};
pub(crate) use make::replay_file;
pub(crate) use wish::ReplayWishes;
