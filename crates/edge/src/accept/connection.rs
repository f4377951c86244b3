//! One connection from accept to close.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::config::{ConnectionInfo, ConnectionPermit, Fallback, IceTcpConnection};
use super::context::AcceptContext;
use super::counted::CountedTcp;
use super::deadlines::Deadlines;
use super::dispatch::NotDispatched;
use super::handshake::shake_hands;
use super::sniff::{Sniffed, sniff};
use super::transport::Transport;
use super::{dispatch, http1, refuse, shutdown};
use crate::counters::add;
use crate::faces::raw_refusal;
use crate::gate::{Ask, Attempt, Outcome, Permit, Spoken, judge};
use crate::shard::{ReturnState, Returned};

/// Serves one accepted connection to its end.
pub(super) async fn run<S: Fallback>(
    shared: Arc<AcceptContext<S>>,
    stream: TcpStream,
    addr: SocketAddr,
    permit: Permit,
) {
    let limit = Duration::from_millis(shared.limits.header_ms);
    let sniffed = tokio::select! {
        sniffed = timeout(limit, sniff(&stream)) => sniffed,
        () = shutdown::requested(shared.shutdown.clone()) => return,
    };
    let spoken = match sniffed {
        Ok(Sniffed::Http) => Spoken::Http,
        Ok(Sniffed::Tls) => Spoken::Tls,
        Ok(Sniffed::IceTcp) => Spoken::IceTcp,
        Ok(Sniffed::Unknown) => Spoken::Unknown,
        Ok(Sniffed::Gone) => return,
        Err(_) => Spoken::Nothing,
    };
    let tls = shared.tls.is_some();
    let attempt = Attempt::new(Ask::Protocol { spoken, tls }).by(addr.ip());
    if let Err(outcome) = judge(&attempt).allowed() {
        count(&shared, outcome);
        if let Some(response) = raw_refusal(outcome) {
            Box::pin(refuse::send_refusal(stream, &response)).await;
        }
        return;
    }
    if spoken == Spoken::IceTcp {
        return give_to_studio(&shared, stream, addr, permit);
    }
    let deadlines = Deadlines::new();
    let counted = CountedTcp::new(stream, deadlines.clone(), shared.edge.clone(), permit);
    let transport = match &shared.tls {
        None => Some(Transport::new(counted, None)),
        // Boxed, so that a connection without TLS does not hold the room for it.
        Some(tls) => Box::pin(shake_hands(&shared, tls, counted, addr)).await,
    };
    if let Some(transport) = transport {
        // Boxed, so that a connection of which nothing is known yet does not hold the room for it.
        Box::pin(serve_http(&shared, transport, deadlines, addr)).await;
    }
}

/// Serves a connection that speaks HTTP from here on: by a shard, which returns it for what it does not serve, or else here.
async fn serve_http<S: Fallback>(
    shared: &Arc<AcceptContext<S>>,
    transport: Transport,
    deadlines: Arc<Deadlines>,
    addr: SocketAddr,
) {
    let tls = matches!(transport, Transport::Tls(_));
    let handed = dispatch::client(shared, transport, addr, false, Bytes::new()).await;
    if let Err(kept) = handed {
        let info = ConnectionInfo { addr, tls };
        http1::serve_connection(shared, kept, deadlines, info).await;
    }
}

/// Continues with a connection that a shard returned.
pub(super) async fn serve_returned<S: Fallback>(shared: Arc<AcceptContext<S>>, client: Returned) {
    let ReturnState {
        tls,
        peer: addr,
        permit,
        read_ahead: ahead,
    } = client.state;
    let Ok(stream) = TcpStream::from_std(client.socket.into_inner().into()) else {
        return;
    };
    let info = ConnectionInfo {
        addr,
        tls: tls.is_some(),
    };
    let deadlines = Deadlines::new();
    let counted = CountedTcp::new(stream, deadlines.clone(), shared.edge.clone(), permit);
    let returned = NotDispatched {
        transport: Transport::new(counted, tls),
        read_ahead: ahead,
    };
    http1::serve_connection(&shared, returned, deadlines, info).await;
}

fn count<S>(shared: &AcceptContext<S>, outcome: Outcome) {
    shared.edge.count().refuse_if(outcome.reason());
}

/// Gives an ICE-TCP connection to the studio, with its permit: it is counted here until it is closed there. It is closed at once where
/// the studio does not take it.
fn give_to_studio<S>(
    shared: &AcceptContext<S>,
    stream: TcpStream,
    addr: SocketAddr,
    permit: Permit,
) {
    let connection = stream.into_std().map(|stream| IceTcpConnection {
        stream,
        peer: addr,
        permit: ConnectionPermit::new(permit),
    });
    let taken = shared.ice_tcp.as_ref().is_some_and(|studio| {
        connection.is_ok_and(|connection| studio.try_send(connection).is_ok())
    });
    let attempt = Attempt::new(Ask::IceTcp { taken }).by(addr.ip());
    match judge(&attempt).allowed() {
        Ok(()) => add(&shared.edge.count().handed_over, 1),
        Err(outcome) => count(shared, outcome),
    }
}
