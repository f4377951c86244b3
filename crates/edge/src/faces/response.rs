//! Parts that responses of the edge have in common: the headers of all of them, and one sentence of plain text as a whole response.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};

use crate::documents::CacheClass;

/// Value of `Server`. Also how our responses are told from those the HTTP library writes by itself.
pub(crate) const SERVER: &str = "Stentor";

const METHODS: &str = "GET, HEAD, OPTIONS";

/// Headers of every response: which software it is from, and that any page may read it (what the crowd reads is public).
pub(crate) fn common(headers: &mut HeaderMap) {
    set(headers, header::SERVER, SERVER);
    set(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set(
        headers,
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        "Content-Length, Content-Range, ETag, Retry-After",
    );
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
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

/// 503 with one sentence and `Retry-After`, seconds.
pub(crate) fn busy(retry_after_s: u32, text: &str) -> Response<Bytes> {
    let response = sentence(StatusCode::SERVICE_UNAVAILABLE, CacheClass::NoStore, text);
    with_retry(response, Some(retry_after_s))
}

/// The same as bytes, for a connection that has no HTTP library behind it and is closed afterwards.
pub(crate) fn raw_sentence(status: StatusCode, retry_after_s: Option<u32>, text: &str) -> Vec<u8> {
    let retry = retry_after_s.map_or(String::new(), |s| format!("Retry-After: {s}\r\n"));
    format!(
        "HTTP/1.1 {} {}\r\nServer: {SERVER}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nAccess-Control-Allow-Origin: *\r\n{retry}Connection: close\r\n\r\n{text}\n",
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
        "Range, If-Range, If-None-Match, Cache-Control",
    );
    set(headers, header::ACCESS_CONTROL_MAX_AGE, "86400");
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
pub(super) fn set(headers: &mut HeaderMap, name: header::HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
