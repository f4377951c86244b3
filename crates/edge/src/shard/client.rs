//! A client: a connection that asks for documents, playlists, segments, chunks or recordings, served by the thread that sends to
//! listeners.
//!
//! It owns no buffer and no timer. What it sends is read into the shard's one buffer; of a head that has not come to its end just those
//! bytes are kept; a request for a handler is returned to the accept side with its bytes; and what the socket does not take of an answer is
//! kept as a [`PendingResponse`].

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;

use bytes::{Buf, Bytes};

use super::handoff::LiveResponse;
use super::pending::{PendingResponse, Sent, ServeContext};
use super::socket::Socket;
use crate::counters::add;
use crate::faces::{ParsedRequest, parse_request_of};
use crate::gate::{Missed, Permit};
use crate::heads::live_head;
use crate::limits::{AcceptLimits, LINGER_BYTES_MAX, REFUSAL_WRITE_MS, WRITE_BYTES_MIN};

/// Read from a client at once, bytes.
const READ_BYTES: usize = 16 * 1024;

/// Requests of one client that are answered before others are served.
const REQUESTS_MAX: usize = 16;

/// See the module.
pub(super) struct Client {
    pub(super) socket: Socket,
    pub(super) state: ClientState,
    /// Since when nothing has come of a request, or too little of an answer was taken, ms; or when its head began.
    since_ms: u64,
    /// Taken of an answer since then, bytes.
    taken: u64,
    /// What it has in the pool of heads, if it has: since when, ms, and how many bytes.
    pub(super) pooled: Option<(u64, usize)>,
    /// A request was already answered on this connection.
    kept_alive: bool,
    /// It waits to be served, whatever happens to its socket.
    pub(super) queued: bool,
    /// Only a socket that takes more helps.
    pub(super) blocked: bool,
    pub(super) peer: SocketAddr,
    pub(super) permit: Permit,
}

/// What a client is about.
pub(super) enum ClientState {
    /// Its next request is waited for.
    Reading,
    /// The rest of a head is waited for that begins with these bytes.
    Head(Bytes),
    Responding(Box<PendingResponse>),
    /// Everything was sent and its end with it; so many bytes of what still came were thrown away. A socket that is closed with unread
    /// bytes sends a reset, which may overtake the answer (RFC 9112 section 9.6).
    Lingering(usize),
    /// It goes back to the accept side with these bytes as soon as there is room on the way.
    Returning(Bytes),
}

/// What is to be done with a client that was served.
pub(super) enum ClientStep {
    AwaitReadable,
    AwaitWritable,
    /// Serve it again after the others.
    Requeue,
    /// Serve it again in the next tick.
    NextTick,
    Close,
    /// Return it to the accept side with these bytes.
    Return(Bytes),
    Listen(LiveResponse),
}

impl Client {
    pub(super) fn new(
        socket: Socket,
        peer: SocketAddr,
        kept_alive: bool,
        permit: Permit,
        read_ahead: Bytes,
        now_ms: u64,
    ) -> Self {
        let state = if read_ahead.is_empty() {
            ClientState::Reading
        } else {
            let nothing = PendingResponse::nothing(read_ahead);
            ClientState::Responding(Box::new(nothing))
        };
        Self {
            socket,
            state,
            since_ms: now_ms,
            taken: 0,
            pooled: None,
            kept_alive,
            queued: false,
            blocked: false,
            peer,
            permit,
        }
    }

    /// Sends what is pending, then answers what it asks.
    pub(super) fn serve(&mut self, cx: &mut ServeContext<'_>) -> ClientStep {
        match self.serve_requests(cx) {
            Ok(never) => match never {},
            Err(step) => step,
        }
    }

    /// Whether it is in the middle of a recording.
    pub(super) fn reads_file(&self) -> bool {
        matches!(&self.state, ClientState::Responding(pending) if pending.is_file())
    }

    /// By when it must have made progress, ms, and which deadline it has missed otherwise; none where it is just closed then.
    pub(super) fn deadline(&self, limits: &AcceptLimits) -> (u64, Option<Missed>) {
        let (within_ms, missed) = match self.state {
            ClientState::Responding(_) => (limits.write_stall_ms, Some(Missed::Write)),
            ClientState::Head(_) => (limits.header_ms, Some(Missed::Head)),
            ClientState::Lingering(_) => (REFUSAL_WRITE_MS, None),
            ClientState::Reading | ClientState::Returning(_) if self.kept_alive => {
                (limits.idle_ms, Some(Missed::Idle))
            }
            ClientState::Reading | ClientState::Returning(_) => {
                (limits.header_ms, Some(Missed::FirstByte))
            }
        };
        (self.since_ms.saturating_add(within_ms), missed)
    }

    /// Whether nothing that it asked for is on its way to it.
    pub(super) fn is_asking(&self) -> bool {
        matches!(self.state, ClientState::Reading | ClientState::Head(_))
    }

    /// Of a head that has not come to its end: since when it comes, ms, and its bytes so far.
    pub(super) fn partial_head(&self) -> Option<(u64, usize)> {
        match &self.state {
            ClientState::Head(begun) => Some((self.since_ms, begun.len())),
            _ => None,
        }
    }

    /// Tells it why it is let go, instead of whatever it was about. It is to be served then.
    pub(super) fn dismiss(&mut self, refusal: Vec<u8>, now_ms: u64) {
        let farewell = PendingResponse::farewell(refusal);
        self.state = ClientState::Responding(Box::new(farewell));
        self.since_ms = now_ms;
        self.taken = 0;
    }

