//! What a connection brings to a shard besides its socket, which travels on its own (`SCM_RIGHTS`, see [`super::fd_table`]).

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use rustls::ServerConnection;
use stentor_core::admission::Rung;

use crate::family::StreamSubscription;
use crate::gate::Permit;
use crate::gauges::ShardGauge;

/// A connection on its way to a shard: everything but its socket.
pub(crate) struct Handoff {
    /// The TLS session, where the port speaks TLS.
    pub(crate) tls: Option<Box<ServerConnection>>,
    pub(crate) permit: Permit,
    pub(crate) serve_as: ServeAs,
}

/// What the shard is to do with a connection.
pub(crate) enum ServeAs {
    /// Its request was read already and is for a stream.
    Listener(LiveResponse),
    /// Its next request is still to be read.
    Client {
        peer: SocketAddr,
        /// A request was already answered on this connection: until the next one it may idle.
        kept_alive: bool,
        /// Bytes that were read from it and not answered.
        read_ahead: Bytes,
    },
}

/// The endless answer to a request for a stream.
pub(crate) struct LiveResponse {
    /// Head of the HTTP answer, as bytes.
    pub(crate) head: Bytes,
    /// The body is chunked (RFC 9112 section 7.1); false for HTTP/1.0.
    pub(crate) chunked: bool,
    /// The rung at which the listener joins.
    pub(crate) rung: Rung,
    pub(crate) subscription: StreamSubscription,
}

/// What a shard tells the outside about itself.
#[derive(Default)]
pub(super) struct ShardStatus {
    pub(super) gauge: Arc<ShardGauge>,
    /// Its thread has ended.
    pub(super) gone: AtomicBool,
    /// The thread panics when the next connection is handed to it.
    #[cfg(test)]
    pub(super) panics_next: AtomicBool,
}

/// Marks a shard as gone when it is dropped, so also when the thread panics.
pub(super) struct GoneGuard(pub(super) Arc<ShardStatus>);

impl Drop for GoneGuard {
    fn drop(&mut self) {
        self.0.gone.store(true, Ordering::Release);
    }
}
