//! The document face: caching, conditions, codings and ranges (RFC 9110 §8, §13, §14), for memory and disk alike.

use std::fs::Metadata;
use std::ops::Range;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{HeaderMap, Method, Response, StatusCode, request};

use super::file_request::FileRequest;
use super::reply::{AwaitedDocument, Reply};
use super::response::{self, set};
use crate::documents::{
    CacheClass, Condition, Encoding, FilePart, Ranged, StoredDocument, StoredSource, Versions,
    choose_encoding, if_range_allows, parse_range,
};

/// What to send of an opened file.
pub(crate) enum FileResponse {
    /// This head, and then these bytes of the file.
    Bytes(Response<()>, Range<u64>),
    /// This, and nothing of the file.
    Nothing(Response<Bytes>),
}

pub(super) fn answer(stored: Arc<StoredDocument>, request: &request::Parts) -> Reply {
    stored.mark_demand();
    let bodies = match &stored.source {
        StoredSource::Memory(bodies) => bodies,
        StoredSource::Awaited(_) => return Reply::Awaited(AwaitedDocument(stored)),
        StoredSource::Gone(sentence) => return Reply::Whole(response::gone(sentence)),
        StoredSource::Elsewhere(address) => return Reply::Whole(response::elsewhere(address)),
        StoredSource::File(_) => {
            return Reply::File(FileRequest {
                stored,
                method: request.method.clone(),
                headers: request.headers.clone(),
                part: None,
            });
        }
    };
    let encoding = if request.method == Method::GET && request.headers.contains_key(header::RANGE) {
        // A part is a part of the plain bytes: then players and caches mean the same by an offset.
        Encoding::Identity
    } else {
        choose_encoding(&request.headers, bodies.gzip.is_some(), bodies.br.is_some())
    };
    let variant = bodies.variant(encoding);
    let representation = Representation {
        fields: Fields::of(&stored),
        etag: &variant.etag,
        length: variant.bytes.len() as u64,
        encoding,
        varies: bodies.varies(),
        changed_at: stored.put_at,
        dated: false,
    };
    Reply::Whole(representation.of_memory(request, &variant.bytes))
}

/// Bytes of a stream, under the same conditions as a document: they are never changed while they have this tag.
pub(super) fn of_stream(
    content_type: &HeaderValue,
    cache: CacheClass,
    etag: &HeaderValue,
    bytes: &Bytes,
    request: &request::Parts,
) -> Response<Bytes> {
    let representation = Representation {
        fields: Fields {
            content_type,
            cache: &cache.header(),
            headers: &HeaderMap::new(),
        },
        etag,
        length: bytes.len() as u64,
        encoding: Encoding::Identity,
        varies: false,
        changed_at: UNIX_EPOCH,
        dated: false,
    };
    representation.of_memory(request, bytes)
}

/// One version of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileVersion {
    pub(crate) length: u64,
    etag: HeaderValue,
    changed_at: SystemTime,
}

impl FileVersion {
    /// By its length and its time of change: reading 200 MB to hash them would cost more than it tells.
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let changed_at = metadata.modified().unwrap_or(UNIX_EPOCH);
        let since = changed_at.duration_since(UNIX_EPOCH);
        let changed_ns = since.map_or(0, |since| since.as_nanos());
        let etag = format!("\"{:x}-{changed_ns:x}\"", metadata.len());
        Self {
            length: metadata.len(),
            etag: HeaderValue::from_str(&etag).unwrap_or_else(|_| HeaderValue::from_static("\"\"")),
            changed_at,
        }
    }
}

/// The answer of an opened file of that version.
pub(crate) fn file_answer(ask: &FileRequest, version: &FileVersion) -> FileResponse {
    let (etag, from, length) = match ask.part {
        Some((number, part)) => (&part_etag(number, part), part.offset, part.bytes),
        None => (&version.etag, 0, version.length),
    };
    let representation = Representation {
        fields: Fields::of(&ask.stored),
        etag,
        length,
        encoding: Encoding::Identity,
        varies: false,
        changed_at: version.changed_at,
        // A part is as old as it is, whatever was written behind it since.
        dated: ask.part.is_none(),
    };
    match representation.select(&ask.headers, ask.method == Method::GET) {
        Selected::Part(response, part) if ask.method == Method::GET => {
            FileResponse::Bytes(response, from + part.start..from + part.end)
        }
        Selected::Part(response, _) => FileResponse::Nothing(response.map(|()| Bytes::new())),
        Selected::Nothing(mut response) => {
            if ask.method == Method::HEAD {
                *response.body_mut() = Bytes::new();
            }
            FileResponse::Nothing(response)
        }
    }
}

