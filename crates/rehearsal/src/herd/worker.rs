//! One thread of the herd with its own descriptor table, its own epoll and one buffer for all its listeners.
//!
//! It looks at its sockets every tick instead of sleeping on them: a listener at home does not wake anything on
//! the server's machine either, and a thread that is woken by each packet costs the server that sends it.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use super::connection::Connection;
use super::hashes::{HashClaims, PublishedHashes};
use super::hls::{HlsSessions, NextStep};
use super::listener::{Listener, ListenerState, Now};
use super::run::{Face, RunConfig};
use super::sound_meter::SOUND_METERS_MAX;
use super::tally::Tally;
use super::tls::{Handshake, TlsClient, TlsSession};
use crate::{http, machine};

/// Bytes read at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// Most events taken from epoll at once.
const EVENTS_MAX: usize = 1_024;

/// Arrivals of one pass; more wait for the next, after the sockets that are readable.
const ARRIVALS_PER_PASS_MAX: usize = 256;

/// Reads of one socket in a row, before others get their turn.
const READS_MAX: usize = 8;

/// How often hashes are compared and the progress is reported, in microseconds.
const HOUSEKEEPING_US: u64 = 500_000;

/// What all workers of a run share.
pub(crate) struct RunContext<'a> {
    pub(crate) config: &'a RunConfig,
    /// What their TLS has in common, where there is one.
    pub(crate) tls: Option<&'a TlsClient>,
    pub(crate) start: Instant,
    /// When the last listener is to arrive and has had two seconds.
    pub(crate) hold_from_us: u64,
    pub(crate) published: &'a Mutex<PublishedHashes>,
    pub(crate) workers_progress: &'a [WorkerProgress],
}

/// How far a worker is, for the progress line.
#[derive(Debug, Default)]
pub(crate) struct WorkerProgress {
    pub(crate) connected: AtomicU64,
    pub(crate) hearing: AtomicU64,
    pub(crate) lost: AtomicU64,
    pub(crate) bytes: AtomicU64,
}

/// One arrival: its number in the whole run, and when.
pub(crate) type Arrival = (usize, u64);

pub(crate) struct Worker<'a> {
    context: &'a RunContext<'a>,
    number: usize,
    poll: Poll,
    request: Vec<u8>,
    connections: Vec<Option<Connection>>,
    /// What each of them requests, when they come by HLS.
    sessions: Option<HlsSessions>,
    listeners: Vec<Listener>,
    arrivals: Vec<Arrival>,
    next_arrival: usize,
    /// Listeners that hear nothing yet, by the time they were due.
    waiting_for_sound: VecDeque<usize>,
    wall: WallClock,
    tally: Tally,
    hash_claims: HashClaims,
}

/// Time since 1970, computed from the monotonic clock and compared with the system clock every half second.
struct WallClock {
    unix_us_at_start: i64,
}

impl WallClock {
    fn look(start: Instant) -> Self {
        let unix = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let since = Instant::now().saturating_duration_since(start);
        Self {
            unix_us_at_start: unix.as_micros() as i64 - since.as_micros() as i64,
        }
    }
}

impl<'a> Worker<'a> {
    /// To be called on the worker's own thread, when it has its table: sockets never leave it.
    pub(crate) fn new(
        context: &'a RunContext<'a>,
        number: usize,
        arrivals: Vec<Arrival>,
    ) -> io::Result<Self> {
        let config = context.config;
        let mut meters = 0;
        let listeners = arrivals.iter().map(|&(number, due_us)| {
            let meter = config.listen_every != 0
                && number.is_multiple_of(config.listen_every)
                && meters < SOUND_METERS_MAX;
            meters += usize::from(meter);
            Listener::new(config, number, due_us, meter)
        });
        Ok(Self {
            context,
            number,
            poll: Poll::new()?,
            request: http::request(&config.host, &config.path),
            listeners: listeners.collect(),
            connections: arrivals.iter().map(|_| None).collect(),
            sessions: (config.face == Face::Hls)
                .then(|| HlsSessions::new(arrivals.len(), &config.path)),
            arrivals,
            next_arrival: 0,
            waiting_for_sound: VecDeque::new(),
            wall: WallClock::look(context.start),
            tally: Tally::default(),
            hash_claims: HashClaims::default(),
        })
    }

