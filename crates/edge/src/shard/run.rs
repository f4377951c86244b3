//! The thread of a shard: waits for its sockets and for the next tick, takes connections in, and lets clients and listeners have their
//! turns.
//!
//! This is the only module that knows both clients and listeners. It decides nothing about either.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use mio::net::{TcpStream, UnixStream};
use mio::{Events, Interest, Poll};

use super::client::Client;
use super::clients::Clients;
use super::clock::Clock;
use super::context::{PollToken, ShardContext};
use super::effect::{Effect, NewListener};
use super::fd_table;
use super::handoff::{Handoff, ServeAs, ShardStatus};
use super::listener::SlowLimits;
use super::listeners::Listeners;
use super::returns::ReturnChannel;
use super::socket::Socket;
use super::table_bound::TableBound;
use super::wheel::TICK_MS;
use crate::counters::add;
use crate::edge::Edge;
use crate::gate::{Ask, Attempt, judge};
use crate::limits::AcceptLimits;

/// Events taken from the kernel at a time.
const EVENTS: usize = 512;

/// Connections taken in before clients and listeners have their turns.
const HANDOFFS_PER_TURN: usize = 128;

/// How long clients are served before listeners have their turn, µs.
const CLIENTS_US: u64 = 5_000;

/// See the module.
pub(super) struct Shard {
    pub(super) cx: ShardContext,
    pub(super) clients: Clients,
    pub(super) listeners: Listeners,
    /// Where sockets arrive, and the rest of each connection.
    inbox: TableBound<UnixStream>,
    handoffs: Receiver<Handoff>,
    /// More connections may be waiting than were taken in.
    more_handoffs: bool,
    /// When the last wait ended, µs.
    woke_us: u64,
}

impl Shard {
    /// To be called on the thread that runs it, since its descriptors belong to that thread's table.
    pub(super) fn new(
        edge: Edge,
        status: Arc<ShardStatus>,
        inbox: std::os::unix::net::UnixStream,
        handoffs: Receiver<Handoff>,
        returns: ReturnChannel,
        limits: AcceptLimits,
    ) -> io::Result<Self> {
        inbox.set_nonblocking(true)?;
        let mut inbox = TableBound::new(UnixStream::from_std(inbox));
        let poll = TableBound::new(Poll::new()?);
        poll.registry()
            .register(&mut *inbox, PollToken::Inbox.into(), Interest::READABLE)?;
        let slow_limits = SlowLimits {
            stall_ms: limits.live_stall_ms,
            overtaken_max: edge.limits().overtaken_max,
        };
        let clients = Clients::new(returns, &limits);
        Ok(Self {
            cx: ShardContext {
                edge,
                limits,
                status,
                clock: Clock::start(),
                poll,
            },
            clients,
            listeners: Listeners::new(slow_limits),
            inbox,
            handoffs,
            more_handoffs: false,
            woke_us: 0,
        })
    }

    /// Until nobody can hand over connections any more: then the port is no longer served, and connections that are still open are cut.
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        let mut open = true;
        while open {
            let waits_us = self.cx.clock.now_us();
            add(&self.cx.status.gauge.busy_us, waits_us - self.woke_us);
            let timeout = self.timeout();
            if let Err(error) = self.cx.poll.poll(&mut events, timeout)
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "a shard cannot wait for its sockets");
                return;
            }
            self.woke_us = self.cx.clock.now_us();
            let mut inbox = self.more_handoffs;
            for event in &events {
                match PollToken::from(event.token()) {
                    PollToken::Inbox => inbox = true,
                    PollToken::Client(key) => self.clients.on_ready(key, event),
                    PollToken::Listener(key) => self.listeners.drain_input(&self.cx, key),
                }
            }
            if inbox {
                open = self.take_handoffs();
            }
            self.serve_clients();
            self.clients.expire(&self.cx);
            self.flush_listeners();
        }
    }

    /// For how long nothing is to be done. Where there are listeners at most until the next tick, when it is looked for new chunks.
    fn timeout(&self) -> Option<Duration> {
        if self.more_handoffs || self.clients.any_due() {
            return Some(Duration::ZERO);
        }
        if !self.listeners.is_empty() || self.clients.any_deferred() {
            let tick_us = TICK_MS * 1_000;
            let into_tick_us = self.cx.clock.now_us() % tick_us;
            return Some(Duration::from_micros(tick_us - into_tick_us));
        }
        self.clients.idle_for(&self.cx)
    }

    /// Serves clients, those of this tick and those that were not reached before, for as long as [`CLIENTS_US`].
    fn serve_clients(&mut self) {
        self.clients.begin_tick(self.woke_us);
        while let Some(effect) = self.clients.serve_next(&self.cx) {
            match effect {
                Effect::None => {}
                Effect::Listen(new) => self.listeners.insert(&self.cx, new),
            }
            if self.cx.clock.now_us() - self.woke_us > CLIENTS_US {
                return;
            }
        }
    }

    fn flush_listeners(&mut self) {
        let began_us = self.cx.clock.now_us();
        self.listeners.flush_due(&self.cx);
        let took_us = self.cx.clock.now_us() - began_us;
        add(&self.cx.status.gauge.turns_us, took_us);
    }

    /// Takes in connections that were handed over. False when none can come any more.
    fn take_handoffs(&mut self) -> bool {
        for _ in 0..HANDOFFS_PER_TURN {
            match fd_table::receive(&*self.inbox) {
                Ok(fd) => {
                    // It follows its socket at once; a socket without it is closed.
                    if let Ok(handoff) = self.handoffs.recv() {
                        self.take(fd, handoff);
                    }
                }
                Err(error) => {
                    self.more_handoffs = false;
                    return error.kind() != io::ErrorKind::UnexpectedEof;
                }
            }
        }
        self.more_handoffs = true;
        true
    }

    /// Takes one connection in; without a socket where this table had no room for it.
    pub(super) fn take(&mut self, fd: Option<OwnedFd>, handoff: Handoff) {
        let Some(fd) = fd else {
            self.cx
                .edge
                .count()
                .refuse_if(judge(&Attempt::new(Ask::Descriptor)).reason());
            return self.cx.release_socket();
        };
        #[cfg(test)]
        {
            let told = &self.cx.status.panics_next;
            let told = told.load(std::sync::atomic::Ordering::Relaxed);
            assert!(!told, "told to panic");
        }
        let tcp = TcpStream::from_std(std::net::TcpStream::from(fd));
        let socket = Socket::new(tcp, handoff.tls);
        let permit = handoff.permit;
        match handoff.serve_as {
            ServeAs::Listener(response) => {
                let new = NewListener {
                    socket,
                    permit,
                    response,
                };
                self.listeners.insert(&self.cx, new);
            }
            ServeAs::Client {
                peer,
                kept_alive,
                read_ahead,
            } => {
                let now_ms = self.cx.clock.now_ms();
                let client = Client::new(socket, peer, kept_alive, permit, read_ahead, now_ms);
                self.clients.register(&self.cx, client);
            }
        }
    }
}
