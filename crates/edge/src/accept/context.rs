//! What all connections of one port share.

use std::sync::Arc;

use tokio::sync::{Mutex, Semaphore, mpsc, watch};

use super::config::IceTcpConnection;
use super::tls::Tls;
use crate::edge::Edge;
use crate::limits::AcceptLimits;
use crate::shard::ShardPool;

/// See the module.
pub(super) struct AcceptContext<S> {
    pub(super) edge: Edge,
    pub(super) limits: AcceptLimits,
    pub(super) tls: Option<Tls>,
    pub(super) ice_tcp: Option<mpsc::Sender<IceTcpConnection>>,
    pub(super) fallback: S,
    pub(super) shutdown: watch::Receiver<bool>,
    /// One permit for each refusal that may be written at the same time.
    pub(super) refusal_writes: Arc<Semaphore>,
    pub(super) shards: ShardPool,
    /// Held by the one that hands a connection to a shard; the others wait behind it in their order.
    pub(super) handing: Mutex<()>,
}
