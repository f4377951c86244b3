//! The direct face and the chunk face: `{path}/{live_name}`, `{path}/{sequence}.{chunk_ext}`, `{path}/{head_name}`.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Response, StatusCode};
use stentor_core::admission::Rung;

use super::{Asked, Reply, asked, say, set};
use crate::counters::Refusal;
use crate::documents::CacheClass;
use crate::edge::Edge;
use crate::ring::Lookup;
use crate::stream::{Place, Stream, StreamSpec};

/// What is not published yet may be there in a moment.
const SOON: CacheClass = CacheClass::Short(1);
/// What is gone, or never was, stays so; not longer, since an operator may lengthen a ring.
const GONE: CacheClass = CacheClass::Short(60);
/// A head lasts as long as its encoder: longer than a page, shorter than a release.
const HEAD_CACHE: CacheClass = CacheClass::Short(60);

/// When somebody who was not let in may ask again, seconds; the page adds chance to it.
const DOORS_RETRY_S: u32 = 15;

/// The same where a stream has all the listeners it may have, seconds.
const FULL_RETRY_S: u32 = 5;

/// What a name within a stream's folder means.
enum Name {
    Live,
    Head,
    Chunk(u64),
}

pub(super) fn answer(edge: &Edge, method: &Method, path: &str) -> Reply {
    let Some((folder, file)) = path.rsplit_once('/') else {
        return Reply::NotMine;
    };
    let Some(stream) = edge.stream(folder) else {
        return unknown_rendition(edge, folder, file);
    };
    let Some(name) = read_name(stream.spec(), file) else {
        return Reply::NotMine;
    };
    match asked(method) {
        Asked::Options => return Reply::Whole(say::options()),
        Asked::Other => return Reply::Whole(say::method_not_allowed()),
        Asked::Read => {}
    }
    match name {
        Name::Live => live(edge, stream, method),
        Name::Head => Reply::Whole(head(&stream)),
        Name::Chunk(sequence) => Reply::Whole(chunk(&stream, sequence)),
    }
}

fn read_name(spec: &StreamSpec, file: &str) -> Option<Name> {
    if spec.live_name.as_deref() == Some(file) {
        return Some(Name::Live);
    }
    if spec.head_name.as_deref() == Some(file) {
        return Some(Name::Head);
    }
    let (number, ext) = file.split_once('.')?;
    if spec.chunk_ext.as_deref() != Some(ext) {
        return None;
    }
    // One address per chunk: no sign, no leading zero, or a cache would keep it under many names.
    let canonical = number.bytes().all(|b| b.is_ascii_digit())
        && (number == "0" || !number.starts_with('0'))
        && !number.is_empty();
    canonical.then(|| Name::Chunk(number.parse().unwrap_or(u64::MAX)))
}

/// A path that names something only a stream has, in a folder that is no stream beside others that are.
fn unknown_rendition(edge: &Edge, folder: &str, file: &str) -> Reply {
    let Some((parent, asked_for)) = folder.rsplit_once('/') else {
        return Reply::NotMine;
    };
    // Chunk and stream names have a dot; most strangers' paths do not, and are not worth a search.
    if !file.contains('.') {
        return Reply::NotMine;
    }
    let siblings = edge.siblings(parent);
    if !siblings.iter().any(|s| read_name(s.spec(), file).is_some()) {
        return Reply::NotMine;
    }
    let names: Vec<&str> = siblings
        .iter()
        .filter_map(|s| s.spec().path.rsplit('/').next())
        .collect();
    Reply::Whole(say::sentence(
        StatusCode::NOT_FOUND,
        SOON,
        &format!(
            "There is no stream {asked_for:?} here; there are: {}.",
            names.join(", ")
        ),
    ))
}

fn live(edge: &Edge, stream: Arc<Stream>, method: &Method) -> Reply {
    if edge.is_leaving() {
        return Reply::Whole(say::busy(
            1,
            "This server is leaving; connect again and another one answers.",
        ));
    }
    if stream.ended() {
        return Reply::Whole(say::sentence(
            StatusCode::GONE,
            CacheClass::NoStore,
            "This stream has ended.",
        ));
    }
    let mut response = Response::new(());
    let headers = response.headers_mut();
    say::common(headers);
    headers.insert(header::CONTENT_TYPE, stream.content_type().clone());
    headers.insert(header::CACHE_CONTROL, CacheClass::NoStore.header());
    // An endless answer has no parts (RFC 9110 §14.3) and must not be collected by a proxy in front.
    set(headers, header::ACCEPT_RANGES, "none");
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    let rung = match stream.kin() {
        Some(_) => edge.rung(),
        None => Rung::REST,
    };
    // HEAD is refused as GET is, by who cannot see why GET was; it is not who comes, and not counted.
    let comes = method != Method::HEAD;
    let refuse = |why, retry_after_s, text: &str| {
        if comes {
            edge.count().refuse(why);
        }
        Reply::Whole(say::busy(retry_after_s, text))
    };
    if !rung.admits() {
        return refuse(
            Refusal::DoorsClosed,
            DOORS_RETRY_S,
            "So many are listening that this server takes nobody new for the moment; those inside keep hearing. Try again a little later.",
        );
    }
    let listeners_max = stream.spec().listeners_max;
    let full = format!(
        "This stream has {listeners_max} listeners here, which is its limit; try again in a few seconds."
    );
    if !comes {
        return match stream.listeners() < listeners_max as u64 {
            true => Reply::Whole(response.map(|()| Bytes::new())),
            false => refuse(Refusal::StreamFull, FULL_RETRY_S, &full),
        };
    }
    match Place::take(stream, rung) {
        Some(place) => Reply::Live(response, place, rung),
        None => refuse(Refusal::StreamFull, FULL_RETRY_S, &full),
    }
}

fn head(stream: &Stream) -> Response<Bytes> {
    match stream.head() {
        Some(bytes) => found(stream, HEAD_CACHE, bytes),
        None => say::sentence(
            StatusCode::NOT_FOUND,
            SOON,
            "The head of this stream is not there yet.",
        ),
    }
}

fn chunk(stream: &Stream, sequence: u64) -> Response<Bytes> {
    let not_found = |cache, text: String| say::sentence(StatusCode::NOT_FOUND, cache, &text);
    match stream.lookup(sequence) {
        Lookup::Found(bytes) => found(stream, CacheClass::Immutable, bytes),
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

fn found(stream: &Stream, cache: CacheClass, bytes: Bytes) -> Response<Bytes> {
    let mut response = Response::new(());
    let headers = response.headers_mut();
    say::common(headers);
    headers.insert(header::CONTENT_TYPE, stream.content_type().clone());
    headers.insert(header::CACHE_CONTROL, cache.header());
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    response.map(|()| bytes)
}
