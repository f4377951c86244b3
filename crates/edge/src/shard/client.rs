//! A client: a connection that asks for pages, playlists, segments, chunks or recordings, answered where listeners are served.
//!
//! It owns no buffer and no timer. What it sends is read into the shard's one space; a question that is not whole or not plain
//! goes home with its bytes; and what its socket does not take of an answer is kept as references, and as a place in a file.

use std::convert::Infallible;
use std::io::{self, IoSlice, Write};
use std::net::SocketAddr;
use std::ops::Range;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use bytes::{Buf, Bytes};
use http::{Method, Response, StatusCode};
use mio::event::Event;
use mio::{Interest, Token};

use super::files::{Files, OpenFile};
use super::handoff::LiveResponse;
use super::listener::NonblockingWrite;
use super::returns::ReturnState;
use super::run::Shard;
use super::socket::{RECORD_BYTES_MAX, Socket};
use super::wheel::TICK_MS;
use crate::accept::{FULL, Permit};
use crate::counters::{Refusal, add};
use crate::edge::Edge;
use crate::faces::{FileAsk, FilePart, Question, file_answer, question, raw_sentence};
use crate::heads::{live_head, part_head, whole_head};
use crate::limits::AcceptLimits;

/// Into which a shard reads, bytes: what a client sends, and a piece of a file.
pub(super) const SPACE_BYTES: usize = 64 * 1024;

/// What is read of a client at once, bytes. A head that is longer goes home.
const READ_BYTES: usize = 16 * 1024;

/// Questions of one client answered in one cx.
const QUESTIONS_MAX: usize = 16;

/// Sent to one client in one cx, bytes, and at most one piece more.
const TURN_BYTES: usize = 256 * 1024;

/// Clients have their turns for so long, µs, before listeners have theirs.
const CLIENTS_US: u64 = 5_000;

/// How often it is looked for those whose time is over, ms.
pub(super) const SWEEP_MS: u64 = 250;

/// Marks the clients among the tokens of a shard.
const CLIENT: usize = 1 << (usize::BITS - 2);

/// Which client a token means.
pub(super) fn client_of(token: Token) -> Option<usize> {
    (token.0 & CLIENT != 0).then_some(token.0 & !CLIENT)
}

/// See the module.
pub(super) struct Client {
    socket: Socket,
    state: ClientState,
    /// Since when nothing has come, or nothing of what it is pending was taken, ms.
    since_ms: u64,
    kept_alive: bool,
    /// Its turn will come without anything happening to its socket.
    queued: bool,
    /// Nothing helps but that its socket takes more.
    blocked: bool,
    peer: SocketAddr,
    permit: Permit,
}

enum ClientState {
    Reading,
    Responding(Box<PendingResponse>),
    /// With these bytes, as soon as the way is free.
    Returning(Bytes),
}

/// What of an answer was not given yet, and what was asked behind it: at most [`READ_BYTES`].
#[derive(Default)]
struct PendingResponse {
    head: Bytes,
    body: Bytes,
    part: Option<FileBody>,
    ahead: Bytes,
}

/// What is left to give of a file.
struct FileBody {
    file: Rc<OpenFile>,
    left: Range<u64>,
    /// Since when the next bytes have been waited for, ms.
    waits_since_ms: Option<u64>,
}

/// How far giving came.
enum Sent {
    All,
    /// It has had its cx.
    Quantum,
    /// The file is not in memory yet.
    FileNotReady,
}

impl PendingResponse {
    fn memory(method: &Method, response: Response<Bytes>) -> Self {
        Self {
            head: whole_head(method, &response).into(),
            body: response.into_body(),
            ..Self::default()
        }
    }

    /// The answer to a request for a file; `None` when it cannot be opened here.
    fn file(files: &mut Files, ask: &FileAsk) -> Option<Self> {
        let file = files.open(ask.file()).ok()??;
        Some(match file_answer(ask, file.length, &file.etag) {
            FilePart::Nothing(response) => Self::memory(ask.method(), response),
            FilePart::Bytes(response, part) => Self {
                head: part_head(&response).into(),
                part: Some(FileBody {
                    file,
                    left: part,
                    waits_since_ms: None,
                }),
                ..Self::default()
            },
        })
    }

