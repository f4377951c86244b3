//! What was recorded of an event, for who leads it: the files to take along, and what of the evening the replay plays.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use stentor_core::conversation::Refusal;
use stentor_event::{HostFile, HostReplay};
use utoipa::ToSchema;

use crate::acts::fresh;
use crate::bearer::host_bearer;
use crate::problem::Problem;
use crate::state::ApiState;

/// What was recorded.
#[derive(Serialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct RecordingsForm {
    /// What the replay plays; null where there is none.
    replay: Option<ReplayTimesForm>,
    /// The files to take along.
    files: Vec<RecordingFileForm>,
}

/// What the replay plays, as it is now. A moment of the evening is where an act of a chapter or a cut has it.
#[derive(Serialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct ReplayTimesForm {
    /// How long it is, in milliseconds.
    duration: u64,
    /// The parts of the evening that it plays, one after the other.
    spans: Vec<SpanForm>,
}

/// A part of an evening.
#[derive(Serialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct SpanForm {
    /// When the replay plays it, in milliseconds from its beginning.
    at: u64,
    /// When that was, in milliseconds since 1970.
    from: i64,
    /// How long it is, in milliseconds.
    length: u64,
}

/// A file.
#[derive(Serialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct RecordingFileForm {
    /// What it is called.
    name: String,
    /// Its length in bytes.
    bytes: u64,
    /// Path under which a browser is given it for ten minutes, and needs no token.
    href: String,
}

impl From<HostReplay> for ReplayTimesForm {
    fn from(replay: HostReplay) -> Self {
        let spans = replay.spans.iter().map(|span| SpanForm {
            at: span.at_ms,
            from: span.from_unix_ms,
            length: span.length_ms,
        });
        Self {
            duration: replay.duration_ms,
            spans: spans.collect(),
        }
    }
}

impl From<HostFile> for RecordingFileForm {
    fn from(file: HostFile) -> Self {
        let HostFile { name, bytes, href } = file;
        Self { name, bytes, href }
    }
}

/// What was recorded of an event.
///
/// With the token of a host's or co-host's link. Whoever has the link of a file is given it, without a token, for ten minutes after it was asked for last.
#[utoipa::path(
    get,
    path = "/api/v1/events/{slug}/recordings",
    params(("slug" = String, Path, description = "The last part of the event's address")),
    responses(
        (status = 200, description = "What there is", body = RecordingsForm),
        (status = 401, description = "No token, or none that opens a place at this event", content_type = "application/problem+json"),
        (status = 403, description = "The token of somebody who leads nothing", content_type = "application/problem+json"),
        (status = 404, description = "There is no such event", content_type = "application/problem+json"),
    ),
    security(("stage link" = []))
)]
pub(crate) async fn recordings(
    State(state): State<Arc<ApiState>>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let event = state.event(&slug)?;
    host_bearer(&event, &headers, Refusal::NotAllowed).await?;
    let recordings = event.recordings();
    let files = recordings.files().await.map_err(|_| {
        let why = "what was recorded cannot be read at this moment";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, why)
    })?;
    let form = RecordingsForm {
        replay: recordings.replay().map(Into::into),
        files: files.into_iter().map(Into::into).collect(),
    };
    Ok(fresh(Json(form)))
}