/// By its number and where it lies: a number is given to one part only, and a part never changes.
fn part_etag(number: u64, part: FilePart) -> HeaderValue {
    let FilePart { offset, bytes } = part;
    let tag = format!("\"{number:x}-{offset:x}-{bytes:x}\"");
    HeaderValue::from_str(&tag).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// What an answer says of what it carries.
struct Fields<'a> {
    content_type: &'a HeaderValue,
    cache: &'a HeaderValue,
    /// Further ones.
    headers: &'a HeaderMap,
}

impl<'a> Fields<'a> {
    fn of(stored: &'a StoredDocument) -> Self {
        Self {
            content_type: &stored.content_type,
            cache: &stored.cache,
            headers: &stored.headers,
        }
    }
}

/// One version of a document in one coding.
struct Representation<'a> {
    fields: Fields<'a>,
    etag: &'a HeaderValue,
    length: u64,
    encoding: Encoding,
    varies: bool,
    changed_at: SystemTime,
    /// Whether clients are told when it was changed.
    dated: bool,
}

enum Selected {
    Part(Response<()>, Range<u64>),
    Nothing(Response<Bytes>),
}

impl Representation<'_> {
    /// The answer with these bytes, which it is of.
    fn of_memory(&self, request: &request::Parts, bytes: &Bytes) -> Response<Bytes> {
        // RFC 9110 §14.2: only GET has parts.
        match self.select(&request.headers, request.method == Method::GET) {
            Selected::Part(response, part) => {
                // Within memory, so within usize.
                let part = part.start as usize..part.end as usize;
                response.map(|()| bytes.slice(part))
            }
            Selected::Nothing(response) => response,
        }
    }

    /// Conditions first, then ranges, if it may be given in parts (RFC 9110 §13.2.2).
    fn select(&self, asked: &HeaderMap, in_parts: bool) -> Selected {
        let versions = Versions {
            etag: self.etag,
            changed_at: self.changed_at,
            dated: self.dated,
        };
        match versions.condition(asked) {
            Condition::Holds => {}
            Condition::NotModified => {
                let response = self.head(StatusCode::NOT_MODIFIED);
                return Selected::Nothing(response.map(|()| Bytes::new()));
            }
            Condition::Failed => return Selected::Nothing(self.precondition_failed()),
        }
        let ranged = if in_parts && if_range_allows(asked, self.etag) {
            parse_range(asked, self.length)
        } else {
            Ranged::Whole
        };
        match ranged {
            Ranged::Whole => self.part(StatusCode::OK, 0..self.length),
            Ranged::Part(part) => self.part(StatusCode::PARTIAL_CONTENT, part),
            Ranged::Unsatisfiable => self.unsatisfiable(),
        }
    }

    fn precondition_failed(&self) -> Response<Bytes> {
        let mut response = response::sentence(
            StatusCode::PRECONDITION_FAILED,
            CacheClass::NoStore,
            "This is another version than the one that was asked for.",
        );
        response
            .headers_mut()
            .insert(header::ETAG, self.etag.clone());
        response
    }

    fn part(&self, status: StatusCode, part: Range<u64>) -> Selected {
        let mut response = self.head(status);
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_LENGTH,
            HeaderValue::from(part.end - part.start),
        );
        if status == StatusCode::PARTIAL_CONTENT {
            let range = format!("bytes {}-{}/{}", part.start, part.end - 1, self.length);
            insert_text(headers, header::CONTENT_RANGE, &range);
        }
        Selected::Part(response, part)
    }

    fn unsatisfiable(&self) -> Selected {
        let mut response = response::sentence(
            StatusCode::RANGE_NOT_SATISFIABLE,
            CacheClass::NoStore,
            &format!(
                "This has {} bytes, and the range asked for lies outside.",
                self.length
            ),
        );
        let range = format!("bytes */{}", self.length);
        insert_text(response.headers_mut(), header::CONTENT_RANGE, &range);
        Selected::Nothing(response)
    }

    fn head(&self, status: StatusCode) -> Response<()> {
        let mut response = Response::new(());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.extend(self.fields.headers.clone());
        response::common(headers);
        headers.insert(header::CONTENT_TYPE, self.fields.content_type.clone());
        headers.insert(header::CACHE_CONTROL, self.fields.cache.clone());
        headers.insert(header::ETAG, self.etag.clone());
        set(headers, header::ACCEPT_RANGES, "bytes");
        if self.dated {
            let date = httpdate::fmt_http_date(self.changed_at);
            insert_text(headers, header::LAST_MODIFIED, &date);
        }
        if self.varies {
            set(headers, header::VARY, "Accept-Encoding");
        }
        if let Some(coding) = self.encoding.header() {
            headers.insert(header::CONTENT_ENCODING, coding);
        }
        response
    }
}

fn insert_text(headers: &mut HeaderMap, name: header::HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}
