//! ICE-TCP connections (RFC 6544, passive): accepted elsewhere, handed over with nothing read, framed by RFC 4571.
//!
//! A connection is known by its remote address, as a five-tuple is. It has to prove itself like any source; one that has
//! not within [`TCP_IDENTIFY_TIME`](crate::limits::TCP_IDENTIFY_TIME) is closed. What a slow one does not take is dropped
//! at [`TCP_QUEUE_BYTES_MAX`](crate::limits::TCP_QUEUE_BYTES_MAX): old sound is worth nothing.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::Instant;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use super::framing::{Deframer, head};
use crate::limits::{TCP_CONNECTIONS_MAX, TCP_IDENTIFY_TIME, TCP_QUEUE_BYTES_MAX};

/// Bytes read from one connection before the others have their turn.
const READ_BYTES_MAX: usize = 16 * 1024;

/// All ICE-TCP connections.
#[derive(Default)]
pub(crate) struct Connections {
    by_token: HashMap<Token, Connection>,
    by_address: HashMap<SocketAddr, Token>,
    next: usize,
    /// Frames that a slow connection did not take.
    pub(crate) frames_dropped: u64,
    /// Connections closed because as many as we hold were there.
    pub(crate) refused: u64,
}

struct Connection {
    stream: TcpStream,
    remote: SocketAddr,
    deframer: Deframer,
    /// Framed bytes the socket has not taken yet.
    queue: VecDeque<u8>,
    /// When it is closed unless a peer owns it by then; `None` while one does.
    identify_by: Option<Instant>,
    /// More may be waiting in the socket than was read (edge-triggered readiness).
    readable: bool,
}

impl Connections {
    /// Takes a connection over. Closes it when there are too many.
    pub(crate) fn accept(
        &mut self,
        now: Instant,
        registry: &Registry,
        first_token: usize,
        stream: std::net::TcpStream,
        remote: SocketAddr,
    ) -> io::Result<()> {
        if self.by_token.len() >= TCP_CONNECTIONS_MAX {
            self.refused += 1;
            return Ok(());
        }
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let mut stream = TcpStream::from_std(stream);
        let token = Token(first_token + self.next);
        self.next += 1;
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        let connection = Connection {
            stream,
            remote,
            deframer: Deframer::default(),
            queue: VecDeque::new(),
            identify_by: Some(now + TCP_IDENTIFY_TIME),
            readable: true,
        };
        if let Some(old) = self.by_address.insert(remote, token) {
            self.by_token.remove(&old);
        }
        self.by_token.insert(token, connection);
        Ok(())
    }

    /// Connections held.
    pub(crate) fn len(&self) -> usize {
        self.by_token.len()
    }

    /// Notes that a connection can be read, and writes what is queued for it.
    pub(crate) fn ready(&mut self, token: Token) {
        let Some(connection) = self.by_token.get_mut(&token) else {
            return;
        };
        connection.readable = true;
        if connection.flush().is_err() {
            self.close(token);
        }
    }

    /// Reads what is there, a share of each connection. Gives whether more is waiting.
    pub(crate) fn read(&mut self, mut each: impl FnMut(SocketAddr, &[u8])) -> bool {
        let readable: Vec<Token> = self
            .by_token
            .iter()
            .filter(|(_, c)| c.readable)
            .map(|(t, _)| *t)
            .collect();
        for token in readable {
            if let Some(connection) = self.by_token.get_mut(&token)
                && connection.read(&mut each).is_err()
            {
                self.close(token);
            }
        }
        self.by_token.values().any(|c| c.readable)
    }

    /// Sends a datagram to an address; nothing if there is no connection from it.
    pub(crate) fn send(&mut self, destination: SocketAddr, datagram: &[u8]) {
        let Some(&token) = self.by_address.get(&destination) else {
            return;
        };
        let Some((connection, head)) = self.by_token.get_mut(&token).zip(head(datagram)) else {
            return;
        };
        if connection.queue.len() + datagram.len() > TCP_QUEUE_BYTES_MAX {
            self.frames_dropped += 1;
            return;
        }
        connection.queue.extend(head);
        connection.queue.extend(datagram);
        if connection.flush().is_err() {
            self.close(token);
        }
    }

    /// Closes those that have belonged to nobody for [`TCP_IDENTIFY_TIME`]. Gives when to look again.
    ///
    /// A peer may go before its connection does (a phone that vanishes sends no FIN): the connection then has to find
    /// an owner anew.
    pub(crate) fn expire(
        &mut self,
        now: Instant,
        knows: impl Fn(SocketAddr) -> bool,
    ) -> Option<Instant> {
        let mut next: Option<Instant> = None;
        let mut gone = Vec::new();
        for (&token, connection) in &mut self.by_token {
            if knows(connection.remote) {
                connection.identify_by = None;
                continue;
            }
            let by = *connection
                .identify_by
                .get_or_insert(now + TCP_IDENTIFY_TIME);
            if by <= now {
                gone.push(token);
            } else {
                next = Some(next.map_or(by, |n| n.min(by)));
            }
        }
        gone.into_iter().for_each(|token| self.close(token));
        next
    }

    fn close(&mut self, token: Token) {
        if let Some(connection) = self.by_token.remove(&token)
            && self.by_address.get(&connection.remote) == Some(&token)
        {
            self.by_address.remove(&connection.remote);
        }
    }
}

impl Connection {
    fn read(&mut self, each: &mut impl FnMut(SocketAddr, &[u8])) -> io::Result<()> {
        let mut buffer = [0; READ_BYTES_MAX];
        match self.stream.read(&mut buffer) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => {
                let remote = self.remote;
                let pushed = self
                    .deframer
                    .push(&buffer[..length], |frame| each(remote, frame));
                pushed.map_err(io::Error::other)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readable = false;
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        while !self.queue.is_empty() {
            match self.stream.write(self.queue.as_slices().0) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(length) => drop(self.queue.drain(..length)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use mio::Poll;

    use super::*;

    #[test]
    fn a_connection_whose_peer_is_gone_is_closed_like_one_that_never_had_any() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, remote) = listener.accept().unwrap();
        let poll = Poll::new().unwrap();
        let mut connections = Connections::default();
        let start = Instant::now();
        connections
            .accept(start, poll.registry(), 1, stream, remote)
            .unwrap();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(connections.expire(at(5), |_| true), None);
        // Owned: however old it is, it stays.
        assert_eq!(connections.expire(at(3_600), |_| true), None);
        let gone = at(4_000);
        assert_eq!(
            connections.expire(gone, |_| false),
            Some(gone + TCP_IDENTIFY_TIME)
        );
        let last = gone + TCP_IDENTIFY_TIME - Duration::from_millis(1);
        connections.expire(last, |_| false);
        assert_eq!(connections.by_token.len(), 1);
        connections.expire(gone + TCP_IDENTIFY_TIME, |_| false);
        assert_eq!(
            (connections.by_token.len(), connections.by_address.len()),
            (0, 0)
        );
    }
}
