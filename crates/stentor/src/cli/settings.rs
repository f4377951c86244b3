//! The flags that are also keys of the configuration: one definition, from which help, completions and the manual come.
//!
//! They are taken as they were typed: what they mean is the configuration's business ([`crate::config`]), so that a wrong value is
//! the same sentence in a flag, a variable and a file.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::config::{Config, ConfigError, Found};

/// Every flag that is also a configuration key; a flag that is not given leaves the key alone.
#[derive(Debug, Default, Args)]
pub(super) struct Settings {
    /// Configuration file (TOML); STENTOR_… variables override it, and flags override both
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    config: Option<PathBuf>,
    /// Address of the pages, the sound and ICE-TCP [default: 127.0.0.1:8080]
    #[arg(long, value_name = "IP:PORT")]
    listen: Option<String>,
    /// Address of the speakers' UDP [default: as --listen; if that is loopback, any address of this machine, heard from this machine only]
    #[arg(long, value_name = "IP:PORT")]
    udp: Option<String>,
    /// Address under which speakers reach this machine; give it again for a second one
    #[arg(long = "public-ip", value_name = "IP")]
    public_ips: Vec<String>,
    /// What links begin with, for example `https://live.example.org` [default: made from --listen]
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    public_url: Option<String>,
    /// Folder for events, recordings and the server's secret [default: stentor-data, where it is run]
    #[arg(long = "data", value_name = "DIR", value_hint = ValueHint::DirPath)]
    data_dir: Option<String>,
    /// TLS certificate chain (PEM)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    tls_cert: Option<String>,
    /// TLS private key (PEM)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    tls_key: Option<String>,
    /// Make a self-signed certificate at every start: browsers warn, then allow the microphone
    #[arg(long)]
    dev_tls: bool,
    /// Address where an operator reads metrics, health and the steps of the ladder, for example 127.0.0.1:9100 [default: none]
    #[arg(long, value_name = "IP:PORT")]
    metrics: Option<String>,
    /// What is logged: error, warn, info, debug, trace or off, also by part, for example info,stentor_studio=debug [default: info]
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
    /// How a line of the log is written: text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
}

/// Those that say where events are and what their links begin with; the others matter to a server alone.
pub(super) const OF_EVENTS: [&str; 3] = ["config", "data_dir", "public_url"];

impl Settings {
    /// Whether a configuration file was named.
    pub(super) const fn names_a_file(&self) -> bool {
        self.config.is_some()
    }

    /// The configuration that these flags are the last layer of.
    ///
    /// # Errors
    /// The operator's: see [`Config::load`].
    pub(super) fn load(&self) -> Result<Config, ConfigError> {
        Config::load(self.config.as_deref(), std::env::vars_os(), self.found())
    }

    fn found(&self) -> Vec<Found> {
        let texts = [
            ("--listen", "listen", &self.listen),
            ("--udp", "udp", &self.udp),
            ("--public-url", "public_url", &self.public_url),
            ("--data", "data_dir", &self.data_dir),
            ("--tls-cert", "tls_cert", &self.tls_cert),
            ("--tls-key", "tls_key", &self.tls_key),
            ("--metrics", "metrics", &self.metrics),
            ("--log", "log", &self.log),
            ("--log-format", "log_format", &self.log_format),
        ];
        let given = texts
            .into_iter()
            .filter_map(|(flag, key, text)| Some(Found::flag(flag, key, text.as_deref()?)));
        let mut found: Vec<_> = given.collect();
        if !self.public_ips.is_empty() {
            found.push(Found::flags("--public-ip", "public_ips", &self.public_ips));
        }
        if self.dev_tls {
            found.push(Found::switch("--dev-tls", "dev_tls"));
        }
        found
    }
}
