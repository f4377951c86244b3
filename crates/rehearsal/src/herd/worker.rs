//! One thread of the herd with its own descriptor table, its own epoll and one buffer for all its listeners.
//!
//! It looks at its sockets every tick instead of sleeping on them: a listener in another house does not wake anything on
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

use super::ear::EARS_MAX;
use super::hashes::{Claims, Listed};
use super::hls::{Next, Visits};
use super::listener::{Listener, Now, Stage};
use super::plan::{Face, Plan};
use super::tally::Tally;
use super::tls::{Client, Session, Shake};
use super::wire::Wire;
use crate::{http, machine};

/// Bytes read at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// Sockets told about at once.
const EVENTS_MAX: usize = 1_024;

/// Arrivals of one pass; more wait for the next, behind the sockets that have something to say.
const ARRIVALS_PER_PASS_MAX: usize = 256;

/// Reads of one socket in a row, before others get their turn.
const READS_MAX: usize = 8;

/// How often claims are compared and the progress is told, in microseconds.
const HOUSEKEEPING_US: u64 = 500_000;

/// What all workers of a run share.
pub(crate) struct Shared<'a> {
    pub(crate) plan: &'a Plan,
    /// What their TLS has in common, where there is one.
    pub(crate) tls: Option<&'a Client>,
    pub(crate) start: Instant,
    /// When the last listener is to arrive and has had two seconds.
    pub(crate) hold_from_us: u64,
    pub(crate) listed: &'a Mutex<Listed>,
    pub(crate) slots: &'a [Slot],
}

/// How far a worker is, for people who watch.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    pub(crate) connected: AtomicU64,
    pub(crate) hearing: AtomicU64,
    pub(crate) lost: AtomicU64,
    pub(crate) bytes: AtomicU64,
}

/// One arrival: its number in the whole run, and when.
pub(crate) type Arrival = (usize, u64);

pub(crate) struct Worker<'a> {
    shared: &'a Shared<'a>,
    number: usize,
    poll: Poll,
    request: Vec<u8>,
    wires: Vec<Option<Wire>>,
    /// What they ask, where they come by HLS.
    visits: Option<Visits>,
    listeners: Vec<Listener>,
    arrivals: Vec<Arrival>,
    next_arrival: usize,
    /// Listeners that hear nothing yet, by the time they were due.
    impatient: VecDeque<usize>,
    wall: Wall,
    tally: Tally,
    claims: Claims,
}

/// Time since 1970, by one look at the other clock and one at this every half second.
struct Wall {
    unix_us_at_start: i64,
}

