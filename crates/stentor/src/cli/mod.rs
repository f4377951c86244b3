//! The command line: what a person types, and the sentence they get when it cannot be done.
//!
//! Flags are the last layer of the configuration (see [`crate::config`]); nothing is read from them anywhere else.

mod event;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use serde::Serialize;
use stentor_event::record::NewEvent;

use crate::config::{Config, ConfigError};
use crate::error::AppError;
use crate::roles;

/// A live audio conversation that millions can hear, that starts on time and says truthfully what happened.
#[derive(Debug, Parser)]
#[command(name = "stentor", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(Serve),
    /// Prepare events
    #[command(subcommand)]
    Event(EventCommand),
}

#[derive(Debug, Args)]
struct Serve {
    /// Hold a demonstration event that is on air at once, with a recorded voice
    #[arg(long)]
    demo: bool,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Subcommand)]
enum EventCommand {
    /// Create an event and print its three links: listener, host, guest
    Create(Create),
    /// List the events in the data folder with their links
    List {
        #[command(flatten)]
        settings: Settings,
    },
}

#[derive(Debug, Args)]
struct Create {
    /// What the event is called; listeners see it
    #[arg(long)]
    title: String,
    /// The last part of its address: a-z, 0-9 and -, at most 64 [default: made from the title]
    #[arg(long)]
    slug: Option<String>,
    /// Language of its page: en or fr
    #[arg(long, default_value = "en")]
    lang: String,
    /// When it starts, in seconds since 1970: --starts $(date -d "20:00" +%s); shown on the page
    #[arg(long, value_name = "SECONDS", value_parser = seconds_since_1970)]
    starts: Option<i64>,
    /// The host's name on the page
    #[arg(long, default_value = "Host")]
    host: String,
    /// Rung of the ladder (0 to 3) on which it opens its doors when a crowd is expected: see README
    #[arg(long, value_name = "RUNG", default_value_t = 0)]
    opens_at: u8,
    #[command(flatten)]
    settings: Settings,
}

/// Every flag that is also a configuration key; a flag that is not given leaves the key alone.
#[derive(Debug, Default, Args, Serialize)]
pub(crate) struct Settings {
    /// Configuration file (TOML); STENTOR_… variables override it, and flags override both
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    config: Option<PathBuf>,
    /// Address of the pages, the sound and ICE-TCP [default: 127.0.0.1:8080]
    #[arg(long, value_name = "IP:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    listen: Option<SocketAddr>,
    /// Address of the speakers' UDP [default: as --listen; if that is loopback, any address of this machine, heard from this machine only]
    #[arg(long, value_name = "IP:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    udp: Option<SocketAddr>,
    /// Address under which speakers reach this machine; give it again for a second one
    #[arg(long = "public-ip", value_name = "IP")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    public_ips: Vec<IpAddr>,
    /// What links begin with, for example `https://live.example.org` [default: made from --listen]
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    public_url: Option<String>,
    /// Folder for events, recordings and the server's secret [default: stentor-data, where it is run]
    #[arg(long = "data", value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    data_dir: Option<PathBuf>,
    /// TLS certificate chain (PEM)
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_cert: Option<PathBuf>,
    /// TLS private key (PEM)
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_key: Option<PathBuf>,
    /// Make a self-signed certificate at every start: browsers warn, then allow the microphone
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dev_tls: bool,
    /// Address where an operator reads metrics and the steps of the ladder, for example 127.0.0.1:9100 [default: none]
    #[arg(long, value_name = "IP:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<SocketAddr>,
    /// What is logged, for example stentor_studio=debug [default: info]
    #[arg(long, value_name = "FILTER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<String>,
}

impl Settings {
    fn load(&self) -> Result<Config, ConfigError> {
        Config::load(self.config.as_deref(), self)
    }
}

fn seconds_since_1970(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| {
        "expected seconds since 1970; `date -d \"20:00\" +%s` prints those of a time".to_owned()
    })
}

/// Runs the command the process was started with.
///
/// # Errors
/// One sentence that says what was expected and what came.
pub(crate) fn run() -> Result<(), AppError> {
    match Cli::parse().command {
        Command::Serve(serve) => roles::run(&|| serve.settings.load(), serve.demo),
        Command::Event(EventCommand::Create(create)) => {
            let config = create.settings.load()?;
            let new = NewEvent {
                title: create.title,
                slug: create.slug,
                lang: create.lang,
                starts_unix_ms: create.starts.map(|seconds| seconds.saturating_mul(1000)),
                host: create.host,
                opens_at: create.opens_at,
            };
            event::create(&config, new)
        }
        Command::Event(EventCommand::List { settings }) => event::list(&settings.load()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
