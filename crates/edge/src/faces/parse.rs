//! Parses one request out of the bytes of a connection and answers it, where it asks for a stream, a document or a chunk.
//!
//! Everything else (a body, an upgrade, a head that is incomplete or wrong, a request for the fallback) is left to the accept side, which
//! has an HTTP library for it and a sentence for what is wrong. So nothing is refused as malformed here.

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Request, Response, Uri, Version, request};

use stentor_core::admission::Rung;

use super::answer::answer;
use super::file_request::FileRequest;
use super::reply::Reply;
use crate::edge::Edge;
use crate::family::StreamSubscription;
use crate::limits::AcceptLimits;

/// Header fields of a request that is parsed here. One with more is the accept side's.
const FIELDS_MAX: usize = 64;

/// The header fields that the faces read.
const FIELDS_READ: [HeaderName; 5] = [
    header::HOST,
    header::ACCEPT_ENCODING,
    header::RANGE,
    header::IF_RANGE,
    header::IF_NONE_MATCH,
];

/// The header fields of a request that needs the HTTP library.
const FIELDS_OF_LIBRARY: [HeaderName; 4] = [
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::EXPECT,
    header::UPGRADE,
];

/// What the first bytes of a connection are.
pub enum ParsedRequest {
    /// A request of that many bytes and that method, and its response.
    Answered(usize, Method, Response<Bytes>),
    /// A listener's request: the head of its response, its subscription, and the rung it joins at.
    Live(Response<()>, StreamSubscription, Rung),
    /// A request of that many bytes for a file.
    File(usize, FileRequest),
    /// No request that is answered here.
    Else,
}

/// Reads the first request of `bytes` and answers it.
#[must_use]
pub fn parse_request(edge: &Edge, bytes: &[u8], limits: &AcceptLimits) -> ParsedRequest {
    if edge.draining() {
        return ParsedRequest::Else;
    }
    let Some((request, used)) = parse(bytes, limits) else {
        return ParsedRequest::Else;
    };
    match answer(edge, &request) {
        Reply::File(ask) => ParsedRequest::File(used, ask),
        // While this server shuts down, each response has `Connection: close`, which the accept side adds; a recording goes on.
        _ if edge.is_leaving() => ParsedRequest::Else,
        Reply::Whole(response) => ParsedRequest::Answered(used, request.method, response),
        Reply::Live(response, place, rung) => ParsedRequest::Live(response, place, rung),
        Reply::Awaited(_) | Reply::Fallback => ParsedRequest::Else,
    }
}

/// A complete HTTP/1.1 request without a body that keeps the connection alive, with the fields that are read; and its length.
fn parse(bytes: &[u8], limits: &AcceptLimits) -> Option<(request::Parts, usize)> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut head = httparse::Request::new(&mut fields[..limits.headers_max.min(FIELDS_MAX)]);
    let httparse::Status::Complete(used) = head.parse(bytes).ok()? else {
        return None;
    };
    if head.version != Some(1) || used > limits.header_bytes_max {
        return None;
    }
    let (mut request, ()) = Request::new(()).into_parts();
    request.version = Version::HTTP_11;
    request.method = Method::from_bytes(head.method?.as_bytes()).ok()?;
    request.uri = Uri::try_from(head.path?).ok()?;
    for field in head.headers.iter() {
        let is = |name: &HeaderName| field.name.eq_ignore_ascii_case(name.as_str());
        let keeps = || field.value.eq_ignore_ascii_case(b"keep-alive");
        if FIELDS_OF_LIBRARY.iter().any(is) || is(&header::CONNECTION) && !keeps() {
            return None;
        }
        if let Some(name) = FIELDS_READ.iter().find(|name| is(name)) {
            let value = HeaderValue::from_bytes(field.value).ok()?;
            request.headers.append(name, value);
        }
    }
    Some((request, used))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::{CacheClass, Document};
    use crate::edge::EdgeConfig;

    fn edge() -> Edge {
        let edge = Edge::new(EdgeConfig::default());
        let text = Document::new("text/plain", CacheClass::NoStore, "text");
        edge.documents().put("/text", text).unwrap();
        edge
    }

    fn answered(bytes: &str) -> Option<(u16, usize)> {
        match parse_request(&edge(), bytes.as_bytes(), &AcceptLimits::default()) {
            ParsedRequest::Answered(used, _, response) => Some((response.status().as_u16(), used)),
            ParsedRequest::Live(..) | ParsedRequest::File(..) => panic!("there is none"),
            ParsedRequest::Else => None,
        }
    }

    #[test]
    fn a_plain_request_is_answered_and_the_next_begins_behind_it() {
        let one = "GET /text HTTP/1.1\r\nHost: x\r\nConnection: Keep-Alive\r\nCookie: a\r\n\r\n";
        assert_eq!(answered(one), Some((200, one.len())));
        assert_eq!(answered(&format!("{one}GET /y")), Some((200, one.len())));
        let by_url = "GET http://x/text HTTP/1.1\r\nHost: x\r\n\r\n";
        assert_eq!(answered(by_url), Some((200, by_url.len())));
        let range = "GET /text HTTP/1.1\r\nHost: x\r\nrange: bytes=9-\r\n\r\n";
        assert_eq!(answered(range), Some((416, range.len())));
    }

    #[test]
    fn whatever_is_more_or_less_than_a_plain_request_is_left_to_the_accept_side() {
        for head in [
            "",
            "GET /text HTTP/1.1\r\nHost: x\r\n",
            "GET /elsewhere HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /text HTTP/1.0\r\nHost: x\r\n\r\n",
            "GET /te\0xt HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /text HTTP/1.1\r\nHost: x\r\nA: b\r\n folded\r\n\r\n",
            "GET /text HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            "GET /text HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            "GET /text HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n.",
            "GET /text HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "GET /text HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n",
        ] {
            assert_eq!(answered(head), None, "{head:?}");
        }
        let long = format!(
            "GET /text HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n",
            "v".repeat(16_384)
        );
        assert_eq!(answered(&long), None);
        let many = format!(
            "GET /text HTTP/1.1\r\nHost: x\r\n{}\r\n",
            "A: b\r\n".repeat(64)
        );
        assert_eq!(answered(&many), None);
    }

    #[test]
    fn two_hosts_are_refused_as_on_the_accept_side() {
        let two = "GET /text HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n";
        assert_eq!(answered(two), Some((400, two.len())));
    }
}
