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

use super::Live;
use super::files::{Files, OpenFile};
use super::home::Papers;
use super::listener::Wire;
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

/// Questions of one client answered in one turn.
const QUESTIONS_MAX: usize = 16;

/// Given to one client in one turn, bytes, and at most one piece more.
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
    state: State,
    /// Since when nothing has come, or nothing of what it is owed was taken, ms.
    since_ms: u64,
    has_asked: bool,
    /// Its turn will come without anything happening to its socket.
    queued: bool,
    /// Nothing helps but that its socket takes more.
    blocked: bool,
    peer: SocketAddr,
    permit: Permit,
}

enum State {
    Asks,
    Owed(Box<Owed>),
    /// With these bytes, as soon as the way is free.
    GoesHome(Bytes),
}

/// What of an answer was not given yet, and what was asked behind it: at most [`READ_BYTES`].
#[derive(Default)]
struct Owed {
    head: Bytes,
    body: Bytes,
    part: Option<Part>,
    ahead: Bytes,
}

/// What is left to give of a file.
struct Part {
    file: Rc<OpenFile>,
    left: Range<u64>,
    /// Since when the next bytes have been waited for, ms.
    waits_since_ms: Option<u64>,
}

/// How far giving came.
enum Given {
    All,
    /// It has had its turn.
    Turn,
    /// The file is not in memory yet.
    NotYet,
}

impl Owed {
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
                part: Some(Part {
                    file,
                    left: part,
                    waits_since_ms: None,
                }),
                ..Self::default()
            },
        })
    }

    /// Gives what the wire takes; `WouldBlock` until it takes more.
    fn give(&mut self, turn: &mut Turn<'_>, wire: &mut impl Wire) -> io::Result<Given> {
        let mut given = 0;
        while !(self.head.is_empty() && self.body.is_empty()) {
            if given >= TURN_BYTES {
                return Ok(Given::Turn);
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
                return Ok(Given::Turn);
            }
            let Some(piece) = part.read(turn)? else {
                return Ok(Given::NotYet);
            };
            let count = write(wire, &[IoSlice::new(piece)])?;
            part.left.start += count as u64;
            given += count;
        }
        wire.flush().map(|()| Given::All)
    }
}

impl Part {
    /// The next piece, if it is in memory.
    fn read<'a>(&mut self, turn: &'a mut Turn<'_>) -> io::Result<Option<&'a [u8]>> {
        let (at, left) = (self.left.start, self.left.end - self.left.start);
        let want = left.min(turn.piece_bytes as u64) as usize;
        let piece = &mut turn.space[..want];
        let read = self.file.read_at(piece, at);
        if let Ok(Some(count)) = read {
            self.waits_since_ms = None;
            return Ok(Some(&piece[..count]));
        }
        let since_ms = *self.waits_since_ms.get_or_insert_with(|| {
            self.file.fetch(at);
            turn.now_ms
        });
        let late = turn.now_ms >= since_ms.saturating_add(turn.limits.write_stall_ms);
        if late || read.is_err() {
            turn.edge.count().refuse(Refusal::FileUnread);
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(None)
    }
}

fn write(wire: &mut impl Wire, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    loop {
        match wire.write_vectored(slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            written => return written,
        }
    }
}

/// What is to be done with a client.
enum Next {
    Waits,
    /// Until its socket takes more.
    Blocked,
    /// When others have had their turn.
    Again,
    /// In the next tick.
    Later,
    Gone,
    Home(Bytes),
    Listens(Live),
}

/// What a shard lends to the client whose turn it is.
struct Turn<'a> {
    edge: &'a Edge,
    limits: &'a AcceptLimits,
    files: &'a mut Files,
    space: &'a mut [u8],
    /// Read of a file at once: what the socket takes at once.
    piece_bytes: usize,
    now_ms: u64,
}

impl Client {
    /// Gives what it is owed, then answers what it asks.
    fn go_on(&mut self, turn: &mut Turn<'_>) -> Next {
        match self.answers(turn) {
            Ok(never) => match never {},
            Err(next) => next,
        }
    }

