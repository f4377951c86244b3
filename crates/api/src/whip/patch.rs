//! `PATCH` and `DELETE` on a session's URL: new candidates, an ICE restart, the end.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use stentor_event::{IceUpdate, IceUpdateError};

use super::http::{FRAGMENT, allowed, text, unavailable, with_cors};
use crate::problem::Problem;
use crate::session_urls::SessionTarget;
use crate::state::ApiState;

/// Characters of a wrong entity tag that its sender is told.
const TAG_CHARS_TOLD: usize = 80;

/// `PATCH` and `DELETE` on a session (RFC 9725 sections 4.2, 4.3).
pub(crate) async fn session(
    State(state): State<Arc<ApiState>>,
    Path(secret): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let response = match method {
        Method::PATCH => patch(&state, &secret, &headers, body)
            .await
            .unwrap_or_else(IntoResponse::into_response),
        Method::DELETE => delete(&state, &secret).unwrap_or_else(IntoResponse::into_response),
        Method::OPTIONS => allowed(
            "PATCH, DELETE, OPTIONS",
            &[(HeaderName::from_static("accept-patch"), FRAGMENT)],
        ),
        _ => Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "a session takes PATCH and DELETE (RFC 9725)",
        )
        .with(header::ALLOW, "PATCH, DELETE, OPTIONS")
        .into_response(),
    };
    with_cors(response)
}

fn no_session() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, IceUpdateError::NoSession.to_string())
}

fn delete(state: &ApiState, secret: &str) -> Result<Response, Problem> {
    let session = state.sessions.get(secret).ok_or_else(no_session)?;
    // Deleting what is already gone is what was wanted: 200 again.
    if session.alive.swap(false, Ordering::Relaxed)
        && let Some(event) = state.events.event(&session.slug)
    {
        event.disconnect(session.id);
    }
    Ok(StatusCode::OK.into_response())
}

async fn patch(
    state: &ApiState,
    secret: &str,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let session = state
        .sessions
        .get(secret)
        .filter(SessionTarget::is_alive)
        .ok_or_else(no_session)?;
    let fragment = text(headers, FRAGMENT, body)?;
    // RFC 9725 section 4.3.1: a fragment belongs to one ICE session, named by its entity tag.
    check_tag(headers.get(header::IF_MATCH), &session.etag)?;
    let event = state.events.event(&session.slug).ok_or_else(no_session)?;
    match event.update_ice(session.id, fragment).await {
        Ok(IceUpdate::Trickled) => Ok(StatusCode::NO_CONTENT.into_response()),
        Ok(IceUpdate::Restarted { fragment }) => {
            let etag = state.sessions.restarted(secret);
            let headers = [(header::CONTENT_TYPE, FRAGMENT), (header::ETAG, &etag)];
            Ok((StatusCode::OK, headers, fragment).into_response())
        }
        Err(IceUpdateError::NoSession) => Err(no_session()),
        Err(IceUpdateError::Fragment(fault)) => {
            Err(Problem::new(StatusCode::BAD_REQUEST, fault.to_string()))
        }
        Err(error @ IceUpdateError::TooOften(_)) => Err(too_often(&error)),
        Err(error @ IceUpdateError::Studio(_)) => Err(unavailable(&error)),
    }
}

/// RFC 6585 §4. A session is given leave for one fragment a second.
fn too_often(error: &IceUpdateError) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, error.to_string()).with(header::RETRY_AFTER, "1")
}

/// Whether the condition of a request (RFC 9110 section 13.1.1) names the present ICE session.
fn check_tag(condition: Option<&HeaderValue>, tag: &str) -> Result<(), Problem> {
    let Some(condition) = condition else {
        return Err(Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            format!("expected If-Match: {tag}, got none"),
        ));
    };
    if condition == "*" || condition == tag {
        return Ok(());
    }
    let got: String = String::from_utf8_lossy(condition.as_bytes())
        .chars()
        .take(TAG_CHARS_TOLD)
        .collect();
    Err(Problem::new(
        StatusCode::PRECONDITION_FAILED,
        format!("expected If-Match: {tag}, got {got}"),
    ))
}
