//! What the baseline is to do, and what it counts.

use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::relay::Upstream;

/// What the baseline is to send.
#[derive(Debug, Clone)]
pub struct BaselineConfig {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The bytes.
    pub payload: PayloadSource,
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
pub enum PayloadSource {
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
