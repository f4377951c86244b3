//! The clients of a shard: who is served next, who is returned to the accept side, who has run out of time.
//!
//! It knows nothing of listeners: a client that asks for a stream leaves as an [`Effect`].

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use mio::Interest;
use mio::event::Event;
use slab::Slab;

use super::client::{Client, ClientState, ClientStep};
use super::context::{PollToken, ShardContext};
use super::effect::{Effect, NewListener};
use super::files::Files;
use super::head_pool::HeadPool;
use super::pending::ServeContext;
use super::returns::{ReturnChannel, ReturnState};
use super::socket::RECORD_BYTES_MAX;
use super::wheel::TICK_MS;
use crate::faces::raw_refusal;
use crate::gate::{Ask, Attempt, Outcome, judge};
use crate::limits::AcceptLimits;

/// Into which a shard reads what clients send, and what they are sent of recordings, bytes.
const BUFFER_BYTES: usize = 64 * 1024;

/// How often deadlines are looked at, ms.
const EXPIRE_MS: u64 = 250;

/// See the module.
pub(super) struct Clients {
    table: Slab<Client>,
    /// Those to be served, in order.
    due: VecDeque<usize>,
    /// Those to be served in the next tick.
    deferred: Vec<usize>,
    heads: HeadPool,
    /// The tick in which `deferred` was emptied.
    tick: u64,
    files: Files,
    buffer: Box<[u8]>,
    returns: ReturnChannel,
    /// When deadlines are looked at next, ms.
    expire_at_ms: u64,
}

impl Clients {
    pub(super) fn new(returns: ReturnChannel, limits: &AcceptLimits) -> Self {
        Self {
            table: Slab::new(),
            due: VecDeque::new(),
            deferred: Vec::new(),
            heads: HeadPool::new(limits.partial_heads_bytes_max),
            tick: 0,
            files: Files::default(),
            buffer: vec![0; BUFFER_BYTES].into(),
            returns,
            expire_at_ms: 0,
        }
    }

    /// Takes a client in; what it has already sent is served when its turn comes.
    pub(super) fn register(&mut self, cx: &ShardContext, client: Client) {
        let key = self.table.insert(client);
        let tcp = &mut self.table[key].socket.tcp;
        let interest = Interest::READABLE | Interest::WRITABLE;
        match cx.watch(tcp, PollToken::Client(key), interest) {
            Ok(()) => self.enqueue(key),
            Err(_) => self.close(cx, key),
        }
    }

    /// Something has happened to a client's socket. The poller says so once (edge-triggered), which is enough: a client waits to read
    /// only after a read said `WouldBlock`, and to write only after a write did.
    pub(super) fn on_ready(&mut self, key: usize, event: &Event) {
        let ends = event.is_error() || event.is_read_closed() || event.is_write_closed();
        let Some(client) = self.table.get(key) else {
            return;
        };
        let helps = if client.blocked {
            event.is_writable()
        } else {
            event.is_readable()
        };
        if helps || ends {
            self.enqueue(key);
        }
    }

    /// Makes those due that were put off until this tick, or an earlier one.
    pub(super) fn begin_tick(&mut self, now_us: u64) {
        let tick = now_us / (TICK_MS * 1_000);
        if tick != self.tick {
            self.tick = tick;
            self.due.extend(self.deferred.drain(..));
        }
    }

    /// Serves the first of those that are due; `None` when nobody is.
    pub(super) fn serve_next(&mut self, cx: &ShardContext) -> Option<Effect> {
        let key = self.due.pop_front()?;
        let Some(client) = self.table.get_mut(key) else {
            return Some(Effect::None);
        };
        client.queued = false;
        Some(self.serve(cx, key))
    }

    /// Counts who is in the middle of a recording, and closes clients whose time is over, and all that wait for nothing when this
    /// process leaves. Does so now and then, however often it is called.
    pub(super) fn expire(&mut self, cx: &ShardContext) {
        let now_ms = cx.clock.now_ms();
        if now_ms < self.expire_at_ms {
            return;
        }
        self.expire_at_ms = now_ms + EXPIRE_MS;
        let leaving = cx.edge.draining();
        let reading = self.table.iter().filter(|(_, client)| client.reads_file());
        let gauge = &cx.status.gauge;
        gauge.reading.store(reading.count(), Ordering::Relaxed);
        let over: Vec<(usize, Option<Outcome>)> = self
            .table
            .iter()
            .filter_map(|(key, client)| match client.deadline(&cx.limits) {
                (at_ms, missed) if at_ms <= now_ms => {
                    let ask = |missed| Attempt::new(Ask::Time { missed }).by(client.peer.ip());
                    Some((key, missed.map(|missed| judge(&ask(missed)))))
                }
                _ if leaving && client.is_asking() => Some((key, None)),
                _ => None,
            })
            .collect();
        for (key, outcome) in over {
            self.let_go(cx, key, outcome);
        }
    }

