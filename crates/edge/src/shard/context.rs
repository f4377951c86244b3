//! What both parts of a shard, its clients and its listeners, work with.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use mio::net::TcpStream;
use mio::{Interest, Poll, Token};

use super::clock::Clock;
use super::handoff::ShardStatus;
use super::table_bound::TableBound;
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
    pub(super) poll: TableBound<Poll>,
}

/// Whose socket the poller reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PollToken {
    /// The channel through which sockets arrive.
    Inbox,
    /// The client with that key.
    Client(usize),
    /// The listener with that key.
    Listener(usize),
}

impl From<PollToken> for Token {
    fn from(source: PollToken) -> Self {
        Self(match source {
            PollToken::Inbox => usize::MAX,
            PollToken::Client(key) => key | CLIENT,
            PollToken::Listener(key) => key,
        })
    }
}

impl From<Token> for PollToken {
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
        source: PollToken,
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
            PollToken::Inbox,
            PollToken::Client(0),
            PollToken::Client(1_000_000),
            PollToken::Listener(0),
            PollToken::Listener(1_000_000),
        ] {
            assert_eq!(PollToken::from(Token::from(source)), source);
        }
    }
}
