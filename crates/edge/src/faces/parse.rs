//! Parses one request out of the bytes of a connection and answers it: a stream, a document, a chunk, or that there is none; or why the
//! head is refused.
//!
//! Only what a handler is for, or a library (a body that is read, an upgrade, a document that is being made), is left to the accept side.

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Response, Version};

use stentor_core::admission::Rung;

use super::answer::answer_to;
use super::file_request::FileRequest;
use super::refusal::bad_head;
use super::reply::Reply;
use super::request_head::{RequestHead, read_head};
use crate::edge::Edge;
use crate::family::StreamSubscription;
use crate::gate::{Ask, Attempt, judge};
use crate::limits::AcceptLimits;
use crate::prefix::Prefix;

/// What the first bytes of a connection are.
pub enum ParsedRequest {
    /// A request of that many bytes and that method, its response, and what follows.
    Answered(usize, Method, Response<Bytes>, AfterAnswer),
    /// A listener's request: the head of its response, its subscription, the rung it joins at, and whether its client knows chunks.
    Live(Response<()>, StreamSubscription, Rung, bool),
    /// A request of that many bytes for a file, and what follows.
    File(usize, FileRequest, AfterAnswer),
    /// A request whose head has not come to its end.
    Partial,
    /// A whole head that is not answered here.
    Else,
}

/// What becomes of a connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterAnswer {
    /// It is kept.
    Keep,
    /// It is kept, and the client, which speaks HTTP/1.0, is to be told so.
    TellKept,
    /// It is closed, and the client told so: it wants that, or sends a body that nobody reads.
    Close,
}

impl AfterAnswer {
    fn of(head: &RequestHead) -> Self {
        match (head.keeps && head.body.is_empty(), head.parts.version) {
            (false, _) => Self::Close,
            (true, Version::HTTP_10) => Self::TellKept,
            (true, _) => Self::Keep,
        }
    }

    /// Tells the client, where it is to be told.
    pub(crate) fn tell<B>(self, response: &mut Response<B>) {
        let told = match self {
            Self::Keep => return,
            Self::TellKept => "keep-alive",
            Self::Close => "close",
        };
        let told = HeaderValue::from_static(told);
        response.headers_mut().insert(header::CONNECTION, told);
    }
}

/// Reads the first request of `bytes` and answers it, whoever asks.
#[must_use]
pub fn parse_request(edge: &Edge, bytes: &[u8], limits: &AcceptLimits) -> ParsedRequest {
    parse_request_of(edge, bytes, limits, None)
}

