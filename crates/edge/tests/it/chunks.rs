//! Chunk and head URLs: immutable when they are there, briefly cached when they are not.

use crate::client::{Client, ask, get};
use crate::server::{Setup, open, start};

const FOREVER: Option<&str> = Some("public, max-age=31536000, immutable");

#[tokio::test]
async fn a_chunk_has_an_immutable_address() {
    let server = start(Setup::default());
    let _stream = open(&server.edge, 0..30);
    let answer = get(server.addr, "/e/demo/48/29.m4s").await;
    assert_eq!((answer.status, answer.text()), (200, "<29>"));
    assert_eq!(answer.header("cache-control"), FOREVER);
    assert_eq!(answer.header("content-type"), Some("audio/mp4"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let head = ask(server.addr, "HEAD", "/e/demo/48/29.m4s", &[]).await;
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("4"))
    );
    let options = ask(server.addr, "OPTIONS", "/e/demo/48/29.m4s", &[]).await;
    assert_eq!(options.status, 204);
    ask(server.addr, "POST", "/e/demo/48/29.m4s", &[])
        .await
        .is_sentence(405, "only be read");
}

#[tokio::test]
async fn the_head_has_an_address_and_is_not_cached_for_ever() {
    let server = start(Setup::default());
    let _stream = open(&server.edge, 0..1);
    let answer = get(server.addr, "/e/demo/48/init.mp4").await;
    assert_eq!((answer.status, answer.text()), (200, "<head>"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=60"));
}

#[tokio::test]
async fn what_is_not_there_is_said_and_cached_briefly() {
    let server = start(Setup::default());
    // The ring holds 20: 10..30, of which 25 was never published.
    let stream = open(&server.edge, 0..25);
    for s in 26..31 {
        stream.publish(s, crate::server::chunk(s)).unwrap();
    }
    let future = get(server.addr, "/e/demo/48/31.m4s").await;
    future.is_sentence(404, "has not been published yet");
    assert_eq!(future.header("cache-control"), Some("public, max-age=1"));
    for far in [
        "99999999999",
        "18446744073709551615",
        "99999999999999999999999",
    ] {
        let answer = get(server.addr, &format!("/e/demo/48/{far}.m4s")).await;
        answer.is_sentence(404, "has not been published yet");
        assert_eq!(answer.header("cache-control"), Some("public, max-age=1"));
    }
    get(server.addr, "/e/demo/48/3.m4s")
        .await
        .is_sentence(404, "no longer kept");
    get(server.addr, "/e/demo/48/25.m4s")
        .await
        .is_sentence(404, "never published");
    stream.end();
    get(server.addr, "/e/demo/48/31.m4s")
        .await
        .is_sentence(404, "later than the end");
    assert_eq!(get(server.addr, "/e/demo/48/30.m4s").await.status, 200);
}

#[tokio::test]
async fn a_chunk_has_one_address_only() {
    let server = start(Setup::default());
    let _stream = open(&server.edge, 0..10);
    for name in [
        "007.m4s",
        "+7.m4s",
        "7.mp4",
        "7.m4s.m4s",
        ".m4s",
        "-1.m4s",
        "7",
    ] {
        let answer = get(server.addr, &format!("/e/demo/48/{name}")).await;
        assert_eq!(answer.text(), "the fallback knows no such page", "{name}");
    }
    assert_eq!(get(server.addr, "/e/demo/48/0.m4s").await.text(), "<0>");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = start(Setup::default());
    let _stream = open(&server.edge, 0..20);
    let mut client = Client::connect(server.addr).await;
    let mut all = String::new();
    for s in 0..20 {
        all.push_str(&format!(
            "GET /e/demo/48/{s}.m4s HTTP/1.1\r\nHost: x\r\n\r\n"
        ));
    }
    client.send(all).await;
    for s in 0..20 {
        assert_eq!(client.answer("GET").await.unwrap().text(), format!("<{s}>"));
    }
}

#[tokio::test]
async fn a_chunk_and_a_head_are_not_sent_again_to_who_has_them() {
    let server = start(Setup::default());
    let stream = open(&server.edge, 0..30);
    for (path, text) in [
        ("/e/demo/48/29.m4s", "<29>"),
        ("/e/demo/48/init.mp4", "<head>"),
    ] {
        let first = get(server.addr, path).await;
        let tag = first.header("etag").expect("a tag").to_owned();
        assert!(tag.starts_with('"'), "{tag} is strong");
        let again = ask(server.addr, "GET", path, &[("If-None-Match", &tag)]).await;
        assert_eq!((again.status, again.header("etag")), (304, Some(&*tag)));
        assert_eq!(again.header("cache-control"), first.header("cache-control"));
        let other = ask(server.addr, "GET", path, &[("If-Match", "\"other\"")]).await;
        assert_eq!(other.status, 412);
        let part = ask(server.addr, "GET", path, &[("Range", "bytes=1-2")]).await;
        assert_eq!((part.status, part.text()), (206, &text[1..3]));
        let head = ask(server.addr, "HEAD", path, &[]).await;
        assert_eq!(head.header("etag"), Some(&*tag));
    }
    let tag = async |path| {
        let answer = get(server.addr, path).await;
        answer.header("etag").map(str::to_owned)
    };
    let (one, two) = (
        tag("/e/demo/48/28.m4s").await,
        tag("/e/demo/48/29.m4s").await,
    );
    assert_ne!(one, two, "of equal length");
    let before = tag("/e/demo/48/init.mp4").await;
    stream.set_head("<HEAD>".into());
    assert_ne!(before, tag("/e/demo/48/init.mp4").await);
}