impl Wall {
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
        shared: &'a Shared<'a>,
        number: usize,
        arrivals: Vec<Arrival>,
    ) -> io::Result<Self> {
        let plan = shared.plan;
        let mut ears = 0;
        let listeners = arrivals.iter().map(|&(number, due_us)| {
            let ear = plan.listen_every != 0
                && number.is_multiple_of(plan.listen_every)
                && ears < EARS_MAX;
            ears += usize::from(ear);
            Listener::new(plan, number, due_us, ear)
        });
        Ok(Self {
            shared,
            number,
            poll: Poll::new()?,
            request: http::request(&plan.host, &plan.path),
            listeners: listeners.collect(),
            wires: arrivals.iter().map(|_| None).collect(),
            visits: (plan.face == Face::Hls).then(|| Visits::new(arrivals.len(), &plan.path)),
            arrivals,
            next_arrival: 0,
            impatient: VecDeque::new(),
            wall: Wall::look(shared.start),
            tally: Tally::default(),
            claims: Claims::default(),
        })
    }

    pub(crate) fn run(mut self) -> (Tally, Claims) {
        let plan = self.shared.plan;
        let end_us = plan.duration.as_micros() as u64;
        let tick_us = (plan.tick.as_micros() as u64).max(100);
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
            if begun.us >= self.shared.hold_from_us && cpu_at_hold_us.is_none() {
                cpu_at_hold_us = Some((machine::thread_cpu_us(), begun.us));
            }
            self.arrive(begun.us);
            self.ask_again(begun);
            self.listen(&mut events, &mut buffer);
            self.give_up(begun);
            if begun.us >= housekeeping_us {
                self.keep_house();
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
        self.leave();
        (self.tally, self.claims)
    }

    fn now(&self) -> Now {
        let us = Instant::now().saturating_duration_since(self.shared.start);
        let us = us.as_micros() as u64;
        Now {
            us,
            unix_us: self.wall.unix_us_at_start + us as i64,
        }
    }

    fn sleep_until(&self, due_us: u64) {
        let due = self.shared.start + Duration::from_micros(due_us);
        let wait = due.saturating_duration_since(Instant::now());
        if !wait.is_zero() {
            std::thread::sleep(wait);
        }
    }

    fn arrive(&mut self, now_us: u64) {
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
                    self.listeners[index].stage = Stage::Connecting;
                    self.impatient.push_back(index);
                    // On loopback the connection mostly stands already.
                    self.greet(index, now);
                }
                Err(Failed::Own(call, error)) => {
                    let reason = format!("{call}: {}", plain(&error));
                    self.tally.own_errors.count(&reason, 1);
                    self.over(index, now, "the herd's own error");
                }
                Err(Failed::Server(error)) => {
                    self.over(index, now, &format!("connect: {}", plain(&error)));
                }
            }
        }
    }

    fn connect(&mut self, index: usize, number: usize) -> Result<(), Failed> {
        let own = |call| move |error| Failed::Own(call, error);
        let server = self.shared.plan.server;
        let began_us = self.now().us;
        let kind = Type::STREAM.nonblocking().cloexec();
        let socket = Socket::new(Domain::for_address(server), kind, Some(Protocol::TCP))
            .map_err(own("socket"))?;
        // Who leaves resets: a crowd that closes would leave its ports in TIME_WAIT for a minute.
        socket
            .set_linger(Some(Duration::ZERO))
            .map_err(own("SO_LINGER"))?;
        if let Some(sources) = self.shared.plan.sources {
            // Without it bind() takes a port for itself alone, and 28,232 is all there is for all addresses.
            setsockopt(&socket, sockopt::IpBindAddressNoPort, &true)
                .map_err(|error| Failed::Own("IP_BIND_ADDRESS_NO_PORT", error.into()))?;
            let from = SocketAddr::new(sources.address(number), 0);
            socket.bind(&from.into()).map_err(own("bind"))?;
        }
        match socket.connect(&server.into()) {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(nix::errno::Errno::EINPROGRESS as i32) => {}
            // Ports, memory and routes are ours, a refusal is the server's.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                return Err(Failed::Server(error));
            }
            Err(error) => return Err(Failed::Own("connect", error)),
        }
        self.poll
            .registry()
            .register(
                &mut SourceFd(&socket.as_raw_fd()),
                Token(index),
                Interest::READABLE | Interest::WRITABLE,
            )
            .map_err(own("epoll"))?;
        let session = self.shared.tls.map(|client| {
            let connection = client.connection();
            connection.map(|connection| Box::new(Session::new(connection)))
        });
        let session = session
            .transpose()
            .map_err(|error| Failed::Own("TLS", io::Error::other(error)))?;
        self.wires[index] = Some(Wire::new(socket, session, began_us));
        Ok(())
    }

    /// Goes on with what comes before the request, and then asks.
    fn greet(&mut self, index: usize, now: Now) {
        let Some(wire) = &mut self.wires[index] else {
            return;
        };
        match wire.shake() {
            Ok(None) => self.ask(index, now),
            Ok(Some(Shake::Unconnected)) => {}
            Ok(Some(Shake::Begun)) => self.listeners[index].stage = Stage::Shaking,
            Ok(Some(Shake::Done { resumed })) => {
                let began_us = wire.began_us;
                let took_us = self.now().us.saturating_sub(began_us);
                self.tally.handshake.record(took_us);
                self.tally.handshakes_resumed += u64::from(resumed);
                self.ask(index, now);
            }
            Err(error) => {
                let what = if wire.has_greeted() { "TLS" } else { "connect" };
                self.over(index, now, &format!("{what}: {}", plain(&error)));
            }
        }
    }

    fn ask(&mut self, index: usize, now: Now) {
        let Some(wire) = &mut self.wires[index] else {
            return;
        };
        match wire.send(&self.request) {
            Ok(()) => {
                self.tally.connected += 1;
                self.listeners[index].asked(now);
                if let Some(visits) = &mut self.visits {
                    visits.of(index).asks_playlist(now.us);
                }
            }
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::NotConnected
                ) => {}
            Err(error) => self.over(index, now, &format!("connect: {}", plain(&error))),
        }
    }

    fn listen(&mut self, events: &mut Events, buffer: &mut [u8]) {
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
                let begins = |stage| matches!(stage, Stage::Connecting | Stage::Shaking);
                if begins(self.listeners[index].stage) {
                    self.greet(index, self.now());
                    // Until it has shaken hands, whatever comes is the handshake's.
                    if self.shared.tls.is_some() && begins(self.listeners[index].stage) {
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
            let Some(wire) = &mut self.wires[index] else {
                return;
            };
            let got = wire.read(buffer);
            let now = self.now();
            match got {
                Ok((0, _)) => return self.over(index, now, "the server closed the connection"),
                Ok((bytes, emptied)) => {
                    if let Err(reason) = self.receive(index, now, &buffer[..bytes]) {
                        return self.over(index, now, &reason);
                    }
                    // Nothing is left, unless the end is behind it.
                    if emptied && !ends {
                        return;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return self.over(index, now, &plain(&error)),
            }
        }
        // Epoll tells of a socket once: with bytes left it must be asked to tell again.
        if let Some(wire) = &self.wires[index] {
            let both = Interest::READABLE | Interest::WRITABLE;
            let fd = wire.fd();
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
        let plan = self.shared.plan;
        let (listener, tally) = (&mut self.listeners[index], &mut self.tally);
        let claims = &mut self.claims;
        let Some(visits) = &mut self.visits else {
            return listener.receive(plan, now, bytes, tally, claims);
        };
        let visit = visits.of(index);
        let next = visit.receive(now.us, bytes, tally, |tally, piece| {
            listener.stream(plan, now, piece, tally, claims)
        })?;
        match next {
            Next::Listen => Ok(()),
            Next::Ask(path) => self.request(index, &http::request(&plan.host, &path)),
            Next::Wait(due_us) => {
                visits.wait(index, due_us);
                Ok(())
            }
        }
    }

    fn request(&mut self, index: usize, request: &[u8]) -> Result<(), String> {
        let Some(wire) = &mut self.wires[index] else {
            return Ok(());
        };
        wire.send(request).map_err(|error| plain(&error))
    }

    /// Whose playlist may have news asks for it.
    fn ask_again(&mut self, now: Now) {
        while let Some(index) = self.visits.as_mut().and_then(|visits| visits.due(now.us)) {
            if self.wires[index].is_none() {
                continue;
            }
            if let Some(visits) = &mut self.visits {
                visits.of(index).asks_playlist(now.us);
            }
            let request = std::mem::take(&mut self.request);
            let asked = self.request(index, &request);
            self.request = request;
            if let Err(reason) = asked {
                self.over(index, now, &reason);
            }
        }
    }

    /// A listener's story ends before the run does.
    fn over(&mut self, index: usize, now: Now, reason: &str) {
        self.wires[index] = None;
        let listener = &mut self.listeners[index];
        if listener.stage == Stage::Hearing {
            self.tally.cut.count(reason, 1);
        } else {
            self.never_in(index, reason);
        }
        self.listeners[index].finish(self.shared.plan, now, &mut self.tally);
    }

    /// Counted at the horizon, not left out: a quantile over those who got in would praise the server that lets nobody in.
    fn never_in(&mut self, index: usize, reason: &str) {
        self.tally.never_in.count(reason, 1);
        let end_us = self.shared.plan.duration.as_micros() as u64;
        let waited_us = end_us.saturating_sub(self.listeners[index].scheduled_us());
        self.tally.first_audio.record(waited_us);
    }

    fn give_up(&mut self, now: Now) {
        let patience_us = self.shared.plan.patience.as_micros() as u64;
        while let Some(&index) = self.impatient.front() {
            let listener = &self.listeners[index];
            if !matches!(listener.stage, Stage::Hearing | Stage::Over) {
                if now.us.saturating_sub(listener.scheduled_us()) < patience_us {
                    return;
                }
                self.over(index, now, listener.waits_for());
            }
            self.impatient.pop_front();
        }
    }

    fn keep_house(&mut self) {
        self.wall = Wall::look(self.shared.start);
        let listed = self.shared.listed.lock();
        self.claims
            .settle(&listed.unwrap_or_else(PoisonError::into_inner));
        let slot = &self.shared.slots[self.number];
        let lost = self.tally.never_in.total() + self.tally.cut.total();
        for (told, count) in [
            (&slot.connected, self.tally.connected),
            (&slot.hearing, self.tally.joined - self.tally.cut.total()),
            (&slot.lost, lost),
            (&slot.bytes, self.tally.bytes),
        ] {
            told.store(count, Ordering::Relaxed);
        }
    }

    /// The run is over.
    fn leave(&mut self) {
        let now = self.now();
        for index in 0..self.listeners.len() {
            match self.listeners[index].stage {
                Stage::Over => continue,
                Stage::Hearing => self.tally.held_at_end += 1,
                Stage::Due => {
                    // Came due within the run, and we did not get to it: our own lag.
                    if index < self.next_arrival || self.arrivals[index].1 < now.us {
                        self.tally
                            .own_errors
                            .count("arrivals that were not made", 1);
                    }
                }
                Stage::Connecting | Stage::Shaking | Stage::Asking | Stage::Answered => {
                    let reason = self.listeners[index].waits_for();
                    self.never_in(index, reason);
                }
            }
            self.listeners[index].finish(self.shared.plan, now, &mut self.tally);
        }
        self.wires.clear();
    }
}

enum Failed {
    /// The call that failed on our side.
    Own(&'static str, io::Error),
    Server(io::Error),
}

/// An error without the number that the standard library puts behind it: one reason, one name.
fn plain(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => nix::errno::Errno::from_raw(number).desc().to_lowercase(),
        None => error.to_string(),
    }
}
