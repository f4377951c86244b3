//! Faces: ways to listen and read, as functions from a request head to a reply. No socket, no runtime, no clock.
//!
//! Who reads heads ([`crate::accept`], the shards) asks [`answer`], and carries out the [`Reply`].

mod document;
mod question;
mod say;
mod streams;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Response, StatusCode, Version, request};

use stentor_core::admission::Rung;

pub use document::FileAsk;
pub(crate) use document::{FilePart, file_answer, file_etag};
pub use question::{Question, question};
pub(crate) use say::{SERVER, busy, raw_sentence, sentence};

use crate::documents::CacheClass;
use crate::edge::Edge;
use crate::stream::Place;

/// What an engine does for a request.
pub enum Reply {
    /// Send this.
    Whole(Response<Bytes>),
    /// Send this head, then whatever the listener hears until it ends, served as on that rung.
    Live(Response<()>, Place, Rung),
    /// Open the file and ask it for the answer.
    File(FileAsk),
    /// Neither a stream nor a document: the fallback's.
    NotMine,
}

/// What a request is answered with.
#[must_use]
pub fn answer(edge: &Edge, request: &request::Parts) -> Reply {
    if let Some(fault) = check_head(request) {
        return for_method(&request.method, fault);
    }
    let path = request.uri.path();
    let reply = if let Some(stored) = edge.documents().get(path) {
        match asked(&request.method) {
            Asked::Read => document::answer(stored, request),
            Asked::Options => Reply::Whole(say::options()),
            Asked::Other => Reply::Whole(say::method_not_allowed()),
        }
    } else {
        streams::answer(edge, &request.method, path)
    };
    match reply {
        Reply::Whole(response) => for_method(&request.method, response),
        other => other,
    }
}

enum Asked {
    /// GET or HEAD.
    Read,
    Options,
    Other,
}

fn asked(method: &Method) -> Asked {
    match *method {
        Method::GET | Method::HEAD => Asked::Read,
        Method::OPTIONS => Asked::Options,
        _ => Asked::Other,
    }
}

/// A head that the parser let through and that RFC 9112 forbids.
fn check_head(request: &request::Parts) -> Option<Response<Bytes>> {
    // RFC 9112 §3.2: a server answers 400 to an HTTP/1.1 request without Host, or with more than one.
    let hosts = request.headers.get_all(header::HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version == Version::HTTP_11) {
        return Some(sentence(
            StatusCode::BAD_REQUEST,
            CacheClass::NoStore,
            &format!("A request has exactly one Host header field; this one has {hosts}."),
        ));
    }
    None
}

/// RFC 9110 §9.3.2: HEAD gets the header of GET and no body.
fn for_method(method: &Method, mut response: Response<Bytes>) -> Reply {
    if method == Method::HEAD {
        *response.body_mut() = Bytes::new();
    }
    Reply::Whole(response)
}

fn set(headers: &mut HeaderMap, name: header::HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
