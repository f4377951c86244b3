//! What hosts want of the event as a whole, obeyed or refused.

use super::state::EventState;
use crate::limits::MESSAGE_CHARS_MAX;
use crate::now::Now;
use crate::phase::Phase;
use crate::principal::Principal;
use crate::refusal::Refusal;
use crate::text::Texts;

/// What can be asked of the event. Hosts only.
///
/// `version` is the version its sender saw. If the state has moved on, the command is refused, unless the state
/// already is what the command asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EventCommand {
    /// Begin or end the event.
    SetPhase {
        /// The phase wanted; phases only move forward.
        phase: Phase,
        /// Version of the phase as seen.
        version: u64,
    },
    /// One line to every listener, at most [`MESSAGE_CHARS_MAX`] characters in each language. Empty: no message.
    SetMessage {
        /// In the languages it was given in.
        message: Texts,
    },
    /// Record what is on air, or no longer.
    SetRecorded {
        /// Wanted.
        on: bool,
    },
}

impl EventCommand {
    /// The word a page uses for it, also in a refusal.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SetPhase { .. } => "phase",
            Self::SetMessage { .. } => "message",
            Self::SetRecorded { .. } => "record",
        }
    }
}

impl EventState {
    /// Does what is asked, or says why not. Returns whether anything changed.
    pub(crate) fn obey(
        &mut self,
        by: Principal,
        command: EventCommand,
        now: Now,
    ) -> Result<bool, Refusal> {
        by.must_host()?;
        match command {
            EventCommand::SetPhase { phase, version } => self.set_phase(phase, version, now),
            EventCommand::SetMessage { message } => self.set_message(message),
            EventCommand::SetRecorded { on } if self.ended() && self.recorded != on => {
                Err(Refusal::EventEnded)
            }
            EventCommand::SetRecorded { on } => {
                Ok(core::mem::replace(&mut self.recorded, on) != on)
            }
        }
    }

    fn set_phase(&mut self, phase: Phase, version: u64, now: Now) -> Result<bool, Refusal> {
        let from = self.phase.phase;
        if phase == from {
            return Ok(false);
        }
        if self.ended() {
            return Err(Refusal::EventEnded);
        }
        Refusal::unless_version(self.phase.version, version)?;
        if phase < from {
            return Err(Refusal::PhaseBackwards { from, to: phase });
        }
        self.phase.enter(phase, now);
        Ok(true)
    }

    fn set_message(&mut self, message: Texts) -> Result<bool, Refusal> {
        message.check(MESSAGE_CHARS_MAX)?;
        let changes = self.message != message;
        self.message = message;
        Ok(changes)
    }
}