    /// Gives what the wire takes; `WouldBlock` until it takes more.
    fn give(
        &mut self,
        cx: &mut ServeContext<'_>,
        wire: &mut impl NonblockingWrite,
    ) -> io::Result<Sent> {
        let mut given = 0;
        while !(self.head.is_empty() && self.body.is_empty()) {
            if given >= TURN_BYTES {
                return Ok(Sent::Quantum);
            }
            let slices = [IoSlice::new(&self.head), IoSlice::new(&self.body)];
            let count = write(wire, &slices)?;
            let of_head = count.min(self.head.len());
            self.head.advance(of_head);
            self.body.advance(count - of_head);
            given += count;
        }
        while let Some(part) = self.part.as_mut().filter(|part| !part.left.is_empty()) {
            if given >= TURN_BYTES {
                return Ok(Sent::Quantum);
            }
            let Some(piece) = part.read(cx)? else {
                return Ok(Sent::FileNotReady);
            };
            let count = write(wire, &[IoSlice::new(piece)])?;
            part.left.start += count as u64;
            given += count;
        }
        wire.flush().map(|()| Sent::All)
    }
}

impl FileBody {
    /// The next piece, if it is in memory.
    fn read<'a>(&mut self, cx: &'a mut ServeContext<'_>) -> io::Result<Option<&'a [u8]>> {
        let (at, left) = (self.left.start, self.left.end - self.left.start);
        let want = left.min(cx.piece_bytes as u64) as usize;
        let piece = &mut cx.space[..want];
        let read = self.file.read_at(piece, at);
        if let Ok(Some(count)) = read {
            self.waits_since_ms = None;
            return Ok(Some(&piece[..count]));
        }
        let since_ms = *self.waits_since_ms.get_or_insert_with(|| {
            self.file.fetch(at);
            cx.now_ms
        });
        let late = cx.now_ms >= since_ms.saturating_add(cx.limits.write_stall_ms);
        if late || read.is_err() {
            cx.edge.count().refuse(Refusal::FileUnread);
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(None)
    }
}

fn write(wire: &mut impl NonblockingWrite, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    loop {
        match wire.write_vectored(slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            written => return written,
        }
    }
}

/// What is to be done with a client.
enum ClientStep {
    AwaitReadable,
    /// Until its socket takes more.
    AwaitWritable,
    /// When others have had their cx.
    Requeue,
    /// In the next tick.
    NextTick,
    Close,
    Return(Bytes),
    Listen(LiveResponse),
}

/// What a shard lends to the client whose turn it is.
struct ServeContext<'a> {
    edge: &'a Edge,
    limits: &'a AcceptLimits,
    files: &'a mut Files,
    space: &'a mut [u8],
    /// Read of a file at once: what the socket takes at once.
    piece_bytes: usize,
    now_ms: u64,
}

impl Client {
    /// Gives what it is pending, then answers what it asks.
    fn go_on(&mut self, cx: &mut ServeContext<'_>) -> ClientStep {
        match self.answers(cx) {
            Ok(never) => match never {},
            Err(next) => next,
        }
    }

    /// Until there is something else to do.
    fn answers(&mut self, cx: &mut ServeContext<'_>) -> Result<Infallible, ClientStep> {
        let mut ahead = match std::mem::replace(&mut self.state, ClientState::Reading) {
            ClientState::Reading => Bytes::new(),
            ClientState::Returning(ahead) => return Err(ClientStep::Return(ahead)),
            ClientState::Responding(pending) => self.respond(cx, *pending)?,
        };
        let mut answered = 0;
        loop {
            if ahead.is_empty() {
                ahead = self.hear(cx)?;
            }
            if answered == QUESTIONS_MAX {
                let pending = PendingResponse {
                    ahead,
                    ..PendingResponse::default()
                };
                self.state = ClientState::Responding(Box::new(pending));
                return Err(ClientStep::Requeue);
            }
            answered += 1;
            let (used, pending) = match question(cx.edge, &ahead, cx.limits) {
                Question::Answered(used, method, response) => {
                    (used, PendingResponse::memory(&method, response))
                }
                Question::File(used, ask) => match PendingResponse::file(cx.files, &ask) {
                    Some(pending) => (used, pending),
                    None => return Err(ClientStep::Return(ahead)),
                },
                Question::Live(response, place, rung) => {
                    add(&cx.edge.count().requests, 1);
                    return Err(ClientStep::Listen(LiveResponse {
                        head: live_head(&response, true),
                        chunked: true,
                        rung,
                        place,
                    }));
                }
                Question::Else => return Err(ClientStep::Return(ahead)),
            };
            add(&cx.edge.count().requests, 1);
            self.kept_alive = true;
            self.since_ms = cx.now_ms;
            ahead.advance(used);
            ahead = self.respond(cx, PendingResponse { ahead, ..pending })?;
        }
    }

