//! Leaving: listeners' answers break off in order, answers under way finish, nobody new comes in, and it takes bounded time.

use std::time::{Duration, Instant};

use bytes::Bytes;
use stentor_edge::{CacheClass, Document};

use crate::client::{Client, ask, listen};
use crate::server::{HEAD, Setup, chunk, open, short_limits, start};
use crate::support::eventually;
use crate::tls::{shake, tls};

#[tokio::test]
async fn listeners_answers_break_off_so_that_players_come_back_and_the_port_is_free_again() {
    let server = start(Setup::default());
    let stream = open(&server.edge, 0..1);
    let mut listeners = Vec::new();
    for _ in 0..10 {
        let mut listener = listen(server.addr, "/e/demo/48/live.mp4").await;
        assert_eq!(listener.said().await, "<0>");
        listeners.push(listener);
    }
    let mut idle = Client::connect(server.addr).await;
    idle.request("GET", "/x", &[]).await;
    idle.answer("GET").await.unwrap();
    let silent = Client::connect(server.addr).await;
    let began = Instant::now();
    server.stop.send(true).unwrap();
    for listener in &mut listeners {
        assert_eq!(listener.closed_with().await.unwrap(), b"", "no last chunk");
    }
    assert_eq!(idle.rest().await, b"");
    server.task.await.unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    let c = stream.counters();
    assert_eq!((c.joined, c.left, c.listening), (10, 10, 0));
    assert!(!stream.ended(), "the stream goes on elsewhere");
    drop(silent);
    std::net::TcpListener::bind(server.addr).expect("the port is free");
}

#[tokio::test]
async fn an_answer_nobody_takes_does_not_hold_the_process() {
    let server = start(Setup {
        limits: short_limits(),
        ..Setup::default()
    });
    let large = Document::new(
        "text/plain",
        CacheClass::NoStore,
        Bytes::from(vec![0; 20_000_000]),
    );
    server.edge.documents().put("/large", large).unwrap();
    let mut client = Client::connect(server.addr).await;
    client.request("GET", "/large", &[]).await;
    client.head().await.unwrap();
    let began = Instant::now();
    server.stop.send(true).unwrap();
    server.task.await.unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn while_listeners_are_handed_over_they_hear_on_and_newcomers_are_sent_elsewhere() {
    let server = start(Setup::default());
    let stream = open(&server.edge, 0..1);
    let mut inside = listen(server.addr, "/e/demo/48/live.mp4").await;
    assert_eq!(inside.said().await, "<0>");
    server.edge.announce_shutdown(10_000);
    let answer = ask(server.addr, "GET", "/e/demo/48/live.mp4", &[]).await;
    answer.is_sentence(503, "leaving");
    // Its client finds another server by another connection.
    assert_eq!(answer.header("connection"), Some("close"));
    stream.publish(1, chunk(1)).unwrap();
    assert_eq!(inside.said().await, "<1>");
    server.stop.send(true).unwrap();
    assert_eq!(inside.closed_with().await.unwrap(), b"", "no last chunk");
}

#[tokio::test]
async fn when_an_event_is_over_everybody_gets_what_is_left_and_a_clean_end() {
    let server = start(Setup::default());
    let stream = open(&server.edge, 0..1);
    let mut listeners = Vec::new();
    for _ in 0..200 {
        listeners.push(listen(server.addr, "/e/demo/48/live.mp4").await);
    }
    stream.publish(1, chunk(1)).unwrap();
    stream.end();
    let began = Instant::now();
    for listener in &mut listeners {
        assert_eq!(listener.said().await, "<0>");
        assert_eq!(listener.said().await, "<1>");
        assert_eq!(listener.chunk().await, None);
    }
    assert!(began.elapsed() < Duration::from_secs(2));
    eventually("they have left", || stream.listeners() == 0).await;
}

#[tokio::test]
async fn an_answer_over_tls_and_one_of_http_1_0_break_off_in_order_too() {
    let server = start(Setup {
        tls: Some(tls()),
        ..Setup::default()
    });
    let _stream = open(&server.edge, 0..1);
    let mut secure = Client::over(shake(server.addr, &[]).await.unwrap());
    secure.request("GET", "/e/demo/48/live.mp4", &[]).await;
    secure.head().await.unwrap();
    assert_eq!(secure.said().await, HEAD);
    assert_eq!(secure.said().await, "<0>");
    let mut old = Client::over(shake(server.addr, &[]).await.unwrap());
    old.send("GET /e/demo/48/live.mp4 HTTP/1.0\r\n\r\n").await;
    let head = old.head().await.unwrap();
    assert_eq!(head.header("transfer-encoding"), None);
    assert_eq!(old.exactly(9).await, b"<head><0>");
    server.stop.send(true).unwrap();
    assert_eq!(secure.closed_with().await.unwrap(), b"");
    assert_eq!(old.closed_with().await.unwrap(), b"");
}

#[tokio::test]
async fn while_draining_newcomers_are_sent_elsewhere() {
    let server = start(Setup::default());
    let _stream = open(&server.edge, 0..1);
    server.edge.drain();
    let answer = ask(server.addr, "GET", "/e/demo/48/live.mp4", &[]).await;
    answer.is_sentence(503, "leaving");
    assert_eq!(answer.header("retry-after"), Some("1"));
    // What tells it from a server that is full, or that makes what was asked for.
    assert_eq!(answer.header("stentor-state"), Some("leaving"));
    let exposed = answer.header("access-control-expose-headers").unwrap();
    assert!(exposed.contains("Stentor-State"), "{exposed}");
    // What is not endless is still served.
    assert_eq!(
        ask(server.addr, "GET", "/e/demo/48/0.m4s", &[])
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_sender_that_is_gone_stops_it_too() {
    let server = start(Setup::default());
    drop(server.stop);
    server.task.await.unwrap();
}
