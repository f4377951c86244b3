//! What a run is to be, and whether this machine can do it.

use std::net::SocketAddr;
use std::time::Duration;

use super::player::Thresholds;
use super::schedule::{Arrivals, ScheduleError};
use super::sources::Sources;
use crate::machine::{self, MachineError};

/// Most threads of one run.
pub const WORKERS_MAX: usize = 1_024;

/// What the stream is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Fragmented MP4 as Stentor publishes it, verified box by box.
    Mp4,
    /// Just bytes: when the first came, and how long none came.
    Raw,
}

/// How a listener gets the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// As one endless answer.
    Direct,
    /// In segments, by a media playlist.
    Hls,
}

/// What a listener's connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Plain TCP.
    Plain,
    /// TLS with any certificate.
    Tls {
        /// Whether listeners resume sessions of those before them instead of making a full handshake each.
        resume: bool,
    },
}

/// One run of the herd.
#[derive(Debug, Clone)]
pub struct RunConfig {
    /// Where to connect.
    pub server: SocketAddr,
    /// The server's name in requests.
    pub host: String,
    /// How to connect.
    pub transport: Transport,
    /// What to ask for.
    pub path: String,
    /// How to get it.
    pub face: Face,
    /// What the stream is read as.
    pub format: Format,
    /// Manifests to compare with: paths of the same server, or whole addresses (`http://…`, `https://…`).
    pub manifests: Vec<String>,
    /// The law of arrivals.
    pub arrivals: Arrivals,
    /// How many come, at most.
    pub listeners: usize,
    /// Makes a random schedule repeatable.
    pub seed: u64,
    /// How long the run lasts, from its beginning.
    pub duration: Duration,
    /// Addresses to come from; the kernel's choice without.
    pub sources: Option<Sources>,
    /// Threads, each with a descriptor table of its own; as few as hold the listeners without.
    pub workers: Option<usize>,
    /// Processors to stay on; all without.
    pub cpus: Vec<usize>,
    /// How often a worker looks at its sockets: what it measures is exact to this.
    pub tick: Duration,
    /// Who has heard nothing for so long gives up.
    pub patience: Duration,
    /// Of the player model.
    pub thresholds: Thresholds,
    /// Every so many chunks a listener hashes one, and its first in any case; 0 is never.
    pub hash_every: u32,
    /// One listener in so many decodes the sound; 0 is none.
    pub listen_every: usize,
    /// Words in a notice: when each listener first gets one with them is measured.
    pub notice: Option<String>,
    /// In raw mode, a time without bytes that is longer than this is counted.
    pub delivery_gap: Duration,
    /// A run whose own 99th percentile of lag is above this is invalid.
    pub lag_limit: Duration,
}

impl RunConfig {
    /// A run with the defaults of the command line: 100 listeners, ten a second at random, for 30 s.
    #[must_use]
    pub fn new(server: SocketAddr, path: &str) -> Self {
        Self {
            server,
            host: server.to_string(),
            transport: Transport::Plain,
            path: path.to_owned(),
            face: Face::Direct,
            format: Format::Mp4,
            manifests: manifests_beside(path),
            arrivals: Arrivals::Poisson(10.0),
            listeners: 100,
            seed: 1,
            duration: Duration::from_secs(30),
            sources: None,
            workers: None,
            cpus: Vec::new(),
            tick: Duration::from_millis(2),
            patience: Duration::from_secs(20),
            thresholds: Thresholds {
                start_us: 450_000,
                resume_us: 450_000,
            },
            hash_every: 10,
            listen_every: 1_000,
            notice: None,
            delivery_gap: Duration::from_millis(1_500),
            lag_limit: Duration::from_millis(100),
        }
    }

    /// Checks the run against the machine and returns how many workers it takes.
    ///
    /// # Errors
    /// [`RunConfigError`] with what to change.
    pub fn check(&self) -> Result<usize, RunConfigError> {
        let fits = machine::sockets_per_table();
        let needed = self.listeners.div_ceil(fits.max(1)).max(1);
        let workers = self.workers.unwrap_or(needed);
        if !(needed..=WORKERS_MAX).contains(&workers) {
            return Err(RunConfigError::Workers {
                got: workers,
                needed,
                fits,
            });
        }
        if !self.path.starts_with('/') || self.path.contains(|c: char| c.is_ascii_whitespace()) {
            return Err(RunConfigError::Path {
                got: self.path.clone(),
            });
        }
        let ports = machine::ports_per_address();
        let addresses = self.sources.map_or(1, Sources::count) as usize;
        if self.listeners.div_ceil(addresses) > ports {
            return Err(RunConfigError::Ports {
                addresses,
                ports,
                listeners: self.listeners,
            });
        }
        if let Some(sources) = self.sources
            && sources.address(0).is_ipv4() != self.server.is_ipv4()
        {
            return Err(RunConfigError::Families {
                sources,
                server: self.server,
            });
        }
        Ok(workers)
    }
}

