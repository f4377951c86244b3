//! Which address is whose.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, post, put};
use stentor_event::EventRegistry;
use tokio::sync::Semaphore;

use crate::health::health;
use crate::not_found::not_found;
use crate::openapi::openapi;
use crate::session_urls::SessionUrls;
use crate::state::ApiState;
use crate::{acts, picture, recordings, reminders, stage, whip};

/// The routes, beside the edge's own.
pub fn router(events: Arc<EventRegistry>) -> Router {
    let state = Arc::new(ApiState {
        events: Arc::clone(&events),
        sessions: SessionUrls::default(),
        strangers: Arc::new(Semaphore::new(stage::STRANGERS_MAX)),
    });
    Router::new()
        .route("/api/v1/events/{slug}/stage", any(stage::open))
        .route("/api/v1/events/{slug}/acts", post(acts::act))
        .route("/api/v1/events/{slug}/schedule", get(acts::schedule))
        .route(
            "/api/v1/events/{slug}/picture",
            put(picture::put).delete(picture::delete),
        )
        .route(
            "/api/v1/events/{slug}/recordings",
            get(recordings::recordings),
        )
        .route("/api/v1/openapi.json", get(openapi))
        .route("/api/v1/events/{slug}/whip", any(whip::whip))
        .route("/api/v1/events/{slug}/whep", any(whip::whep))
        .route("/api/v1/sessions/{secret}", any(whip::session))
        .route(
            "/api/v1/events/{slug}/reminders",
            post(reminders::ask).layer(DefaultBodyLimit::max(reminders::BODY_BYTES_MAX)),
        )
        .route(
            "/r/{token}/{act}",
            get(reminders::show).post(reminders::press),
        )
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(whip::BODY_BYTES_MAX))
        .with_state(state)
        .merge(health(events))
}
