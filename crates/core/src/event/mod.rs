//! The scheduled conversation: what it is called, which phase it is in, what is wrong with it, what the host says.
//!
//! It is not the stage: who may speak is in [`crate::stage`].

mod condition;
mod phase;

pub use condition::{Alarm, Condition, ConditionKind};
pub(crate) use condition::{Alarms, ConditionWatch, StageSeen};
pub use phase::Phase;
pub(crate) use phase::PhaseState;

use alloc::string::String;

/// What an event is made with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventInfo {
    /// As listeners read it. Cut at [`crate::limits::TITLE_CHARS_MAX`].
    pub title: String,
    /// The announced beginning, in milliseconds since 1970, if one was announced.
    pub starts_unix_ms: Option<i64>,
    /// Name on the host's seat, which is always seat 1 at the beginning. Cut at [`crate::limits::NAME_CHARS_MAX`].
    pub host_name: String,
}

/// One line from the host to every listener, in both languages.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Message {
    /// French. May be empty; then the page shows the other one.
    pub fr: String,
    /// English. May be empty; then the page shows the other one.
    pub en: String,
}
