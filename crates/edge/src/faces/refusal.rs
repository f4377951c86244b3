//! What a refused peer is told: one sentence for each reason.

use std::borrow::Cow;

use bytes::Bytes;
use http::{Response, StatusCode};

use super::response::{raw_sentence, sentence, with_retry};
use crate::counters::RefusalReason;
use crate::documents::CacheClass;
use crate::gate::{HeadFault, Outcome};

/// For reasons that close a connection without a sentence of their own.
const OTHER: (StatusCode, &str) = (
    StatusCode::BAD_REQUEST,
    "This server cannot serve this request.",
);

/// Status and sentence of a refusal.
fn words(reason: RefusalReason) -> (StatusCode, &'static str) {
    use RefusalReason as Why;
    match reason {
        Why::PrefixFull => (
            StatusCode::SERVICE_UNAVAILABLE,
            "This server has as many connections of your network as it takes from one; try again in a few seconds.",
        ),
        Why::ConnectionsFull | Why::NoDescriptor => (
            StatusCode::SERVICE_UNAVAILABLE,
            "This server has as many connections as it can serve; try again in a few seconds.",
        ),
        Why::ShardsFull => (
            StatusCode::SERVICE_UNAVAILABLE,
            "This server has as many listeners as it can serve; try again in a few seconds.",
        ),
        Why::StreamFull => (
            StatusCode::SERVICE_UNAVAILABLE,
            "This stream has as many listeners as it may have here; try again in a few seconds.",
        ),
        Why::DoorsClosed => (
            StatusCode::SERVICE_UNAVAILABLE,
            "So many are listening that this server takes nobody new for the moment; those inside keep hearing. Try again a little later.",
        ),
        Why::FilesFull => (
            StatusCode::SERVICE_UNAVAILABLE,
            "As many recordings are being read as this server can read at once; try again in a few seconds.",
        ),
        Why::PlainOnTls => (
            StatusCode::BAD_REQUEST,
            "This port speaks HTTPS only: use an address that begins with https.",
        ),
        Why::HeaderTimeout => (
            StatusCode::REQUEST_TIMEOUT,
            "The request took too long to arrive.",
        ),
        Why::HeadsFull => (
            StatusCode::SERVICE_UNAVAILABLE,
            "So many requests are arriving in pieces that this one was not waited for; send it at once, or try again in a few seconds.",
        ),
        Why::HandshakeTimeout
        | Why::HandshakeFailed
        | Why::TlsOnPlain
        | Why::UnknownProtocol
        | Why::HandoverFull
        | Why::Idle
        | Why::WriteStall
        | Why::BadHead
        | Why::BadBody
        | Why::FileUnread
        | Why::Talks
        | Why::Overtaken => OTHER,
    }
}

/// What is wrong with a head that was refused, with the status that says so.
fn head_fault(fault: HeadFault) -> (StatusCode, Cow<'static, str>) {
    let bad = |text: &'static str| (StatusCode::BAD_REQUEST, Cow::Borrowed(text));
    match fault {
        HeadFault::Unreadable => bad("This is not a request that can be understood as HTTP/1.1."),
        HeadFault::TooLarge => (
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "The head of the request is too large.".into(),
        ),
        HeadFault::Version => (
            StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            "This server speaks HTTP/1.1.".into(),
        ),
        HeadFault::Host(fields) => (
            StatusCode::BAD_REQUEST,
            format!("A request has exactly one Host header field; this one has {fields}.").into(),
        ),
        HeadFault::HostName => bad(
            "The Host header field names a host, and a port where there is one; the one of this request names none.",
        ),
        HeadFault::LineEnd => bad(
            "Each line of the head of a request ends with a carriage return and a line feed; one of this request has no carriage return.",
        ),
        HeadFault::Target => bad(
            "A request asks for a path that begins with a slash, or for an address of http without a fragment; this one does not.",
        ),
        HeadFault::Framing => bad(
            "A request says once where its body ends, by Content-Length or by Transfer-Encoding: chunked; this one does not say it clearly.",
        ),
        HeadFault::Coding => (
            StatusCode::NOT_IMPLEMENTED,
            "The body of a request is sent as it is or chunked; no other transfer coding is understood here.".into(),
        ),
    }
}

/// The response to a head that was refused.
pub(super) fn bad_head(fault: HeadFault) -> Response<Bytes> {
    let (status, text) = head_fault(fault);
    sentence(status, CacheClass::NoStore, &text)
}

/// The same as bytes.
pub(crate) fn raw_bad_head(fault: HeadFault) -> Vec<u8> {
    let (status, text) = head_fault(fault);
    raw_sentence(status, None, &text)
}

/// The response to a request that was not allowed.
pub(crate) fn refusal(outcome: Outcome) -> Response<Bytes> {
    let (status, text, retry_after_s) = told(outcome);
    with_retry(sentence(status, CacheClass::NoStore, text), retry_after_s)
}

/// The same as bytes, for a connection that has no HTTP library behind it and is closed afterwards; `None` where nothing is to be
/// said.
pub(crate) fn raw_refusal(outcome: Outcome) -> Option<Vec<u8>> {
    let Outcome::Refuse { .. } = outcome else {
        return None;
    };
    let (status, text, retry_after_s) = told(outcome);
    Some(raw_sentence(status, retry_after_s, text))
}

fn told(outcome: Outcome) -> (StatusCode, &'static str, Option<u32>) {
    let retry_after_s = match outcome {
        Outcome::Refuse { retry_after_s, .. } => retry_after_s,
        Outcome::Allow | Outcome::Close { .. } | Outcome::Reset { .. } => None,
    };
    let (status, text) = outcome.reason().map_or(OTHER, words);
    (status, text, retry_after_s)
}
