//! What is answered where nothing is.

use std::sync::LazyLock;

use askama::Template;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use stentor_event::pages::{inline_policy, page_headers};

use crate::problem::Problem;

/// The page for who mistyped a link, or looks for the server's front door. It repeats nothing of the address.
#[derive(Template)]
#[template(path = "not_found.html")]
struct NotFoundPage {
    style: &'static str,
}

const STYLE: &str = include_str!("../templates/not_found.css");

/// The page and its headers: the same for everyone, so they are made once, however many ask.
static PAGE: LazyLock<(String, HeaderMap)> = LazyLock::new(|| {
    let page = NotFoundPage { style: STYLE }.render();
    (
        page.expect("a page is rendered into memory"),
        page_headers(&inline_policy(&[], STYLE), "microphone=()"),
    )
});

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
    let (page, headers) = &*PAGE;
    (StatusCode::NOT_FOUND, headers.clone(), Html(page.as_str())).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_carries_the_style_that_its_policy_names() {
        let (page, headers) = &*PAGE;
        assert!(page.contains(&format!("<style>{STYLE}</style>")), "{page}");
        assert_eq!(
            headers[header::CONTENT_SECURITY_POLICY],
            inline_policy(&[], STYLE)
        );
    }
}
