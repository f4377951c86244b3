//! The one thread that owns the sockets.
//!
//! It waits for datagrams, for commands and for the next peer's time, and carries bytes between [`Peers`] and the sockets.
//! It decides nothing. Its queues are bounded, and of what peers ask for outside their sound each turn takes a share only; packets that
//! do not fit into a room's queue are dropped and counted there.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::TryRecvError;
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token, Waker};

use super::peers::{Peers, PeersOutput};
use super::stats::StudioStats;
use super::tcp::Connections;
use crate::latest::Latest;
use crate::limits::{DATAGRAM_BYTES_MAX, REQUESTS_PER_TURN_MAX, REQUESTS_TURN_TIME, UDP_BURST_MAX};
use crate::peer::{Datagram, PeerEvent, PeerKey, Transport};
use crate::ports::net::{NetCommand, NetInbox, NetPort, NetRequest};
use crate::ports::room::RoomPort;

const UDP: Token = Token(0);
const WAKE: Token = Token(1);
const FIRST_TCP: usize = 2;
/// Longest wait: how late the thread notices that nobody is left to command it.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// How often the figures are renewed.
const STATS_INTERVAL: Duration = Duration::from_secs(1);

/// What the thread owns.
pub(crate) struct NetThread {
    poll: Poll,
    udp: UdpSocket,
    udp_is_v6: bool,
    local_only: bool,
    udp_candidates: Vec<SocketAddr>,
    tcp_candidates: Vec<SocketAddr>,
    inbox: NetInbox,
    connections: Connections,
    peers: Peers,
    rooms: HashMap<PeerKey, RoomPort>,
    udp_readable: bool,
    udp_not_sent: u64,
    stats: Latest<StudioStats>,
    stats_at: Instant,
}

impl NetThread {
    pub(crate) fn new(
        udp: std::net::UdpSocket,
        local_only: bool,
        udp_candidates: Vec<SocketAddr>,
        tcp_candidates: Vec<SocketAddr>,
        stats: Latest<StudioStats>,
    ) -> io::Result<(Self, NetPort)> {
        let now = Instant::now();
        udp.set_nonblocking(true)?;
        let udp_is_v6 = udp.local_addr()?.is_ipv6();
        let mut udp = UdpSocket::from_std(udp);
        let poll = Poll::new()?;
        poll.registry()
            .register(&mut udp, UDP, Interest::READABLE)?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let (port, inbox) = NetPort::new(waker);
        let thread = Self {
            poll,
            udp,
            udp_is_v6,
            local_only,
            udp_candidates,
            tcp_candidates,
            inbox,
            connections: Connections::default(),
            peers: Peers::new(now),
            rooms: HashMap::new(),
            udp_readable: true,
            udp_not_sent: 0,
            stats,
            stats_at: now,
        };
        Ok((thread, port))
    }

