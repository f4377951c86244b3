//! How the network thread is reached: one bounded queue of commands, and a waker, because it sleeps on its sockets.

use std::net::SocketAddr;
use std::sync::Arc;

use crossbeam_channel::{Sender, TrySendError};
use mio::Waker;

use super::room::RoomPort;
use crate::error::{PatchError, StudioFault};
use crate::peer::{DisconnectReason, Peer, PeerKey, ReturnPacket};
use crate::sdpfrag::SdpFrag;

/// A command to the network thread.
pub(crate) enum NetCommand {
    /// Take a peer in.
    Insert {
        key: PeerKey,
        peer: Box<dyn Peer>,
        sends: bool,
        room: RoomPort,
        reply: Sender<Result<(), StudioFault>>,
    },
    /// Apply a fragment.
    Patch {
        key: PeerKey,
        fragment: SdpFrag,
        reply: Sender<Result<Option<SdpFrag>, PatchError>>,
    },
    /// Say goodbye to a peer.
    Close {
        key: PeerKey,
        reason: DisconnectReason,
    },
    /// Send one tick of the returns.
    Send(Vec<(PeerKey, ReturnPacket)>),
    /// Take an ICE-TCP connection over.
    Accept(std::net::TcpStream, SocketAddr),
}

/// Sends to the network thread, which ends when the last of these is gone.
#[derive(Clone)]
pub(crate) struct NetPort {
    commands: Sender<NetCommand>,
    waker: Arc<Waker>,
}

impl NetPort {
    pub(crate) fn new(commands: Sender<NetCommand>, waker: Arc<Waker>) -> Self {
        Self { commands, waker }
    }

    /// Queues a command.
    ///
    /// # Errors
    ///
    /// When the queue is full, or the thread has ended.
    pub(crate) fn send(&self, command: NetCommand) -> Result<(), StudioFault> {
        self.commands
            .try_send(command)
            .map_err(|error| match error {
                TrySendError::Full(_) => StudioFault::Busy,
                TrySendError::Disconnected(_) => StudioFault::Stopped,
            })?;
        self.waker.wake().map_err(|_| StudioFault::Stopped)
    }
}
