//! Whether this process lives, and whether it takes in listeners.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use stentor_event::EventRegistry;

/// The routes for who watches the process or stands in front of it. On the operator's port too, where they are answered also
/// when a crowd fills the public one.
pub fn health(events: Arc<EventRegistry>) -> Router {
    Router::new()
        .route("/healthz/live", get(|| async { "alive\n" }))
        .route("/healthz/ready", get(ready))
        .with_state(events)
}

async fn ready(State(events): State<Arc<EventRegistry>>) -> Response {
    if events.is_ready() {
        (StatusCode::OK, "ready\n").into_response()
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "not ready: the server is starting or leaving\n",
        )
            .into_response()
    }
}