    /// What it has sent.
    fn hear(&mut self, cx: &mut ServeContext<'_>) -> Result<Bytes, ClientStep> {
        let space = &mut cx.space[..READ_BYTES];
        loop {
            let mut came = 0;
            let got = self.socket.read(space, &mut came);
            add(&cx.edge.count().bytes_received, came);
            return match got {
                Ok(0) => Err(ClientStep::Close),
                Ok(count) => Ok(Bytes::copy_from_slice(&space[..count])),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    Err(ClientStep::AwaitReadable)
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => Err(ClientStep::Close),
            };
        }
    }

    /// Gives what is pending, and then what was asked behind it back; or keeps what is left.
    fn respond(
        &mut self,
        cx: &mut ServeContext<'_>,
        mut pending: PendingResponse,
    ) -> Result<Bytes, ClientStep> {
        let mut taken = 0;
        let given = pending.give(cx, &mut self.socket.counted(&mut taken));
        if taken > 0 {
            add(&cx.edge.count().bytes_sent, taken);
        }
        // What is waited for on our side is not the peer's idleness.
        if taken > 0 || matches!(given, Ok(Sent::FileNotReady)) {
            self.since_ms = cx.now_ms;
        }
        let next = match given {
            Ok(Sent::All) => return Ok(pending.ahead),
            Ok(Sent::Quantum) => ClientStep::Requeue,
            Ok(Sent::FileNotReady) => ClientStep::NextTick,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => ClientStep::AwaitWritable,
            Err(_) => return Err(ClientStep::Close),
        };
        // Of what was read no more is kept than what it is about.
        pending.ahead = Bytes::copy_from_slice(&pending.ahead);
        self.state = ClientState::Responding(Box::new(pending));
        Err(next)
    }

    /// By when it must have got on, and why it is let go otherwise.
    fn deadline(&self, limits: &AcceptLimits) -> (u64, Refusal) {
        let (within_ms, why) = match self.state {
            ClientState::Responding(_) => (limits.write_stall_ms, Refusal::WriteStall),
            _ if self.kept_alive => (limits.idle_ms, Refusal::Idle),
            _ => (limits.header_ms, Refusal::HeaderTimeout),
        };
        (self.since_ms.saturating_add(within_ms), why)
    }
}

impl Shard {
    /// Takes a client in, and answers what it has already asked.
    pub(super) fn register(
        &mut self,
        socket: Socket,
        peer: SocketAddr,
        kept_alive: bool,
        permit: Permit,
    ) {
        let now_ms = self.now_ms();
        let key = self.clients.insert(Client {
            socket,
            state: ClientState::Reading,
            since_ms: now_ms,
            kept_alive,
            queued: false,
            blocked: false,
            peer,
            permit,
        });
        let (source, token) = (&mut self.clients[key].socket.tcp, Token(key | CLIENT));
        let interest = Interest::READABLE | Interest::WRITABLE;
        match self.poll.registry().register(source, token, interest) {
            Ok(()) => self.queue(key),
            Err(_) => self.discard(key),
        }
    }

    /// Something has happened to a client's socket. It is told once (edge-triggered): a client waits only after a read said `WouldBlock`,
    /// and is blocked only after a write did.
    pub(super) fn on_ready(&mut self, key: usize, event: &Event) {
        let ends = event.is_error() || event.is_read_closed() || event.is_write_closed();
        let Some(client) = self.clients.get(key) else {
            return;
        };
        let helps = if client.blocked {
            event.is_writable()
        } else {
            event.is_readable()
        };
        if helps || ends {
            self.queue(key);
        }
    }

    /// Its turn comes when those before it have had theirs.
    fn queue(&mut self, key: usize) {
        if let Some(client) = self.clients.get_mut(key)
            && !std::mem::replace(&mut client.queued, true)
        {
            self.due.push_back(key);
        }
    }

