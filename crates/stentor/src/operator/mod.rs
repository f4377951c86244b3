//! The operator's port: metrics for Prometheus at `/metrics`, the ladder with its last steps at `/ladder.json`, and at `/` what there is.
//!
//! A port of its own, meant for loopback or a private network: listeners have no business here, and nothing can be changed.

mod definitions;
mod edge;
mod events;
mod figures;
mod ladder;
mod process;
mod render;
mod scrape;
mod studio;
#[cfg(test)]
mod tests;

pub(crate) use figures::{CertificateEnd, Sources};

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use crate::ladder::LadderReport;

/// What there is at this port.
const INDEX: &str = "Stentor, the operator's port\n\n\
    /metrics         figures for Prometheus\n\
    /ladder.json     the rung, the load, and the last steps with their reasons\n\
    /healthz/live    200 while the process answers\n\
    /healthz/ready   200 while new people should be sent here, else 503 and why\n";

/// The routes.
pub(crate) fn router(sources: Sources) -> Router {
    Router::new()
        .route("/", get(|| async { INDEX }))
        .route("/metrics", get(metrics))
        .route("/ladder.json", get(ladder_report))
        .with_state(sources)
}

async fn ladder_report(State(sources): State<Sources>) -> Json<LadderReport> {
    Json(sources.ladder.report())
}

async fn metrics(State(sources): State<Sources>) -> Response {
    let text = render::render(&sources.read());
    ([(header::CONTENT_TYPE, scrape::CONTENT_TYPE)], text).into_response()
}
