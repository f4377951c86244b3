//! What both parts of a shard, its clients and its listeners, work with.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use mio::net::TcpStream;
use mio::{Interest, Poll, Token};

use super::clock::Clock;
use super::handoff::ShardStatus;
use super::local::Local;
use crate::edge::Edge;
use crate::limits::AcceptLimits;

/// Marks clients among the poller's tokens; those without the mark are listeners.
const CLIENT: usize = 1 << (usize::BITS - 2);

/// See the module.
pub(super) struct ShardContext {
    pub(super) edge: Edge,
    pub(super) limits: AcceptLimits,
    pub(super) status: Arc<ShardStatus>,
    pub(super) clock: Clock,
    pub(super) poll: Local<Poll>,
}

/// Whose socket the poller reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The channel through which sockets arrive.
    Inbox,
    /// The client with that key.
    Client(usize),
    /// The listener with that key.
    Listener(usize),
}

impl From<Source> for Token {
    fn from(source: Source) -> Self {
        Self(match source {
            Source::Inbox => usize::MAX,
            Source::Client(key) => key | CLIENT,
            Source::Listener(key) => key,
        })
    }
}

impl From<Token> for Source {
    fn from(token: Token) -> Self {
        match token.0 {
            usize::MAX => Self::Inbox,
            number if number & CLIENT != 0 => Self::Client(number & !CLIENT),
            number => Self::Listener(number),
        }
    }
}

impl ShardContext {
    pub(super) fn watch(
        &self,
        socket: &mut TcpStream,
        source: Source,
        interest: Interest,
    ) -> io::Result<()> {
        self.poll
            .registry()
            .register(socket, source.into(), interest)
    }

    pub(super) fn unwatch(&self, socket: &mut TcpStream) {
        // It fails only for a socket that is not watched.
        let _ = self.poll.registry().deregister(socket);
    }

    /// This shard no longer has a socket that was counted when it was handed over.
    pub(super) fn release_socket(&self) {
        self.status.gauge.sockets.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_the_source_it_was_made_of() {
        for source in [
            Source::Inbox,
            Source::Client(0),
            Source::Client(1_000_000),
            Source::Listener(0),
            Source::Listener(1_000_000),
        ] {
            assert_eq!(Source::from(Token::from(source)), source);
        }
    }
}
