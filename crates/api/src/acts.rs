//! An event is led through its evening: what its stage page does by its socket, for programs.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use stentor_core::conversation::Refusal;
use stentor_core::event::EventCommand;
use stentor_event::Acted;

use crate::act_form::ActForm;
use crate::bearer::bearer;
use crate::problem::Problem;
use crate::schedule_form::StandingForm;
use crate::state::ApiState;

/// Leads an event through its evening.
///
/// With the token of a host's or co-host's link. If somebody has done something since the version that is sent, nothing is done (409), and
/// the answer tells what is so now; an act that is already so changes nothing and is no error.
#[utoipa::path(
    post,
    path = "/api/v1/events/{slug}/acts",
    params(("slug" = String, Path, description = "The last part of the event's address")),
    request_body = ActForm,
    responses(
        (status = 200, description = "Done; what is so now", body = StandingForm<'static>),
        (status = 400, description = "What came is no act", content_type = "application/problem+json"),
        (status = 401, description = "No token, or none that opens a place at this event", content_type = "application/problem+json"),
        (status = 403, description = "The token of somebody who leads nothing", content_type = "application/problem+json"),
        (status = 404, description = "There is no such event", content_type = "application/problem+json"),
        (status = 409, description = "Not possible as the event stands, or as it has come to stand meanwhile: `now` tells how that is", content_type = "application/problem+json"),
    ),
    security(("stage link" = []))
)]
pub(crate) async fn act(
    State(state): State<Arc<ApiState>>,
    Path(slug): Path<String>,
    headers: HeaderMap,
    form: Result<Json<ActForm>, JsonRejection>,
) -> Result<Response, Problem> {
    let event = state.event(&slug)?;
    let by = bearer(&event, &headers)?;
    let Json(form) = form.map_err(|why| Problem::new(why.status(), why.body_text()))?;
    let command = form
        .command()
        .map_err(|why| Problem::new(StatusCode::BAD_REQUEST, why))?;
    let acted = event.act(by, EventCommand::Schedule(command).into()).await;
    told(acted.ok_or_else(|| Problem::no_event(&slug))?)
}

/// What came of an act: how the event stands now.
pub(crate) fn told(acted: Acted) -> Result<Response, Problem> {
    let Acted { refused, view } = acted;
    let view = view.value();
    let now = StandingForm::of(&view.schedule, view.schedule_version);
    match refused {
        None => Ok(fresh(Json(now))),
        Some(reason) => Err(Problem::new(status_of(reason), reason.to_string()).telling(&now)),
    }
}

/// How an event stands, for whoever leads it.
#[utoipa::path(
    get,
    path = "/api/v1/events/{slug}/schedule",
    params(("slug" = String, Path, description = "The last part of the event's address")),
    responses(
        (status = 200, description = "How it stands", body = StandingForm<'static>),
        (status = 401, description = "No token, or none that opens a place at this event", content_type = "application/problem+json"),
        (status = 404, description = "There is no such event", content_type = "application/problem+json"),
    ),
    security(("stage link" = []))
)]
pub(crate) async fn schedule(
    State(state): State<Arc<ApiState>>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let event = state.event(&slug)?;
    bearer(&event, &headers)?;
    let view = event.view().await;
    let view = view.ok_or_else(|| Problem::no_event(&slug))?;
    let view = view.value();
    let form = StandingForm::of(&view.schedule, view.schedule_version);
    Ok(fresh(Json(form)))
}

/// It is as of now: no cache keeps it.
pub(crate) fn fresh(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Whose fault it is.
const fn status_of(reason: Refusal) -> StatusCode {
    match reason {
        Refusal::NoSuchSender | Refusal::NotAllowed => StatusCode::FORBIDDEN,
        Refusal::TooLong { .. }
        | Refusal::ControlCharacters
        | Refusal::NameEmpty
        | Refusal::TimePast
        | Refusal::TimeFar { .. }
        | Refusal::ChapterOutside
        | Refusal::CutOutside { .. } => StatusCode::BAD_REQUEST,
        _ => StatusCode::CONFLICT,
    }
}
