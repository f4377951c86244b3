//! The TLS handshake of one connection.
//!
//! What costs processor time has a turn. What the peer takes its time for has none: neither a ClientHello that comes in pieces nor a
//! peer that is silent behind it keeps others waiting.

use std::future::ready;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::client_hello::{ClientHello, classify};
use super::context::AcceptContext;
use super::counted::CountedTcp;
use super::handshake_turns::HandshakeTurns;
use super::shutdown;
use super::sniff::peek_until;
use super::tls::Tls;
use super::transport::Transport;
use crate::gate::{Ask, Attempt, HandshakeEnd, Turn, judge};
use crate::limits::{AcceptLimits, CLIENT_HELLO_BYTES_MAX, HANDSHAKE_QUEUE_TIME};

/// Ciphertext that may wait in a TLS session for the kernel, bytes. Beyond: the writer waits, and the ring runs on.
const TLS_BUFFER_BYTES_MAX: usize = 16 * 1024;

/// Makes a connection TLS; `None` where it comes to nothing.
pub(super) async fn shake_hands<S>(
    shared: &AcceptContext<S>,
    tls: &Tls,
    counted: CountedTcp,
    addr: SocketAddr,
) -> Option<Transport> {
    let shaken = tokio::select! {
        shaken = session(&shared.handshakes, &shared.limits, tls, counted) => shaken,
        () = shutdown::requested(shared.shutdown.clone()) => return None,
    };
    let end = match &shaken {
        Ok(_) => HandshakeEnd::Done,
        Err(end) => *end,
    };
    let outcome = judge(&Attempt::new(Ask::Handshake { end }).by(addr.ip()));
    shared.edge.count().refuse_if(outcome.reason());
    shaken.ok()
}

async fn session(
    turns: &HandshakeTurns,
    limits: &AcceptLimits,
    tls: &Tls,
    counted: CountedTcp,
) -> Result<Transport, HandshakeEnd> {
    let limit = Duration::from_millis(limits.handshake_ms);
    // Until it is whole it costs its socket alone.
    let hello = peek_until::<_, CLIENT_HELLO_BYTES_MAX>(counted.tcp(), classify);
    match timeout(limit, hello).await {
        Ok(Some(ClientHello::Whole)) => {}
        Ok(Some(ClientHello::TooLarge) | None) => return Err(HandshakeEnd::Failed),
        Err(_) => return Err(HandshakeEnd::TimedOut),
    }
    // Longer than a handshake may take: no peer holds a turn up, and whoever waits costs its socket alone.
    let turn = timeout(HANDSHAKE_QUEUE_TIME, turns.first(counted.prefix())).await;
    let turn = turn.map_err(|_| HandshakeEnd::TimedOut)?;
    // Who has left meanwhile, having waited long enough, costs no turn.
    if has_left(counted.tcp()).await {
        return Err(HandshakeEnd::Failed);
    }
    // Boxed, so that whoever waits does not hold the room for it.
    Box::pin(compute(turns, turn, limit, tls, counted)).await
}

/// Whether the peer has closed its side, so that no handshake can come to its end.
async fn has_left(tcp: &TcpStream) -> bool {
    tokio::select! {
        biased;
        ready = tcp.ready(Interest::READABLE) => ready.is_ok_and(|ready| ready.is_read_closed()),
        // What is known now; nothing is waited for.
        () = ready(()) => false,
    }
}

async fn compute(
    turns: &HandshakeTurns,
    turn: Turn,
    limit: Duration,
    tls: &Tls,
    counted: CountedTcp,
) -> Result<Transport, HandshakeEnd> {
    let prefix = counted.prefix();
    let accept = TlsAcceptor::from(tls.current()).accept_with(counted, |session| {
        session.set_buffer_limit(Some(TLS_BUFFER_BYTES_MAX));
    });
    match timeout(limit, turns.carry_out(turn, prefix, pin!(accept))).await {
        Ok(Ok(io)) => {
            let (counted, session) = io.into_inner();
            Ok(Transport::new(counted, Some(Box::new(session))))
        }
        Ok(Err(_)) => Err(HandshakeEnd::Failed),
        Err(_) => Err(HandshakeEnd::TimedOut),
    }
}