    /// Gives clients their turns, those of this tick and those that were not reached before, for as long as [`CLIENTS_US`].
    pub(super) fn serve_due(&mut self, woke_us: u64) {
        let tick = woke_us / (TICK_MS * 1_000);
        if tick != self.later_since {
            self.later_since = tick;
            self.due.extend(self.later.drain(..));
        }
        while let Some(key) = self.due.pop_front() {
            if let Some(client) = self.clients.get_mut(key) {
                client.queued = false;
                self.serve_client(key);
            }
            if self.now_us() - woke_us > CLIENTS_US {
                return;
            }
        }
    }

    /// One cx.
    fn serve_client(&mut self, key: usize) {
        let now_ms = self.now_ms();
        let client = &mut self.clients[key];
        let piece_bytes = if client.socket.tls.is_some() {
            RECORD_BYTES_MAX
        } else {
            SPACE_BYTES
        };
        client.blocked = false;
        let mut cx = ServeContext {
            edge: &self.edge,
            limits: &self.limits,
            files: &mut self.files,
            space: &mut self.space,
            piece_bytes,
            now_ms,
        };
        match client.go_on(&mut cx) {
            ClientStep::AwaitReadable => {}
            ClientStep::Requeue => self.queue(key),
            ClientStep::NextTick => self.defer(key),
            ClientStep::AwaitWritable => client.blocked = true,
            ClientStep::Close => self.discard(key),
            ClientStep::Return(ahead) => self.return_client(key, ahead),
            ClientStep::Listen(live) => {
                let Client { socket, permit, .. } = self.remove(key);
                self.add_listener(socket, permit, live);
            }
        }
    }

    fn defer(&mut self, key: usize) {
        self.clients[key].queued = true;
        self.later.push(key);
    }

    fn return_client(&mut self, key: usize, ahead: Bytes) {
        let client = &mut self.clients[key];
        if let Err(why) = client.permit.come_back() {
            self.edge.count().refuse(why);
            if client.socket.tls.is_none() {
                let words = raw_sentence(StatusCode::SERVICE_UNAVAILABLE, FULL);
                // An empty socket buffer takes a sentence; one that does not is let go without.
                let _ = client.socket.tcp.write(&words);
            }
            return self.discard(key);
        }
        match self.returns.send_socket(&client.socket.tcp) {
            Ok(()) => {
                let Client {
                    socket,
                    peer,
                    permit,
                    ..
                } = self.remove(key);
                self.evict_one();
                self.returns.send_state(ReturnState {
                    tls: socket.tls,
                    peer,
                    permit,
                    read_ahead: ahead,
                });
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                client.state = ClientState::Returning(ahead);
                self.defer(key);
            }
            Err(_) => self.discard(key),
        }
    }

    /// Counts who reads, and lets those go whose time is over; all that are pending nothing when this process leaves.
    pub(super) fn expire(&mut self, now_ms: u64) {
        let leaving = self.edge.draining();
        let reads = |client: &Client| matches!(&client.state, ClientState::Responding(pending) if pending.part.is_some());
        let reading = self.clients.iter().filter(|(_, client)| reads(client));
        self.status
            .gauge
            .reading
            .store(reading.count(), Ordering::Relaxed);
        let over: Vec<(usize, Option<Refusal>)> = self
            .clients
            .iter()
            .filter_map(|(key, client)| match client.deadline(&self.limits) {
                (at_ms, why) if at_ms <= now_ms => Some((key, Some(why))),
                _ if leaving && matches!(client.state, ClientState::Reading) => Some((key, None)),
                _ => None,
            })
            .collect();
        for (key, why) in over {
            let Client { socket, .. } = self.remove(key);
            self.evict_one();
            if let Some(why) = why {
                self.edge.count().refuse(why);
            }
            if why == Some(Refusal::WriteStall) {
                socket.reset();
            } else {
                socket.finish();
            }
        }
    }

    fn discard(&mut self, key: usize) {
        self.remove(key);
        self.evict_one();
    }

    /// Out of the table, and no longer watched.
    fn remove(&mut self, key: usize) -> Client {
        let mut client = self.clients.remove(key);
        if client.queued {
            self.due.retain(|other| *other != key);
            self.later.retain(|other| *other != key);
        }
        let _ = self.poll.registry().deregister(&mut client.socket.tcp);
        client
    }
}
