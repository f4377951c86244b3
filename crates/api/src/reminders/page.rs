//! The pages behind the links in mails.

use std::sync::LazyLock;

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::response::{Html, IntoResponse, Response};
use stentor_event::pages::{inline_policy, page_headers};
use stentor_event::reminders::Shown;

use super::words::{Said, Words};

/// Which page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Page {
    /// A mail is on its way, if it may be.
    Asked,
    /// A button that confirms.
    Confirm,
    /// They will be reminded.
    Confirmed,
    /// A button that stops.
    Stop,
    /// The address is deleted.
    Stopped,
    /// The link is about nothing.
    Gone,
    /// It cannot be written down at the moment.
    Failed,
}

impl Page {
    const fn said(self, words: &'static Words) -> &'static Said {
        match self {
            Self::Asked => &words.asked,
            Self::Confirm => &words.confirm,
            Self::Confirmed => &words.confirmed,
            Self::Stop => &words.stop,
            Self::Stopped => &words.stopped,
            Self::Gone => &words.gone,
            Self::Failed => &words.failed,
        }
    }
}

/// The event's title is a person's: everything that is filled in is escaped.
#[derive(Template)]
#[template(path = "reminder.html")]
struct ReminderPage<'a> {
    style: &'static str,
    lang: &'static str,
    said: &'static Said,
    listen: &'static str,
    event: Option<&'a Shown>,
}

const STYLE: &str = include_str!("../../templates/reminder.css");

static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
    // The button sends to the page's own address.
    let policy = inline_policy(&[], STYLE).replace("form-action 'none'", "form-action 'self'");
    let mut headers = page_headers(&policy, "microphone=()");
    // The address is a secret: nothing keeps the page, and nobody finds it.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        HeaderName::from_static("x-robots-tag"),
        HeaderValue::from_static("noindex"),
    );
    headers
});

/// A page in a language.
pub(super) fn answer(
    status: StatusCode,
    words: &'static Words,
    page: Page,
    event: Option<&Shown>,
) -> Response {
    let page = ReminderPage {
        style: STYLE,
        lang: words.lang,
        said: page.said(words),
        listen: words.listen,
        event,
    };
    let html = page.render().expect("a page is rendered into memory");
    (status, HEADERS.clone(), Html(html)).into_response()
}

/// Whether somebody reads the answer, and not a program.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}
