//! What a client sends to a shard: a request is answered only when it is whole, by its own bytes alone, and never when a
//! body may follow it that somebody else would read as the next request.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use stentor_edge::faces::{ParsedRequest, parse_request};
use stentor_edge::{AcceptLimits, CacheClass, Document, Edge, EdgeConfig};

static LIMITS: LazyLock<AcceptLimits> = LazyLock::new(AcceptLimits::default);

static EDGE: LazyLock<Edge> = LazyLock::new(|| {
    let edge = Edge::new(EdgeConfig::default());
    let page = Document::new("text/html", CacheClass::NoStore, "page");
    edge.documents().put("/", page).expect("there is room");
    edge
});

fuzz_target!(|bytes: &[u8]| {
    let ParsedRequest::Answered(used, _, response) = parse_request(&EDGE, bytes, &LIMITS) else {
        return;
    };
    let request = &bytes[..used];
    let again = parse_request(&EDGE, request, &LIMITS);
    assert!(
        matches!(again, ParsedRequest::Answered(u, _, r) if u == used && r.body() == response.body())
    );
    let less = parse_request(&EDGE, &request[..used - 1], &LIMITS);
    assert!(matches!(less, ParsedRequest::Else), "it was not whole");
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    for field in ["content-length:", "transfer-encoding:", "upgrade:"] {
        assert!(!text.contains(&format!("\n{field}")), "{field}");
    }
});
