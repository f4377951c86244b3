//! What hosts want of the event as a whole, obeyed or refused.

use super::state::EventState;
use crate::limits::MESSAGE_CHARS_MAX;
use crate::now::Now;
use crate::principal::Principal;
use crate::refusal::Refusal;
use crate::schedule::{By, ScheduleCommand};
use crate::text::Texts;

/// What can be asked of the event. Hosts only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EventCommand {
    /// Lead it through its evening.
    Schedule(ScheduleCommand),
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
            Self::Schedule(command) => command.act.code(),
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
            EventCommand::Schedule(command) => self.schedule.obey(By::Seat(by.seat), command, now),
            EventCommand::SetMessage { message } => self.set_message(message),
            EventCommand::SetRecorded { on } if self.is_over() && self.recorded != on => {
                Err(Refusal::EventEnded)
            }
            EventCommand::SetRecorded { on } => {
                Ok(core::mem::replace(&mut self.recorded, on) != on)
            }
        }
    }

    fn set_message(&mut self, message: Texts) -> Result<bool, Refusal> {
        message.check(MESSAGE_CHARS_MAX)?;
        let changes = self.message != message;
        self.message = message;
        Ok(changes)
    }
}
