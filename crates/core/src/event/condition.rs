//! What is wrong with an event on air, derived from what is seen, never typed in by anybody.

use super::alarm::{Alarm, Alarms};
use crate::codes::codes;
use crate::limits::{HOST_DROPPED_AFTER_MS, STAGE_EMPTY_AFTER_MS};
use crate::now::Now;
use crate::phase::Phase;

/// What listeners are told about an event on air, besides its phase.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Condition {
    /// What it is.
    pub kind: ConditionKind,
    /// Since when, in milliseconds since 1970. For trouble this is when it began, not when it was noticed.
    pub since_unix_ms: i64,
}

/// The kinds of condition, the gravest last. When several hold, listeners are told the gravest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ConditionKind {
    /// Nothing is wrong, or the event is not on air.
    Ok,
    /// Nobody who is on stage is connected, and no host dropped: they left the stage.
    StageEmpty,
    /// A host or co-host has a place on stage, but none of them is connected.
    HostDropped,
    /// Our own machinery fails the listeners: the mix has speech and the output has none.
    Fault,
}

codes!(ConditionKind {
    Self::Ok => "ok",
    Self::StageEmpty => "stage_empty",
    Self::HostDropped => "host_dropped",
    Self::Fault => "fault",
});

/// Who is present on stage, at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct StagePresence {
    /// A host or co-host has a place on stage.
    pub(crate) host_expected: bool,
    /// At least one of them is connected.
    pub(crate) host_present: bool,
    /// Somebody on stage is connected.
    pub(crate) anybody_present: bool,
}

/// Remembers what is missing, and since when.
#[derive(Clone, Debug)]
pub(crate) struct ConditionWatch {
    host_missing: Option<Now>,
    stage_missing: Option<Now>,
    fault: Option<Now>,
    current: Condition,
}

impl ConditionWatch {
    pub(crate) const fn new(now: Now) -> Self {
        Self {
            host_missing: None,
            stage_missing: None,
            fault: None,
            current: Condition {
                kind: ConditionKind::Ok,
                since_unix_ms: now.unix_ms,
            },
        }
    }

    pub(crate) const fn current(&self) -> Condition {
        self.current
    }

    /// Returns whether the condition changed.
    pub(crate) fn observe(
        &mut self,
        now: Now,
        phase: Phase,
        stage: StagePresence,
        alarms: Alarms,
    ) -> bool {
        let on_air = phase == Phase::OnAir;
        let host_dropped = on_air && stage.host_expected && !stage.host_present;
        let stage_empty = on_air && !stage.anybody_present;
        let fault = on_air && alarms.is_on(Alarm::OutputSilent);
        note(&mut self.host_missing, host_dropped, now);
        note(&mut self.stage_missing, stage_empty, now);
        note(&mut self.fault, fault, now);

        let (kind, since) = if let Some(since) = self.fault {
            (ConditionKind::Fault, since)
        } else if let Some(since) = lasting(self.host_missing, HOST_DROPPED_AFTER_MS, now) {
            (ConditionKind::HostDropped, since)
        } else if let Some(since) = lasting(self.stage_missing, STAGE_EMPTY_AFTER_MS, now) {
            (ConditionKind::StageEmpty, since)
        } else {
            (ConditionKind::Ok, now)
        };
        if kind == self.current.kind {
            return false;
        }
        self.current = Condition {
            kind,
            since_unix_ms: since.unix_ms,
        };
        true
    }
}

fn note(since: &mut Option<Now>, holds: bool, now: Now) {
    *since = holds.then(|| since.unwrap_or(now));
}

fn lasting(since: Option<Now>, after_ms: u64, now: Now) -> Option<Now> {
    since.filter(|since| now.ms_since(since.mono_ms) >= after_ms)
}
