//! The fallback is an axum router in the server: it gets what is not ours, its bodies, and its WebSockets.

use axum::Router;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::routing::{get, post};
use stentor_edge::RefusalReason;

use crate::client::{Client, ask};
use crate::server::{Server, Setup, short_limits, start_with};
use crate::support::eventually;

async fn echo(upgrade: WebSocketUpgrade) -> axum::response::Response {
    upgrade.on_upgrade(async |mut socket| {
        while let Some(Ok(Message::Text(text))) = socket.recv().await {
            if socket.send(Message::Text(text)).await.is_err() {
                break;
            }
        }
    })
}

fn with_router() -> Server {
    let router = Router::new()
        .route("/hello", get(async || "hello"))
        .route("/echo", post(async |body: String| body))
        .route("/ws", get(echo));
    let setup = Setup {
        limits: short_limits(),
        ..Setup::default()
    };
    start_with(setup, router)
}

#[tokio::test]
async fn a_router_answers_what_is_not_ours() {
    let server = with_router();
    let hello = ask(server.addr, "GET", "/hello", &[]).await;
    assert_eq!((hello.status, hello.text()), (200, "hello"));
    let head = ask(server.addr, "HEAD", "/hello", &[]).await;
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("5"))
    );
    assert_eq!(ask(server.addr, "GET", "/nowhere", &[]).await.status, 404);
    let mut client = Client::connect(server.addr).await;
    client
        .send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody")
        .await;
    assert_eq!(client.answer("POST").await.unwrap().text(), "body");
}

/// A masked text frame (RFC 6455 §5.2) with a mask of zeros.
fn text_frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81, 0x80 | text.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(text.as_bytes());
    frame
}

#[tokio::test]
async fn a_websocket_outlives_every_limit_of_http_and_stays_counted() {
    let server = with_router();
    let mut client = Client::connect(server.addr).await;
    let headers = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    client.request("GET", "/ws", &headers).await;
    let answer = client.head().await.unwrap();
    assert_eq!(answer.status, 101);
    // RFC 6455 §1.3 has the answer to this key.
    assert_eq!(
        answer.header("sec-websocket-accept"),
        Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    );
    let mut echoed = async |text: &str| {
        client.send(text_frame(text)).await;
        let expected = [&[0x81, text.len() as u8], text.as_bytes()].concat();
        assert_eq!(client.exactly(expected.len()).await, expected);
    };
    echoed("first").await;
    // A connection that asks for nothing more from now on reaches its limit before this one is used again.
    let mut idle = Client::connect(server.addr).await;
    idle.request("GET", "/hello", &[]).await;
    assert_eq!(idle.answer("GET").await.unwrap().status, 200);
    assert_eq!(idle.rest().await, b"");
    server.refused(RefusalReason::Idle, 1).await;
    echoed("after an idle while").await;
    assert_eq!(server.open_connections(), 1);
    drop(client);
    eventually("it is gone", || server.open_connections() == 0).await;
}

#[tokio::test]
async fn pages_from_elsewhere_may_read_what_handlers_answer_unless_the_edge_is_private() {
    for (private, origin, policy) in [
        (false, Some("*"), "cross-origin"),
        (true, None, "same-origin"),
    ] {
        let setup = Setup {
            private,
            ..Setup::default()
        };
        let server = start_with(setup, Router::new().route("/hello", get(async || "hello")));
        for (path, status) in [("/hello", 200), ("/nowhere", 404)] {
            let asked = [("Origin", "https://elsewhere.example")];
            let answer = ask(server.addr, "GET", path, &asked).await;
            assert_eq!(answer.status, status);
            assert_eq!(answer.header("access-control-allow-origin"), origin);
            let read = answer.header("access-control-expose-headers");
            assert_eq!(read.is_some(), origin.is_some(), "{answer:?}");
            assert_eq!(answer.header("cross-origin-resource-policy"), Some(policy));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
    }
}
