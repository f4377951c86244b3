//! Documents in memory: conditions, codings, ranges, caching.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use stentor_edge::{CacheClass, Document, DocumentBody};

use crate::client::{ask, get};
use crate::server::{Server, Setup, open, start};

fn with_page() -> Server {
    let server = start(Setup::default());
    let mut headers = HeaderMap::new();
    headers.insert(
        "content-security-policy",
        HeaderValue::from_static("default-src 'self'"),
    );
    let page = Document {
        content_type: "text/html; charset=utf-8".into(),
        cache: CacheClass::Short(5),
        body: DocumentBody {
            identity: Bytes::from_static(b"0123456789"),
            gzip: Some(Bytes::from_static(b"(gzip)")),
            br: Some(Bytes::from_static(b"(br)")),
        },
        headers,
    };
    server.edge.documents().put("/e/demo", page).unwrap();
    server
}

#[tokio::test]
async fn a_document_comes_with_its_type_cache_tag_and_headers() {
    let server = with_page();
    let answer = get(server.addr, "/e/demo?from=mail").await;
    assert_eq!((answer.status, answer.text()), (200, "0123456789"));
    assert_eq!(
        answer.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(answer.header("cache-control"), Some("public, max-age=5"));
    assert_eq!(answer.header("vary"), Some("Accept-Encoding"));
    assert_eq!(answer.header("accept-ranges"), Some("bytes"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(
        answer.header("content-security-policy"),
        Some("default-src 'self'")
    );
    for (cache, value) in [
        (CacheClass::Immutable, "public, max-age=31536000, immutable"),
        (CacheClass::NoStore, "no-store"),
    ] {
        let document = Document::new("application/json", cache, "{}");
        server.edge.documents().put("/e/demo", document).unwrap();
        let answer = get(server.addr, "/e/demo").await;
        assert_eq!(answer.header("cache-control"), Some(value));
        assert_eq!(answer.header("vary"), None);
    }
    assert!(server.edge.documents().remove("/e/demo"));
    assert_eq!(get(server.addr, "/e/demo").await.status, 404);
}

#[tokio::test]
async fn a_tag_saves_the_body_until_the_document_changes() {
    let server = with_page();
    let tag = get(server.addr, "/e/demo")
        .await
        .header("etag")
        .unwrap()
        .to_owned();
    for method in ["GET", "HEAD"] {
        let same = ask(server.addr, method, "/e/demo", &[("If-None-Match", &tag)]).await;
        assert_eq!((same.status, same.body.len()), (304, 0));
        assert_eq!(same.header("etag"), Some(tag.as_str()));
        assert_eq!(same.header("cache-control"), Some("public, max-age=5"));
    }
    let document = Document::new("text/plain", CacheClass::Short(5), "changed");
    server.edge.documents().put("/e/demo", document).unwrap();
    let changed = ask(server.addr, "GET", "/e/demo", &[("If-None-Match", &tag)]).await;
    assert_eq!((changed.status, changed.text()), (200, "changed"));
}

#[tokio::test]
async fn the_coding_is_the_clients_choice_and_has_its_own_tag() {
    let server = with_page();
    let plain = get(server.addr, "/e/demo").await;
    let coded =
        async |value: &str| ask(server.addr, "GET", "/e/demo", &[("Accept-Encoding", value)]).await;
    let br = coded("gzip, br").await;
    assert_eq!(
        (br.header("content-encoding"), br.text()),
        (Some("br"), "(br)")
    );
    let gzip = coded("gzip").await;
    assert_eq!(
        (gzip.header("content-encoding"), gzip.text()),
        (Some("gzip"), "(gzip)")
    );
    let none = coded("zstd").await;
    assert_eq!(
        (none.header("content-encoding"), none.text()),
        (None, "0123456789")
    );
    assert_ne!(br.header("etag"), gzip.header("etag"));
    assert_ne!(br.header("etag"), plain.header("etag"));
}

#[tokio::test]
async fn head_says_what_get_would_and_options_what_is_allowed() {
    let server = with_page();
    let head = ask(server.addr, "HEAD", "/e/demo", &[("Accept-Encoding", "br")]).await;
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("4"))
    );
    assert_eq!(head.header("content-encoding"), Some("br"));
    let options = ask(
        server.addr,
        "OPTIONS",
        "/e/demo",
        &[("Origin", "https://x")],
    )
    .await;
    assert_eq!(options.status, 204);
    assert_eq!(options.header("access-control-allow-origin"), Some("*"));
    assert_eq!(options.header("access-control-max-age"), Some("86400"));
    ask(server.addr, "PUT", "/e/demo", &[("Content-Length", "0")])
        .await
        .is_sentence(405, "only be read");
}

#[tokio::test]
async fn ranges_are_of_the_plain_bytes() {
    let server = with_page();
    let part = async |range: &str| {
        let headers = [("Range", range), ("Accept-Encoding", "br")];
        ask(server.addr, "GET", "/e/demo", &headers).await
    };
    for (range, text, content_range) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=0-99", "0123456789", "bytes 0-9/10"),
    ] {
        let answer = part(range).await;
        assert_eq!((answer.status, answer.text()), (206, text));
        assert_eq!(answer.header("content-range"), Some(content_range));
        assert_eq!(answer.header("content-encoding"), None);
    }
    let outside = part("bytes=10-").await;
    outside.is_sentence(416, "10 bytes");
    assert_eq!(outside.header("content-range"), Some("bytes */10"));
    assert_eq!(part("bytes=0-1,3-4").await.text(), "0123456789");
    let stale = ask(
        server.addr,
        "GET",
        "/e/demo",
        &[("Range", "bytes=2-4"), ("If-Range", "\"old\"")],
    )
    .await;
    assert_eq!((stale.status, stale.text()), (200, "0123456789"));
}

