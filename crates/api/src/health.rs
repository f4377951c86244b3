//! Whether this process lives, and whether it takes in listeners.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use stentor_event::{EventRegistry, Hindrance};

/// The routes for who watches the process or stands in front of it. On the operator's port too, where they are answered also
/// when a crowd fills the public one.
pub fn health(events: Arc<EventRegistry>) -> Router {
    Router::new()
        .route("/healthz/live", get(|| async { "alive\n" }))
        .route("/healthz/ready", get(ready))
        .with_state(events)
}

async fn ready(State(events): State<Arc<EventRegistry>>) -> Response {
    let (status, said) = match (events.is_ready(), events.hindrance()) {
        (true, Some(Hindrance::Warning(why) | Hindrance::NotReady(why))) => {
            (StatusCode::OK, format!("ready, but {why}\n"))
        }
        (true, None) => (StatusCode::OK, "ready\n".to_owned()),
        (false, Some(Hindrance::NotReady(why))) => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("not ready: {why}\n"),
        ),
        (false, _) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "not ready: the server is starting or leaving\n".to_owned(),
        ),
    };
    (status, said).into_response()
}
