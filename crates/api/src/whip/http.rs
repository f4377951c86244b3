//! What offers and fragments have in common as HTTP: one content type each, and answers for other origins.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use std::fmt::Display;

use crate::problem::Problem;

/// Media type of an offer or answer (RFC 8866).
pub(super) const SDP: &str = "application/sdp";
/// Media type of a fragment of one (RFC 8840).
pub(super) const FRAGMENT: &str = "application/trickle-ice-sdpfrag";
/// Bytes of any body this interface reads: an SDP, with room to say so kindly when it is too long.
pub(crate) const BODY_BYTES_MAX: usize = 128 * 1024;
/// Seconds after which it may be tried again when the studio was busy.
const RETRY_AFTER_S: &str = "2";

/// It is our fault, and will pass.
pub(super) fn unavailable(why: &impl Display) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, why.to_string())
        .with(header::RETRY_AFTER, RETRY_AFTER_S)
}

/// A body of one content type, as text. It is read here: whoever may not send one is told so before.
pub(super) async fn text(
    request: Request<Body>,
    expected: &'static str,
) -> Result<String, Problem> {
    let got = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("nothing");
    let essence = got.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(expected) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("expected {expected}, got {got}"),
        ));
    }
    let body = Bytes::from_request(request, &()).await;
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("expected at most {BODY_BYTES_MAX} bytes of {expected}, got more"),
        ),
        status => Problem::new(status, rejection.body_text()),
    })?;
    String::from_utf8(body.into())
        .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "expected UTF-8 text"))
}

/// The answer to `OPTIONS`.
pub(super) fn allowed(methods: &'static str, more: &[(HeaderName, &'static str)]) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static(methods));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static(methods),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("Authorization, Content-Type, If-Match"),
    );
    for (name, value) in more {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Publishers run on other origins too; they hold a token of their own, and no cookie goes with it.
pub(super) fn with_cors(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Location, ETag, Link"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
