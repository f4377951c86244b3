//! `/r/{token}/confirm` and `/r/{token}/stop`: the links in mails. `GET` shows a button, `POST` is what it does.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use axum::response::{IntoResponse, Response};
use stentor_event::lang::Lang;

use super::language::asked_for;
use super::page::{Page, answer};
use crate::not_found::nothing_here;
use crate::state::ApiState;

/// What a link is for.
#[derive(Clone, Copy)]
enum Act {
    Confirm,
    Stop,
}

impl Act {
    fn of(word: &str) -> Option<Self> {
        match word {
            "confirm" => Some(Self::Confirm),
            "stop" => Some(Self::Stop),
            _ => None,
        }
    }
}

/// `GET`: nothing is done by it.
pub(crate) async fn show(
    State(state): State<Arc<ApiState>>,
    Path((token, act)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let (Some(act), Some(reminders)) = (Act::of(&act), state.events.reminders()) else {
        return nothing_here().into_response();
    };
    let shown = reminders.look(&token);
    let lang = lang_of(shown.as_ref().map(|shown| shown.lang), &headers);
    match (act, &shown) {
        (Act::Confirm, Some(shown)) if shown.confirmed => {
            answer(StatusCode::OK, lang, Page::Confirmed, Some(shown))
        }
        (Act::Confirm, Some(_)) => answer(StatusCode::OK, lang, Page::Confirm, shown.as_ref()),
        (Act::Stop, Some(_)) => answer(StatusCode::OK, lang, Page::Stop, shown.as_ref()),
        // What it was about is deleted, which is what they want.
        (Act::Stop, None) if reminders.is_ours(&token) => {
            answer(StatusCode::OK, lang, Page::Stopped, None)
        }
        (_, None) => answer(StatusCode::NOT_FOUND, lang, Page::Gone, None),
    }
}

/// `POST`, from the page's button or a mailbox's own (RFC 8058 section 3.1); whatever comes with it says nothing more.
pub(crate) async fn press(
    State(state): State<Arc<ApiState>>,
    Path((token, act)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let (Some(act), Some(reminders)) = (Act::of(&act), state.events.reminders()) else {
        return nothing_here().into_response();
    };
    let before = reminders.look(&token);
    let lang = lang_of(before.as_ref().map(|shown| shown.lang), &headers);
    let failed = || answer(StatusCode::SERVICE_UNAVAILABLE, lang, Page::Failed, None);
    match act {
        Act::Confirm => match reminders.confirm(&token).await {
            Some(shown) => answer(StatusCode::OK, lang, Page::Confirmed, Some(&shown)),
            None if before.is_some() => failed(),
            None => answer(StatusCode::NOT_FOUND, lang, Page::Gone, None),
        },
        Act::Stop if reminders.stop(&token).await => {
            answer(StatusCode::OK, lang, Page::Stopped, None)
        }
        Act::Stop if reminders.is_ours(&token) => failed(),
        Act::Stop => answer(StatusCode::NOT_FOUND, lang, Page::Gone, None),
    }
}

/// The language somebody asked in, or what their browser asks for.
fn lang_of(asked_in: Option<Lang>, headers: &HeaderMap) -> Lang {
    asked_in.unwrap_or_else(|| asked_for("", headers))
}
