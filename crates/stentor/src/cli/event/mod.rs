//! `stentor event`: events are made, listed and changed in the data folder, beside a running server or without one.

mod change;
mod create;
mod list;
mod store;

use clap::Subcommand;

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
    /// Change title, beginning, language or recording of an event
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
        EventCommand::Edit(edit) => edit.run(),
        EventCommand::End(end) => end.run(),
        EventCommand::Delete(delete) => delete.run(),
        EventCommand::Links(links) => links.run(),
    }
}
