//! The pages behind the links in mails.

use std::sync::LazyLock;

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::response::{Html, IntoResponse, Response};
use stentor_event::lang::Lang;
use stentor_event::pages::{inline_policy, page_headers};
use stentor_event::reminders::Shown;

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
    /// Its heading and its text, by their messages.
    const fn says(self) -> (&'static str, &'static str) {
        match self {
            Self::Asked => ("remind-asked", "remind-asked-text"),
            Self::Confirm => ("remind-confirm", "remind-confirm-text"),
            Self::Confirmed => ("remind-confirmed", "remind-confirmed-text"),
            Self::Stop => ("remind-stop", "remind-stop-text"),
            Self::Stopped => ("remind-stopped", "remind-stopped-text"),
            Self::Gone => ("remind-gone", "remind-gone-text"),
            Self::Failed => ("remind-failed", "remind-failed-text"),
        }
    }

    /// What stands on its button, if it has one.
    const fn button(self) -> Option<&'static str> {
        match self {
            Self::Confirm => Some("remind-confirm-button"),
            Self::Stop => Some("remind-stop-button"),
            Self::Asked | Self::Confirmed | Self::Stopped | Self::Gone | Self::Failed => None,
        }
    }
}

/// The event's title is a person's: everything that is filled in is escaped.
#[derive(Template)]
#[template(path = "reminder.html")]
struct ReminderPage<'a> {
    style: &'static str,
    lang: Lang,
    page: Page,
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
    lang: Lang,
    page: Page,
    event: Option<&Shown>,
) -> Response {
    let page = ReminderPage {
        style: STYLE,
        lang,
        page,
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
