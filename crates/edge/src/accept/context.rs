//! What all connections of one port share.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::{Mutex, Semaphore, mpsc, watch};

use super::config::IceTcpConnection;
use super::handshake_turns::HandshakeTurns;
use super::tls::Tls;
use crate::edge::Edge;
use crate::limits::AcceptLimits;
use crate::prefix::{Prefix, PrefixShares};
use crate::shard::ShardPool;

/// See the module.
pub(super) struct AcceptContext<S> {
    pub(super) edge: Edge,
    pub(super) limits: Arc<AcceptLimits>,
    pub(super) tls: Option<Tls>,
    pub(super) ice_tcp: Option<mpsc::Sender<IceTcpConnection>>,
    pub(super) fallback: S,
    pub(super) shutdown: watch::Receiver<bool>,
    /// One permit for each refusal that may be written at the same time.
    pub(super) refusal_writes: Arc<Semaphore>,
    /// Who shakes hands: as many at once as there is room for.
    pub(super) handshakes: HandshakeTurns,
    /// Bytes that the bodies of all requests may have together while they are read, one permit for each.
    pub(super) body_bytes: Arc<Semaphore>,
    /// Recordings that are read on the accept side, by the networks that read them.
    pub(super) files: Arc<PrefixShares>,
    pub(super) shards: ShardPool,
    /// Held by the one that hands a connection to a shard; the others wait behind it in their order.
    pub(super) handing: Mutex<()>,
}

impl<S> AcceptContext<S> {
    /// The network that an address is of; none where all who come have one address.
    pub(super) fn prefix_of(&self, peer: IpAddr) -> Option<Prefix> {
        Prefix::of(peer, &self.limits.proxies)
    }
}
