//! Connections that are kept: asked for what is in memory, for what is not, and for both in one breath.

use bytes::Bytes;
use stentor_edge::{CacheClass, Document, RefusalReason};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::client::Client;
use crate::server::{Server, Setup, open, short_limits, start};
use crate::support::eventually;
use crate::tls::{shake, tls};

const LARGE_BYTES: usize = 20_000_000;

fn text(server: &Server, path: &str, bytes: impl Into<Bytes>) {
    let text = Document::new("text/plain", CacheClass::NoStore, bytes.into());
    server.edge.documents().put(path, text).unwrap();
}

async fn asks_for_everything<T: AsyncRead + AsyncWrite + Unpin>(mut client: Client<T>) {
    for _ in 0..3 {
        client.request("GET", "/text", &[]).await;
        assert_eq!(client.answer("GET").await.unwrap().text(), "in memory");
        client.request("HEAD", "/text", &[]).await;
        let head = client.answer("HEAD").await.unwrap();
        assert_eq!(head.header("content-length"), Some("9"));
        client.request("GET", "/elsewhere", &[]).await;
        assert_eq!(client.answer("GET").await.unwrap().status, 404);
        let body = [("Content-Length", "4")];
        client.request("POST", "/echo", &body).await;
        client.send("body").await;
        assert_eq!(client.answer("POST").await.unwrap().text(), "body");
    }
    client.request("GET", "/e/demo/48/live.mp4", &[]).await;
    assert_eq!(client.head().await.unwrap().status, 200);
    assert_eq!(client.said().await, "<head>");
}

#[tokio::test]
async fn one_connection_carries_questions_of_every_kind_and_then_a_stream() {
    let server = start(Setup::default());
    let _stream = open(&server.edge, 0..1);
    text(&server, "/text", "in memory");
    asks_for_everything(Client::connect(server.addr).await).await;
    let c = server.edge.counters();
    assert_eq!((c.accepted, c.requests), (1, 13));
}

#[tokio::test]
async fn so_does_one_over_tls() {
    let server = start(Setup {
        tls: Some(tls()),
        ..Setup::default()
    });
    let _stream = open(&server.edge, 0..1);
    text(&server, "/text", "in memory");
    let io = shake(server.addr, &[]).await.unwrap();
    asks_for_everything(Client::over(io)).await;
}

#[tokio::test]
async fn questions_in_one_breath_are_answered_in_their_order() {
    // More than are read at once, or answered in a row; and every tenth is none of the shard's.
    const QUESTIONS: usize = 2_000;
    let server = start(Setup::default());
    let mut client = Client::connect(server.addr).await;
    let mut breath = String::new();
    for number in 0..QUESTIONS {
        let path = if number % 10 == 9 {
            "/elsewhere".to_owned()
        } else {
            text(&server, &format!("/{number}"), number.to_string());
            format!("/{number}")
        };
        breath.push_str(&format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
    }
    client.send(&breath).await;
    for number in 0..QUESTIONS {
        let answer = client.answer("GET").await.unwrap();
        if number % 10 == 9 {
            assert_eq!(answer.status, 404);
        } else {
            assert_eq!(answer.text(), number.to_string());
        }
    }
    assert_eq!(server.edge.counters().requests, QUESTIONS as u64);
}

async fn takes_a_large_answer<T: AsyncRead + AsyncWrite + Unpin>(mut client: Client<T>) {
    let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    client.send([ask("/large"), ask("/text")].concat()).await;
    let large = client.answer("GET").await.unwrap();
    assert_eq!(large.body.len(), LARGE_BYTES);
    assert!(large.body.iter().enumerate().all(|(n, b)| *b == n as u8));
    assert_eq!(client.answer("GET").await.unwrap().text(), "in memory");
}

#[tokio::test]
async fn an_answer_the_socket_does_not_take_at_once_comes_whole_and_then_what_was_asked_behind_it()
{
    let large: Vec<u8> = (0..LARGE_BYTES).map(|n| n as u8).collect();
    for certificate in [None, Some(tls())] {
        let encrypted = certificate.is_some();
        let server = start(Setup {
            tls: certificate,
            ..Setup::default()
        });
        text(&server, "/large", large.clone());
        text(&server, "/text", "in memory");
        if encrypted {
            let io = shake(server.addr, &[]).await.unwrap();
            takes_a_large_answer(Client::over(io)).await;
        } else {
            takes_a_large_answer(Client::connect(server.addr).await).await;
        }
    }
}

#[tokio::test]
async fn who_asks_and_takes_nothing_is_let_go() {
    let server = start(Setup {
        limits: short_limits(),
        ..Setup::default()
    });
    text(&server, "/large", vec![0; LARGE_BYTES]);
    let client = TcpStream::connect(server.addr).await.unwrap();
    let ask = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_eq!(client.try_write(ask).unwrap(), ask.len());
    server.refused(RefusalReason::WriteStall, 1).await;
    eventually("it is gone", || server.open_connections() == 0).await;
}
