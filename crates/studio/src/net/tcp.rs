//! ICE-TCP connections (RFC 6544, passive): accepted elsewhere, handed over with nothing read, framed by RFC 4571.
//!
//! A connection is known by its remote address, as a five-tuple is. It has to prove itself like any source, within
//! [`TCP_IDENTIFY_TIME`](crate::limits::TCP_IDENTIFY_TIME). Until then it is one of few, and of fewer from one network, and gives way to
//! newer ones; what has proved itself is not touched by any number of those that have not. Guests' never take the last places, so that a host
//! can come whatever guests do. What a slow one does not take is dropped at
//! [`TCP_QUEUE_BYTES_MAX`](crate::limits::TCP_QUEUE_BYTES_MAX): old sound is worth nothing.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use super::framing::{Deframer, head};
use crate::limits::{
    TCP_CONNECTIONS_MAX, TCP_CONNECTIONS_STAFF, TCP_IDENTIFY_TIME, TCP_QUEUE_BYTES_MAX,
    TCP_UNPROVEN_MAX, TCP_UNPROVEN_PER_PREFIX_MAX,
};
use crate::ports::net::HandedOver;

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
    /// Unproven connections closed to make place for newer ones.
    pub(crate) gave_way: u64,
    /// Connections closed because they belonged to nobody for too long.
    pub(crate) unidentified: u64,
}

struct Connection {
    stream: TcpStream,
    remote: SocketAddr,
    /// Its place with whoever accepted it, given back when this is dropped.
    _permit: Box<dyn std::any::Any + Send>,
    deframer: Deframer,
    /// Framed bytes the socket has not taken yet.
    queue: VecDeque<u8>,
    /// When it is closed unless a peer owns it by then; `None` while one does.
    identify_by: Option<Instant>,
    /// A host's or co-host's peer owns it.
    is_staff: bool,
    /// More may be waiting in the socket than was read (edge-triggered readiness).
    readable: bool,
}

impl Connections {
    /// Takes a connection over. The oldest that has not proved itself gives way to it where there are too many of those.
    pub(crate) fn accept(
        &mut self,
        now: Instant,
        registry: &Registry,
        first_token: usize,
        handed_over: HandedOver,
    ) -> io::Result<()> {
        let HandedOver {
            stream,
            remote,
            permit,
        } = handed_over;
        let network = prefix(remote.ip());
        self.make_place(TCP_UNPROVEN_PER_PREFIX_MAX, |of| prefix(of.ip()) == network);
        self.make_place(TCP_UNPROVEN_MAX, |_| true);
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let mut stream = TcpStream::from_std(stream);
        let token = Token(first_token + self.next);
        self.next += 1;
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        let connection = Connection {
            stream,
            remote,
            _permit: permit,
            deframer: Deframer::default(),
            queue: VecDeque::new(),
            identify_by: Some(now + TCP_IDENTIFY_TIME),
            is_staff: false,
            readable: true,
        };
        if let Some(old) = self.by_address.insert(remote, token) {
            self.by_token.remove(&old);
        }
        self.by_token.insert(token, connection);
        Ok(())
    }

    /// Closes the oldest of the unproven connections so described, unless there are fewer of them than `max`.
    fn make_place(&mut self, max: usize, is_one: impl Fn(SocketAddr) -> bool) {
        let unproven = || {
            let all = self.by_token.iter();
            all.filter(|(_, c)| c.identify_by.is_some() && is_one(c.remote))
        };
        if unproven().count() < max {
            return;
        }
        // Tokens are given in the order of coming.
        if let Some(oldest) = unproven().map(|(&token, _)| token).min() {
            self.close(oldest);
            self.gave_way += 1;
        }
    }

    /// Connections that have not proved themselves.
    pub(crate) fn unproven(&self) -> usize {
        let all = self.by_token.values();
        all.filter(|c| c.identify_by.is_some()).count()
    }

