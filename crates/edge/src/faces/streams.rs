//! The direct face and the chunk face: `{path}/{live_name}`, `{path}/{sequence}.{chunk_ext}`, `{path}/{head_name}`.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Response, StatusCode, request};
use stentor_core::admission::Rung;

use super::document;
use super::refusal::refusal;
use super::reply::{MethodKind, Reply, method_kind};
use super::response::{self, set};
use crate::counters::RefusalReason;
use crate::documents::CacheClass;
use crate::edge::{Edge, OpenStream};
use crate::family::{FamilyPosition, StreamSubscription};
use crate::gate::{Ask, Attempt, Outcome, judge, network_has_room, stream_has_room};
use crate::path::number_of_name;
use crate::prefix::Prefix;
use crate::ring::Lookup;
use crate::stream::{Stream, StreamHead, StreamSpec};

/// What is not published yet may be there in a moment.
const SOON: CacheClass = CacheClass::Short(1);
/// What is gone, or never was, stays so; not longer, since an operator may lengthen a ring.
const GONE: CacheClass = CacheClass::Short(60);
/// A head lasts as long as its encoder: longer than a page, shorter than a release.
const HEAD_CACHE: CacheClass = CacheClass::Short(60);

/// What a name within a stream's folder means.
enum Resource {
    Live,
    Head,
    Chunk(u64),
}

/// Whether a path names something of a stream.
pub(super) fn is_there(edge: &Edge, path: &str) -> bool {
    path.rsplit_once('/').is_some_and(|(folder, file)| {
        let open = edge.stream(folder);
        open.is_some_and(|stream| read_name(stream.spec(), file).is_some())
    })
}

pub(super) fn answer(edge: &Edge, request: &request::Parts, from: Option<Prefix>) -> Reply {
    let method = &request.method;
    let Some((folder, file)) = request.uri.path().rsplit_once('/') else {
        return Reply::Fallback;
    };
    let Some(open) = edge.open_stream_at(folder) else {
        return Reply::Fallback;
    };
    let stream = &open.stream;
    let Some(name) = read_name(stream.spec(), file) else {
        return Reply::Fallback;
    };
    match method_kind(method) {
        MethodKind::Options => return Reply::Whole(response::options()),
        MethodKind::Other => return Reply::Whole(response::method_not_allowed()),
        MethodKind::Read => stream.mark_demand(),
    }
    match name {
        Resource::Live => live(edge, open, method, from),
        Resource::Head => Reply::Whole(head(stream, request)),
        Resource::Chunk(sequence) => Reply::Whole(chunk(stream, sequence, request)),
    }
}

fn read_name(spec: &StreamSpec, file: &str) -> Option<Resource> {
    if spec.live_name.as_deref() == Some(file) {
        return Some(Resource::Live);
    }
    if spec.head_name.as_deref() == Some(file) {
        return Some(Resource::Head);
    }
    let number = number_of_name(file, spec.chunk_ext.as_deref()?);
    number.map(Resource::Chunk)
}

/// What is said of a path that names something only a stream has, in a folder that is no stream beside others that are.
pub(super) fn unknown_rendition(edge: &Edge, path: &str) -> Option<Reply> {
    let (folder, file) = path.rsplit_once('/')?;
    let (parent, asked_for) = folder.rsplit_once('/')?;
    // Chunk and stream names have a dot; most strangers' paths do not, and are not worth a search.
    if !file.contains('.') || edge.stream(folder).is_some() {
        return None;
    }
    let siblings = edge.siblings(parent);
    if !siblings.iter().any(|s| read_name(s.spec(), file).is_some()) {
        return None;
    }
    let names: Vec<&str> = siblings
        .iter()
        .filter_map(|s| s.spec().path.rsplit('/').next())
        .collect();
    Some(Reply::Whole(response::sentence(
        StatusCode::NOT_FOUND,
        SOON,
        &format!(
            "There is no stream {asked_for:?} here; there are: {}.",
            names.join(", ")
        ),
    )))
}

