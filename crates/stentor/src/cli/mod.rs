//! The command line: what a person types, and the sentence they get when it cannot be done.
//!
//! Flags are the last layer of the configuration (see [`crate::config`]); nothing is read from them anywhere else.

mod event;
mod manual;
mod settings;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::check::Report;
use crate::config::is_key;
use crate::error::AppError;
use crate::roles::{self, ServeOptions};
use crate::stdout::{self, as_json};
use crate::version::VERSION;
use event::EventCommand;
use settings::{OF_EVENTS, Settings};

/// A live audio conversation that millions can hear, that starts on time and says truthfully what happened.
#[derive(Debug, Parser)]
#[command(name = "stentor", version = VERSION, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(Serve),
    /// Try configuration, certificate, ports, name, disk, limits and clock, and say whether a server can start
    Check(Check),
    /// Prepare events
    #[command(subcommand)]
    Event(Box<EventCommand>),
    /// Print the manual page: stentor manual | man -l -
    Manual,
    /// Print what a shell reads to complete commands and flags
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
struct Serve {
    /// Hold a demonstration event that is on air at once, with a recorded voice
    #[arg(long)]
    demo: bool,
    /// Print the links of all events also where standard output is no terminal: whoever reads it can open the stage
    #[arg(long)]
    print_links: bool,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Args)]
struct Check {
    /// Say it as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Every command and flag: help shows of each what matters to it.
fn command() -> clap::Command {
    Cli::command().mut_subcommand("event", |events| {
        events.mut_subcommands(without_the_servers)
    })
}

/// Hides what matters to a server alone; it is taken all the same, so that one set of flags does for all commands.
fn without_the_servers(command: clap::Command) -> clap::Command {
    let of_settings = Settings::augment_args(clap::Command::new("settings"));
    let hidden: Vec<_> = of_settings
        .get_arguments()
        .map(|arg| arg.get_id().clone())
        .filter(|id| !OF_EVENTS.contains(&id.as_str()))
        .collect();
    command.mut_args(|arg| {
        let hide = hidden.contains(arg.get_id());
        arg.hide(hide)
    })
}

/// Runs the command the process was started with.
///
/// # Errors
/// One sentence that says what was expected and what came.
pub(crate) fn run() -> Result<(), AppError> {
    let cli = match command()
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches))
    {
        Ok(cli) => cli,
        Err(error) => {
            // What cannot be printed any more cannot be told either.
            let _ = error.print();
            if let Some(tip) = tip(&error) {
                eprintln!("\n  tip: {tip}");
            }
            std::process::exit(error.exit_code());
        }
    };
    match cli.command {
        Command::Serve(serve) => {
            let options = ServeOptions {
                demo: serve.demo,
                print_links: serve.print_links,
            };
            roles::run(&|| serve.settings.load(), options)
        }
        Command::Check(check) => {
            let report = Report::of(check.settings.load());
            let text = if check.json {
                as_json(&report)
            } else {
                report.told()
            };
            stdout::print(&text).map_err(AppError::Print)?;
            if report.ok {
                Ok(())
            } else {
                std::process::exit(1)
            }
        }
        Command::Event(command) => event::run(*command),
        Command::Manual => {
            let page = manual::page(&command()).map_err(AppError::Print)?;
            stdout::print(&String::from_utf8_lossy(&page)).map_err(AppError::Print)
        }
        Command::Completions { shell } => {
            let script = manual::completions(&mut command(), shell);
            stdout::print(&String::from_utf8_lossy(&script)).map_err(AppError::Print)
        }
    }
}

/// What was meant by a flag that is a key of the configuration file and no flag.
fn tip(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    if error.kind() != ErrorKind::UnknownArgument || !is_key(flag) {
        return None;
    }
    let key = flag.trim_start_matches('-').replace('-', "_");
    Some(format!(
        "{key} is a key of the configuration file (--config FILE) and a variable, STENTOR_{}",
        key.to_uppercase()
    ))
}

#[cfg(test)]
mod tests;
