//! Parts that responses of the edge have in common: the headers of all of them, and one sentence of plain text as a whole response.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};

use crate::documents::CacheClass;
use crate::heads::time_of_day;

/// Value of `Server`. Also how our responses are told from those the HTTP library writes by itself.
pub(crate) const SERVER: &str = "Stentor";

/// Seconds that caches may keep where something else is.
const ELSEWHERE_KEPT_S: u32 = 60;

const METHODS: &str = "GET, HEAD, OPTIONS";

/// Request headers that a page elsewhere may send, as the Fetch standard has it: any, and by name those that old browsers and players of
/// radio stations ask for.
const ALLOWED_HEADERS: &str =
    "Range, If-Range, If-None-Match, Cache-Control, Icy-MetaData, X-Requested-With, *";

/// The header that lets a page that isolates itself embed what it loads from elsewhere (Fetch standard, section 3.8).
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What pages must tell apart among answers of one status.
const STATE: HeaderName = HeaderName::from_static("stentor-state");

/// Headers of every response: which software it is from, and that any page may read it (what the crowd reads is public).
pub(crate) fn common(headers: &mut HeaderMap) {
    set(headers, header::SERVER, SERVER);
    set(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set(
        headers,
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        "Content-Length, Content-Range, ETag, Retry-After, Stentor-State, icy-name",
    );
    set(headers, RESOURCE_POLICY, "cross-origin");
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
}

/// Headers of a response that somebody else has made: what it says itself stays, and without a word of it no cache keeps it. Where it is
/// not public, no page from elsewhere may read it.
pub(crate) fn common_where_missing(headers: &mut HeaderMap, is_public: bool) {
    let mut all = HeaderMap::new();
    common(&mut all);
    if !is_public {
        all.remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        all.remove(header::ACCESS_CONTROL_EXPOSE_HEADERS);
        set(&mut all, RESOURCE_POLICY, "same-origin");
    }
    all.insert(header::CACHE_CONTROL, CacheClass::NoStore.header());
    for (name, value) in all.iter() {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    set(headers, header::SERVER, SERVER);
}

/// One sentence as the whole response.
pub(crate) fn sentence(status: StatusCode, cache: CacheClass, text: &str) -> Response<Bytes> {
    let body = Bytes::from(format!("{text}\n"));
    let mut response = Response::new(());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    common(headers);
    set(headers, header::CONTENT_TYPE, "text/plain; charset=utf-8");
    headers.insert(header::CACHE_CONTROL, cache.header());
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    response.map(|()| body)
}

/// The same response with `Retry-After`.
pub(crate) fn with_retry(
    mut response: Response<Bytes>,
    retry_after_s: Option<u32>,
) -> Response<Bytes> {
    if let Some(seconds) = retry_after_s {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// 410 with one sentence, which no cache keeps: what comes after it may be found elsewhere one day.
pub(crate) fn gone(text: &str) -> Response<Bytes> {
    sentence(StatusCode::GONE, CacheClass::NoStore, text)
}

/// 307: what is looked for is at that address now, and may be at another tomorrow.
pub(crate) fn elsewhere(address: &HeaderValue) -> Response<Bytes> {
    let cache = CacheClass::Short(ELSEWHERE_KEPT_S);
    let mut response = sentence(
        StatusCode::TEMPORARY_REDIRECT,
        cache,
        "This is at another address.",
    );
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, address.clone());
    response
}

/// The answer of a server that leaves: another one answers whoever connects again. The field tells it from one that is full, or makes what
/// was asked for.
pub(crate) fn leaving() -> Response<Bytes> {
    let mut response = busy(
        1,
        "This server is leaving; connect again and another one answers.",
    );
    set(response.headers_mut(), STATE, "leaving");
    response
}

/// 503 with one sentence and `Retry-After`, seconds.
pub(crate) fn busy(retry_after_s: u32, text: &str) -> Response<Bytes> {
    let response = sentence(StatusCode::SERVICE_UNAVAILABLE, CacheClass::NoStore, text);
    with_retry(response, Some(retry_after_s))
}

/// The same as bytes, for a connection that has no HTTP library behind it and is closed afterwards.
pub(crate) fn raw_sentence(status: StatusCode, retry_after_s: Option<u32>, text: &str) -> Vec<u8> {
    let retry = retry_after_s.map_or(String::new(), |s| format!("Retry-After: {s}\r\n"));
    let date = httpdate::fmt_http_date(time_of_day());
    format!(
        "HTTP/1.1 {} {}\r\nServer: {SERVER}\r\nDate: {date}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nAccess-Control-Allow-Origin: *\r\n\
         Cross-Origin-Resource-Policy: cross-origin\r\n{retry}Connection: close\r\n\r\n{text}\n",
        status.as_str(),
        status.canonical_reason().unwrap_or("Refused"),
        text.len() + 1,
    )
    .into_bytes()
}

pub(super) fn options() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    common(headers);
    set(headers, header::ALLOW, METHODS);
    set(headers, header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    set(
        headers,
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        ALLOWED_HEADERS,
    );
    set(headers, header::ACCESS_CONTROL_MAX_AGE, "86400");
    headers.insert(header::CACHE_CONTROL, CacheClass::NoStore.header());
    response
}

pub(super) fn method_not_allowed() -> Response<Bytes> {
    let mut response = sentence(
        StatusCode::METHOD_NOT_ALLOWED,
        CacheClass::NoStore,
        "This address can only be read: with GET, HEAD or OPTIONS.",
    );
    set(response.headers_mut(), header::ALLOW, METHODS);
    response
}

/// Sets a header field to a value that is known when this is compiled.
pub(super) fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
