//! `POST` with an SDP offer: one answer, and the URL of the session.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, Query, State};
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use stentor_event::{ConnectError, Endpoint, PageId};

use super::bearer::bearer;
use super::http::{SDP, allowed, text, unavailable, with_cors};
use crate::problem::Problem;
use crate::session_urls::{SessionTarget, new_etag};
use crate::state::ApiState;

/// Which stage page a session belongs to; the page's own `whip` address carries it.
#[derive(Debug, Deserialize)]
pub(crate) struct OfPage {
    page: Option<u64>,
}

/// `POST /api/v1/events/{slug}/whip`
pub(crate) async fn whip(
    State(state): State<Arc<ApiState>>,
    Path(slug): Path<String>,
    Query(of): Query<OfPage>,
    method: Method,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    answer(
        &state,
        &slug,
        Endpoint::Whip,
        of.page.map(PageId),
        &method,
        &headers,
        body,
    )
    .await
}

/// `POST /api/v1/events/{slug}/whep`
pub(crate) async fn whep(
    State(state): State<Arc<ApiState>>,
    Path(slug): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    answer(&state, &slug, Endpoint::Whep, None, &method, &headers, body).await
}

async fn answer(
    state: &ApiState,
    slug: &str,
    endpoint: Endpoint,
    page: Option<PageId>,
    method: &Method,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let response = match *method {
        Method::POST => match open(state, slug, endpoint, page, headers, body).await {
            Ok(response) => response,
            Err(problem) => problem.into_response(),
        },
        Method::OPTIONS => allowed(
            "POST, OPTIONS",
            &[(HeaderName::from_static("accept-post"), SDP)],
        ),
        _ => Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "this address takes POST with an SDP offer (RFC 9725)",
        )
        .with(header::ALLOW, "POST, OPTIONS")
        .into_response(),
    };
    with_cors(response)
}

async fn open(
    state: &ApiState,
    slug: &str,
    endpoint: Endpoint,
    page: Option<PageId>,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let event = state
        .events
        .event(slug)
        .ok_or_else(|| Problem::no_event(slug))?;
    let seat = bearer(&event, headers)?;
    let offer = text(headers, SDP, body)?;
    let connected = event
        .connect(seat, endpoint, page, offer)
        .await
        .map_err(|error| refused(&error))?;
    let etag = new_etag();
    let secret = state.sessions.add(SessionTarget {
        slug: slug.to_owned(),
        id: connected.session,
        etag: etag.clone(),
        alive: connected.alive,
    });
    let location = format!("/api/v1/sessions/{secret}");
    let headers = [
        (header::CONTENT_TYPE, SDP),
        (header::LOCATION, &location),
        (header::ETAG, &etag),
    ];
    Ok((StatusCode::CREATED, headers, connected.answer).into_response())
}

fn refused(error: &ConnectError) -> Problem {
    match error {
        ConnectError::Offer(_) | ConnectError::Direction { .. } => {
            Problem::new(StatusCode::BAD_REQUEST, error.to_string())
        }
        ConnectError::Refused(_) => Problem::new(StatusCode::FORBIDDEN, error.to_string()),
        ConnectError::Studio(_) | ConnectError::NoRoom => unavailable(error),
    }
}
