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
        Why::ConnectionsFull | Why::PrefixFull | Why::NoDescriptor => (
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
        | Why::Overtaken => OTHER,
    }
}

/// What is wrong with a head that was refused.
fn head_fault(fault: HeadFault) -> Cow<'static, str> {
    match fault {
        HeadFault::Unreadable => "This is not a request that can be understood as HTTP/1.1.".into(),
        HeadFault::TooLarge => "The head of the request is too large.".into(),
        HeadFault::Version => "This server speaks HTTP/1.1.".into(),
        HeadFault::Host(fields) => {
            format!("A request has exactly one Host header field; this one has {fields}.").into()
        }
    }
}

/// The response to a head that was refused.
pub(super) fn bad_head(fault: HeadFault) -> Response<Bytes> {
    let text = head_fault(fault);
    sentence(StatusCode::BAD_REQUEST, CacheClass::NoStore, &text)
}

/// The same as bytes, for a head that the HTTP library could not read, with the library's status.
pub(crate) fn raw_bad_head(status: StatusCode, fault: HeadFault) -> Vec<u8> {
    raw_sentence(status, None, &head_fault(fault))
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