#[tokio::test]
async fn a_document_may_lie_inside_a_streams_folder() {
    let server = start(Setup::default());
    let _stream = open(&server.edge, 0..1);
    let playlist = Document::new(
        "application/vnd.apple.mpegurl",
        CacheClass::Short(1),
        "#EXTM3U\n",
    );
    server
        .edge
        .documents()
        .put("/e/demo/48/index.m3u8", playlist)
        .unwrap();
    let answer = get(server.addr, "/e/demo/48/index.m3u8").await;
    assert_eq!(answer.text(), "#EXTM3U\n");
    assert_eq!(answer.header("cache-control"), Some("public, max-age=1"));
}

#[tokio::test]
async fn what_is_gone_says_so_in_a_sentence_that_no_cache_keeps() {
    let server = start(Setup::default());
    let documents = server.edge.documents();
    documents
        .put_gone(
            "/e/demo/index.m3u8",
            "This is over; its replay is elsewhere.",
        )
        .unwrap();
    for method in ["GET", "HEAD"] {
        let gone = ask(server.addr, method, "/e/demo/index.m3u8", &[]).await;
        assert_eq!(
            (gone.status, gone.header("cache-control")),
            (410, Some("no-store"))
        );
        if method == "GET" {
            gone.is_sentence(410, "its replay is elsewhere");
        }
    }
    let asked = [("If-None-Match", "*")];
    let gone = ask(server.addr, "GET", "/e/demo/index.m3u8", &asked).await;
    assert_eq!(gone.status, 410);
    assert_eq!(documents.bytes(), 38, "it counts");
}

#[tokio::test]
async fn what_is_elsewhere_says_where_and_may_move_again() {
    let server = start(Setup::default());
    let documents = server.edge.documents();
    documents
        .put_elsewhere("/", "https://www.example.org/talks")
        .unwrap();
    let answer = get(server.addr, "/").await;
    answer.is_sentence(307, "at another address");
    assert_eq!(
        (answer.header("location"), answer.header("cache-control")),
        (
            Some("https://www.example.org/talks"),
            Some("public, max-age=60")
        )
    );
    assert!(documents.put_elsewhere("/", "a\nb").is_err());
    let page = Document::new("text/html", CacheClass::Short(1), "here again");
    documents.put("/", page).unwrap();
    assert_eq!(get(server.addr, "/").await.text(), "here again");
}

#[tokio::test]
async fn who_has_an_old_version_of_a_calendar_is_sent_the_new_one() {
    let server = start(Setup::default());
    let put = |text: &'static str| {
        let file = Document::new("text/calendar", CacheClass::Short(1), text);
        server.edge.documents().put("/events.ics", file).unwrap();
    };
    put("SEQUENCE:0");
    let first = get(server.addr, "/events.ics").await;
    let old = first.header("etag").expect("it has a tag").to_owned();
    let asked = [("If-None-Match", old.as_str())];
    let same = ask(server.addr, "GET", "/events.ics", &asked).await;
    assert_eq!(same.status, 304);
    put("SEQUENCE:1");
    let new = ask(server.addr, "GET", "/events.ics", &asked).await;
    assert_eq!((new.status, new.text()), (200, "SEQUENCE:1"));
}

#[tokio::test]
async fn who_comes_to_a_stream_that_has_ended_is_told_what_its_publisher_says() {
    let server = start(Setup::default());
    let stream = open(&server.edge, 0..1);
    stream.set_farewell("It is over; look elsewhere.");
    stream.end();
    let gone = get(server.addr, "/e/demo/48/live.mp4").await;
    gone.is_sentence(410, "look elsewhere");
    assert_eq!(gone.header("cache-control"), Some("no-store"));
}
