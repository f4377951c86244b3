//! One connection from its first byte to its last.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

use super::caps::Permit;
use super::live;
use super::request::{RequestBody, respond};
use super::sniff::{Sniffed, sniff};
use super::socket::{Metered, Socket, Transport};
use super::tls::Tls;
use super::watch::Pulse;
use super::{BoxError, Peer, Shared, farewell};
use crate::counters::{Refusal, add};
use crate::faces::raw_sentence;

/// Ciphertext that may wait in a TLS session for the kernel, bytes. Beyond: the writer waits, and the ring runs on.
const TLS_BUFFER_BYTES_MAX: usize = 16 * 1024;

/// How the HTTP library's own minimum bounds its buffer, bytes.
const HEADER_BYTES_MIN: usize = 8 * 1024;

/// Serves one accepted connection to its end.
pub(super) async fn run<S, B>(
    shared: Arc<Shared<S>>,
    stream: TcpStream,
    addr: SocketAddr,
    permit: Permit,
) where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<BoxError>,
{
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
            let peer = Peer { addr, tls: false };
            http(&shared, Transport::Plain(metered), pulse, peer).await;
        }
        (Ok(Sniffed::Tls), Some(tls)) => {
            let pulse = Pulse::new();
            let metered = Metered::new(stream, pulse.clone(), shared.edge.clone(), permit);
            if let Some(transport) = shake_hands(&shared, tls, metered).await {
                http(&shared, transport, pulse, Peer { addr, tls: true }).await;
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

async fn asked_to_stop(mut shutdown: watch::Receiver<bool>) {
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
            Ok(Ok(stream)) => return Some(Transport::Tls(Box::new(stream))),
            Ok(Err(_)) => Refusal::HandshakeFailed,
            Err(_) => Refusal::HandshakeTimeout,
        },
        () = asked_to_stop(shared.shutdown.clone()) => return None,
    };
    shared.edge.count().refuse(why);
    None
}

async fn http<S, B>(shared: &Arc<Shared<S>>, transport: Transport, pulse: Arc<Pulse>, peer: Peer)
where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<BoxError>,
{
    let limits = &shared.limits;
    let service = service_fn(|request| {
        let answer = respond(shared.clone(), pulse.clone(), peer, request);
        async { Ok::<_, Infallible>(answer.await) }
    });
    let header_bytes_max = limits.header_bytes_max.max(HEADER_BYTES_MIN);
    let socket = Socket::new(transport, pulse.clone(), shared.edge.clone());
    // The library's own header timeout also ends idle connections and says nothing: `Pulse` tells the two apart.
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_headers(limits.headers_max)
        .max_header_size(header_bytes_max)
        .max_buf_size(header_bytes_max)
        .serve_connection(TokioIo::new(socket), service)
        .with_upgrades();
    let mut connection = connection;
    let mut stop = pin!(asked_to_stop(shared.shutdown.clone()));
    let mut stopping = false;
    let mut alarm = pin!(sleep_until(tokio::time::Instant::now()));
    let mut live = None;
    let late = poll_fn(|cx| {
        if Pin::new(&mut connection).poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        live = pulse.take_live();
        if live.is_some() {
            return Poll::Ready(None);
        }
        if !stopping && stop.as_mut().poll(cx).is_ready() {
            stopping = true;
            Pin::new(&mut connection).graceful_shutdown();
            if Pin::new(&mut connection).poll(cx).is_ready() {
                return Poll::Ready(None);
            }
        }
        // After the connection was polled, since that is what moves its deadline.
        while let Some((at, why)) = pulse.deadline(limits) {
            if at <= tokio::time::Instant::now() {
                return Poll::Ready(Some(why));
            }
            // A deadline that moved away needs nothing: the alarm goes off early and is set again.
            if alarm.is_elapsed() || alarm.deadline() > at {
                alarm.as_mut().reset(at);
            }
            if alarm.as_mut().poll(cx).is_pending() {
                break;
            }
        }
        Poll::Pending
    })
    .await;
    if let Some(live) = live {
        // Nothing of it was upgraded: its request is still waiting for an answer.
        let Some(parts) = connection.into_parts() else {
            return;
        };
        let transport = parts.io.into_inner().into_transport();
        return live::hand(shared, transport, *live).await;
    }
    if let Some(why) = late {
        shared.edge.count().refuse(why);
        match why {
            Refusal::WriteStall => pulse.reset_on_drop(),
            Refusal::HeaderTimeout if pulse.is_mid_head() => pulse.give_up(),
            _ => Pin::new(&mut connection).graceful_shutdown(),
        }
        if why != Refusal::WriteStall {
            // Once more, to say so or to close in order; not waited for.
            poll_fn(|cx| {
                let _ = Pin::new(&mut connection).poll(cx);
                Poll::Ready(())
            })
            .await;
        }
    }
}
