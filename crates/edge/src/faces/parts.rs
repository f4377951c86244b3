//! Numbered parts of a file that grows.

use http::{StatusCode, request};

use super::file_request::FileRequest;
use super::reply::{MethodKind, Reply, method_kind};
use super::response;
use crate::documents::{CacheClass, FoundPart};
use crate::edge::Edge;

/// What is not there yet may be in a moment.
const SOON: CacheClass = CacheClass::Short(1);

pub(super) fn answer(edge: &Edge, request: &request::Parts) -> Reply {
    let Some(found) = edge.documents().part(request.uri.path()) else {
        return Reply::Fallback;
    };
    match (method_kind(&request.method), found) {
        (MethodKind::Options, _) => Reply::Whole(response::options()),
        (MethodKind::Other, _) => Reply::Whole(response::method_not_allowed()),
        (MethodKind::Read, FoundPart::There(stored, number, part)) => Reply::File(FileRequest {
            stored,
            method: request.method.clone(),
            headers: request.headers.clone(),
            part: Some((number, part)),
        }),
        (MethodKind::Read, FoundPart::Missing(number)) => Reply::Whole(response::sentence(
            StatusCode::NOT_FOUND,
            SOON,
            &format!("There is no piece {number}, or not yet."),
        )),
    }
}
