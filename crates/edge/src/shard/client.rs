//! A client: a connection that asks for documents, playlists, segments, chunks or recordings, served by the thread that sends to
//! listeners.
//!
//! It owns no buffer and no timer. What it sends is read into the shard's one buffer; a request that is not whole or not plain is
//! returned to the accept side with its bytes; and what the socket does not take of an answer is kept as a [`PendingResponse`].

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;

use bytes::{Buf, Bytes};

use super::handoff::LiveResponse;
use super::pending::{PendingResponse, Sent, ServeContext};
use super::socket::Socket;
use crate::counters::add;
use crate::faces::{ParsedRequest, parse_request};
use crate::gate::{Missed, Permit};
use crate::heads::live_head;
use crate::limits::AcceptLimits;

/// Read from a client at once, bytes. A request head that is longer is returned to the accept side.
const READ_BYTES: usize = 16 * 1024;

/// Requests of one client that are answered before others are served.
const REQUESTS_MAX: usize = 16;

/// See the module.
pub(super) struct Client {
    pub(super) socket: Socket,
    pub(super) state: ClientState,
    /// Since when nothing has come of a request, or nothing of an answer was taken, ms.
    since_ms: u64,
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
    Responding(Box<PendingResponse>),
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
        now_ms: u64,
    ) -> Self {
        Self {
            socket,
            state: ClientState::Reading,
            since_ms: now_ms,
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

    /// By when it must have made progress, ms, and which deadline it has missed otherwise.
    pub(super) fn deadline(&self, limits: &AcceptLimits) -> (u64, Missed) {
        let (within_ms, missed) = match self.state {
            ClientState::Responding(_) => (limits.write_stall_ms, Missed::Write),
            _ if self.kept_alive => (limits.idle_ms, Missed::Idle),
            _ => (limits.header_ms, Missed::FirstByte),
        };
        (self.since_ms.saturating_add(within_ms), missed)
    }

    /// Until there is something else to do, which is the error, so that `?` ends it.
    fn serve_requests(&mut self, cx: &mut ServeContext<'_>) -> Result<Infallible, ClientStep> {
        let mut ahead = match std::mem::replace(&mut self.state, ClientState::Reading) {
            ClientState::Reading => Bytes::new(),
            ClientState::Returning(ahead) => return Err(ClientStep::Return(ahead)),
            ClientState::Responding(pending) => self.respond(cx, *pending)?,
        };
        let mut answered = 0;
        loop {
            if ahead.is_empty() {
                ahead = self.read(cx)?;
            }
            if answered == REQUESTS_MAX {
                let nothing = PendingResponse::nothing(ahead);
                self.state = ClientState::Responding(Box::new(nothing));
                return Err(ClientStep::Requeue);
            }
            answered += 1;
            let (used, mut pending) = match parse_request(cx.edge, &ahead, cx.limits) {
                ParsedRequest::Answered(used, method, response) => {
                    (used, PendingResponse::memory(&method, response))
                }
                ParsedRequest::File(used, request) => {
                    match PendingResponse::file(cx.files, &request) {
                        Some(pending) => (used, pending),
                        None => return Err(ClientStep::Return(ahead)),
                    }
                }
                ParsedRequest::Live(response, subscription, rung) => {
                    add(&cx.edge.count().requests, 1);
                    return Err(ClientStep::Listen(LiveResponse {
                        head: live_head(&response, true),
                        chunked: true,
                        rung,
                        subscription,
                    }));
                }
                ParsedRequest::Else => return Err(ClientStep::Return(ahead)),
            };
            add(&cx.edge.count().requests, 1);
            self.kept_alive = true;
            self.since_ms = cx.now_ms;
            ahead.advance(used);
            pending.read_ahead = ahead;
            ahead = self.respond(cx, pending)?;
        }
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
        // A file that we wait for is not the peer's idleness.
        if taken > 0 || matches!(sent, Ok(Sent::FileNotReady)) {
            self.since_ms = cx.now_ms;
        }
        let step = match sent {
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
