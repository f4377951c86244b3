//! A client: a connection that asks for what is in memory (pages, playlists, segments, chunks), answered where listeners are served.
//!
//! It owns no buffer and no timer. What it sends is read into the shard's one space; a question that is not whole or not plain
//! goes home with its bytes; and what its socket does not take of an answer is kept as references.

use std::io::{self, IoSlice, Write};
use std::net::SocketAddr;

use bytes::{Buf, Bytes};
use http::StatusCode;
use mio::{Interest, Token};

use super::Live;
use super::home::Papers;
use super::listener::Wire;
use super::run::Shard;
use super::socket::Socket;
use crate::accept::{FULL, Permit};
use crate::counters::{Refusal, add};
use crate::edge::Edge;
use crate::faces::{Question, question, raw_sentence};
use crate::limits::AcceptLimits;

/// What is read of a client at once, bytes. A head that is longer goes home.
pub(super) const SPACE_BYTES: usize = 16 * 1024;

/// Questions answered in a row before others have their turn. A client who asks on and on goes home, where turns are shared.
const QUESTIONS_MAX: usize = 16;

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
    peer: SocketAddr,
    permit: Permit,
}

enum State {
    Asks,
    Owed(Box<Owed>),
    /// With these bytes, as soon as the way is free.
    GoesHome(Bytes),
}

/// What of an answer the socket did not take, and what was asked behind it.
struct Owed {
    head: Bytes,
    body: Bytes,
    ahead: Bytes,
}

/// What is to be done with a client.
enum Next {
    Waits,
    /// Until its socket takes more.
    Blocked,
    Gone,
    Home(Bytes),
    Listens(Live),
}

impl Client {
    /// Gives what it is owed, then answers what it asks.
    fn go_on(&mut self, edge: &Edge, limits: &AcceptLimits, space: &mut [u8], now_ms: u64) -> Next {
        let mut ahead = match std::mem::replace(&mut self.state, State::Asks) {
            State::Asks => Bytes::new(),
            State::Owed(owed) => {
                let Owed { head, body, ahead } = *owed;
                match self.give(edge, head, body, now_ms) {
                    Ok(None) => ahead,
                    Ok(Some((head, body))) => return self.owe(head, body, ahead),
                    Err(_) => return Next::Gone,
                }
            }
            State::GoesHome(ahead) => return Next::Home(ahead),
        };
        let mut answered = 0;
        loop {
            let mut came = 0;
            let bytes = if ahead.is_empty() {
                let got = self.socket.read(space, &mut came);
                add(&edge.count().bytes_received, came);
                match got {
                    Ok(0) => return Next::Gone,
                    Ok(count) => &space[..count],
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Next::Waits,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(_) => return Next::Gone,
                }
            } else {
                &ahead[..]
            };
            let mut rest = bytes;
            while !rest.is_empty() {
                if answered == QUESTIONS_MAX {
                    return Next::Home(Bytes::copy_from_slice(rest));
                }
                answered += 1;
                match question(edge, rest, limits.headers_max) {
                    Question::Answered(used, [head, body]) => {
                        rest = &rest[used..];
                        add(&edge.count().requests, 1);
                        self.has_asked = true;
                        self.since_ms = now_ms;
                        match self.give(edge, head, body, now_ms) {
                            Ok(None) => {}
                            Ok(Some((head, body))) => {
                                let ahead = Bytes::copy_from_slice(rest);
                                return self.owe(head, body, ahead);
                            }
                            Err(_) => return Next::Gone,
                        }
                    }
                    Question::Live(answer, place, rung) => {
                        add(&edge.count().requests, 1);
                        return Next::Listens(Live {
                            answer,
                            chunked: true,
                            rung,
                            place,
                        });
                    }
                    Question::Else => return Next::Home(Bytes::copy_from_slice(rest)),
                }
            }
            ahead = Bytes::new();
        }
    }

    fn owe(&mut self, head: Bytes, body: Bytes, ahead: Bytes) -> Next {
        self.state = State::Owed(Box::new(Owed { head, body, ahead }));
        Next::Blocked
    }

    /// Gives what the socket takes, and the rest back.
    fn give(
        &mut self,
        edge: &Edge,
        mut head: Bytes,
        mut body: Bytes,
        now_ms: u64,
    ) -> io::Result<Option<(Bytes, Bytes)>> {
        let mut taken = 0;
        let mut wire = self.socket.counted(&mut taken);
        let blocked = |error: &io::Error| error.kind() == io::ErrorKind::WouldBlock;
        let given = loop {
            if head.is_empty() && body.is_empty() {
                break match wire.flush() {
                    Ok(()) => Ok(None),
                    Err(error) if blocked(&error) => Ok(Some((head, body))),
                    Err(error) => Err(error),
                };
            }
            match wire.write_vectored(&[IoSlice::new(&head), IoSlice::new(&body)]) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    let of_head = count.min(head.len());
                    head.advance(of_head);
                    body.advance(count - of_head);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if blocked(&error) => break Ok(Some((head, body))),
                Err(error) => break Err(error),
            }
        };
        if taken > 0 {
            self.since_ms = now_ms;
            add(&edge.count().bytes_sent, taken);
        }
        given
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
            peer,
            permit,
        });
        if self.watch(key, Interest::READABLE, true) {
            self.attend(key);
        } else {
            self.dismiss(key);
        }
    }

    /// Goes on with a client whose socket has something, or takes something.
    pub(super) fn attend(&mut self, key: usize) {
        let now_ms = self.now_ms();
        let Some(client) = self.clients.get_mut(key) else {
            return;
        };
        match client.go_on(&self.edge, &self.limits, &mut self.space, now_ms) {
            Next::Waits => {}
            Next::Blocked => {
                self.watch(key, Interest::READABLE | Interest::WRITABLE, false);
            }
            Next::Gone => self.dismiss(key),
            Next::Home(ahead) => self.go_home(key, ahead),
            Next::Listens(live) => {
                let Client { socket, permit, .. } = self.forget(key);
                self.seat(socket, permit, live);
            }
        }
    }

    /// Those who could not go home yet.
    pub(super) fn go_home_again(&mut self) {
        for key in std::mem::take(&mut self.homeward) {
            self.attend(key);
        }
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
                self.homeward.push(key);
            }
            Err(_) => self.dismiss(key),
        }
    }

    /// Lets those go whose time is over; all that are owed nothing when this process leaves.
    pub(super) fn sweep(&mut self, now_ms: u64) {
        let leaving = self.edge.draining();
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
        let _ = self.poll.registry().deregister(&mut client.socket.tcp);
        client
    }

    /// Says whether that could be.
    fn watch(&mut self, key: usize, interest: Interest, first: bool) -> bool {
        let (source, token) = (&mut self.clients[key].socket.tcp, Token(key | CLIENT));
        let registry = self.poll.registry();
        let watched = if first {
            registry.register(source, token, interest)
        } else {
            registry.reregister(source, token, interest)
        };
        watched.is_ok()
    }
}
