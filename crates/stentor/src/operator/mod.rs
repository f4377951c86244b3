//! The operator's port: metrics for Prometheus at `/metrics`, and the ladder with its last steps at `/ladder.json`.
//!
//! A port of its own, meant for loopback or a private network: listeners have no business here, and nothing can be changed.

mod metrics;

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use stentor_edge::Edge;

use crate::ladder::{LadderReport, LadderWatch};

/// Media type of the text format (Prometheus exposition format 0.0.4).
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is looked at.
#[derive(Clone)]
pub(crate) struct Operator {
    pub(crate) edge: Edge,
    pub(crate) ladder: Arc<LadderWatch>,
}

/// The routes.
pub(crate) fn router(operator: Operator) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/ladder.json", get(ladder))
        .with_state(operator)
}

async fn ladder(State(operator): State<Operator>) -> Json<LadderReport> {
    Json(operator.ladder.report())
}

async fn metrics(State(operator): State<Operator>) -> Response {
    let mut text = operator.ladder.report().metrics();
    text.push_str(&metrics::of_edge(&operator.edge));
    ([(header::CONTENT_TYPE, METRICS_TYPE)], text).into_response()
}
