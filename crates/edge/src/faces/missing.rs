//! The answer where nothing is: the way to the one address of what was written otherwise, or that there is nothing.

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Response, StatusCode, request};

use super::reply::{MethodKind, Reply, method_kind};
use super::response::{self, set};
use super::same_address::canonical;
use super::streams;
use crate::documents::{CacheClass, StoredDocument, StoredSource, choose_encoding, prefers_page};
use crate::edge::Edge;
use crate::not_found::StoredNotFound;

/// An address stays another way to write the same one; not longer, since the place may be taken one day.
const WAY_CACHE: CacheClass = CacheClass::Short(60);

pub(super) fn answer(edge: &Edge, request: &request::Parts) -> Reply {
    let path = request.uri.path();
    let Some(missing) = edge.not_found() else {
        return streams::unknown_rendition(edge, path).unwrap_or(Reply::Fallback);
    };
    let is_handlers = missing.is_handlers(path);
    // Whoever asks what may be asked of an address, or of the server (`*`), is told so, whether or not something is there now.
    if !is_handlers && request.method == Method::OPTIONS {
        return Reply::Whole(response::options());
    }
    if (!is_handlers || may_be_sent_on(request))
        && let Some(one) = canonical(path)
        && is_there(edge, missing, &one)
        && let Some(way) = way_to(&one, request.uri.query())
    {
        return Reply::Whole(way);
    }
    if is_handlers {
        return Reply::Fallback;
    }
    if let Some(reply) = streams::unknown_rendition(edge, path) {
        return reply;
    }
    let stored = if prefers_page(&request.headers) {
        &missing.page
    } else {
        &missing.sentence
    };
    Reply::Whole(not_found(stored, request))
}

/// Who reads something of a handler follows to another address. What is sent to one would be sent twice, and who asks for a socket does not
/// follow.
fn may_be_sent_on(request: &request::Parts) -> bool {
    matches!(method_kind(&request.method), MethodKind::Read)
        && !request.headers.contains_key(header::UPGRADE)
}

fn is_there(edge: &Edge, missing: &StoredNotFound, path: &str) -> bool {
    edge.documents().get(path).is_some()
        || streams::is_there(edge, path)
        || edge.documents().part(path).is_some()
        || missing.is_handlers(path)
}

fn way_to(path: &str, query: Option<&str>) -> Option<Response<Bytes>> {
    let location = match query {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut way = response::sentence(
        StatusCode::PERMANENT_REDIRECT,
        WAY_CACHE,
        "This has one address, and it is written otherwise.",
    );
    let location = HeaderValue::from_str(&location).ok()?;
    way.headers_mut().insert(header::LOCATION, location);
    Some(way)
}

fn not_found(stored: &StoredDocument, request: &request::Parts) -> Response<Bytes> {
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::NOT_FOUND;
    let headers = response.headers_mut();
    headers.extend(stored.headers.clone());
    response::common(headers);
    headers.insert(header::CONTENT_TYPE, stored.content_type.clone());
    headers.insert(header::CACHE_CONTROL, stored.cache.clone());
    set(headers, header::VARY, "Accept, Accept-Encoding");
    let StoredSource::Memory(bodies) = &stored.source else {
        return response.map(|()| Bytes::new());
    };
    let (gzip, br) = (bodies.gzip.is_some(), bodies.br.is_some());
    let encoding = choose_encoding(&request.headers, gzip, br);
    if let Some(coding) = encoding.header() {
        headers.insert(header::CONTENT_ENCODING, coding);
    }
    let bytes = bodies.variant(encoding).bytes.clone();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    response.map(|()| bytes)
}
