//! What is answered where nothing is.

use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use stentor_event::pages::{inline_policy, page_headers};

use crate::problem::Problem;

/// Who mistyped a link, or looks for the server's front door.
const NOT_FOUND_PAGE: &str = include_str!("not_found.html");

/// People get a page, programs a sentence. An address with a slash too many is that without it.
pub(crate) async fn not_found(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_end_matches('/');
    // Not `//host`, which is another server's address (RFC 3986 section 4.2).
    if uri.path().ends_with('/') && path.starts_with("/e/") {
        return Redirect::permanent(path).into_response();
    }
    let wants_page = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    if !wants_page {
        return Problem::new(StatusCode::NOT_FOUND, "there is nothing at this address")
            .into_response();
    }
    let headers = page_headers(&inline_policy(NOT_FOUND_PAGE), "microphone=()");
    (StatusCode::NOT_FOUND, headers, Html(NOT_FOUND_PAGE)).into_response()
}
