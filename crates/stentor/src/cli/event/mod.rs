//! `stentor event`: events are made, listed and changed in the data folder, beside a running server or without one.

mod change;
mod create;
mod lead;
mod list;
mod said;
mod store;

use clap::Subcommand;
use stentor_core::schedule::Act;

use crate::error::AppError;

/// What can be done to events.
#[derive(Debug, Subcommand)]
pub(super) enum EventCommand {
    /// Create an event and print its three links: listener, host, guest
    Create(create::Create),
    /// List the events in the data folder: phase, beginning, language, links
    List(list::List),
    /// Show one event
    Show(list::Show),
    /// Tell the public of an event that was made as a draft
    Announce(lead::Lead),
    /// Let listeners into the lobby before the doors open by themselves, a quarter of an hour before it begins
    OpenDoors(lead::Lead),
    /// Put an event on air
    GoOnAir(lead::Lead),
    /// Pause an event that is on air: listeners stay, hear the bed and read why
    Hold(lead::Hold),
    /// Go on with an event that is held
    Resume(lead::Lead),
    /// Begin at another time, and tell everybody
    Postpone(lead::Postpone),
    /// Say that an event will not take place
    Cancel(lead::Cancel),
    /// Publish the recording of an event, now or later, withhold, cut or delete it
    Replay(lead::Replay),
    /// Change title, description, beginning, language or recording of an event
    Edit(change::Edit),
    /// End an event, also one that was never on air
    End(change::End),
    /// Take an event away, with its links and its recordings
    Delete(change::Delete),
    /// Show the links of an event, or make new ones so that those given out are dead
    Links(change::Links),
}

/// Runs one of them.
///
/// # Errors
/// The operator's, in one sentence.
pub(super) fn run(command: EventCommand) -> Result<(), AppError> {
    match command {
        EventCommand::Create(create) => create.run(),
        EventCommand::List(list) => list.run(),
        EventCommand::Show(show) => show.run(),
        EventCommand::Announce(lead) => lead.run(Act::Announce),
        EventCommand::OpenDoors(lead) => lead.run(Act::OpenDoors),
        EventCommand::GoOnAir(lead) => lead.run(Act::GoOnAir),
        EventCommand::Hold(hold) => hold.run(),
        EventCommand::Resume(lead) => lead.run(Act::Resume),
        EventCommand::Postpone(postpone) => postpone.run(),
        EventCommand::Cancel(cancel) => cancel.run(),
        EventCommand::Replay(replay) => replay.run(),
        EventCommand::Edit(edit) => edit.run(),
        EventCommand::End(end) => end.run(),
        EventCommand::Delete(delete) => delete.run(),
        EventCommand::Links(links) => links.run(),
    }
}
