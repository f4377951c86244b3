//! What players ask for over HTTP, while it cannot be given to them yet.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use http_body_util::Empty;
use stentor_edge::{AcceptConfig, AcceptLimits, Edge, RequestBody, bind, serve};
use stentor_event::testing::{SLUG, TestServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tower_service::Service;

use crate::evening::eventually;
use crate::registry::{make_event, server_with_one_place};

/// Longer than anybody is made to wait.
const PATIENCE: Duration = Duration::from_secs(60);

/// Nothing but what the edge has itself.
#[derive(Clone)]
struct NotHere;

impl Service<Request<RequestBody>> for NotHere {
    type Response = Response<Empty<bytes::Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<RequestBody>) -> Self::Future {
        let mut response = Response::new(Empty::new());
        *response.status_mut() = StatusCode::NOT_FOUND;
        ready(Ok(response))
    }
}

/// Serves an edge until the sender is dropped.
pub(crate) fn port(edge: &Edge) -> (SocketAddr, watch::Sender<bool>) {
    let listener = bind(([127, 0, 0, 1], 0).into()).unwrap();
    let addr = listener.local_addr().unwrap();
    let (stop, shutdown) = watch::channel(false);
    let config = AcceptConfig {
        limits: AcceptLimits::default(),
        tls: None,
        ice_tcp: None,
        fallback: NotHere,
        shutdown,
    };
    tokio::spawn(serve(edge.clone(), listener, config));
    (addr, stop)
}

/// The first line of the answer, as soon as it comes.
pub(crate) fn asks(addr: SocketAddr, path: String) -> JoinHandle<String> {
    tokio::spawn(async move {
        let mut tcp = TcpStream::connect(addr).await.unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n");
        tcp.write_all(head.as_bytes()).await.unwrap();
        let mut said = vec![0; 64];
        let read = timeout(PATIENCE, tcp.read_exact(&mut said)).await;
        read.expect("no answer").unwrap();
        let said = String::from_utf8(said).unwrap();
        said.lines().next().unwrap_or_default().to_owned()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_an_event_that_has_no_place_hears_it_when_it_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let server = server_with_one_place(folder.path()).await;
    make_event(&*server.records, "second").await;
    server.events.open_new().await.unwrap();
    assert_eq!(server.events.waiting(), ["second"]);
    eventually("nobody is in the first", || {
        let stats = server.events.event(SLUG)?.stats();
        stats.is_suspended.then_some(())
    })
    .await;
    let (addr, _stop) = port(&server.edge);
    let below = [
        "48/live.mp4",
        "12/live.mp4",
        "ogg/live.ogg",
        "index.m3u8",
        "48/index.m3u8",
        "24/manifest.json",
    ];
    let asked = below.map(|below| asks(addr, format!("/e/second/{below}")));
    eventually("they ask", || {
        (server.edge.counters().requests >= below.len() as u64).then_some(())
    })
    .await;
    // As the server does every two seconds.
    while server.events.event("second").is_none() {
        server.events.open_new().await.unwrap();
        sleep(Duration::from_millis(20)).await;
    }
    for (below, asked) in below.into_iter().zip(asked) {
        assert_eq!(asked.await.unwrap(), "HTTP/1.1 200 OK", "{below}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_a_server_that_has_just_been_started_again_is_given_playlists() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    eventually("nobody is there", || {
        server.event().stats().is_suspended.then_some(())
    })
    .await;
    let server = server.restarted().await;
    let (addr, _stop) = port(&server.edge);
    let below = ["48/index.m3u8", "index.m3u8", "48/live.mp4"];
    let asked = below.map(|below| asks(addr, format!("/e/{SLUG}/{below}")));
    for (below, asked) in below.into_iter().zip(asked) {
        assert_eq!(asked.await.unwrap(), "HTTP/1.1 200 OK", "{below}");
    }
}
