//! How the network thread is reached: two bounded queues, and a waker, because it sleeps on its sockets.
//!
//! What rooms want (sound to be sent, goodbyes) and what peers ask for (offers, fragments, connections) wait apart: the first is taken
//! whole before anything else is done, of the second each turn takes a share, so that no peer's asking holds up anybody's sound.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, TrySendError};
use mio::Waker;

use super::room::RoomPort;
use crate::error::{PatchError, StudioFault};
use crate::limits::{NET_COMMANDS_MAX, NET_REQUESTS_MAX};
use crate::peer::{DisconnectReason, Peer, PeerKey, ReturnPacket};
use crate::sdpfrag::SdpFrag;

/// What rooms want of the network thread.
pub(crate) enum NetCommand {
    /// Say goodbye to a peer.
    Close {
        key: PeerKey,
        reason: DisconnectReason,
    },
    /// Whoever a peer belongs to has most likely gone, or is there again.
    Doubt { key: PeerKey, on: bool },
    /// Send one tick of the returns.
    Send(Vec<(PeerKey, ReturnPacket)>),
}

/// What peers ask of it.
pub(crate) enum NetRequest {
    /// Take a peer in.
    Insert {
        key: PeerKey,
        peer: Box<dyn Peer>,
        is_staff: bool,
        room: RoomPort,
        reply: Sender<Result<(), StudioFault>>,
    },
    /// Apply a fragment.
    Patch {
        key: PeerKey,
        fragment: SdpFrag,
        reply: Sender<Result<Option<SdpFrag>, PatchError>>,
    },
    /// Take an ICE-TCP connection over.
    Accept(HandedOver),
}

/// An ICE-TCP connection that somebody else accepted.
pub(crate) struct HandedOver {
    pub(crate) stream: std::net::TcpStream,
    pub(crate) remote: SocketAddr,
    /// Its place there, to be dropped when the connection is closed.
    pub(crate) permit: Box<dyn Any + Send>,
}

/// Sends to the network thread, which ends when the last of these is gone.
#[derive(Clone)]
pub(crate) struct NetPort {
    commands: Sender<NetCommand>,
    requests: Sender<NetRequest>,
    waker: Arc<Waker>,
}

/// The receiving ends, which the network thread owns.
pub(crate) struct NetInbox {
    pub(crate) commands: Receiver<NetCommand>,
    pub(crate) requests: Receiver<NetRequest>,
}

impl NetPort {
    /// The queues, both ends.
    pub(crate) fn new(waker: Arc<Waker>) -> (Self, NetInbox) {
        let (commands, wanted) = crossbeam_channel::bounded(NET_COMMANDS_MAX);
        let (requests, asked) = crossbeam_channel::bounded(NET_REQUESTS_MAX);
        let port = Self {
            commands,
            requests,
            waker,
        };
        let inbox = NetInbox {
            commands: wanted,
            requests: asked,
        };
        (port, inbox)
    }

    /// Queues a command.
    ///
    /// # Errors
    ///
    /// When the queue is full, or the thread has ended.
    pub(crate) fn send(&self, command: NetCommand) -> Result<(), StudioFault> {
        self.queued(self.commands.try_send(command))
    }

    /// Queues a request.
    ///
    /// # Errors
    ///
    /// When the queue is full, or the thread has ended.
    pub(crate) fn ask(&self, request: NetRequest) -> Result<(), StudioFault> {
        self.queued(self.requests.try_send(request))
    }

    fn queued<T>(&self, sent: Result<(), TrySendError<T>>) -> Result<(), StudioFault> {
        sent.map_err(|error| match error {
            TrySendError::Full(_) => StudioFault::Busy,
            TrySendError::Disconnected(_) => StudioFault::Stopped,
        })?;
        self.waker.wake().map_err(|_| StudioFault::Stopped)
    }
}
