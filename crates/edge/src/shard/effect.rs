//! What serving a client leaves to be done by others of its shard.

use super::handoff::LiveResponse;
use super::socket::Socket;
use crate::gate::Permit;

/// See the module.
pub(super) enum Effect {
    /// Nothing.
    None,
    /// The client asked for a stream and is no client any more.
    Listen(NewListener),
}

/// A connection that is to be sent a stream.
pub(super) struct NewListener {
    pub(super) socket: Socket,
    pub(super) permit: Permit,
    pub(super) response: LiveResponse,
}
