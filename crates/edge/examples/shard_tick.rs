//! A server whose shards' work can be counted: an edge with one stream, which publishes when it is told to.
//!
//! `shard_tick plain|tls` says `port N`, publishes one chunk for each line on its standard input, and ends with it.
//! `bench/shard-tick.mjs` runs it under callgrind with N and with 2N listeners: what the latter take more is the sends to
//! them, and nothing of how it is done needs to be known here.

use std::convert::Infallible;
use std::error::Error;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use stentor_edge::{
    AcceptConfig, AcceptLimits, Edge, EdgeConfig, RequestBody, StreamSpec, Tls, bind, serve,
};
use tokio::sync::{mpsc, watch};

/// A chunk of 200 ms at 48 kbit/s with its box headers.
const CHUNK_BYTES: usize = 1_320;

/// How often a listener is sent bytes, ms: shorter than in earnest, so that a figure takes seconds.
const FLUSH_MS: u32 = 50;

/// Answers whatever is no stream with nothing.
#[derive(Clone)]
struct Nothing;

impl tower_service::Service<Request<RequestBody>> for Nothing {
    type Response = Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<RequestBody>) -> Self::Future {
        std::future::ready(Ok(Response::new(Empty::new())))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let tls = match std::env::args().nth(1).as_deref() {
        Some("plain") => None,
        Some("tls") => {
            let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
            let key = made.signing_key.serialize_pem();
            Some(Tls::from_pem(made.cert.pem().as_bytes(), key.as_bytes())?)
        }
        _ => return Err("usage: shard_tick plain|tls".into()),
    };
    let edge = Edge::new(EdgeConfig::default());
    let stream = edge.open_stream(StreamSpec {
        path: "/e/tick/48".into(),
        live_name: Some("live.mp4".into()),
        chunk_ext: None,
        head_name: None,
        content_type: "audio/mp4".into(),
        chunk_ms: FLUSH_MS,
        flush_ms: FLUSH_MS,
        burst_ms: FLUSH_MS,
        ring_chunks: 1_000,
        listeners_max: 10_000,
    })?;
    stream.set_head(Bytes::from_static(b"head"));
    let listener = bind(([127, 0, 0, 1], 0).into())?;
    println!("port {}", listener.local_addr()?.port());
    let (stop, shutdown) = watch::channel(false);
    let serving = tokio::spawn(serve(
        edge,
        listener,
        AcceptConfig {
            limits: AcceptLimits {
                // A handshake under callgrind takes its time.
                header_ms: 60_000,
                handshake_ms: 60_000,
                ..AcceptLimits::default()
            },
            tls,
            ice_tcp: None,
            fallback: Nothing,
            shutdown,
        },
    ));
    // The second thread; all that follow are shards.
    let (told, mut lines) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if told.blocking_send(line).is_err() {
                break;
            }
        }
    });
    let mut sequence = 0;
    while lines.recv().await.is_some() {
        stream.publish(sequence, Bytes::from(vec![b'.'; CHUNK_BYTES]))?;
        sequence += 1;
    }
    stop.send(true)?;
    serving.await?;
    Ok(())
}