fn live(edge: &Edge, open: OpenStream, method: &Method, from: Option<Prefix>) -> Reply {
    let OpenStream { stream, position } = open;
    if edge.is_leaving() {
        return Reply::Whole(response::leaving());
    }
    if stream.ended() {
        return Reply::Whole(response::gone(stream.farewell()));
    }
    let mut response = Response::new(());
    let headers = response.headers_mut();
    headers.extend(stream.fields());
    response::common(headers);
    headers.insert(header::CONTENT_TYPE, stream.content_type().clone());
    headers.insert(header::CACHE_CONTROL, CacheClass::NoStore.header());
    // An endless response has no parts (RFC 9110 §14.3) and must not be collected by a proxy in front.
    set(headers, header::ACCEPT_RANGES, "none");
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    let rung = match position {
        Some(_) => edge.rungs().joins,
        None => Rung::REST,
    };
    let listeners_max = stream.spec().listeners_max as u64;
    let joins = method != Method::HEAD;
    let outcome = match judge(&Attempt::new(Ask::Join { rung })).allowed() {
        Err(outcome) => outcome,
        Ok(()) if joins => match subscribe(stream, position, rung, from) {
            Ok(subscription) => return Reply::Live(response, subscription, rung),
            Err(outcome) => outcome,
        },
        Ok(()) => match stream_has_room(stream.listeners(), listeners_max) {
            Ok(()) => return Reply::Whole(response.map(|()| Bytes::new())),
            Err(outcome) => outcome,
        },
    };
    // A player that cannot see why GET was refused asks by HEAD. It gets the same answer; it is no listener, and not counted.
    if joins {
        edge.count().refuse_if(outcome.reason());
    }
    Reply::Whole(match outcome {
        Outcome::Refuse {
            reason: RefusalReason::StreamFull,
            retry_after_s,
        } => stream_full(listeners_max, retry_after_s),
        outcome => refusal(outcome),
    })
}

fn subscribe(
    stream: Arc<Stream>,
    position: Option<FamilyPosition>,
    rung: Rung,
    from: Option<Prefix>,
) -> Result<StreamSubscription, Outcome> {
    let share = match from {
        Some(prefix) => stream.share_of(prefix, network_has_room)?,
        None => None,
    };
    let subscription = StreamSubscription::open(stream, position, rung, stream_has_room)?;
    Ok(subscription.with_share(share))
}

fn stream_full(listeners_max: u64, retry_after_s: Option<u32>) -> Response<Bytes> {
    let text = format!(
        "This stream has {listeners_max} listeners here, which is its limit; try again in a few seconds."
    );
    let response = response::sentence(StatusCode::SERVICE_UNAVAILABLE, CacheClass::NoStore, &text);
    response::with_retry(response, retry_after_s)
}

fn head(stream: &Stream, request: &request::Parts) -> Response<Bytes> {
    let Some(StreamHead { bytes, etag }) = stream.head() else {
        return response::sentence(
            StatusCode::NOT_FOUND,
            SOON,
            "The head of this stream is not there yet.",
        );
    };
    document::of_stream(stream.content_type(), HEAD_CACHE, &etag, &bytes, request)
}

fn chunk(stream: &Stream, sequence: u64, request: &request::Parts) -> Response<Bytes> {
    let not_found = |cache, text: String| response::sentence(StatusCode::NOT_FOUND, cache, &text);
    match stream.lookup(sequence) {
        Lookup::Found(bytes) => {
            let (content_type, cache) = (stream.content_type(), CacheClass::Immutable);
            document::of_stream(
                content_type,
                cache,
                &chunk_etag(sequence, &bytes),
                &bytes,
                request,
            )
        }
        Lookup::Future => not_found(
            SOON,
            format!("Chunk {sequence} has not been published yet."),
        ),
        Lookup::Past => not_found(GONE, format!("Chunk {sequence} is no longer kept.")),
        Lookup::Missing => not_found(GONE, format!("Chunk {sequence} was never published.")),
        Lookup::Never => not_found(
            GONE,
            format!("Chunk {sequence} is later than the end of this stream."),
        ),
    }
}

/// By its number and its length: a number is given to one chunk only, so there is nothing to tell apart by reading it.
fn chunk_etag(sequence: u64, bytes: &Bytes) -> HeaderValue {
    let tag = format!("\"{sequence:x}-{:x}\"", bytes.len());
    HeaderValue::from_str(&tag).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}