    /// Ends the connection of a client, for a reason or because it is over.
    fn let_go(&mut self, cx: &ShardContext, key: usize, outcome: Option<Outcome>) {
        cx.edge.count().refuse_if(outcome.and_then(Outcome::reason));
        if let Some(refusal) = outcome.and_then(raw_refusal) {
            let client = &mut self.table[key];
            client.dismiss(refusal, cx.clock.now_ms());
            self.heads.change(key, client.pooled.take(), None);
            return self.enqueue(key);
        }
        let Client { socket, .. } = self.remove(cx, key);
        cx.release_socket();
        match outcome {
            Some(Outcome::Reset { .. }) => socket.reset(),
            _ => socket.finish(),
        }
    }

    /// Notes what a client keeps of a head. Where all of them keep too much, whoever has waited longest gives way: who sends a head at
    /// once never waits.
    fn note_head(&mut self, cx: &ShardContext, key: usize) {
        let client = &mut self.table[key];
        let head = client.partial_head();
        if head != client.pooled {
            self.heads.change(key, client.pooled, head);
            client.pooled = head;
        }
        while let Some((oldest, outcome)) = self.heads.gives_way() {
            self.let_go(cx, oldest, Some(outcome));
        }
    }

    /// Whether somebody is to be served now.
    pub(super) fn any_due(&self) -> bool {
        !self.due.is_empty()
    }

    /// Whether somebody is to be served in the next tick.
    pub(super) fn any_deferred(&self) -> bool {
        !self.deferred.is_empty()
    }

    /// How long nothing is to be done here; `None` for as long as nothing happens. The last look at the deadlines is at a table
    /// without clients, and finds that nobody reads a recording any more.
    pub(super) fn idle_for(&self, cx: &ShardContext) -> Option<Duration> {
        let reading = cx.status.gauge.reading.load(Ordering::Relaxed) > 0;
        let now_ms = cx.clock.now_ms();
        (reading || !self.table.is_empty())
            .then(|| Duration::from_millis(self.expire_at_ms.saturating_sub(now_ms)))
    }

    fn serve(&mut self, cx: &ShardContext, key: usize) -> Effect {
        let client = &mut self.table[key];
        let piece_bytes = if client.socket.tls.is_some() {
            RECORD_BYTES_MAX
        } else {
            BUFFER_BYTES
        };
        client.blocked = false;
        let mut serving = ServeContext {
            edge: &cx.edge,
            limits: &cx.limits,
            files: &mut self.files,
            buffer: &mut self.buffer,
            piece_bytes,
            now_ms: cx.clock.now_ms(),
        };
        let step = client.serve(&mut serving);
        self.note_head(cx, key);
        match step {
            ClientStep::AwaitReadable => {}
            ClientStep::AwaitWritable => self.table[key].blocked = true,
            ClientStep::Requeue => self.enqueue(key),
            ClientStep::NextTick => self.defer(key),
            ClientStep::Close => self.close(cx, key),
            ClientStep::Return(ahead) => self.return_to_accept_side(cx, key, ahead),
            ClientStep::Listen(response) => {
                let Client { socket, permit, .. } = self.remove(cx, key);
                return Effect::Listen(NewListener {
                    socket,
                    permit,
                    response,
                });
            }
        }
        Effect::None
    }

    fn enqueue(&mut self, key: usize) {
        if let Some(client) = self.table.get_mut(key)
            && !std::mem::replace(&mut client.queued, true)
        {
            self.due.push_back(key);
        }
    }

    fn defer(&mut self, key: usize) {
        self.table[key].queued = true;
        self.deferred.push(key);
    }

    fn return_to_accept_side(&mut self, cx: &ShardContext, key: usize, ahead: Bytes) {
        let client = &mut self.table[key];
        let tls = client.socket.tls.is_some();
        if let Err(outcome) = client.permit.serve_on_accept_side(tls) {
            return self.let_go(cx, key, Some(outcome));
        }
        match self.returns.send_socket(&*client.socket.tcp) {
            Ok(()) => {
                let client = self.remove(cx, key);
                cx.release_socket();
                self.returns.send_state(ReturnState {
                    tls: client.socket.tls,
                    peer: client.peer,
                    permit: client.permit,
                    read_ahead: ahead,
                });
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                client.state = ClientState::Returning(ahead);
                self.defer(key);
            }
            Err(_) => self.close(cx, key),
        }
    }

    fn close(&mut self, cx: &ShardContext, key: usize) {
        self.remove(cx, key);
        cx.release_socket();
    }

    /// Takes a client out of the table and the queues, and stops watching its socket.
    fn remove(&mut self, cx: &ShardContext, key: usize) -> Client {
        let mut client = self.table.remove(key);
        self.heads.change(key, client.pooled.take(), None);
        if client.queued {
            self.due.retain(|other| *other != key);
            self.deferred.retain(|other| *other != key);
        }
        cx.unwatch(&mut client.socket.tcp);
        client
    }
}
