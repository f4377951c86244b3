//! An edge on a free port of loopback, with a fallback that says so.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use stentor_edge::{
    AcceptConfig, AcceptLimits, CadenceEncoder, ConnectionInfo, Edge, EdgeConfig, EdgeLimits,
    RefusalReason, RequestBody, Stream, StreamSpec, Tls, bind, serve,
};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tower_service::Service;

use crate::support::{self, eventually};

/// What a test changes about the server.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) edge: EdgeLimits,
    pub(crate) cadence_encoder: Option<CadenceEncoder>,
    pub(crate) private: bool,
    pub(crate) limits: AcceptLimits,
    pub(crate) tls: Option<Tls>,
    pub(crate) ice_tcp: Option<mpsc::Sender<stentor_edge::accept::IceTcpConnection>>,
}

pub(crate) struct Server {
    pub(crate) edge: Edge,
    pub(crate) addr: SocketAddr,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) task: JoinHandle<()>,
}

pub(crate) fn start(setup: Setup) -> Server {
    start_with(setup, Fallback)
}

/// The same with another fallback.
pub(crate) fn start_with<S: stentor_edge::Fallback>(setup: Setup, fallback: S) -> Server {
    let edge = Edge::new(EdgeConfig {
        limits: setup.edge,
        cadence_encoder: setup.cadence_encoder,
        private: setup.private,
        ..EdgeConfig::default()
    });
    let listener = bind(([127, 0, 0, 1], 0).into()).unwrap();
    let addr = listener.local_addr().unwrap();
    let (stop, shutdown) = watch::channel(false);
    let config = AcceptConfig {
        limits: setup.limits,
        tls: setup.tls,
        ice_tcp: setup.ice_tcp,
        fallback,
        shutdown,
    };
    let task = tokio::spawn(serve(edge.clone(), listener, config));
    Server {
        edge,
        addr,
        stop,
        task,
    }
}

/// Limits short enough to wait for.
pub(crate) fn short_limits() -> AcceptLimits {
    AcceptLimits {
        header_ms: 300,
        handshake_ms: 300,
        idle_ms: 600,
        write_stall_ms: 500,
        live_stall_ms: 1_000,
        request_body_ms: 300,
        shutdown_ms: 500,
        ..AcceptLimits::default()
    }
}

/// As [`support::spec`], with a ring of 20: tests run past its end.
pub(crate) fn spec() -> StreamSpec {
    StreamSpec {
        ring_chunks: 20,
        ..support::spec()
    }
}

pub(crate) const HEAD: &str = "<head>";

/// The chunk of a sequence number: the number in angle brackets, so that a test can read what came.
pub(crate) fn chunk(sequence: u64) -> Bytes {
    Bytes::from(format!("<{sequence}>"))
}

pub(crate) fn open(edge: &Edge, published: std::ops::Range<u64>) -> Arc<Stream> {
    let stream = edge.open_stream(spec()).unwrap();
    stream.set_head(Bytes::from_static(HEAD.as_bytes()));
    for s in published {
        stream.publish(s, chunk(s)).unwrap();
    }
    stream
}

impl Server {
    pub(crate) async fn refused(&self, why: RefusalReason, times: u64) {
        eventually(why.name(), || self.edge.counters().refused(why) >= times).await;
        assert_eq!(self.edge.counters().refused(why), times, "{}", why.name());
    }

    pub(crate) fn open_connections(&self) -> u64 {
        let c = self.edge.counters();
        c.accepted - c.closed
    }
}

/// Echoes a body sent to `/echo` (or says why it could not be read), tells the peer at `/peer`, says nothing at `/later`, else 404.
#[derive(Clone)]
pub(crate) struct Fallback;

impl Service<Request<RequestBody>> for Fallback {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        Box::pin(async move {
            let peer = request.extensions().get::<ConnectionInfo>().copied();
            let (status, body) = match request.uri().path() {
                "/echo" => match request.into_body().collect().await {
                    Ok(body) => (StatusCode::OK, body.to_bytes()),
                    Err(error) => (StatusCode::BAD_REQUEST, Bytes::from(error.to_string())),
                },
                "/later" => std::future::pending().await,
                "/peer" => (StatusCode::OK, Bytes::from(format!("{peer:?}"))),
                _ => (
                    StatusCode::NOT_FOUND,
                    Bytes::from_static(b"the fallback knows no such page"),
                ),
            };
            let mut response = Response::new(Full::new(body));
            *response.status_mut() = status;
            Ok(response)
        })
    }
}
