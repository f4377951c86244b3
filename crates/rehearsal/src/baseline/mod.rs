//! The baseline: the least program that sends the same bytes to the same sockets.
//!
//! It accepts, reads until an empty line, answers a fixed head and from then on writes the same buffer to every socket at each
//! flush. One thread per descriptor table, nothing queued for anybody, no request looked at, no clock asked per listener.
//! What a server needs beyond this is what the server itself costs; a figure given as a ratio to the baseline means the same on
//! another machine.
//!
//! It is not a server: it believes everybody, and a listener that is slow loses bytes in the middle.

mod relay;
mod worker;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

pub use relay::{Upstream, UpstreamError};

use crate::machine::{self, MachineError};
use worker::SendingWorker;

/// Most descriptor tables, each with a thread.
pub const TABLES_MAX: usize = 1_024;

/// Flushes that wait for a table which is behind; more are lost for its listeners.
pub const FLUSHES_WAITING_MAX: usize = 64;

/// What the baseline is to send.
#[derive(Debug, Clone)]
pub struct BaselineConfig {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The bytes.
    pub sound: Payload,
    /// How often every listener is sent to.
    pub flush: Duration,
    /// Parts of a flush interval; each sends to its share of the listeners.
    pub phases: u32,
    /// Descriptor tables, each with a thread and a listening socket.
    pub tables: usize,
    /// Processors to stay on; all without.
    pub cpus: Vec<usize>,
}

/// What is sent.
#[derive(Debug, Clone)]
pub enum Payload {
    /// So many bytes each flush, always the same.
    Bytes(usize),
    /// The stream of a server, as it comes.
    From(Upstream),
}

/// What was done so far.
#[derive(Debug, Default)]
pub struct BaselineCounters {
    /// Listeners that are sent to.
    pub listeners: AtomicU64,
    /// Sends that took everything.
    pub sent: AtomicU64,
    /// Bytes the kernel took.
    pub bytes: AtomicU64,
    /// Sends for which a socket had no room, or not enough: the rest is lost.
    pub full: AtomicU64,
    /// Connections that ended or failed.
    pub gone: AtomicU64,
    /// Accepted connections that ended before a whole request, and those that were not accepted for want of descriptors.
    pub refused: AtomicU64,
    /// Flushes that began later than their time plus one flush interval.
    pub late: AtomicU64,
}

/// Bytes for everybody: what a listener gets at one flush.
pub(crate) type FlushBytes = Arc<[u8]>;

/// What a newcomer gets before the next flush: a head, and the newest flush.
#[derive(Debug, Clone)]
pub(crate) struct StreamStart {
    pub(crate) head: FlushBytes,
    pub(crate) newest: FlushBytes,
}

/// Sends until `stop`. Once a second `watch` is told what was done.
///
/// To be called while the process has no sockets open: each table begins as a copy of the caller's.
///
/// # Errors
/// [`BaselineError`] if it could not begin.
pub fn run(
    config: &BaselineConfig,
    stop: &AtomicBool,
    mut watch: impl FnMut(&BaselineCounters),
) -> Result<(), BaselineError> {
    if !(1..=TABLES_MAX).contains(&config.tables) {
        return Err(BaselineError::Tables { got: config.tables });
    }
    let _ = machine::sockets_per_table();
    let counts = BaselineCounters::default();
    let ready = Barrier::new(config.tables + 1);
    let failed = AtomicBool::new(false);
    thread::scope(|scope| {
        let (counts, ready, failed) = (&counts, &ready, &failed);
        let mut senders = Vec::new();
        let tables: Vec<_> = (0..config.tables)
            .map(|number| {
                let (sender, flushes) = mpsc::sync_channel(FLUSHES_WAITING_MAX);
                senders.push(sender);
                scope.spawn(move || {
                    let made = machine::own_table()
                        .and_then(|()| machine::pin(&config.cpus))
                        .map_err(BaselineError::Machine)
                        .and_then(|()| SendingWorker::new(config, counts, number));
                    failed.fetch_or(made.is_err(), Ordering::SeqCst);
                    ready.wait();
                    // Nobody serves alone: a load balanced over tables of which one is missing would lose its share.
                    if failed.load(Ordering::SeqCst) {
                        return made.map(|_| ());
                    }
                    made?.run(&flushes, stop);
                    Ok(())
                })
            })
            .collect();
        ready.wait();
        let mut relayed = Ok(());
        if !failed.load(Ordering::SeqCst) {
            if let Payload::From(source) = &config.sound {
                let relay = scope.spawn(move || relay::relay(source, config.flush, &senders, stop));
                watch_until(stop, || relay.is_finished(), || watch(counts));
                // Without a stream there is nothing to send.
                stop.store(true, Ordering::Relaxed);
                relayed = relay.join().unwrap_or(Ok(()));
            } else {
                watch_until(stop, || false, || watch(counts));
            }
        }
        for table in tables {
            table.join().unwrap_or(Err(BaselineError::Panicked))?;
        }
        relayed.map_err(BaselineError::Upstream)
    })
}

fn watch_until(stop: &AtomicBool, ended: impl Fn() -> bool, mut watch: impl FnMut()) {
    let mut next = Instant::now() + Duration::from_secs(1);
    while !stop.load(Ordering::Relaxed) && !ended() {
        thread::sleep(Duration::from_millis(20));
        if Instant::now() >= next {
            watch();
            next += Duration::from_secs(1);
        }
    }
}

/// Why the baseline cannot be.
#[derive(Debug)]
#[non_exhaustive]
pub enum BaselineError {
    /// No table, or too many.
    Tables {
        /// How many were asked for.
        got: usize,
    },
    /// The machine refused.
    Machine(MachineError),
    /// The address cannot be listened at.
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why not.
        reason: io::Error,
    },
    /// The stream to send on cannot be had.
    Upstream(UpstreamError),
    /// A thread panicked.
    Panicked,
}

impl fmt::Display for BaselineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tables { got } => write!(f, "there are 1 to {TABLES_MAX} tables, not {got}"),
            Self::Machine(error) => error.fmt(f),
            Self::Listen { address, reason } => {
                write!(f, "nobody can listen at {address}: {reason}")
            }
            Self::Upstream(error) => error.fmt(f),
            Self::Panicked => write!(f, "a thread of the baseline panicked"),
        }
    }
}

impl std::error::Error for BaselineError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Machine(error) => Some(error),
            Self::Listen { reason, .. } => Some(reason),
            Self::Upstream(error) => Some(error),
            Self::Tables { .. } | Self::Panicked => None,
        }
    }
}