    /// Runs until nobody can command it any more.
    pub(crate) fn run(mut self) {
        let mut events = Events::with_capacity(256);
        let mut busy = false;
        while self.take_commands() {
            busy |= self.take_requests();
            let now = Instant::now();
            let identify = self
                .connections
                .expire(now, |source| self.peers.is_staff(Transport::Tcp, source));
            let next = [self.peers.poll_timeout(), identify]
                .into_iter()
                .flatten()
                .min();
            let idle = next.map_or(WAIT_MAX, |at| {
                at.saturating_duration_since(now).min(WAIT_MAX)
            });
            let wait = if busy { Duration::ZERO } else { idle };
            if let Err(error) = self.poll.poll(&mut events, Some(wait))
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "the network thread cannot wait for its sockets");
                return;
            }
            for event in &events {
                match event.token() {
                    UDP => self.udp_readable = true,
                    WAKE => {}
                    token => self.connections.ready(token),
                }
            }
            busy = self.receive();
            let now = Instant::now();
            self.peers.handle_timeout(now);
            self.deliver();
            self.put_stats(now);
        }
    }

    /// Obeys the commands that wait. False when nobody is left to command.
    fn take_commands(&mut self) -> bool {
        loop {
            match self.inbox.commands.try_recv() {
                Ok(command) => self.obey(command),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
        self.deliver();
        true
    }

    fn obey(&mut self, command: NetCommand) {
        let now = Instant::now();
        match command {
            NetCommand::Close { key, reason } => self.peers.close(now, key, reason),
            NetCommand::Doubt { key, on } => self.peers.doubt(now, key, on),
            NetCommand::Send(packets) => {
                for (key, packet) in &packets {
                    self.peers.send(now, *key, packet);
                }
            }
        }
    }

    /// Answers a share of the requests that wait. Gives whether more are waiting.
    fn take_requests(&mut self) -> bool {
        let until = Instant::now() + REQUESTS_TURN_TIME;
        for _ in 0..REQUESTS_PER_TURN_MAX {
            let Ok(request) = self.inbox.requests.try_recv() else {
                return false;
            };
            let now = Instant::now();
            self.answer(now, request);
            self.deliver();
            if now >= until {
                break;
            }
        }
        !self.inbox.requests.is_empty()
    }

    fn answer(&mut self, now: Instant, request: NetRequest) {
        match request {
            NetRequest::Insert {
                key,
                peer,
                is_staff,
                room,
                reply,
            } => {
                let inserted = self.peers.insert(now, key, peer, is_staff);
                if inserted.is_ok() {
                    self.rooms.insert(key, room);
                }
                // Who asked may have stopped waiting.
                let _ = reply.try_send(inserted);
            }
            NetRequest::Patch {
                key,
                fragment,
                reply,
            } => {
                let _ = reply.try_send(self.peers.patch(now, key, &fragment));
            }
            NetRequest::Accept(mut handed_over) => {
                handed_over.remote = canonical(handed_over.remote);
                let registry = self.poll.registry();
                let accepted = self
                    .connections
                    .accept(now, registry, FIRST_TCP, handed_over);
                if let Err(error) = accepted {
                    tracing::debug!(%error, "an ICE-TCP connection could not be taken over");
                }
            }
        }
    }

    /// Reads a share of what the sockets hold. Gives whether more is waiting.
    fn receive(&mut self) -> bool {
        let mut buffer = [0; DATAGRAM_BYTES_MAX + 1];
        for _ in 0..UDP_BURST_MAX {
            if !self.udp_readable {
                break;
            }
            match self.udp.recv_from(&mut buffer) {
                // A longer datagram has been cut and is of no use to anyone.
                Ok((length, _)) if length > DATAGRAM_BYTES_MAX => {}
                Ok((length, source)) => {
                    let source = canonical(source);
                    if self.local_only && !is_ours(&self.udp_candidates, source.ip()) {
                        continue;
                    }
                    let datagram = Datagram {
                        transport: Transport::Udp,
                        source,
                        destination: label(&self.udp_candidates, source.ip()),
                        bytes: &buffer[..length],
                    };
                    self.peers.handle_datagram(Instant::now(), datagram);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.udp_readable = false;
                }
                // ICMP errors of earlier sends are reported here; they belong to nobody. There may be datagrams behind
                // them, and their arrival will not be told again: only an empty socket ends the reading.
                Err(error) => {
                    tracing::debug!(%error, kind = ?error.kind(), "reported to the UDP socket")
                }
            }
        }
        let candidates = &self.tcp_candidates;
        let peers = &mut self.peers;
        let more = self.connections.read(|source, bytes| {
            let datagram = Datagram {
                transport: Transport::Tcp,
                source,
                destination: label(candidates, source.ip()),
                bytes,
            };
            peers.handle_datagram(Instant::now(), datagram);
        });
        self.deliver();
        more || self.udp_readable
    }

    /// Sends what the peers want sent, and gives their events to their rooms.
    fn deliver(&mut self) {
        while let Some(output) = self.peers.poll() {
            match output {
                PeersOutput::Transmit(transmit) if transmit.transport == Transport::Tcp => {
                    self.connections.send(transmit.destination, &transmit.bytes);
                }
                PeersOutput::Transmit(transmit) => {
                    let destination = self.socket_address(transmit.destination);
                    // A full socket buffer loses a datagram, as any router may.
                    if let Err(error) = self.udp.send_to(&transmit.bytes, destination) {
                        self.udp_not_sent += 1;
                        tracing::trace!(%error, "a datagram was not sent");
                    }
                }
                PeersOutput::Event(key, event) => {
                    let over = matches!(event, PeerEvent::Closed(_));
                    if let Some(room) = self.rooms.get(&key) {
                        room.peer(key.session, event);
                    }
                    if over {
                        self.rooms.remove(&key);
                    }
                }
            }
        }
    }

    fn put_stats(&mut self, now: Instant) {
        if now < self.stats_at {
            return;
        }
        self.stats_at = now + STATS_INTERVAL;
        self.stats.put(StudioStats {
            peers: self.peers.len(),
            net: self.peers.counters(),
            udp_not_sent: self.udp_not_sent,
            tcp_connections: self.connections.len(),
            tcp_unproven: self.connections.unproven(),
            tcp_refused: self.connections.refused,
            tcp_gave_way: self.connections.gave_way,
            tcp_unidentified: self.connections.unidentified,
            tcp_frames_dropped: self.connections.frames_dropped,
        });
    }

    /// An IPv6 socket speaks to IPv4 peers by mapped addresses (RFC 4291 §2.5.5.2).
    fn socket_address(&self, address: SocketAddr) -> SocketAddr {
        match address.ip() {
            IpAddr::V4(ip) if self.udp_is_v6 => {
                SocketAddr::from((ip.to_ipv6_mapped(), address.port()))
            }
            _ => address,
        }
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::from((address.ip().to_canonical(), address.port()))
}

/// Whether a datagram was sent on this machine: the kernel takes none from outside that claims an address of its own.
fn is_ours(candidates: &[SocketAddr], source: IpAddr) -> bool {
    source.is_loopback() || candidates.iter().any(|c| c.ip() == source)
}

/// Which of our candidates a datagram came to. One socket serves them all, and ICE only wants to hear one of its own
/// family; the answer leaves by the same socket whichever it is.
fn label(candidates: &[SocketAddr], source: IpAddr) -> SocketAddr {
    let family = |c: &&SocketAddr| c.is_ipv4() == source.is_ipv4();
    let same = candidates
        .iter()
        .find(|c| family(c) && c.ip().is_loopback() == source.is_loopback());
    let fallback = || {
        candidates
            .iter()
            .find(family)
            .or_else(|| candidates.first())
    };
    same.or_else(fallback)
        .copied()
        .unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)))
}
