//! One thread of the baseline: its listening socket, connections whose request is incomplete, and the dense array of listeners.

use std::io::{ErrorKind, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Protocol, Socket, Type};

use super::config::{BaselineConfig, BaselineCounters, PayloadSource};
use super::error::BaselineError;
use super::flush::{FlushBytes, StreamStart};

const BACKLOG: i32 = 65_535;
const ACCEPTS_PER_PASS_MAX: usize = 256;
const EVENTS_MAX: usize = 1_024;

/// Most connections whose request is incomplete. One more is refused.
const PENDING_REQUESTS_MAX: usize = 65_536;

/// The listening socket; the token of a connection is its index among the pending requests.
const LISTENER: Token = Token(usize::MAX - 1);

/// How often new connections are accepted and read between flushes.
const PASS: Duration = Duration::from_millis(2);

const EMPTY_LINE: &[u8; 4] = b"\r\n\r\n";

pub(super) struct SendingWorker<'a> {
    config: &'a BaselineConfig,
    counts: &'a BaselineCounters,
    number: usize,
    poll: Poll,
    listening: TcpListener,
    pending: Vec<Option<PendingRequest>>,
    free: Vec<usize>,
    listeners: Vec<TcpStream>,
    stream_start: Option<StreamStart>,
}

struct PendingRequest {
    socket: TcpStream,
    /// Bytes of the empty line that were seen.
    matched: u8,
    /// Epoll knows of it.
    registered: bool,
}

