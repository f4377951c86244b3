//! What a client sends to a shard: a request is answered only when it is whole, by its own bytes alone, and never is a connection kept
//! behind a body that somebody would read as the next request.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use stentor_edge::faces::{AfterAnswer, ParsedRequest, parse_request};
use stentor_edge::{AcceptLimits, CacheClass, Document, Edge, EdgeConfig, NotFound};

static LIMITS: LazyLock<AcceptLimits> = LazyLock::new(AcceptLimits::default);

static EDGE: LazyLock<Edge> = LazyLock::new(|| {
    let edge = Edge::new(EdgeConfig::default());
    let page = Document::new("text/html", CacheClass::NoStore, "page");
    edge.documents()
        .put("/", page.clone())
        .expect("there is room");
    let not_found = NotFound {
        handlers: vec!["/api/".to_owned()],
        page: page.clone(),
        sentence: page,
    };
    edge.answer_not_found(not_found).expect("it is a page");
    edge
});

fuzz_target!(|bytes: &[u8]| {
    let ParsedRequest::Answered(used, _, response, after) = parse_request(&EDGE, bytes, &LIMITS)
    else {
        return;
    };
    // The end of a head that is wrong is not looked for.
    if [400, 431, 501, 505].contains(&response.status().as_u16()) {
        assert_eq!(after, AfterAnswer::Close);
        return;
    }
    let request = &bytes[..used];
    let again = parse_request(&EDGE, request, &LIMITS);
    assert!(
        matches!(again, ParsedRequest::Answered(u, _, r, a) if u == used && a == after && r.body() == response.body())
    );
    let less = parse_request(&EDGE, &request[..used - 1], &LIMITS);
    assert!(matches!(less, ParsedRequest::Partial), "it was not whole");
    assert!(
        bare_line_feed(request).is_none(),
        "a line that ends otherwise"
    );
    if after != AfterAnswer::Close {
        let text = String::from_utf8_lossy(request).to_ascii_lowercase();
        assert!(!text.contains("\ntransfer-encoding:"));
        if let Some(at) = text.find("\ncontent-length:") {
            let value = text[at..].split(['\r', ':']).nth(1).unwrap_or_default();
            assert!(value.trim().bytes().all(|b| b == b'0'), "{value}");
        }
    }
});

fn bare_line_feed(bytes: &[u8]) -> Option<usize> {
    (0..bytes.len()).find(|&at| bytes[at] == b'\n' && (at == 0 || bytes[at - 1] != b'\r'))
}
