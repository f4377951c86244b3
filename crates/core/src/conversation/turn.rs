//! What one step carries along: the time, the outbox, and what has changed so far.

use super::output::{CloseReason, Outbox, Output};
use crate::{Now, SeatId, SessionId};

/// One step.
pub(super) struct Turn<'a> {
    pub(super) now: Now,
    pub(super) out: &'a mut Outbox,
    pub(super) changes: Changes,
}

/// What has changed, by who must learn of it.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Something every listener is shown.
    pub(super) listeners_view: bool,
    /// Who is speaking, as listeners are shown it.
    pub(super) speaking: bool,
    /// How many listen.
    pub(super) listeners: bool,
    /// Something stage pages show.
    pub(super) stage: bool,
    /// Something that must survive a restart.
    pub(super) persist: bool,
}

impl Changes {
    /// Something that listeners and stage pages are shown.
    pub(super) const fn public(&mut self) {
        self.listeners_view = true;
        self.stage = true;
    }

    /// Something about one seat: listeners are shown it only if the seat is on stage.
    pub(super) const fn seat(&mut self, on_stage: bool) {
        self.listeners_view |= on_stage;
        self.stage = true;
    }
}

impl<'a> Turn<'a> {
    pub(super) fn new(now: Now, out: &'a mut Outbox) -> Self {
        Self {
            now,
            out,
            changes: Changes::default(),
        }
    }

    pub(super) fn close(&mut self, seat: SeatId, session: SessionId, reason: CloseReason) {
        self.out.push(Output::CloseSession {
            seat,
            session,
            reason,
        });
    }
}