    /// Connections that have, of guests and of all.
    fn proven(&self) -> (usize, usize) {
        let proven = || self.by_token.values().filter(|c| c.identify_by.is_none());
        let guests = proven().filter(|c| !c.is_staff).count();
        (guests, proven().count())
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

    /// Closes those that have belonged to nobody for [`TCP_IDENTIFY_TIME`], and those that have just proved themselves where the places that
    /// they may have are taken. `is_staff` says whether the peer that owns one is a host's; `None` if none does. Gives when to look again.
    ///
    /// A peer may go before its connection does (a phone that vanishes sends no FIN): the connection then has to find
    /// an owner anew.
    pub(crate) fn expire(
        &mut self,
        now: Instant,
        is_staff: impl Fn(SocketAddr) -> Option<bool>,
    ) -> Option<Instant> {
        let (mut guests, mut proven) = self.proven();
        let mut next: Option<Instant> = None;
        let (mut gone, mut refused) = (Vec::new(), Vec::new());
        for (&token, connection) in &mut self.by_token {
            let Some(is_staff) = is_staff(connection.remote) else {
                let by = *connection
                    .identify_by
                    .get_or_insert(now + TCP_IDENTIFY_TIME);
                if by <= now {
                    gone.push(token);
                } else {
                    next = Some(next.map_or(by, |n| n.min(by)));
                }
                continue;
            };
            if connection.identify_by.is_none() {
                continue;
            }
            let guests_full = guests >= TCP_CONNECTIONS_MAX - TCP_CONNECTIONS_STAFF;
            if proven >= TCP_CONNECTIONS_MAX || (!is_staff && guests_full) {
                refused.push(token);
                continue;
            }
            proven += 1;
            guests += usize::from(!is_staff);
            (connection.identify_by, connection.is_staff) = (None, is_staff);
        }
        self.unidentified += gone.len() as u64;
        self.refused += refused.len() as u64;
        gone.into_iter()
            .chain(refused)
            .for_each(|token| self.close(token));
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

/// The network that an address is counted in: what one customer of a provider gets.
fn prefix(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(ip) => IpAddr::from((u32::from(ip) & !0xff).to_be_bytes()),
        IpAddr::V6(ip) => IpAddr::from((u128::from(ip) >> 64 << 64).to_be_bytes()),
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
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use mio::Poll;

    use super::*;

    /// A listener, and what is accepted there.
    struct Door {
        listener: TcpListener,
        poll: Poll,
        clients: Vec<std::net::TcpStream>,
    }

    /// Counts itself away.
    struct Permit(Arc<AtomicUsize>);

    impl Drop for Permit {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }

    impl Door {
        fn new() -> Self {
            Self {
                listener: TcpListener::bind("127.0.0.1:0").unwrap(),
                poll: Poll::new().unwrap(),
                clients: Vec::new(),
            }
        }

        /// Takes one over as if it came from `remote`.
        fn accept(
            &mut self,
            connections: &mut Connections,
            now: Instant,
            remote: &str,
            permits: &Arc<AtomicUsize>,
        ) {
            let address = self.listener.local_addr().unwrap();
            let client = std::net::TcpStream::connect(address).unwrap();
            self.clients.push(client);
            permits.fetch_add(1, Ordering::Relaxed);
            let handed_over = HandedOver {
                stream: self.listener.accept().unwrap().0,
                remote: remote.parse().unwrap(),
                permit: Box::new(Permit(Arc::clone(permits))),
            };
            connections
                .accept(now, self.poll.registry(), 1, handed_over)
                .unwrap();
        }
    }

    #[test]
    fn a_connection_whose_peer_is_gone_is_closed_like_one_that_never_had_any() {
        let (mut door, permits) = (Door::new(), Arc::default());
        let mut connections = Connections::default();
        let start = Instant::now();
        door.accept(&mut connections, start, "192.0.2.1:1", &permits);
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(connections.expire(at(1), |_| Some(false)), None);
        // Owned: however old it is, it stays, and keeps its place with whoever accepted it.
        assert_eq!(connections.expire(at(3_600), |_| Some(false)), None);
        assert_eq!(permits.load(Ordering::Relaxed), 1);
        let gone = at(4_000);
        assert_eq!(
            connections.expire(gone, |_| None),
            Some(gone + TCP_IDENTIFY_TIME)
        );
        let last = gone + TCP_IDENTIFY_TIME - Duration::from_millis(1);
        connections.expire(last, |_| None);
        assert_eq!(connections.by_token.len(), 1);
        connections.expire(gone + TCP_IDENTIFY_TIME, |_| None);
        assert_eq!(
            (connections.by_token.len(), connections.by_address.len()),
            (0, 0)
        );
        assert_eq!(permits.load(Ordering::Relaxed), 0);
        assert_eq!(connections.unidentified, 1);
    }

    #[test]
    fn the_oldest_unproven_of_a_network_gives_way_and_nobody_elses() {
        for (flood, honest) in [
            ("192.0.2.{}:1000", "192.0.3.1:1"),
            ("[2001:db8:0:1::{}]:1000", "[2001:db8:0:2::1]:1"),
            // The same address from many ports is one network, too.
            ("203.0.113.7:{}", "203.0.112.7:1"),
        ] {
            let (mut door, permits) = (Door::new(), Arc::default());
            let mut connections = Connections::default();
            let now = Instant::now();
            door.accept(&mut connections, now, honest, &permits);
            for n in 1..=40 {
                let remote = flood.replace("{}", &n.to_string());
                door.accept(&mut connections, now, &remote, &permits);
            }
            assert_eq!(connections.unproven(), TCP_UNPROVEN_PER_PREFIX_MAX + 1);
            assert_eq!(
                connections.gave_way,
                40 - TCP_UNPROVEN_PER_PREFIX_MAX as u64
            );
            assert_eq!(permits.load(Ordering::Relaxed), connections.len());
            let has = |remote: &str| {
                connections
                    .by_address
                    .contains_key(&remote.parse().unwrap())
            };
            assert!(has(honest) && has(&flood.replace("{}", "40")));
            assert!(!has(&flood.replace("{}", "32")) && has(&flood.replace("{}", "33")));
        }
    }

    #[test]
    fn no_number_of_unproven_connections_takes_the_place_of_a_proven_one() {
        let (mut door, permits) = (Door::new(), Arc::default());
        let mut connections = Connections::default();
        let now = Instant::now();
        let is_owned = |of: SocketAddr| of.ip().to_string().starts_with("192.0.").then_some(false);
        for n in 0..100 {
            door.accept(&mut connections, now, &format!("192.0.{n}.1:1"), &permits);
            connections.expire(now, is_owned);
        }
        for n in 0..200 {
            door.accept(&mut connections, now, &format!("10.1.{n}.1:1"), &permits);
            connections.expire(now, is_owned);
        }
        assert_eq!(connections.unproven(), TCP_UNPROVEN_MAX);
        assert_eq!(connections.len(), 100 + TCP_UNPROVEN_MAX);
        assert_eq!(connections.gave_way, 200 - TCP_UNPROVEN_MAX as u64);
        assert_eq!(permits.load(Ordering::Relaxed), connections.len());
    }

    #[test]
    fn the_last_places_are_kept_for_hosts() {
        let (mut door, permits) = (Door::new(), Arc::default());
        let mut connections = Connections::default();
        let now = Instant::now();
        let is_staff = |of: SocketAddr| Some(of.ip().to_string().starts_with("10."));
        let guests_max = TCP_CONNECTIONS_MAX - TCP_CONNECTIONS_STAFF;
        for n in 0..guests_max + 20 {
            let remote = format!("192.{}.{}.1:1", n / 250, n % 250);
            door.accept(&mut connections, now, &remote, &permits);
            connections.expire(now, is_staff);
            // Only this end is held: both were more descriptors than a process may have by default.
            door.clients.clear();
        }
        assert_eq!((connections.len(), connections.refused), (guests_max, 20));
        for n in 0..TCP_CONNECTIONS_STAFF + 10 {
            let remote = format!("10.1.{n}.1:1");
            door.accept(&mut connections, now, &remote, &permits);
            connections.expire(now, is_staff);
            door.clients.clear();
        }
        assert_eq!(connections.len(), TCP_CONNECTIONS_MAX);
        assert_eq!(connections.refused, 20 + 10);
        assert_eq!(permits.load(Ordering::Relaxed), connections.len());
        // Whoever is in stays.
        connections.expire(now + TCP_IDENTIFY_TIME, is_staff);
        assert_eq!(connections.len(), TCP_CONNECTIONS_MAX);
    }
}
