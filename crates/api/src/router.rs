//! The HTTP interface of the stage: WebSocket, WHIP, WHEP, health, and the stage page's files.
//!
//! Nothing a listener needs passes here: their pages and sound are the edge's documents and streams, so a flood of listeners
//! and a flood on this interface do not meet.

mod problem;
mod sessions;
mod stage;
mod whip;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{any, get};

use crate::app::Running;
use crate::pages::{inline_policy, page_headers};

pub(crate) use problem::Problem;
pub(crate) use sessions::Sessions;

/// Bytes of any body this interface reads: an SDP, with room to say so kindly when it is too long.
const BODY_BYTES_MAX: usize = 128 * 1024;

/// The routes, beside the edge's own.
pub(crate) fn router(running: Arc<Running>) -> Router {
    Router::new()
        .route("/api/v1/events/{slug}/stage", any(stage::open))
        .route("/api/v1/events/{slug}/whip", any(whip::whip))
        .route("/api/v1/events/{slug}/whep", any(whip::whep))
        .route("/api/v1/sessions/{secret}", any(whip::session))
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(Arc::clone(&running))
        .merge(health(running))
}

/// Whether this process lives, and whether it takes in listeners: for who watches it or stands in front of it. On the operator's port too,
/// where it is answered also when a crowd fills the public one.
pub(crate) fn health(running: Arc<Running>) -> Router {
    Router::new()
        .route("/healthz/live", get(|| async { "alive\n" }))
        .route("/healthz/ready", get(ready))
        .with_state(running)
}

async fn ready(State(running): State<Arc<Running>>) -> Response {
    if running.is_ready() {
        (StatusCode::OK, "ready\n").into_response()
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "not ready: the server is starting or leaving\n",
        )
            .into_response()
    }
}

/// People get a page, programs a sentence. An address with a slash too many is that without it.
async fn not_found(uri: Uri, headers: HeaderMap) -> Response {
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
    let headers = page_headers(&inline_policy(LOST_PAGE), "microphone=()");
    (StatusCode::NOT_FOUND, headers, Html(LOST_PAGE)).into_response()
}

/// Who mistyped a link, or looks for the server's front door.
const LOST_PAGE: &str = include_str!("lost.html");
