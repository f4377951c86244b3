//! A listener's connection, plain or TLS, over a non-blocking socket.

use std::io::{self, Read};
use std::os::fd::{AsRawFd, RawFd};

use socket2::Socket;

use super::tls::{Handshake, TlsSession};

/// See the module.
pub(crate) struct Connection {
    socket: Socket,
    tls: Option<Box<TlsSession>>,
    /// When connecting began, for the handshake's time.
    pub(crate) began_us: u64,
}

impl Connection {
    pub(crate) const fn new(socket: Socket, tls: Option<Box<TlsSession>>, began_us: u64) -> Self {
        Self {
            socket,
            tls,
            began_us,
        }
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    /// Continues the TLS handshake; `None` on a plain connection.
    pub(crate) fn handshake(&mut self) -> io::Result<Option<Handshake>> {
        let socket = &mut self.socket;
        let handshake = self.tls.as_mut().map(|session| session.handshake(socket));
        handshake.transpose()
    }

    /// Whether the TCP connection stands and the TLS handshake has begun.
    pub(crate) fn has_begun_handshake(&self) -> bool {
        self.tls
            .as_ref()
            .is_some_and(|tls| tls.has_begun_handshake())
    }

    /// Sends a request, which fits into any empty socket.
    pub(crate) fn send(&mut self, request: &[u8]) -> io::Result<()> {
        match &mut self.tls {
            None => self.socket.send(request).map(|_| ()),
            Some(session) => session.send(&mut self.socket, request),
        }
    }

    /// Reads what is there. Gives the bytes, none at the end of the stream, and whether nothing is left to read.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<(usize, bool)> {
        match &mut self.tls {
            None => {
                let bytes = self.socket.read(buffer)?;
                // A short read has emptied the socket (epoll(7)).
                Ok((bytes, bytes < buffer.len()))
            }
            Some(session) => session.read(&mut self.socket, buffer),
        }
    }
}
