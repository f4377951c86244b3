//! The endless answer: heard at once, the same for all, counted exactly.

use bytes::Bytes;
use stentor_edge::{AcceptLimits, CacheClass, Document, RefusalReason, StreamSpec};

use crate::client::{Client, ask, get, listen};
use crate::server::{Setup, chunk, open, spec, start};
use crate::support::eventually;

const LIVE: &str = "/e/demo/48/live.mp4";

#[tokio::test]
async fn a_newcomer_hears_the_burst_at_once_and_then_every_chunk() {
    let server = start(Setup::default());
    let stream = open(&server.edge, 100..110);
    let mut listener = listen(server.addr, LIVE).await;
    for s in 107..110 {
        assert_eq!(listener.said().await, format!("<{s}>"));
    }
    for s in 110..150 {
        stream.publish(s, chunk(s)).unwrap();
        assert_eq!(listener.said().await, format!("<{s}>"));
    }
}

#[tokio::test]
async fn the_answer_is_endless_uncached_and_open_to_every_page() {
    let server = start(Setup::default());
    let _stream = open(&server.edge, 0..1);
    let mut client = Client::connect(server.addr).await;
    client
        .request("GET", LIVE, &[("Range", "bytes=0-100"), ("Origin", "x")])
        .await;
    let answer = client.head().await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("audio/mp4"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("accept-ranges"), Some("none"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    assert_eq!(answer.header("connection"), Some("close"));
    assert!(answer.header("date").is_some());
    assert_eq!(answer.header("set-cookie"), None);
}

#[tokio::test]
async fn what_is_asked_behind_an_endless_answer_is_not_answered_and_what_is_asked_before_it_is() {
    let server = start(Setup::default());
    let stream = open(&server.edge, 0..1);
    let large = Document::new(
        "text/plain",
        CacheClass::NoStore,
        Bytes::from(vec![b'x'; 4_000_000]),
    );
    server.edge.documents().put("/large", large).unwrap();
    let mut client = Client::connect(server.addr).await;
    client
        .send(format!(
            "GET /large HTTP/1.1\r\nHost: x\r\n\r\nGET {LIVE} HTTP/1.1\r\nHost: x\r\n\r\n\
             GET /x HTTP/1.1\r\nHost: x\r\n\r\nGET /x HTTP/1.1\r\n"
        ))
        .await;
    // Larger than the kernel keeps: the socket must not change hands before its last byte was taken.
    let large = client.answer("GET").await.unwrap();
    assert!(large.body.iter().all(|b| *b == b'x'));
    let answer = client.head().await.unwrap();
    assert_eq!(
        (answer.status, answer.header("connection")),
        (200, Some("close"))
    );
    assert_eq!(client.said().await, "<head>");
    assert_eq!(client.said().await, "<0>");
    client
        .send(format!("GET {LIVE} HTTP/1.1\r\nHost: x\r\n\r\n"))
        .await;
    stream.publish(1, chunk(1)).unwrap();
    assert_eq!(client.said().await, "<1>");
    stream.end();
    assert_eq!(client.chunk().await, None);
    assert_eq!(client.rest().await, b"", "nothing follows");
    assert_eq!(stream.counters().joined, 1);
    assert_eq!(server.edge.counters().requests, 2);
}

#[tokio::test]
async fn a_listener_that_closes_its_side_has_left() {
    let server = start(Setup::default());
    let stream = open(&server.edge, 0..1);
    let mut client = listen(server.addr, LIVE).await;
    assert_eq!(client.said().await, "<0>");
    tokio::io::AsyncWriteExt::shutdown(&mut client.io)
        .await
        .unwrap();
    // Without a chunk being published: it is not the next write that shows it.
    eventually("its place is free", || stream.listeners() == 0).await;
    assert_eq!(client.rest().await, b"", "and it is closed");
}

#[tokio::test]
async fn the_operator_sees_what_shards_hold() {
    let server = start(Setup::default());
    open(&server.edge, 0..1);
    let limits = AcceptLimits::default();
    assert_eq!(server.edge.shard_sockets(), 0);
    let mut client = listen(server.addr, LIVE).await;
    assert_eq!(client.said().await, "<0>");
    assert_eq!(server.edge.shard_sockets(), 1);
    // More than one where there are more processors.
    assert!(server.edge.shards() >= 1);
    let max = server.edge.connections_max();
    assert!((1..=limits.connections_max).contains(&max), "{max}");
    drop(client);
    eventually("its socket is gone", || server.edge.shard_sockets() == 0).await;
}

#[tokio::test]
async fn head_and_options_of_the_endless_answer_end() {
    let server = start(Setup::default());
    let stream = open(&server.edge, 0..1);
    let mut client = Client::connect(server.addr).await;
    client.request("HEAD", LIVE, &[]).await;
    let answer = client.answer("HEAD").await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("audio/mp4"));
    assert_eq!(answer.header("content-length"), None);
    // The same connection goes on, so nothing of a body was sent.
    client.request("OPTIONS", LIVE, &[]).await;
    let answer = client.answer("OPTIONS").await.unwrap();
    assert_eq!(answer.status, 204);
    assert_eq!(
        answer.header("access-control-allow-methods"),
        Some("GET, HEAD, OPTIONS")
    );
    client.request("DELETE", LIVE, &[]).await;
    let answer = client.answer("DELETE").await.unwrap();
    answer.is_sentence(405, "only be read");
    assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
    assert_eq!(stream.counters().joined, 0);
}

#[tokio::test]
async fn a_listener_that_comes_before_the_head_waits_for_it() {
    let server = start(Setup::default());
    let stream = server.edge.open_stream(spec()).unwrap();
    let mut client = Client::connect(server.addr).await;
    client.request("GET", LIVE, &[]).await;
    assert_eq!(client.head().await.unwrap().status, 200);
    stream.publish(7, chunk(7)).unwrap();
    stream.set_head(Bytes::from_static(b"late head"));
    assert_eq!(client.said().await, "late head");
    assert_eq!(client.said().await, "<7>");
}

#[tokio::test]
async fn an_ended_stream_ends_cleanly_and_says_so_to_newcomers() {
    let server = start(Setup::default());
    let stream = open(&server.edge, 0..2);
    let mut listener = listen(server.addr, LIVE).await;
    assert_eq!(listener.said().await, "<0>");
    stream.publish(2, chunk(2)).unwrap();
    stream.end();
    assert_eq!(listener.said().await, "<1>");
    assert_eq!(listener.said().await, "<2>");
    assert_eq!(listener.chunk().await, None);
    // And so does the connection: a shard knows nothing but its stream.
    assert_eq!(listener.rest().await, b"");
    let gone = get(server.addr, LIVE).await;
    gone.is_sentence(410, "has ended");
    assert_eq!(gone.header("cache-control"), Some("no-store"));
    // The same path can be opened again.
    server.edge.open_stream(spec()).unwrap();
    assert!(server.edge.close_stream("/e/demo/48"));
    assert_eq!(
        get(server.addr, LIVE).await.text(),
        "the fallback knows no such page"
    );
}

#[tokio::test]
async fn joined_less_left_is_listening_at_any_moment() {
    let server = start(Setup::default());
    let stream = open(&server.edge, 0..5);
    let mut listeners = Vec::new();
    for _ in 0..30 {
        listeners.push(listen(server.addr, LIVE).await);
    }
    assert_eq!(stream.listeners(), 30);
    listeners.truncate(11);
    let mut sequence = 5;
    eventually("19 listeners leave", || {
        stream.publish(sequence, chunk(sequence)).unwrap();
        sequence += 1;
        let c = stream.counters();
        assert_eq!(c.joined - c.left, c.listening);
        c.listening == 11
    })
    .await;
    drop(listeners);
    eventually("all leave", || stream.listeners() == 0).await;
    let c = stream.counters();
    assert_eq!((c.joined, c.left), (30, 30));
    assert_eq!((c.overtaken, c.chunks_skipped, c.dropped_slow), (0, 0, 0));
    eventually("all connections close", || server.open_connections() == 0).await;
}

#[tokio::test]
async fn a_full_stream_tells_newcomers_and_keeps_those_inside() {
    let server = start(Setup::default());
    let stream = server
        .edge
        .open_stream(StreamSpec {
            listeners_max: 2,
            ..spec()
        })
        .unwrap();
    stream.set_head(Bytes::from_static(b"<head>"));
    let mut first = listen(server.addr, LIVE).await;
    let second = listen(server.addr, LIVE).await;
    let refused = get(server.addr, LIVE).await;
    refused.is_sentence(503, "2 listeners");
    assert_eq!(refused.header("retry-after"), Some("5"));
    assert_eq!(refused.header("cache-control"), Some("no-store"));
    let head = ask(server.addr, "HEAD", LIVE, &[]).await;
    assert_eq!((head.status, head.header("retry-after")), (503, Some("5")));
    assert_eq!(stream.counters().refused_full, 1);
    server.refused(RefusalReason::StreamFull, 1).await;
    stream.publish(1, chunk(1)).unwrap();
    assert_eq!(first.said().await, "<1>");
    drop(second);
    eventually("a place is free", || stream.listeners() == 1).await;
    let _third = listen(server.addr, LIVE).await;
}

#[tokio::test]
async fn an_old_client_gets_the_stream_until_the_connection_closes() {
    let server = start(Setup::default());
    let stream = open(&server.edge, 0..1);
    let mut client = Client::connect(server.addr).await;
    client.send(format!("GET {LIVE} HTTP/1.0\r\n\r\n")).await;
    let answer = client.head().await.unwrap();
    assert_eq!(answer.header("transfer-encoding"), None);
    eventually("it listens", || stream.listeners() == 1).await;
    stream.end();
    assert_eq!(client.rest().await, b"<head><0>");
}

#[tokio::test]
async fn an_unknown_rendition_is_told_what_there_is() {
    let server = start(Setup::default());
    let _stream = open(&server.edge, 0..1);
    let low = StreamSpec {
        path: "/e/demo/12".into(),
        ..spec()
    };
    server.edge.open_stream(low).unwrap();
    for path in [
        "/e/demo/96/live.mp4",
        "/e/demo/96/7.m4s",
        "/e/demo/96/init.mp4",
    ] {
        get(server.addr, path).await.is_sentence(404, "12, 48");
    }
    assert_eq!(
        ask(server.addr, "HEAD", "/e/demo/96/live.mp4", &[])
            .await
            .status,
        404
    );
    for path in [
        "/e/demo/96/cat.png",
        "/e/other/96/live.mp4",
        "/e/demo/96",
        "/x",
    ] {
        assert_eq!(
            get(server.addr, path).await.text(),
            "the fallback knows no such page"
        );
    }
}

#[tokio::test]
async fn a_newcomer_is_given_the_head_of_today_while_others_listen() {
    let server = start(Setup::default());
    let stream = open(&server.edge, 0..1);
    let mut first = listen(server.addr, "/e/demo/48/live.mp4").await;
    assert_eq!(first.said().await, "<0>");
    stream.set_head(Bytes::from_static(b"<another>"));
    stream.publish(1, chunk(1)).unwrap();
    assert_eq!(first.said().await, "<1>", "who is inside has its head");
    let mut second = Client::connect(server.addr).await;
    second.request("GET", "/e/demo/48/live.mp4", &[]).await;
    assert_eq!(second.head().await.unwrap().status, 200);
    assert_eq!(second.said().await, "<another>");
    let head = get(server.addr, "/e/demo/48/init.mp4").await;
    assert_eq!(head.text(), "<another>");
}
