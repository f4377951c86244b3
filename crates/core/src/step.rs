//! What one step of a conversation carries along: the time, the outbox, and what has changed so far.

use crate::id::{SeatId, SessionId};
use crate::now::Now;
use crate::output::{Outbox, Output, SessionEndReason};
use crate::phase::Phase;

/// One step in progress.
pub(crate) struct StepContext<'a> {
    pub(crate) now: Now,
    /// The event's phase, as it is at this point of the step.
    pub(crate) phase: Phase,
    /// The version of its schedule, before the step.
    pub(crate) schedule_version: u64,
    /// What has changed is written down before the outputs that follow.
    pub(crate) persisted_first: bool,
    pub(crate) out: &'a mut Outbox,
    pub(crate) changes: Changes,
}

/// What has changed, by who must learn of it.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Something every listener is shown.
    pub(crate) listeners_view: bool,
    /// Who is speaking, as listeners are shown it.
    pub(crate) speaking: bool,
    /// How many listen.
    pub(crate) listeners: bool,
    /// Something stage pages show.
    pub(crate) stage: bool,
    /// Something that must survive a restart.
    pub(crate) persist: bool,
}

impl Changes {
    /// Something that listeners and stage pages are shown.
    pub(crate) const fn public(&mut self) {
        self.listeners_view = true;
        self.stage = true;
    }

    /// Something about one seat: listeners are shown it only if the seat is on stage.
    pub(crate) const fn seat(&mut self, on_stage: bool) {
        self.listeners_view |= on_stage;
        self.stage = true;
    }
}

impl<'a> StepContext<'a> {
    pub(crate) fn new(now: Now, phase: Phase, schedule_version: u64, out: &'a mut Outbox) -> Self {
        Self {
            now,
            phase,
            schedule_version,
            persisted_first: false,
            out,
            changes: Changes::default(),
        }
    }

    pub(crate) fn close_session(
        &mut self,
        seat: SeatId,
        session: SessionId,
        reason: SessionEndReason,
    ) {
        self.out.push(Output::CloseSession {
            seat,
            session,
            reason,
        });
    }
}