/// The manifests beside `/e/SLUG/48/live.mp4` or `/e/SLUG/48/index.m3u8` and the sister renditions, since a listener may be moved among them. None for
/// another kind of path.
#[must_use]
pub fn manifests_beside(path: &str) -> Vec<String> {
    use stentor_media::rendition::Rendition;
    let folder = path
        .strip_suffix("/live.mp4")
        .or_else(|| path.strip_suffix("/index.m3u8"));
    let event = folder.and_then(|folder| {
        let (event, rendition) = folder.rsplit_once('/')?;
        Rendition::from_name(rendition).map(|_| event)
    });
    let manifests = event.map(|event| {
        Rendition::ALL.map(|rendition| format!("{event}/{}/manifest.json", rendition.name()))
    });
    manifests.into_iter().flatten().collect()
}

/// Why a run cannot be made: all of them the operator's to mend.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RunConfigError {
    /// Too few threads for the listeners, or too many.
    #[error(
        "this takes {needed} to {WORKERS_MAX} workers, not {got}: one descriptor table holds {fits} listeners (ulimit -n)"
    )]
    Workers {
        /// How many there would be.
        got: usize,
        /// The least that hold the listeners.
        needed: usize,
        /// Sockets that fit into one descriptor table.
        fits: usize,
    },
    /// Not a path.
    #[error("a path begins with a slash and has no spaces, unlike {got:?}")]
    Path {
        /// What was given.
        got: String,
    },
    /// A server whose name TLS cannot ask for.
    #[error("TLS needs a host name or an address to ask for, not {got:?}")]
    ServerName {
        /// What was given.
        got: String,
    },
    /// Too few source addresses.
    #[error(
        "{addresses} source addresses with {ports} ports each do not carry {listeners} listeners: name a network with --sources, on loopback such as 127.1.0.0/24"
    )]
    Ports {
        /// How many there are.
        addresses: usize,
        /// Ports per address.
        ports: usize,
        /// How many listeners there would be.
        listeners: usize,
    },
    /// Source addresses and server are not of the same kind.
    #[error("nobody can go from {sources} to {server}")]
    Families {
        /// Where listeners would come from.
        sources: Sources,
        /// Where they would go.
        server: SocketAddr,
    },
    /// The schedule.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// The machine.
    #[error(transparent)]
    Machine(#[from] MachineError),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> RunConfig {
        let server = "127.0.0.1:1".parse().expect("an address");
        RunConfig::new(server, "/e/demo/48/live.mp4")
    }

    #[test]
    fn manifests_of_all_renditions_are_found_beside_the_stream() {
        let found = config().manifests;
        assert_eq!(found.len(), 3);
        assert_eq!(found[1], "/e/demo/24/manifest.json");
        assert_eq!(manifests_beside("/e/demo/48/index.m3u8"), found);
        // A multivariant playlist is in no rendition's folder.
        for path in ["/live.ogg", "/e/demo/index.m3u8"] {
            assert_eq!(manifests_beside(path), Vec::<String>::new());
        }
    }

    #[test]
    fn a_run_takes_as_few_workers_as_hold_it_and_refuses_fewer() {
        let fits = machine::sockets_per_table();
        let sources = "127.0.0.0/8".parse().ok();
        let mut config = RunConfig {
            listeners: 3 * fits + 1,
            sources,
            ..config()
        };
        assert_eq!(config.check(), Ok(4));
        config.workers = Some(3);
        let refused = config.check();
        assert!(matches!(
            refused,
            Err(RunConfigError::Workers { needed: 4, .. })
        ));
        config.workers = Some(WORKERS_MAX + 1);
        assert!(config.check().is_err());
    }

    #[test]
    fn too_few_source_addresses_are_told_before_the_run() {
        let config = RunConfig {
            listeners: 2 * machine::ports_per_address() + 1,
            sources: "127.1.0.0/31".parse().ok(),
            ..config()
        };
        assert!(matches!(config.check(), Err(RunConfigError::Ports { .. })));
    }
}