    pub(crate) fn run(mut self) -> (Tally, HashClaims) {
        let config = self.context.config;
        let end_us = config.duration.as_micros() as u64;
        let tick_us = (config.tick.as_micros() as u64).max(100);
        let mut buffer = vec![0; BUFFER_BYTES];
        let mut events = Events::with_capacity(EVENTS_MAX);
        let (mut due_us, mut housekeeping_us) = (0, 0);
        let (mut cpu_before_us, mut cpu_at_hold_us) = (machine::thread_cpu_us(), None);
        loop {
            self.sleep_until(due_us);
            let begun = self.now();
            if begun.us >= end_us {
                break;
            }
            if due_us == 0 {
                cpu_before_us = machine::thread_cpu_us();
            }
            if begun.us >= self.context.hold_from_us && cpu_at_hold_us.is_none() {
                cpu_at_hold_us = Some((machine::thread_cpu_us(), begun.us));
            }
            self.start_arrivals(begun.us);
            self.reload_playlists(begun);
            self.poll_sockets(&mut events, &mut buffer);
            self.give_up(begun);
            if begun.us >= housekeeping_us {
                self.report_progress();
                housekeeping_us = begun.us + HOUSEKEEPING_US;
            }
            let ended_us = self.now().us;
            let lag_us = ended_us - due_us;
            self.tally.loop_lag.record_periodic(lag_us, tick_us);
            // Passes that were missed are not made up for.
            due_us = (due_us + tick_us).max(ended_us);
        }
        let cpu_us = machine::thread_cpu_us();
        self.tally.cpu_us = cpu_us - cpu_before_us;
        if let Some((cpu_at_hold_us, held_from_us)) = cpu_at_hold_us {
            self.tally.hold_cpu_us = cpu_us - cpu_at_hold_us;
            self.tally.hold_wall_us = self.now().us - held_from_us;
        }
        self.finish();
        (self.tally, self.hash_claims)
    }

    fn now(&self) -> Now {
        let us = Instant::now().saturating_duration_since(self.context.start);
        let us = us.as_micros() as u64;
        Now {
            us,
            unix_us: self.wall.unix_us_at_start + us as i64,
        }
    }

    fn sleep_until(&self, due_us: u64) {
        let due = self.context.start + Duration::from_micros(due_us);
        let wait = due.saturating_duration_since(Instant::now());
        if !wait.is_zero() {
            std::thread::sleep(wait);
        }
    }

    fn start_arrivals(&mut self, now_us: u64) {
        for _ in 0..ARRIVALS_PER_PASS_MAX {
            let Some(&(number, due_us)) = self.arrivals.get(self.next_arrival) else {
                return;
            };
            if due_us > now_us {
                return;
            }
            let index = self.next_arrival;
            self.next_arrival += 1;
            let now = self.now();
            self.tally.started += 1;
            self.tally
                .schedule_lag
                .record(now.us.saturating_sub(due_us));
            match self.connect(index, number) {
                Ok(()) => {
                    self.listeners[index].state = ListenerState::Connecting;
                    self.waiting_for_sound.push_back(index);
                    // On loopback the connection mostly stands already.
                    self.establish(index, now);
                }
                Err(ConnectFailure::Own(call, error)) => {
                    let reason = format!("{call}: {}", plain(&error));
                    self.tally.own_errors.count(&reason, 1);
                    self.end_listener(index, now, "the herd's own error");
                }
                Err(ConnectFailure::Server(error)) => {
                    self.end_listener(index, now, &format!("connect: {}", plain(&error)));
                }
            }
        }
    }

