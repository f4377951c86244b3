//! What is answered where nothing is.

use std::sync::LazyLock;

use askama::Template;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use stentor_event::lang::Lang;
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

/// What is answered where nothing is, for who answers it without asking this interface each time.
pub struct NotFoundAnswer {
    /// Beginnings of the paths that are this interface's own.
    pub handlers: &'static [&'static str],
    /// For people.
    pub page: &'static str,
    /// The headers of the page.
    pub headers: &'static HeaderMap,
    /// For programs: problem details (RFC 9457).
    pub problem: String,
}

/// See [`NotFoundAnswer`].
#[must_use]
pub fn not_found_answer() -> NotFoundAnswer {
    let (page, headers) = &*PAGE;
    NotFoundAnswer {
        handlers: &["/api/", "/healthz/", "/r/"],
        page,
        headers,
        problem: nothing_here().body(),
    }
}

/// As problem details.
pub(crate) fn nothing_here() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is nothing at this address")
}

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
        return varied(nothing_here());
    }
    let (page, headers) = &*PAGE;
    varied((StatusCode::NOT_FOUND, headers.clone(), Html(page.as_str())))
}

/// It depends on who asks, and something may be there in a moment: no cache keeps it.
fn varied(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_it_in_every_language() {
        let (page, _) = &*PAGE;
        for lang in Lang::all() {
            let title = lang.say("page-not-found", &[]);
            let title = format!("<h1 lang=\"{}\">{title}</h1>", lang.code());
            assert!(page.contains(&title), "{page}");
        }
    }

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
