//! The state of one event, apart from its stage.

use super::alarm::{Alarm, Alarms};
use super::condition::{ConditionWatch, StagePresence};
use crate::limits::TITLE_CHARS_MAX;
use crate::now::Now;
use crate::phase::{Phase, PhaseState};
use crate::text::{Texts, cut};
use alloc::string::String;

/// What an event is made with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventInfo {
    /// As listeners read it. Cut at [`crate::limits::TITLE_CHARS_MAX`].
    pub title: String,
    /// The announced beginning, in milliseconds since 1970, if one was announced.
    pub starts_unix_ms: Option<i64>,
    /// Whether what is on air is recorded.
    pub recorded: bool,
    /// Name on the host's seat, which is always seat 1 at the beginning. Cut at [`crate::limits::NAME_CHARS_MAX`].
    pub host_name: String,
}

/// What is known of one event, apart from its stage.
#[derive(Clone, Debug)]
pub(crate) struct EventState {
    pub(crate) title: String,
    pub(crate) starts_unix_ms: Option<i64>,
    pub(crate) phase: PhaseState,
    pub(crate) condition: ConditionWatch,
    pub(crate) alarms: Alarms,
    /// The host's line to every listener.
    pub(crate) message: Texts,
    /// Whether what is on air is recorded.
    pub(crate) recorded: bool,
}

impl EventState {
    pub(crate) fn new(title: &str, starts_unix_ms: Option<i64>, recorded: bool, now: Now) -> Self {
        Self {
            title: cut(title, TITLE_CHARS_MAX),
            starts_unix_ms,
            phase: PhaseState::new(now),
            condition: ConditionWatch::new(now),
            alarms: Alarms::default(),
            message: Texts::new(),
            recorded,
        }
    }

    pub(crate) const fn phase(&self) -> Phase {
        self.phase.phase
    }

    pub(crate) fn ended(&self) -> bool {
        self.phase() == Phase::Ended
    }

    /// What the operator says of it. Returns whether anything changed.
    pub(crate) fn amend(
        &mut self,
        title: Option<&str>,
        starts_unix_ms: Option<Option<i64>>,
        recorded: Option<bool>,
    ) -> bool {
        let before = (self.title.clone(), self.starts_unix_ms, self.recorded);
        if let Some(title) = title {
            self.title = cut(title, TITLE_CHARS_MAX);
        }
        self.starts_unix_ms = starts_unix_ms.unwrap_or(self.starts_unix_ms);
        self.recorded = recorded.unwrap_or(self.recorded);
        before != (self.title.clone(), self.starts_unix_ms, self.recorded)
    }

    /// It is over from now on. Returns whether it was not before.
    pub(crate) fn end(&mut self, now: Now) -> bool {
        let goes_on = !self.ended();
        if goes_on {
            self.phase.enter(Phase::Ended, now);
        }
        goes_on
    }

    /// Returns whether this changed anything.
    pub(crate) const fn set_alarm(&mut self, alarm: Alarm, on: bool) -> bool {
        self.alarms.set(alarm, on)
    }

    /// Finds what is wrong now. Returns whether the condition changed.
    pub(crate) fn observe(&mut self, now: Now, stage: StagePresence) -> bool {
        self.condition
            .observe(now, self.phase.phase, stage, self.alarms)
    }
}
