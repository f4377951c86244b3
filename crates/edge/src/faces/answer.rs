//! The one entrance of the faces: a request head in, a reply out.

use bytes::Bytes;
use http::{Method, Response, request};

use super::reply::{MethodKind, Reply, method_kind};
use super::{document, missing, parts, response, streams};
use crate::edge::Edge;
use crate::prefix::Prefix;

/// What a request is answered with, whoever asks.
#[must_use]
pub fn answer(edge: &Edge, request: &request::Parts) -> Reply {
    answer_to(edge, request, None)
}

/// What a request is answered with that comes from that network; from none where all who come have one address.
pub(crate) fn answer_to(edge: &Edge, request: &request::Parts, from: Option<Prefix>) -> Reply {
    let path = request.uri.path();
    let reply = if request.method == Method::CONNECT {
        Reply::Whole(response::method_not_allowed())
    } else if let Some(stored) = edge.documents().get(path) {
        match method_kind(&request.method) {
            MethodKind::Read => document::answer(stored, request),
            MethodKind::Options => Reply::Whole(response::options()),
            MethodKind::Other => Reply::Whole(response::method_not_allowed()),
        }
    } else {
        match streams::answer(edge, request, from) {
            Reply::Fallback => match parts::answer(edge, request) {
                Reply::Fallback => missing::answer(edge, request),
                reply => reply,
            },
            reply => reply,
        }
    };
    match reply {
        Reply::Whole(mut response) => {
            edge.tell_strict_transport(response.headers_mut());
            for_method(&request.method, response)
        }
        Reply::Live(mut response, subscription, rung) => {
            edge.tell_strict_transport(response.headers_mut());
            Reply::Live(response, subscription, rung)
        }
        other => other,
    }
}

/// RFC 9110 §9.3.2: HEAD gets the header of GET and no body.
fn for_method(method: &Method, mut response: Response<Bytes>) -> Reply {
    if method == Method::HEAD {
        *response.body_mut() = Bytes::new();
    }
    Reply::Whole(response)
}
