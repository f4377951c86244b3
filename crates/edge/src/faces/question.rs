//! One request out of the bytes that came, where its answer is a stream, a document or a chunk.
//!
//! What is not plainly such a request (a body, another protocol, a head that is not whole or not good, the fallback's) is left to the accept side, which has a library for it, and a sentence for whoever is wrong. So nothing is refused here.

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Request, Response, Uri, Version, request};

use stentor_core::admission::Rung;

use super::{FileAsk, Reply, answer};
use crate::edge::Edge;
use crate::limits::AcceptLimits;
use crate::stream::Place;

/// Fields of a head that is read here. One with more goes home.
const FIELDS_MAX: usize = 64;

/// The fields that the faces look at.
const LOOKED_AT: [HeaderName; 5] = [
    header::HOST,
    header::ACCEPT_ENCODING,
    header::RANGE,
    header::IF_RANGE,
    header::IF_NONE_MATCH,
];

/// The fields that make a request more than a question.
const MORE: [HeaderName; 4] = [
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::EXPECT,
    header::UPGRADE,
];

/// What the bytes of a client came to.
pub enum Question {
    /// So many bytes were a request of that method, and this is its answer.
    Answered(usize, Method, Response<Bytes>),
    /// A listener's: the head of its answer, and where it belongs.
    Live(Response<()>, Place, Rung),
    /// So many bytes were a request for a file.
    File(usize, FileAsk),
    /// None that is answered here.
    Else,
}

/// Reads the first request of `bytes` and answers it.
#[must_use]
pub fn question(edge: &Edge, bytes: &[u8], limits: &AcceptLimits) -> Question {
    if edge.draining() {
        return Question::Else;
    }
    let Some((request, used)) = parse(bytes, limits) else {
        return Question::Else;
    };
    match answer(edge, &request) {
        Reply::File(ask) => Question::File(used, ask),
        // A server that leaves says so with each answer (`Connection: close`), but lets a replay be heard.
        _ if edge.is_leaving() => Question::Else,
        Reply::Whole(response) => Question::Answered(used, request.method, response),
        Reply::Live(response, place, rung) => Question::Live(response, place, rung),
        Reply::NotMine => Question::Else,
    }
}

/// A whole and plain HTTP/1.1 request that keeps the connection, with the fields that are looked at; and its length.
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
        if MORE.iter().any(is) || is(&header::CONNECTION) && !keeps() {
            return None;
        }
        if let Some(name) = LOOKED_AT.iter().find(|name| is(name)) {
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
        match question(&edge(), bytes.as_bytes(), &AcceptLimits::default()) {
            Question::Answered(used, _, response) => Some((response.status().as_u16(), used)),
            Question::Live(..) | Question::File(..) => panic!("there is none"),
            Question::Else => None,
        }
    }

    #[test]
    fn a_plain_question_is_answered_and_the_next_begins_behind_it() {
        let one = "GET /text HTTP/1.1\r\nHost: x\r\nConnection: Keep-Alive\r\nCookie: a\r\n\r\n";
        assert_eq!(answered(one), Some((200, one.len())));
        assert_eq!(answered(&format!("{one}GET /y")), Some((200, one.len())));
        let by_url = "GET http://x/text HTTP/1.1\r\nHost: x\r\n\r\n";
        assert_eq!(answered(by_url), Some((200, by_url.len())));
        let range = "GET /text HTTP/1.1\r\nHost: x\r\nrange: bytes=9-\r\n\r\n";
        assert_eq!(answered(range), Some((416, range.len())));
    }

    #[test]
    fn whatever_is_more_or_less_than_a_question_goes_home() {
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
    fn two_hosts_are_told_off_as_by_the_accept_side() {
        let two = "GET /text HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n";
        assert_eq!(answered(two), Some((400, two.len())));
    }
}
