//! Figures about now, put by those who own them: sockets and busy time of each shard, connections allowed.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// What one shard shows of itself.
#[derive(Default)]
pub(crate) struct ShardGauge {
    /// Time its thread was not waiting, µs.
    pub(crate) busy_us: AtomicU64,
    /// Of this, sending to listeners whose turn it was.
    pub(crate) turns_us: AtomicU64,
    /// Sockets it has, or that are on their way to it.
    pub(crate) sockets: AtomicUsize,
    /// Of these, clients in the middle of a recording.
    pub(crate) reading: AtomicUsize,
    /// Of the sockets, listeners, as of the last look at how many of them are blocked.
    pub(crate) listeners: AtomicUsize,
    /// Of these, how many had kept up and were blocked, no network with more than its weight.
    pub(crate) blocked: AtomicUsize,
}

/// All figures of a node.
#[derive(Default)]
pub(crate) struct Gauges {
    shards: Mutex<Vec<Weak<ShardGauge>>>,
    /// Connections that may be open, listeners among them; 0 before a port is served.
    pub(crate) connections_max: AtomicUsize,
    /// Connections that may be open on the accept side; 0 before a port is served.
    pub(crate) here_max: AtomicUsize,
}

impl Gauges {
    pub(crate) fn add_shard(&self, gauge: &Arc<ShardGauge>) {
        let mut shards = self.shards.lock().unwrap_or_else(PoisonError::into_inner);
        shards.retain(|shard| shard.strong_count() > 0);
        shards.push(Arc::downgrade(gauge));
    }

    pub(crate) fn allow(&self, connections_max: usize, here_max: usize) {
        self.connections_max
            .store(connections_max, Ordering::Relaxed);
        self.here_max.store(here_max, Ordering::Relaxed);
    }

    /// Clients in the middle of a recording, as of the last quarter of a second.
    pub(crate) fn reading(&self) -> usize {
        let shards = self.shards();
        let reading = shards
            .iter()
            .map(|gauge| gauge.reading.load(Ordering::Relaxed));
        reading.sum()
    }

    /// Sockets that shards have, or that are on their way to one.
    pub(crate) fn sockets(&self) -> usize {
        let shards = self.shards();
        let sockets = shards
            .iter()
            .map(|gauge| gauge.sockets.load(Ordering::Relaxed));
        sockets.sum()
    }

    /// The shards that run.
    pub(crate) fn shards(&self) -> Vec<Arc<ShardGauge>> {
        let shards = self.shards.lock().unwrap_or_else(PoisonError::into_inner);
        shards.iter().filter_map(Weak::upgrade).collect()
    }
}
