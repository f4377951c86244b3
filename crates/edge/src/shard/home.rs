//! The way back from a shard: clients who ask for what it does not serve, or not plainly.
//!
//! Socket and papers go the same way in the same order, as they came. One thread of the accept side's descriptor table waits
//! for each shard, since only there a descriptor becomes the accept side's.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, SyncSender};

use bytes::Bytes;
use rustls::ServerConnection;
use tokio::sync::mpsc;

use super::table;
use crate::accept::Permit;
use crate::counters::Refusal;
use crate::edge::Edge;

/// A client's papers on its way home: all but its socket.
pub(crate) struct Papers {
    pub(crate) tls: Option<Box<ServerConnection>>,
    pub(crate) peer: SocketAddr,
    pub(crate) permit: Permit,
    /// What it has sent and nobody has answered.
    pub(crate) ahead: Bytes,
}

/// A client who comes home.
pub(crate) struct Homecomer {
    pub(crate) socket: OwnedFd,
    pub(crate) papers: Papers,
}

/// The shard's end.
pub(super) struct WayHome {
    line: UnixStream,
    papers: SyncSender<Papers>,
}

impl WayHome {
    pub(super) fn new(line: UnixStream, papers: SyncSender<Papers>) -> Self {
        Self { line, papers }
    }

    /// Sends the socket; its papers are to follow. The caller's own descriptor stays open.
    ///
    /// # Errors
    /// `WouldBlock` while the accept side is behind; anything else when it is gone.
    pub(super) fn send(&self, socket: impl AsFd) -> io::Result<()> {
        table::send(&self.line, socket)
    }

    /// After [`Self::send`]. The line holds fewer sockets than there is room for papers; nobody is there any more if not.
    pub(super) fn follow(&self, papers: Papers) {
        let _ = self.papers.send(papers);
    }
}

/// The accept side's end: waits until either side is gone.
pub(super) fn bring(
    edge: &Edge,
    line: &UnixStream,
    papers: &Receiver<Papers>,
    home: &mpsc::Sender<Homecomer>,
) {
    while let Ok(socket) = table::wait_for(line) {
        let Ok(papers) = papers.recv() else {
            return;
        };
        let Some(socket) = socket else {
            edge.count().refuse(Refusal::NoDescriptor);
            continue;
        };
        if home.blocking_send(Homecomer { socket, papers }).is_err() {
            return;
        }
    }
}