    /// Until there is something else to do.
    fn answers(&mut self, turn: &mut Turn<'_>) -> Result<Infallible, Next> {
        let mut ahead = match std::mem::replace(&mut self.state, State::Asks) {
            State::Asks => Bytes::new(),
            State::GoesHome(ahead) => return Err(Next::Home(ahead)),
            State::Owed(owed) => self.settle(turn, *owed)?,
        };
        let mut answered = 0;
        loop {
            if ahead.is_empty() {
                ahead = self.hear(turn)?;
            }
            if answered == QUESTIONS_MAX {
                let owed = Owed {
                    ahead,
                    ..Owed::default()
                };
                self.state = State::Owed(Box::new(owed));
                return Err(Next::Again);
            }
            answered += 1;
            let (used, owed) = match question(turn.edge, &ahead, turn.limits) {
                Question::Answered(used, method, response) => {
                    (used, Owed::memory(&method, response))
                }
                Question::File(used, ask) => match Owed::file(turn.files, &ask) {
                    Some(owed) => (used, owed),
                    None => return Err(Next::Home(ahead)),
                },
                Question::Live(response, place, rung) => {
                    add(&turn.edge.count().requests, 1);
                    return Err(Next::Listens(Live {
                        answer: live_head(&response, true),
                        chunked: true,
                        rung,
                        place,
                    }));
                }
                Question::Else => return Err(Next::Home(ahead)),
            };
            add(&turn.edge.count().requests, 1);
            self.has_asked = true;
            self.since_ms = turn.now_ms;
            ahead.advance(used);
            ahead = self.settle(turn, Owed { ahead, ..owed })?;
        }
    }

    /// What it has sent.
    fn hear(&mut self, turn: &mut Turn<'_>) -> Result<Bytes, Next> {
        let space = &mut turn.space[..READ_BYTES];
        loop {
            let mut came = 0;
            let got = self.socket.read(space, &mut came);
            add(&turn.edge.count().bytes_received, came);
            return match got {
                Ok(0) => Err(Next::Gone),
                Ok(count) => Ok(Bytes::copy_from_slice(&space[..count])),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(Next::Waits),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => Err(Next::Gone),
            };
        }
    }

    /// Gives what is owed, and then what was asked behind it back; or keeps what is left.
    fn settle(&mut self, turn: &mut Turn<'_>, mut owed: Owed) -> Result<Bytes, Next> {
        let mut taken = 0;
        let given = owed.give(turn, &mut self.socket.counted(&mut taken));
        if taken > 0 {
            add(&turn.edge.count().bytes_sent, taken);
        }
        // What is waited for on our side is not the peer's idleness.
        if taken > 0 || matches!(given, Ok(Given::NotYet)) {
            self.since_ms = turn.now_ms;
        }
        let next = match given {
            Ok(Given::All) => return Ok(owed.ahead),
            Ok(Given::Turn) => Next::Again,
            Ok(Given::NotYet) => Next::Later,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Next::Blocked,
            Err(_) => return Err(Next::Gone),
        };
        // Of what was read no more is kept than what it is about.
        owed.ahead = Bytes::copy_from_slice(&owed.ahead);
        self.state = State::Owed(Box::new(owed));
        Err(next)
    }

    /// By when it must have got on, and why it is let go otherwise.
    fn deadline(&self, limits: &AcceptLimits) -> (u64, Refusal) {
        let (within_ms, why) = match self.state {
            State::Owed(_) => (limits.write_stall_ms, Refusal::WriteStall),
            _ if self.has_asked => (limits.idle_ms, Refusal::Idle),
            _ => (limits.header_ms, Refusal::HeaderTimeout),
        };
        (self.since_ms.saturating_add(within_ms), why)
    }
}

impl Shard {
    /// Takes a client in, and answers what it has already asked.
    pub(super) fn welcome(
        &mut self,
        socket: Socket,
        peer: SocketAddr,
        has_asked: bool,
        permit: Permit,
    ) {
        let now_ms = self.now_ms();
        let key = self.clients.insert(Client {
            socket,
            state: State::Asks,
            since_ms: now_ms,
            has_asked,
            queued: false,
            blocked: false,
            peer,
            permit,
        });
        let (source, token) = (&mut self.clients[key].socket.tcp, Token(key | CLIENT));
        let interest = Interest::READABLE | Interest::WRITABLE;
        match self.poll.registry().register(source, token, interest) {
            Ok(()) => self.queue(key),
            Err(_) => self.dismiss(key),
        }
    }