    fn connect(&mut self, index: usize, number: usize) -> Result<(), ConnectFailure> {
        let own = |call| move |error| ConnectFailure::Own(call, error);
        let server = self.context.config.server;
        let began_us = self.now().us;
        let kind = Type::STREAM.nonblocking().cloexec();
        let socket = Socket::new(Domain::for_address(server), kind, Some(Protocol::TCP))
            .map_err(own("socket"))?;
        // Who leaves resets: a crowd that closes would leave its ports in TIME_WAIT for a minute.
        socket
            .set_linger(Some(Duration::ZERO))
            .map_err(own("SO_LINGER"))?;
        if let Some(sources) = self.context.config.sources {
            // Without it bind() takes a port for itself alone, and 28,232 is all there is for all addresses.
            setsockopt(&socket, sockopt::IpBindAddressNoPort, &true)
                .map_err(|error| ConnectFailure::Own("IP_BIND_ADDRESS_NO_PORT", error.into()))?;
            let from = SocketAddr::new(sources.address(number), 0);
            socket.bind(&from.into()).map_err(own("bind"))?;
        }
        match socket.connect(&server.into()) {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(nix::errno::Errno::EINPROGRESS as i32) => {}
            // Ports, memory and routes are ours, a refusal is the server's.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                return Err(ConnectFailure::Server(error));
            }
            Err(error) => return Err(ConnectFailure::Own("connect", error)),
        }
        self.poll
            .registry()
            .register(
                &mut SourceFd(&socket.as_raw_fd()),
                Token(index),
                Interest::READABLE | Interest::WRITABLE,
            )
            .map_err(own("epoll"))?;
        let session = self.context.tls.map(|client| {
            let connection = client.connection();
            connection.map(|connection| Box::new(TlsSession::new(connection)))
        });
        let session = session
            .transpose()
            .map_err(|error| ConnectFailure::Own("TLS", io::Error::other(error)))?;
        self.connections[index] = Some(Connection::new(socket, session, began_us));
        Ok(())
    }

    /// Continues connecting and the TLS handshake, then sends the request.
    fn establish(&mut self, index: usize, now: Now) {
        let Some(connection) = &mut self.connections[index] else {
            return;
        };
        match connection.handshake() {
            Ok(None) => self.send_request(index, now),
            Ok(Some(Handshake::Unconnected)) => {}
            Ok(Some(Handshake::Begun)) => self.listeners[index].state = ListenerState::Handshaking,
            Ok(Some(Handshake::Done { resumed })) => {
                let began_us = connection.began_us;
                let took_us = self.now().us.saturating_sub(began_us);
                self.tally.handshake.record(took_us);
                self.tally.handshakes_resumed += u64::from(resumed);
                self.send_request(index, now);
            }
            Err(error) => {
                let what = if connection.has_begun_handshake() {
                    "TLS"
                } else {
                    "connect"
                };
                self.end_listener(index, now, &format!("{what}: {}", plain(&error)));
            }
        }
    }

    fn send_request(&mut self, index: usize, now: Now) {
        let Some(connection) = &mut self.connections[index] else {
            return;
        };
        match connection.send(&self.request) {
            Ok(()) => {
                self.tally.connected += 1;
                self.listeners[index].asked(now);
                if let Some(sessions) = &mut self.sessions {
                    sessions.of(index).requests_playlist(now.us);
                }
            }
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::NotConnected
                ) => {}
            Err(error) => self.end_listener(index, now, &format!("connect: {}", plain(&error))),
        }
    }

    fn poll_sockets(&mut self, events: &mut Events, buffer: &mut [u8]) {
        loop {
            match self.poll.poll(events, Some(Duration::ZERO)) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.tally
                        .own_errors
                        .count(&format!("epoll: {}", plain(&error)), 1);
                    return;
                }
            }
            let mut seen = 0;
            for event in &*events {
                seen += 1;
                let index = event.token().0;
                let begins = |state| {
                    matches!(
                        state,
                        ListenerState::Connecting | ListenerState::Handshaking
                    )
                };
                if begins(self.listeners[index].state) {
                    self.establish(index, self.now());
                    // Until it has shaken hands, whatever comes is the handshake's.
                    if self.context.tls.is_some() && begins(self.listeners[index].state) {
                        continue;
                    }
                }
                if event.is_readable() || event.is_read_closed() || event.is_error() {
                    let ends = event.is_read_closed() || event.is_error();
                    self.read(index, ends, buffer);
                }
            }
            // Fewer than fit: nobody else has anything. Arrivals must not wait either way.
            let next = self.arrivals.get(self.next_arrival);
            if seen < EVENTS_MAX || next.is_some_and(|&(_, due_us)| due_us <= self.now().us) {
                return;
            }
        }
    }

    fn read(&mut self, index: usize, ends: bool, buffer: &mut [u8]) {
        for _ in 0..READS_MAX {
            let Some(connection) = &mut self.connections[index] else {
                return;
            };
            let got = connection.read(buffer);
            let now = self.now();
            match got {
                Ok((0, _)) => {
                    return self.end_listener(index, now, "the server closed the connection");
                }
                Ok((bytes, emptied)) => {
                    if let Err(reason) = self.receive(index, now, &buffer[..bytes]) {
                        return self.end_listener(index, now, &reason);
                    }
                    // Nothing is left, unless the end is behind it.
                    if emptied && !ends {
                        return;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return self.end_listener(index, now, &plain(&error)),
            }
        }
        // Epoll tells of a socket once: with bytes left it must be asked to tell again.
        if let Some(connection) = &self.connections[index] {
            let both = Interest::READABLE | Interest::WRITABLE;
            let fd = connection.fd();
            let again = self
                .poll
                .registry()
                .reregister(&mut SourceFd(&fd), Token(index), both);
            if let Err(error) = again {
                self.tally
                    .own_errors
                    .count(&format!("epoll: {}", plain(&error)), 1);
            }
        }
    }

    fn receive(&mut self, index: usize, now: Now, bytes: &[u8]) -> Result<(), String> {
        let config = self.context.config;
        let (listener, tally) = (&mut self.listeners[index], &mut self.tally);
        let hash_claims = &mut self.hash_claims;
        let Some(sessions) = &mut self.sessions else {
            return listener.receive(config, now, bytes, tally, hash_claims);
        };
        let session = sessions.of(index);
        let next = session.receive(now.us, bytes, tally, |tally, piece| {
            listener.stream(config, now, piece, tally, hash_claims)
        })?;
        match next {
            NextStep::Listen => Ok(()),
            NextStep::Ask(path) => self.request(index, &http::request(&config.host, &path)),
            NextStep::Wait(due_us) => {
                sessions.wait(index, due_us);
                Ok(())
            }
        }
    }

    fn request(&mut self, index: usize, request: &[u8]) -> Result<(), String> {
        let Some(connection) = &mut self.connections[index] else {
            return Ok(());
        };
        connection.send(request).map_err(|error| plain(&error))
    }

    /// Requests the playlist again for those whose reload is due.
    fn reload_playlists(&mut self, now: Now) {
        while let Some(index) = self
            .sessions
            .as_mut()
            .and_then(|sessions| sessions.due(now.us))
        {
            if self.connections[index].is_none() {
                continue;
            }
            if let Some(sessions) = &mut self.sessions {
                sessions.of(index).requests_playlist(now.us);
            }
            let request = std::mem::take(&mut self.request);
            let asked = self.request(index, &request);
            self.request = request;
            if let Err(reason) = asked {
                self.end_listener(index, now, &reason);
            }
        }
    }

    /// Ends a listener before the run does.
    fn end_listener(&mut self, index: usize, now: Now, reason: &str) {
        self.connections[index] = None;
        let listener = &mut self.listeners[index];
        if listener.state == ListenerState::Hearing {
            self.tally.cut.count(reason, 1);
        } else {
            self.never_in(index, reason);
        }
        self.listeners[index].finish(self.context.config, now, &mut self.tally);
    }

    /// Counted at the horizon, not left out: a quantile over those who got in would praise the server that lets nobody in.
    fn never_in(&mut self, index: usize, reason: &str) {
        self.tally.never_in.count(reason, 1);
        let end_us = self.context.config.duration.as_micros() as u64;
        let waited_us = end_us.saturating_sub(self.listeners[index].scheduled_us());
        self.tally.first_audio.record(waited_us);
    }

    fn give_up(&mut self, now: Now) {
        let patience_us = self.context.config.patience.as_micros() as u64;
        while let Some(&index) = self.waiting_for_sound.front() {
            let listener = &self.listeners[index];
            if !matches!(listener.state, ListenerState::Hearing | ListenerState::Over) {
                if now.us.saturating_sub(listener.scheduled_us()) < patience_us {
                    return;
                }
                self.end_listener(index, now, listener.waits_for());
            }
            self.waiting_for_sound.pop_front();
        }
    }

    fn report_progress(&mut self) {
        self.wall = WallClock::look(self.context.start);
        let published = self.context.published.lock();
        self.hash_claims
            .settle(&published.unwrap_or_else(PoisonError::into_inner));
        let worker = &self.context.workers_progress[self.number];
        let lost = self.tally.never_in.total() + self.tally.cut.total();
        for (told, count) in [
            (&worker.connected, self.tally.connected),
            (&worker.hearing, self.tally.joined - self.tally.cut.total()),
            (&worker.lost, lost),
            (&worker.bytes, self.tally.bytes),
        ] {
            told.store(count, Ordering::Relaxed);
        }
    }

    /// The run is over.
    fn finish(&mut self) {
        let now = self.now();
        for index in 0..self.listeners.len() {
            match self.listeners[index].state {
                ListenerState::Over => continue,
                ListenerState::Hearing => self.tally.held_at_end += 1,
                ListenerState::Due => {
                    // Came due within the run, and we did not get to it: our own lag.
                    if index < self.next_arrival || self.arrivals[index].1 < now.us {
                        self.tally
                            .own_errors
                            .count("arrivals that were not made", 1);
                    }
                }
                ListenerState::Connecting
                | ListenerState::Handshaking
                | ListenerState::Asking
                | ListenerState::Answered => {
                    let reason = self.listeners[index].waits_for();
                    self.never_in(index, reason);
                }
            }
            self.listeners[index].finish(self.context.config, now, &mut self.tally);
        }
        self.connections.clear();
    }
}

enum ConnectFailure {
    /// The call that failed on our side.
    Own(&'static str, io::Error),
    Server(io::Error),
}

/// The error without its number, so that the same reason always has the same text.
fn plain(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => nix::errno::Errno::from_raw(number).desc().to_lowercase(),
        None => error.to_string(),
    }
}
