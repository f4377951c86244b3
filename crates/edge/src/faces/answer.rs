//! The one entrance of the faces: a request head in, a reply out.

use bytes::Bytes;
use http::header;
use http::{Method, Response, Version, request};

use super::refusal::bad_head;
use super::reply::{MethodKind, Reply, method_kind};
use super::{document, response, streams};
use crate::edge::Edge;
use crate::gate::{Ask, Attempt, HeadFault, judge};

/// What a request is answered with.
#[must_use]
pub fn answer(edge: &Edge, request: &request::Parts) -> Reply {
    if let Some(fault) = check_head(edge, request) {
        return for_method(&request.method, fault);
    }
    let path = request.uri.path();
    let reply = if let Some(stored) = edge.documents().get(path) {
        match method_kind(&request.method) {
            MethodKind::Read => document::answer(stored, request),
            MethodKind::Options => Reply::Whole(response::options()),
            MethodKind::Other => Reply::Whole(response::method_not_allowed()),
        }
    } else {
        streams::answer(edge, &request.method, path)
    };
    match reply {
        Reply::Whole(response) => for_method(&request.method, response),
        other => other,
    }
}

/// A head that the parser let through and that RFC 9112 forbids.
fn check_head(edge: &Edge, request: &request::Parts) -> Option<Response<Bytes>> {
    // RFC 9112 §3.2: a server answers 400 to an HTTP/1.1 request without Host, or with more than one.
    let hosts = request.headers.get_all(header::HOST).iter().count();
    if hosts == 1 || (hosts == 0 && request.version != Version::HTTP_11) {
        return None;
    }
    let fault = HeadFault::Host(hosts);
    let outcome = judge(&Attempt::new(Ask::Head { fault })).allowed().err()?;
    edge.count().refuse_if(outcome.reason());
    Some(bad_head(fault))
}

/// RFC 9110 §9.3.2: HEAD gets the header of GET and no body.
fn for_method(method: &Method, mut response: Response<Bytes>) -> Reply {
    if method == Method::HEAD {
        *response.body_mut() = Bytes::new();
    }
    Reply::Whole(response)
}
