//! The scheduled conversation: its schedule, what is wrong with it, what the host says.
//!
//! It is not the stage: who may speak is in [`crate::stage`].

mod alarm;
mod commands;
mod condition;
mod state;

pub use crate::phase::Phase;
pub use alarm::Alarm;
pub(crate) use alarm::Alarms;
pub use commands::EventCommand;
pub use condition::{Condition, ConditionKind};
pub(crate) use condition::{ConditionWatch, StagePresence};
pub use state::EventInfo;
pub(crate) use state::EventState;
