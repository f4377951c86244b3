//! `PATCH` and `DELETE` on a session's URL: new candidates, an ICE restart, the end.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use stentor_event::{IceUpdate, IceUpdateError, OpenEvent};

use super::http::{FRAGMENT, allowed, text, unavailable, with_cors};
use crate::bearer::bearer;
use crate::problem::Problem;
use crate::session_urls::SessionTarget;
use crate::state::ApiState;

/// Characters of a wrong entity tag that its sender is told.
const TAG_CHARS_TOLD: usize = 80;

/// `PATCH` and `DELETE` on a session (RFC 9725 sections 4.2, 4.3).
pub(crate) async fn session(
    State(state): State<Arc<ApiState>>,
    Path(secret): Path<String>,
    request: Request<Body>,
) -> Response {
    let response = match *request.method() {
        Method::PATCH => patch(&state, &secret, request)
            .await
            .unwrap_or_else(IntoResponse::into_response),
        Method::DELETE => {
            delete(&state, &secret, request.headers()).unwrap_or_else(IntoResponse::into_response)
        }
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

/// A token is not needed; whoever brings one brings that of the session's seat. A URL that a log has is not enough for a client that always does.
fn check_bearer(
    event: &OpenEvent,
    session: &SessionTarget,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    if headers.contains_key(header::AUTHORIZATION) && bearer(event, headers)? != session.seat {
        let why = "expected the token of the seat that opened this session";
        return Err(Problem::new(StatusCode::FORBIDDEN, why));
    }
    Ok(())
}

fn delete(state: &ApiState, secret: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let session = state.sessions.get(secret).ok_or_else(no_session)?;
    if let Some(event) = state.events.event(&session.slug) {
        check_bearer(&event, &session, headers)?;
    }
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
    request: Request<Body>,
) -> Result<Response, Problem> {
    let session = state
        .sessions
        .get(secret)
        .filter(SessionTarget::is_alive)
        .ok_or_else(no_session)?;
    let event = state.events.event(&session.slug).ok_or_else(no_session)?;
    check_bearer(&event, &session, request.headers())?;
    // RFC 9725 section 4.3.1: a fragment belongs to one ICE session, named by its entity tag.
    let conditions = request.headers().get_all(header::IF_MATCH);
    let tagged = check_tag(
        &conditions.into_iter().cloned().collect::<Vec<_>>(),
        &session.etag,
    );
    let fragment = text(request, FRAGMENT).await?;
    tagged?;
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
        Err(error @ IceUpdateError::TooOften(_)) => {
            event.report_flood(session.seat).await;
            Err(too_often(&error))
        }
        Err(error @ IceUpdateError::Studio(_)) => Err(unavailable(&error)),
    }
}

/// RFC 6585 §4. A session is given leave for one fragment a second.
fn too_often(error: &IceUpdateError) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, error.to_string()).with(header::RETRY_AFTER, "1")
}

/// Whether the condition of a request (RFC 9110 section 13.1.1) names the present ICE session.
fn check_tag(conditions: &[HeaderValue], tag: &str) -> Result<(), Problem> {
    if conditions.is_empty() {
        return Err(Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            format!("expected If-Match: {tag}, got none"),
        ));
    }
    let named = |condition: &HeaderValue| {
        let text = condition.to_str().unwrap_or_default();
        text.trim() == "*" || entity_tags(text).any(|named| named == tag)
    };
    if conditions.iter().any(named) {
        return Ok(());
    }
    let got: Vec<_> = conditions
        .iter()
        .map(|condition| String::from_utf8_lossy(condition.as_bytes()))
        .collect();
    let got: String = got.join(", ").chars().take(TAG_CHARS_TOLD).collect();
    Err(Problem::new(
        StatusCode::PRECONDITION_FAILED,
        format!("expected If-Match: {tag}, got {got}"),
    ))
}

/// The entity tags of a list (RFC 9110 sections 8.8.3 and 5.6.1), quotes included; a tag may hold a comma. Weak ones keep their mark, so that
/// none of them is a strong one.
fn entity_tags(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = list;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let opens = rest.find('"')?;
        let closes = opens + 1 + rest[opens + 1..].find('"')?;
        let tag;
        (tag, rest) = rest.split_at(closes + 1);
        Some(tag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_may_name_several_tags_in_one_field_or_in_several() {
        let tag = "\"a,1\"";
        let holds = |fields: &[&str]| {
            let fields: Vec<_> = fields
                .iter()
                .map(|field| HeaderValue::from_str(field).unwrap())
                .collect();
            check_tag(&fields, tag).is_ok()
        };
        for named in [
            &["*"][..],
            &[" * "],
            &["\"a,1\""],
            &["\"x\", \"a,1\""],
            &["\"a,1\",\"x\""],
            &[",, \"x\" ,\t\"a,1\","],
            &["\"x\"", "\"a,1\""],
            &["W/\"a,1\", \"a,1\""],
        ] {
            assert!(holds(named), "{named:?}");
        }
        for other in [
            &[][..],
            &[""],
            &["\"x\""],
            &["W/\"a,1\""],
            &["a,1"],
            &["\"a\", \"1\""],
            &["\"a,1"],
            &["x\"a,1\""],
        ] {
            assert!(!holds(other), "{other:?}");
        }
    }
}
