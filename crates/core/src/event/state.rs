//! The state of one event, apart from its stage.

use super::alarm::{Alarm, Alarms};
use super::condition::{ConditionWatch, StagePresence};
use crate::now::Now;
use crate::phase::Phase;
use crate::schedule::{Schedule, Start};
use crate::text::Texts;
use alloc::string::String;

/// What an event is made with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventInfo {
    /// As listeners read it. Cut at [`crate::limits::TITLE_CHARS_MAX`].
    pub title: String,
    /// The announced beginning, if one was announced.
    pub start: Option<Start>,
    /// Whether the public is not to know of it yet.
    pub draft: bool,
    /// Whether what is on air is recorded.
    pub recorded: bool,
    /// Name on the host's seat, which is always seat 1 at the beginning. Cut at [`crate::limits::NAME_CHARS_MAX`].
    pub host_name: String,
}

/// What is known of one event, apart from its stage.
#[derive(Clone, Debug)]
pub(crate) struct EventState {
    pub(crate) schedule: Schedule,
    pub(crate) condition: ConditionWatch,
    pub(crate) alarms: Alarms,
    /// The host's line to every listener.
    pub(crate) message: Texts,
    /// Whether what is on air is recorded.
    pub(crate) recorded: bool,
}

impl EventState {
    pub(crate) fn new(info: &EventInfo, now: Now) -> Self {
        Self {
            schedule: Schedule::new(&info.title, info.start.clone(), info.draft, now),
            condition: ConditionWatch::new(now),
            alarms: Alarms::default(),
            message: Texts::new(),
            recorded: info.recorded,
        }
    }

    pub(crate) const fn phase(&self) -> Phase {
        self.schedule.standing().phase
    }

    pub(crate) const fn is_over(&self) -> bool {
        self.phase().is_over()
    }

    /// Returns whether this changed anything.
    pub(crate) const fn set_alarm(&mut self, alarm: Alarm, on: bool) -> bool {
        self.alarms.set(alarm, on)
    }

    /// Finds what is wrong now. Returns whether the condition changed.
    pub(crate) fn observe(&mut self, now: Now, stage: StagePresence) -> bool {
        self.condition
            .observe(now, self.phase(), stage, self.alarms)
    }
}
