//! The way back from a shard to the accept side, for clients whose next request a shard does not serve.
//!
//! As on the way in, the socket and everything else travel separately and in the same order. One thread for each shard, in the accept
//! side's descriptor table, waits for both: a descriptor becomes the accept side's only where it is received.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, SyncSender};

use bytes::Bytes;
use rustls::ServerConnection;
use tokio::sync::mpsc;

use super::fd_table;
use super::table_bound::TableBound;
use crate::edge::Edge;
use crate::gate::{Ask, Attempt, Permit, judge};

/// A client on its way back to the accept side: everything but its socket.
pub(crate) struct ReturnState {
    pub(crate) tls: Option<Box<ServerConnection>>,
    pub(crate) peer: SocketAddr,
    pub(crate) permit: Permit,
    /// Bytes that were read from the client and not answered.
    pub(crate) read_ahead: Bytes,
}

/// A client that a shard returned.
pub(crate) struct Returned {
    pub(crate) socket: TableBound<OwnedFd>,
    pub(crate) state: ReturnState,
}

/// The shard's end of the way back.
pub(super) struct ReturnChannel {
    sockets: TableBound<UnixStream>,
    states: SyncSender<ReturnState>,
}

impl ReturnChannel {
    /// To be called on the shard's thread.
    pub(super) fn new(sockets: UnixStream, states: SyncSender<ReturnState>) -> Self {
        let sockets = TableBound::new(sockets);
        Self { sockets, states }
    }

    /// Sends a client's socket; [`Self::send_state`] must follow. The caller's own descriptor stays open.
    ///
    /// # Errors
    /// `WouldBlock` while the accept side is behind; another kind when it is gone.
    pub(super) fn send_socket(&self, socket: impl AsFd) -> io::Result<()> {
        fd_table::send(&*self.sockets, socket)
    }

    /// Sends the rest of the client whose socket was sent last. There is more room for states than for sockets, so this does not wait;
    /// it fails only when the accept side is gone, and then nobody misses the client.
    pub(super) fn send_state(&self, state: ReturnState) {
        let _ = self.states.send(state);
    }
}

/// The accept side's end of the way back: passes returned clients on until either side is gone.
pub(super) fn forward_returned(
    edge: &Edge,
    sockets: &UnixStream,
    states: &Receiver<ReturnState>,
    returned: &mpsc::Sender<Returned>,
) {
    while let Ok(socket) = fd_table::wait_for(sockets) {
        let Ok(state) = states.recv() else {
            return;
        };
        let Some(socket) = socket else {
            edge.count()
                .refuse_if(judge(&Attempt::new(Ask::Descriptor)).reason());
            continue;
        };
        let socket = TableBound::new(socket);
        if returned.blocking_send(Returned { socket, state }).is_err() {
            return;
        }
    }
}
