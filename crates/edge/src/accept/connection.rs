//! One connection from its first byte to its last.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::caps::Permit;
use super::hand;
use super::http1;
use super::sniff::{Sniffed, sniff};
use super::socket::{Metered, Transport};
use super::tls::Tls;
use super::watch::Pulse;
use super::{Fallback, Peer, Shared, farewell};
use crate::counters::{Refusal, add};
use crate::faces::raw_sentence;
use crate::shard::{ReturnState, Returned};

/// Ciphertext that may wait in a TLS session for the kernel, bytes. Beyond: the writer waits, and the ring runs on.
const TLS_BUFFER_BYTES_MAX: usize = 16 * 1024;

/// Serves one accepted connection to its end.
pub(super) async fn run<S: Fallback>(
    shared: Arc<Shared<S>>,
    stream: TcpStream,
    addr: SocketAddr,
    permit: Permit,
) {
    let limit = Duration::from_millis(shared.limits.header_ms);
    let sniffed = tokio::select! {
        sniffed = timeout(limit, sniff(&stream)) => sniffed,
        () = asked_to_stop(shared.shutdown.clone()) => return,
    };
    let refuse = |why| shared.edge.count().refuse(why);
    match (sniffed, &shared.tls) {
        (Err(_), _) => refuse(Refusal::HeaderTimeout),
        (Ok(Sniffed::Http), None) => {
            let pulse = Pulse::new();
            let metered = Metered::new(stream, pulse.clone(), shared.edge.clone(), permit);
            ask(&shared, Transport::Plain(metered), pulse, addr).await;
        }
        (Ok(Sniffed::Tls), Some(tls)) => {
            let pulse = Pulse::new();
            let metered = Metered::new(stream, pulse.clone(), shared.edge.clone(), permit);
            if let Some(transport) = Box::pin(shake_hands(&shared, tls, metered)).await {
                ask(&shared, transport, pulse, addr).await;
            }
        }
        (Ok(Sniffed::Http), Some(_)) => {
            refuse(Refusal::PlainOnTls);
            let text = "This port speaks HTTPS only: use an address that begins with https.";
            farewell(stream, &raw_sentence(StatusCode::BAD_REQUEST, text)).await;
        }
        (Ok(Sniffed::Tls), None) => refuse(Refusal::TlsOnPlain),
        (Ok(Sniffed::IceTcp), _) => hand_over(&shared, stream, addr),
        (Ok(Sniffed::Gone), _) => {}
        (Ok(Sniffed::Unknown | Sniffed::More), _) => refuse(Refusal::UnknownProtocol),
    }
}

/// From here on the connection speaks HTTP: to a shard, which sends home what is not its own, or else here.
async fn ask<S: Fallback>(
    shared: &Arc<Shared<S>>,
    transport: Transport,
    pulse: Arc<Pulse>,
    addr: SocketAddr,
) {
    let tls = matches!(transport, Transport::Tls(_));
    if let Some(transport) = hand::client(shared, transport, addr, false).await {
        let peer = Peer { addr, tls };
        http1::serve(shared, transport, Bytes::new(), pulse, peer).await;
    }
}

/// Goes on with a client that a shard sent home.
pub(super) async fn come_home<S: Fallback>(shared: Arc<Shared<S>>, client: Returned) {
    let ReturnState {
        tls,
        peer: addr,
        permit,
        read_ahead: ahead,
    } = client.state;
    let Ok(stream) = TcpStream::from_std(client.socket.into_inner().into()) else {
        return;
    };
    let peer = Peer {
        addr,
        tls: tls.is_some(),
    };
    let pulse = Pulse::new();
    let metered = Metered::new(stream, pulse.clone(), shared.edge.clone(), permit);
    let transport = Transport::new(metered, tls);
    http1::serve(&shared, transport, ahead, pulse, peer).await;
}

pub(super) async fn asked_to_stop(mut shutdown: watch::Receiver<bool>) {
    // A sender that is gone can never ask again: that is taken as having asked.
    let _ = shutdown.wait_for(|down| *down).await;
}

fn hand_over<S>(shared: &Shared<S>, stream: TcpStream, addr: SocketAddr) {
    let taken = shared.handover.as_ref().is_some_and(|handover| {
        stream
            .into_std()
            .is_ok_and(|stream| handover.try_send((stream, addr)).is_ok())
    });
    if taken {
        add(&shared.edge.count().handed_over, 1);
    } else {
        shared.edge.count().refuse(Refusal::HandoverFull);
    }
}

async fn shake_hands<S>(shared: &Shared<S>, tls: &Tls, metered: Metered) -> Option<Transport> {
    let limit = Duration::from_millis(shared.limits.handshake_ms);
    let shaking = TlsAcceptor::from(tls.current()).accept_with(metered, |session| {
        session.set_buffer_limit(Some(TLS_BUFFER_BYTES_MAX));
    });
    let why = tokio::select! {
        shaken = timeout(limit, shaking) => match shaken {
            Ok(Ok(stream)) => {
                let (metered, session) = stream.into_inner();
                return Some(Transport::new(metered, Some(Box::new(session))));
            }
            Ok(Err(_)) => Refusal::HandshakeFailed,
            Err(_) => Refusal::HandshakeTimeout,
        },
        () = asked_to_stop(shared.shutdown.clone()) => return None,
    };
    shared.edge.count().refuse(why);
    None
}