    /// Until there is something else to do, which is the error, so that `?` ends it.
    fn serve_requests(&mut self, cx: &mut ServeContext<'_>) -> Result<Infallible, ClientStep> {
        let mut ahead = match std::mem::replace(&mut self.state, ClientState::Reading) {
            ClientState::Reading => Bytes::new(),
            ClientState::Head(begun) => self.read_on(cx, begun)?,
            ClientState::Returning(ahead) => return Err(ClientStep::Return(ahead)),
            ClientState::Lingering(read) => return Err(self.linger(cx, read)),
            ClientState::Responding(pending) => self.respond(cx, *pending)?,
        };
        let mut answered = 0;
        loop {
            if ahead.is_empty() {
                ahead = self.read(cx)?;
                self.since_ms = cx.now_ms;
            }
            if answered == REQUESTS_MAX {
                let nothing = PendingResponse::nothing(ahead);
                self.state = ClientState::Responding(Box::new(nothing));
                return Err(ClientStep::Requeue);
            }
            let from = self.permit.prefix();
            let (used, mut pending) = match parse_request_of(cx.edge, &ahead, cx.limits, from) {
                ParsedRequest::Answered(used, method, response, after) => {
                    (used, PendingResponse::memory(&method, response, after))
                }
                ParsedRequest::File(used, request, after) => {
                    match PendingResponse::file(cx.files, &request, after) {
                        Some(pending) => (used, pending),
                        None => return Err(ClientStep::Return(ahead)),
                    }
                }
                ParsedRequest::Live(response, subscription, rung, chunked) => {
                    add(&cx.edge.count().requests, 1);
                    return Err(ClientStep::Listen(LiveResponse {
                        head: live_head(&response, chunked),
                        chunked,
                        rung,
                        subscription,
                    }));
                }
                ParsedRequest::Partial => {
                    ahead = self.read_on(cx, ahead)?;
                    continue;
                }
                ParsedRequest::Else => return Err(ClientStep::Return(ahead)),
            };
            answered += 1;
            add(&cx.edge.count().requests, 1);
            self.kept_alive = true;
            (self.since_ms, self.taken) = (cx.now_ms, 0);
            ahead.advance(used);
            pending.read_ahead = ahead;
            ahead = self.respond(cx, pending)?;
        }
    }

    /// Reads on until a head may have come to its end; keeps what there is of it when no more is there.
    fn read_on(&mut self, cx: &mut ServeContext<'_>, begun: Bytes) -> Result<Bytes, ClientStep> {
        let mut head = begun.to_vec();
        loop {
            match self.read(cx) {
                Ok(more) => {
                    head.extend_from_slice(&more);
                    // It ends with a line, or is too long: a byte at a time is not parsed each time.
                    if more.contains(&b'\n') || head.len() > cx.limits.header_bytes_max {
                        return Ok(head.into());
                    }
                }
                Err(ClientStep::AwaitReadable) => {
                    self.state = ClientState::Head(head.into_boxed_slice().into());
                    return Err(ClientStep::AwaitReadable);
                }
                Err(step) => return Err(step),
            }
        }
    }

    /// Throws away what still comes, until the peer has closed, too.
    fn linger(&mut self, cx: &mut ServeContext<'_>, mut read: usize) -> ClientStep {
        while read < LINGER_BYTES_MAX {
            match self.read(cx) {
                Ok(more) => read += more.len(),
                Err(ClientStep::AwaitReadable) => {
                    self.state = ClientState::Lingering(read);
                    return ClientStep::AwaitReadable;
                }
                Err(step) => return step,
            }
        }
        ClientStep::Close
    }

    /// Reads what it has sent.
    fn read(&mut self, cx: &mut ServeContext<'_>) -> Result<Bytes, ClientStep> {
        let buffer = &mut cx.buffer[..READ_BYTES];
        loop {
            let mut received = 0;
            let got = self.socket.read(buffer, &mut received);
            add(&cx.edge.count().bytes_received, received);
            return match got {
                Ok(0) => Err(ClientStep::Close),
                Ok(count) => Ok(Bytes::copy_from_slice(&buffer[..count])),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    Err(ClientStep::AwaitReadable)
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => Err(ClientStep::Close),
            };
        }
    }

    /// Sends an answer and returns what was asked behind it; or keeps what the socket did not take.
    fn respond(
        &mut self,
        cx: &mut ServeContext<'_>,
        mut pending: PendingResponse,
    ) -> Result<Bytes, ClientStep> {
        let mut taken = 0;
        let sent = pending.send(cx, &mut self.socket.counted(&mut taken));
        if taken > 0 {
            add(&cx.edge.count().bytes_sent, taken);
        }
        self.taken += taken;
        // A file that we wait for is not the peer's idleness.
        if self.taken >= WRITE_BYTES_MIN || matches!(sent, Ok(Sent::FileNotReady)) {
            (self.since_ms, self.taken) = (cx.now_ms, 0);
        }
        let step = match sent {
            Ok(Sent::All) if pending.closes => {
                self.socket.say_end();
                self.since_ms = cx.now_ms;
                return Err(self.linger(cx, pending.read_ahead.len()));
            }
            Ok(Sent::All) => return Ok(pending.read_ahead),
            Ok(Sent::Quantum) => ClientStep::Requeue,
            Ok(Sent::FileNotReady) => ClientStep::NextTick,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => ClientStep::AwaitWritable,
            Err(_) => return Err(ClientStep::Close),
        };
        // A copy, so that a few bytes do not keep everything that was read with them.
        pending.read_ahead = Bytes::copy_from_slice(&pending.read_ahead);
        self.state = ClientState::Responding(Box::new(pending));
        Err(step)
    }
}