    /// Something has happened to a client's socket. It is told once (edge-triggered): a client waits only after a read said `WouldBlock`,
    /// and is blocked only after a write did.
    pub(super) fn hear_of(&mut self, key: usize, event: &Event) {
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
    pub(super) fn attend_those_due(&mut self, woke_us: u64) {
        let tick = woke_us / (TICK_MS * 1_000);
        if tick != self.later_since {
            self.later_since = tick;
            self.due.extend(self.later.drain(..));
        }
        while let Some(key) = self.due.pop_front() {
            if let Some(client) = self.clients.get_mut(key) {
                client.queued = false;
                self.attend(key);
            }
            if self.now_us() - woke_us > CLIENTS_US {
                return;
            }
        }
    }

    /// One turn.
    fn attend(&mut self, key: usize) {
        let now_ms = self.now_ms();
        let client = &mut self.clients[key];
        let piece_bytes = if client.socket.tls.is_some() {
            RECORD_BYTES_MAX
        } else {
            SPACE_BYTES
        };
        client.blocked = false;
        let mut turn = Turn {
            edge: &self.edge,
            limits: &self.limits,
            files: &mut self.files,
            space: &mut self.space,
            piece_bytes,
            now_ms,
        };
        match client.go_on(&mut turn) {
            Next::Waits => {}
            Next::Again => self.queue(key),
            Next::Later => self.look_later(key),
            Next::Blocked => client.blocked = true,
            Next::Gone => self.dismiss(key),
            Next::Home(ahead) => self.go_home(key, ahead),
            Next::Listens(live) => {
                let Client { socket, permit, .. } = self.forget(key);
                self.seat(socket, permit, live);
            }
        }
    }

    fn look_later(&mut self, key: usize) {
        self.clients[key].queued = true;
        self.later.push(key);
    }

    fn go_home(&mut self, key: usize, ahead: Bytes) {
        let client = &mut self.clients[key];
        if let Err(why) = client.permit.come_back() {
            self.edge.count().refuse(why);
            if client.socket.tls.is_none() {
                let words = raw_sentence(StatusCode::SERVICE_UNAVAILABLE, FULL);
                // An empty socket buffer takes a sentence; one that does not is let go without.
                let _ = client.socket.tcp.write(&words);
            }
            return self.dismiss(key);
        }
        match self.home.send(&client.socket.tcp) {
            Ok(()) => {
                let Client {
                    socket,
                    peer,
                    permit,
                    ..
                } = self.forget(key);
                self.gave_up_one();
                self.home.follow(Papers {
                    tls: socket.tls,
                    peer,
                    permit,
                    ahead,
                });
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                client.state = State::GoesHome(ahead);
                self.look_later(key);
            }
            Err(_) => self.dismiss(key),
        }
    }

    /// Counts who reads, and lets those go whose time is over; all that are owed nothing when this process leaves.
    pub(super) fn sweep(&mut self, now_ms: u64) {
        let leaving = self.edge.draining();
        let reads =
            |client: &Client| matches!(&client.state, State::Owed(owed) if owed.part.is_some());
        let reading = self.clients.iter().filter(|(_, client)| reads(client));
        self.state
            .gauge
            .reading
            .store(reading.count(), Ordering::Relaxed);
        let over: Vec<(usize, Option<Refusal>)> = self
            .clients
            .iter()
            .filter_map(|(key, client)| match client.deadline(&self.limits) {
                (at_ms, why) if at_ms <= now_ms => Some((key, Some(why))),
                _ if leaving && matches!(client.state, State::Asks) => Some((key, None)),
                _ => None,
            })
            .collect();
        for (key, why) in over {
            let Client { socket, .. } = self.forget(key);
            self.gave_up_one();
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

    fn dismiss(&mut self, key: usize) {
        self.forget(key);
        self.gave_up_one();
    }

    /// Out of the table, and no longer watched.
    fn forget(&mut self, key: usize) -> Client {
        let mut client = self.clients.remove(key);
        if client.queued {
            self.due.retain(|other| *other != key);
            self.later.retain(|other| *other != key);
        }
        let _ = self.poll.registry().deregister(&mut client.socket.tcp);
        client
    }
}