/// The same of somebody who comes from that network; from none where all who come have one address.
pub(crate) fn parse_request_of(
    edge: &Edge,
    bytes: &[u8],
    limits: &AcceptLimits,
    from: Option<Prefix>,
) -> ParsedRequest {
    let head = match read_head(bytes, limits) {
        Ok(Some(head)) => head,
        Ok(None) => return ParsedRequest::Partial,
        Err(fault) => {
            let outcome = judge(&Attempt::new(Ask::Head { fault }));
            edge.count().refuse_if(outcome.reason());
            let response = bad_head(fault);
            return ParsedRequest::Answered(bytes.len(), Method::GET, response, AfterAnswer::Close);
        }
    };
    let after = AfterAnswer::of(&head);
    // A client that is kept would come back to a server that leaves.
    let leaves = |leaving| if leaving { AfterAnswer::Close } else { after };
    match answer_to(edge, &head.parts, from) {
        // A player asks for the next part of a recording on the same connection: it goes on as long as this server does.
        Reply::File(ask) => ParsedRequest::File(head.bytes, ask, leaves(edge.draining())),
        Reply::Whole(response) => {
            let after = leaves(edge.is_leaving());
            ParsedRequest::Answered(head.bytes, head.parts.method, response, after)
        }
        Reply::Live(response, place, rung) => {
            let chunked = head.parts.version != Version::HTTP_10;
            ParsedRequest::Live(response, place, rung, chunked)
        }
        Reply::Awaited(_) | Reply::Fallback => ParsedRequest::Else,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::counters::RefusalReason;
    use crate::documents::{CacheClass, Document};
    use crate::edge::EdgeConfig;
    use crate::not_found::NotFound;

    fn edge() -> Edge {
        edge_of(EdgeConfig::default())
    }

    fn edge_of(config: EdgeConfig) -> Edge {
        let edge = Edge::new(config);
        let text = |text: &'static str| Document::new("text/plain", CacheClass::NoStore, text);
        edge.documents().put("/text", text("text")).unwrap();
        let not_found = NotFound {
            handlers: vec!["/api/".to_owned()],
            page: Document::new("text/html", CacheClass::NoStore, "a page"),
            sentence: text("a sentence"),
        };
        edge.answer_not_found(not_found).unwrap();
        edge
    }

    struct Answer {
        used: usize,
        status: u16,
        response: Response<Bytes>,
        after: AfterAnswer,
    }

    fn parse_on(edge: &Edge, bytes: &str) -> Option<Answer> {
        match parse_request(edge, bytes.as_bytes(), &AcceptLimits::default()) {
            ParsedRequest::Answered(used, _, response, after) => Some(Answer {
                used,
                status: response.status().as_u16(),
                response,
                after,
            }),
            ParsedRequest::Live(..) | ParsedRequest::File(..) => panic!("there is none"),
            ParsedRequest::Partial | ParsedRequest::Else => None,
        }
    }

    fn answered(bytes: &str) -> Option<(u16, usize)> {
        parse_on(&edge(), bytes).map(|answer| (answer.status, answer.used))
    }

    fn ask(method: &str, path: &str, fields: &str) -> Answer {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
        parse_on(&edge(), &head).unwrap_or_else(|| panic!("{head:?} is not answered"))
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
    fn what_nobody_is_asked_for_is_answered_here_and_only_handlers_are_left_to_the_accept_side() {
        for (method, path, fields, status) in [
            ("GET", "/nowhere", "", 404),
            ("HEAD", "/nowhere", "", 404),
            ("POST", "/nowhere", "", 404),
            ("DELETE", "/text", "", 405),
            ("POST", "/text", "Content-Length: 1000\r\n", 405),
            ("POST", "/nowhere", "Transfer-Encoding: chunked\r\n", 404),
            (
                "PUT",
                "/text",
                "Expect: 100-continue\r\nContent-Length: 9\r\n",
                405,
            ),
            (
                "GET",
                "/text",
                "Connection: Upgrade\r\nUpgrade: h2c\r\n",
                200,
            ),
            ("OPTIONS", "/text", "", 204),
            ("OPTIONS", "/", "", 204),
            ("OPTIONS", "*", "", 204),
            ("OPTIONS", "/nowhere/at/all", "", 204),
            ("CONNECT", "x:443", "", 405),
        ] {
            let answer = ask(method, path, fields);
            assert_eq!(answer.status, status, "{method} {path} {fields}");
            let origin = &answer.response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN];
            assert_eq!(origin, "*", "{method} {path}");
        }
        for head in [
            "GET /api/x HTTP/1.1\r\nHost: x\r\n\r\n",
            "OPTIONS /api/ HTTP/1.1\r\nHost: x\r\n\r\n",
            "POST /api/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n.",
        ] {
            let parsed = parse_request(&edge(), head.as_bytes(), &AcceptLimits::default());
            assert!(matches!(parsed, ParsedRequest::Else), "{head}");
        }
        let alone = Edge::new(EdgeConfig::default());
        let nowhere = "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n";
        assert!(parse_on(&alone, nowhere).is_none(), "the fallback's");
    }

    #[test]
    fn a_connection_is_kept_as_the_client_wants_and_never_behind_a_body_that_nobody_reads() {
        let after = |head: &str| parse_on(&edge(), head).unwrap().after;
        let plain = "GET /text HTTP/1.1\r\nHost: x\r\n";
        for (head, expected) in [
            (format!("{plain}\r\n"), AfterAnswer::Keep),
            (
                format!("{plain}Connection: close\r\n\r\n"),
                AfterAnswer::Close,
            ),
            (
                format!("{plain}Content-Length: 0\r\n\r\n"),
                AfterAnswer::Keep,
            ),
            (
                format!("{plain}Content-Length: 1\r\n\r\n"),
                AfterAnswer::Close,
            ),
            (
                format!("{plain}Transfer-Encoding: chunked\r\n\r\n"),
                AfterAnswer::Close,
            ),
            ("GET /text HTTP/1.0\r\n\r\n".to_owned(), AfterAnswer::Close),
            (
                "GET /text HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n".to_owned(),
                AfterAnswer::TellKept,
            ),
        ] {
            assert_eq!(after(&head), expected, "{head:?}");
        }
        let edge = edge();
        edge.announce_shutdown(1_000);
        let leaving = parse_on(&edge, &format!("{plain}\r\n")).unwrap();
        assert_eq!((leaving.status, leaving.after), (200, AfterAnswer::Close));
    }

    #[test]
    fn an_edge_that_is_spoken_to_over_tls_alone_says_so_on_whatever_it_answers_and_another_never() {
        let strict = |edge: &Edge, path: &str| {
            let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
            let answer = parse_on(edge, &head).expect("an answer");
            let value = answer
                .response
                .headers()
                .get(header::STRICT_TRANSPORT_SECURITY)
                .cloned();
            (answer.status, value)
        };
        let value = HeaderValue::from_static("max-age=60");
        let tls = edge_of(EdgeConfig {
            strict_transport: Some(Duration::from_secs(60)),
            ..EdgeConfig::default()
        });
        for (path, status) in [("/text", 200), ("/nowhere", 404), ("//text", 308)] {
            assert_eq!(strict(&tls, path), (status, Some(value.clone())), "{path}");
            assert_eq!(strict(&edge(), path), (status, None), "{path}");
        }
    }

    #[test]
    fn an_address_that_is_written_otherwise_is_sent_to_the_one_it_has() {
        for written in [
            "/te%78t",
            "//text",
            "/x/../text",
            "/text;",
            "/text/",
            "/%74%65xt",
        ] {
            let answer = ask("GET", &format!("{written}?a=%20b&c"), "");
            assert_eq!(answer.status, 308, "{written}");
            let headers = answer.response.headers();
            assert_eq!(headers[header::LOCATION], "/text?a=%20b&c", "{written}");
            assert_eq!(headers[header::CACHE_CONTROL], "public, max-age=60");
        }
        assert_eq!(ask("POST", "/text/", "").status, 308);
        let handlers = ask("GET", "//api/x", "");
        assert_eq!(handlers.response.headers()[header::LOCATION], "/api/x");
        // Nothing is there either.
        for nowhere in ["/nowhere/", "//evil.example", "/tex%74t", "/"] {
            assert_eq!(ask("GET", nowhere, "").status, 404, "{nowhere}");
        }
    }

    #[test]
    fn people_see_a_page_where_nothing_is_and_programs_a_sentence_and_no_cache_keeps_it() {
        for (fields, text) in [
            ("Accept: text/html,*/*\r\n", "a page"),
            ("Accept: */*\r\n", "a sentence"),
            ("", "a sentence"),
        ] {
            let answer = ask("GET", "/nowhere", fields);
            assert_eq!(answer.response.body(), text, "{fields}");
            let headers = answer.response.headers();
            assert_eq!(headers[header::CACHE_CONTROL], "no-store");
            assert_eq!(headers[header::VARY], "Accept, Accept-Encoding");
            assert_eq!(headers[header::CONTENT_LENGTH], text.len().to_string());
        }
        assert_eq!(ask("HEAD", "/nowhere", "").response.body(), "");
    }

    #[test]
    fn a_head_that_is_wrong_is_told_why_and_counted_and_nothing_behind_it_is_read() {
        for (head, status) in [
            ("GET /te\0xt HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            (
                "GET /text HTTP/1.1\r\nHost: x\r\nA: b\r\n folded\r\n\r\n",
                400,
            ),
            ("GET /text HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
            ("GET /text HTTP/1.1\nHost: x\n\n", 400),
            ("GET /text#a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /text HTTP/3.0\r\nHost: x\r\n\r\n", 505),
            (
                "POST /api/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
                501,
            ),
        ] {
            let edge = edge();
            let bytes = format!("{head}GET /text HTTP/1.1\r\nHost: x\r\n\r\n");
            let answer = parse_on(&edge, &bytes).unwrap();
            assert_eq!(
                (answer.status, answer.used),
                (status, bytes.len()),
                "{head:?}"
            );
            assert_eq!(answer.after, AfterAnswer::Close);
            assert_eq!(edge.counters().refused(RefusalReason::BadHead), 1);
        }
    }

    #[test]
    fn a_head_that_has_not_come_to_its_end_is_waited_for() {
        let text = "GET /text HTTP/1.1\r\nHost: x\r\n\r\n";
        for end in 0..text.len() {
            let part = &text.as_bytes()[..end];
            let parsed = parse_request(&edge(), part, &AcceptLimits::default());
            assert!(matches!(parsed, ParsedRequest::Partial), "{end}");
        }
    }
}