impl<'a> SendingWorker<'a> {
    pub(super) fn new(
        config: &'a BaselineConfig,
        counts: &'a BaselineCounters,
        number: usize,
    ) -> Result<Self, BaselineError> {
        let refused = |reason| BaselineError::Listen {
            address: config.listen,
            reason,
        };
        let kind = Type::STREAM.nonblocking().cloexec();
        let make = || {
            let domain = Domain::for_address(config.listen);
            let listening = Socket::new(domain, kind, Some(Protocol::TCP))?;
            listening.set_reuse_address(true)?;
            // The kernel spreads connections over the listening sockets of all tables.
            listening.set_reuse_port(config.tables > 1)?;
            listening.bind(&config.listen.into())?;
            listening.listen(BACKLOG)?;
            let poll = Poll::new()?;
            let mut listening = TcpListener::from_std(listening.into());
            poll.registry()
                .register(&mut listening, LISTENER, Interest::READABLE)?;
            Ok((listening, poll))
        };
        let (listening, poll) = make().map_err(refused)?;
        let stream_start = match config.payload {
            PayloadSource::Bytes(bytes) => Some(StreamStart {
                head: FlushBytes::from(&b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n\r\n"[..]),
                newest: vec![b'.'; bytes].into(),
            }),
            PayloadSource::From(_) => None,
        };
        Ok(Self {
            config,
            counts,
            number,
            poll,
            listening,
            pending: Vec::new(),
            free: Vec::new(),
            listeners: Vec::new(),
            stream_start,
        })
    }

    pub(super) fn run(mut self, flushes: &Receiver<StreamStart>, stop: &AtomicBool) {
        let phases = self.config.phases.max(1);
        let relayed = matches!(self.config.payload, PayloadSource::From(_));
        // A relayed stream sets its own pace: a flush must be out before the next one arrives.
        let spread = self.config.flush.mul_f64(if relayed { 0.8 } else { 1.0 });
        let step = spread / phases;
        let mut events = Events::with_capacity(EVENTS_MAX);
        // Workers are offset within a step, or all of them would send at the same moment.
        let offset = step * self.number as u32 / self.config.tables as u32;
        let mut due = Instant::now() + offset;
        let mut phase = 0;
        let mut bytes = self
            .stream_start
            .as_ref()
            .map(|stream_start| stream_start.newest.clone());
        // A listener that joins while a flush goes out was sent that flush when it joined.
        let mut listeners = usize::MAX;
        while !stop.load(Ordering::Relaxed) {
            self.accept_and_read(&mut events);
            if relayed && phase == 0 {
                bytes = self.collect(flushes);
                if bytes.is_none() {
                    thread::sleep(PASS);
                    continue;
                }
                listeners = self.listeners.len();
                due = Instant::now();
            }
            let now = Instant::now();
            if now < due {
                thread::sleep(PASS.min(due - now));
                continue;
            }
            if now > due + self.config.flush {
                self.counts.late.fetch_add(1, Ordering::Relaxed);
                due = now;
            }
            if let Some(bytes) = &bytes {
                self.send(bytes, phase, phases, listeners);
            }
            phase = (phase + 1) % phases;
            due += step;
        }
    }

    /// All that was published since the last time, in one piece.
    fn collect(&mut self, flushes: &Receiver<StreamStart>) -> Option<FlushBytes> {
        let mut pieces: Vec<FlushBytes> = Vec::new();
        while let Ok(stream_start) = flushes.try_recv() {
            pieces.push(stream_start.newest.clone());
            self.stream_start = Some(stream_start);
        }
        match pieces.len() {
            0 => None,
            1 => pieces.pop(),
            _ => Some(pieces.concat().into()),
        }
    }

    /// Sends one flush to one phase: the loop whose cost is the figure.
    fn send(&mut self, bytes: &[u8], phase: u32, phases: u32, listeners: usize) {
        let (mut sent, mut full, mut gone, mut taken) = (0, 0, 0, 0);
        let mut index = phase as usize;
        while index < listeners
            && let Some(socket) = self.listeners.get_mut(index)
        {
            match socket.write(bytes) {
                Ok(count) => {
                    taken += count as u64;
                    if count == bytes.len() {
                        sent += 1;
                    } else {
                        full += 1;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => full += 1,
                Err(_) => {
                    // The one that takes the place may belong to another phase; it is sent to once more or once less.
                    self.listeners.swap_remove(index);
                    gone += 1;
                    continue;
                }
            }
            index += phases as usize;
        }
        for (counter, count) in [
            (&self.counts.sent, sent),
            (&self.counts.full, full),
            (&self.counts.gone, gone),
            (&self.counts.bytes, taken),
        ] {
            counter.fetch_add(count, Ordering::Relaxed);
        }
        self.counts.listeners.fetch_sub(gone, Ordering::Relaxed);
    }

    fn accept_and_read(&mut self, events: &mut Events) {
        if self.poll.poll(events, Some(Duration::ZERO)).is_err() {
            return;
        }
        for event in &*events {
            if event.token() != LISTENER {
                self.read(event.token().0);
            }
        }
        // Asked without being told, because a pass may leave some behind.
        self.accept();
    }

    fn accept(&mut self) {
        for _ in 0..ACCEPTS_PER_PASS_MAX {
            let socket = match self.listening.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => {
                    self.counts.refused.fetch_add(1, Ordering::Relaxed);
                    return;
                }
            };
            let index = self.free.pop().unwrap_or(self.pending.len());
            if index >= PENDING_REQUESTS_MAX {
                self.counts.refused.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            if index == self.pending.len() {
                self.pending.push(None);
            }
            self.pending[index] = Some(PendingRequest {
                socket,
                matched: 0,
                registered: false,
            });
            // Most requests are there before their connection is accepted: those never need epoll.
            if self.read(index)
                && let Some(pending) = &mut self.pending[index]
            {
                let registry = self.poll.registry();
                let (token, reads) = (Token(index), Interest::READABLE);
                match registry.register(&mut pending.socket, token, reads) {
                    Ok(()) => pending.registered = true,
                    Err(_) => self.refuse(index),
                }
            }
        }
    }

    /// Reads up to the empty line. Returns whether the request is still incomplete.
    fn read(&mut self, index: usize) -> bool {
        let mut bytes = [0; 2_048];
        let Some(pending) = self.pending.get_mut(index).and_then(Option::as_mut) else {
            return false;
        };
        loop {
            match pending.socket.read(&mut bytes) {
                Ok(count @ 1..) => {
                    for &byte in &bytes[..count] {
                        let matched = usize::from(pending.matched);
                        pending.matched = if byte == EMPTY_LINE[matched] {
                            pending.matched + 1
                        } else {
                            u8::from(byte == EMPTY_LINE[0])
                        };
                        if usize::from(pending.matched) == EMPTY_LINE.len() {
                            self.stream_start(index);
                            return false;
                        }
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Ok(_) | Err(_) => {
                    self.refuse(index);
                    return false;
                }
            }
        }
    }

    fn refuse(&mut self, index: usize) {
        self.pending[index] = None;
        self.free.push(index);
        self.counts.refused.fetch_add(1, Ordering::Relaxed);
    }

    fn stream_start(&mut self, index: usize) {
        let Some(stream_start) = &self.stream_start else {
            return self.refuse(index);
        };
        let bytes = [&stream_start.head[..], &stream_start.newest[..]].concat();
        let Some(mut pending) = self.pending[index].take() else {
            return;
        };
        self.free.push(index);
        // From here on nothing is read: that a listener has left shows when sending fails.
        if pending.registered
            && self
                .poll
                .registry()
                .deregister(&mut pending.socket)
                .is_err()
        {
            self.counts.refused.fetch_add(1, Ordering::Relaxed);
            return;
        }
        if pending
            .socket
            .write(&bytes)
            .is_ok_and(|count| count == bytes.len())
        {
            self.listeners.push(pending.socket);
            self.counts.listeners.fetch_add(1, Ordering::Relaxed);
            self.counts
                .bytes
                .fetch_add(bytes.len() as u64, Ordering::Relaxed);
        } else {
            self.counts.refused.fetch_add(1, Ordering::Relaxed);
        }
    }
}
