//! What is answered where nothing is: by the shards, at the price of a page, and in a way that caches and players understand.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use stentor_edge::{CacheClass, Document, NotFound, RequestBody, StreamSpec};
use tower_service::Service;

use crate::client::{Answer, Client, ask, get};
use crate::server::{Server, Setup, open, spec, start_with};

/// Answers only what is a handler's, and says so.
#[derive(Clone)]
struct Handlers;

impl Service<Request<RequestBody>> for Handlers {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let path = request.uri().path();
        assert!(path.starts_with("/api/"), "{path} is no handler's");
        ready(Ok(Response::new(Full::new(Bytes::from("a handler")))))
    }
}

fn server() -> Server {
    let server = start_with(Setup::default(), Handlers);
    let document = |text: &'static str| Document::new("text/plain", CacheClass::NoStore, text);
    server
        .edge
        .answer_not_found(NotFound {
            handlers: vec!["/api/".to_owned()],
            page: Document::new("text/html", CacheClass::NoStore, "<h1>nothing</h1>"),
            sentence: document("nothing"),
        })
        .unwrap();
    let page = document("the page");
    server.edge.documents().put("/e/demo", page).unwrap();
    server
}

fn may_be_read_by_any_page(answer: &Answer) {
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("cross-origin-resource-policy", "cross-origin"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{answer:?}");
    }
    for name in ["cache-control", "date", "server"] {
        assert!(answer.header(name).is_some(), "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn every_answer_says_who_may_read_it_and_who_may_keep_it() {
    let server = server();
    let _stream = open(&server.edge, 0..2);
    for (method, path, status) in [
        ("GET", "/e/demo", 200),
        ("HEAD", "/e/demo", 200),
        ("POST", "/e/demo", 405),
        ("GET", "/e/demo/48/1.m4s", 200),
        ("GET", "/e/demo/48/9.m4s", 404),
        ("GET", "/e/demo/49/1.m4s", 404),
        ("GET", "/e/later/48/index.m3u8", 404),
        ("GET", "/e/demo/", 308),
        ("GET", "//e/demo", 308),
        ("OPTIONS", "/e/demo", 204),
        ("OPTIONS", "/e/later", 204),
        ("OPTIONS", "/", 204),
        ("OPTIONS", "*", 204),
        ("DELETE", "/e/later", 404),
        ("GET", "/api/x", 200),
        ("GET", "bad", 400),
    ] {
        let answer = ask(server.addr, method, path, &[]).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        may_be_read_by_any_page(&answer);
    }
}

#[tokio::test]
async fn a_player_of_radio_stations_may_send_its_headers() {
    let server = server();
    for asked in ["Icy-MetaData", "x-requested-with", "range"] {
        let headers = [
            ("Origin", "https://elsewhere.example"),
            ("Access-Control-Request-Method", "GET"),
            ("Access-Control-Request-Headers", asked),
        ];
        for path in ["/e/demo", "/e/later/ogg/live.ogg"] {
            let answer = ask(server.addr, "OPTIONS", path, &headers).await;
            let allowed = answer.header("access-control-allow-headers").unwrap();
            let named = allowed
                .split(", ")
                .any(|one| one.eq_ignore_ascii_case(asked));
            assert!(named, "{path}: {allowed}");
        }
    }
}

#[tokio::test]
async fn a_shard_answers_where_nothing_is_and_keeps_the_connection() {
    let server = server();
    let mut client = Client::connect(server.addr).await;
    for round in 0..20 {
        client
            .request("GET", &format!("/nowhere/{round}"), &[])
            .await;
        let answer = client.answer("GET").await.unwrap();
        assert_eq!((answer.status, answer.text()), (404, "nothing"));
        assert_eq!(
            server.edge.shard_sockets(),
            1,
            "it is with a shard all the while"
        );
    }
    let page = ask(server.addr, "GET", "/nowhere", &[("Accept", "text/html")]).await;
    assert_eq!((page.status, page.text()), (404, "<h1>nothing</h1>"));
}

#[tokio::test]
async fn something_that_is_there_later_is_found_at_once() {
    let server = server();
    let before = get(server.addr, "/e/later").await;
    assert_eq!(
        (before.status, before.header("cache-control")),
        (404, Some("no-store"))
    );
    let page = Document::new("text/plain", CacheClass::NoStore, "it is there");
    server.edge.documents().put("/e/later", page).unwrap();
    assert_eq!(get(server.addr, "/e/later").await.text(), "it is there");
    let way = get(server.addr, "/e/%6Cater?a=1").await;
    assert_eq!(
        (way.status, way.header("location")),
        (308, Some("/e/later?a=1"))
    );
}

#[tokio::test]
async fn an_odd_spelling_of_something_of_a_stream_is_sent_to_its_address_and_not_told_of_others() {
    let server = server();
    let _stream = open(&server.edge, 0..8);
    for (path, one) in [
        ("/e/demo//48//live.mp4", "/e/demo/48/live.mp4"),
        ("/e/demo/%34%38/live.mp4", "/e/demo/48/live.mp4"),
        ("/e/demo/48//7.m4s", "/e/demo/48/7.m4s"),
        ("/e/demo/./48/init.mp4", "/e/demo/48/init.mp4"),
    ] {
        for method in ["GET", "HEAD"] {
            let way = ask(server.addr, method, path, &[]).await;
            assert_eq!((way.status, way.header("location")), (308, Some(one)));
        }
    }
    let unknown = get(server.addr, "/e/demo/49/live.mp4").await;
    assert_eq!(unknown.status, 404);
    assert!(unknown.text().contains("there are: 48"), "{unknown:?}");
}

#[tokio::test]
async fn nobody_learns_of_other_programmes_by_asking_for_one_that_is_not_there() {
    let server = server();
    let _stream = open(&server.edge, 0..2);
    // A stream in the folder of the programme itself.
    let of_all = StreamSpec {
        path: "/e/demo".to_owned(),
        live_name: Some("live.mp3".to_owned()),
        chunk_ext: None,
        head_name: None,
        ..spec()
    };
    server.edge.open_stream(of_all).unwrap();
    assert_eq!(get(server.addr, "/e/demo").await.text(), "the page");
    let elsewhere = get(server.addr, "/e/other/live.mp3").await;
    assert_eq!(elsewhere.status, 404);
    assert!(!elsewhere.text().contains("demo"), "{elsewhere:?}");
    let beside = get(server.addr, "/e/demo/49/live.mp4").await;
    assert!(beside.text().contains("there are: 48"), "{beside:?}");
}

#[tokio::test]
async fn an_odd_spelling_below_handlers_is_sent_on_for_who_reads_and_left_to_them_for_who_sends() {
    let server = server();
    for (path, one) in [
        ("/api/x/", "/api/x"),
        ("/api/../e/demo", "/e/demo"),
        ("/api//x?a=1", "/api/x?a=1"),
    ] {
        for method in ["GET", "HEAD"] {
            let way = ask(server.addr, method, path, &[]).await;
            assert_eq!((way.status, way.header("location")), (308, Some(one)));
        }
        let sent = ask(server.addr, "POST", path, &[("Content-Length", "0")]).await;
        assert_eq!((sent.status, sent.text()), (200, "a handler"), "{path}");
        let socket = [("Connection", "upgrade"), ("Upgrade", "websocket")];
        let opened = ask(server.addr, "GET", path, &socket).await;
        assert_eq!((opened.status, opened.text()), (200, "a handler"), "{path}");
    }
    let nowhere = get(server.addr, "/api/../nowhere").await;
    assert_eq!((nowhere.status, nowhere.text()), (200, "a handler"));
}
