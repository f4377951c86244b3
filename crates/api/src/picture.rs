//! The picture that a host gives an event: put in any of three forms, and taken away.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap};
use axum::response::Response;
use stentor_event::HostPictureError;
use stentor_event::picture::{PICTURE_BYTES_MAX, PictureError};
use tokio::sync::Semaphore;

use crate::acts::told;
use crate::bearer::host_bearer;
use crate::problem::Problem;
use crate::state::ApiState;

/// Pictures that are being sent or read at once, each held whole in memory. One more is refused, and may come again.
const PICTURES_MAX: usize = 4;

/// What whoever leads nothing is told.
const NOT_A_HOST: &str = "expected the token of a host or co-host, got that of somebody else";

static SENDING: Semaphore = Semaphore::const_new(PICTURES_MAX);

/// Gives an event a picture of its own.
///
/// With the token of a host's or co-host's link. JPEG, PNG or WebP, of at most 8 MiB and 50 million pixels, each side of at least 200. What
/// listeners get is a JPEG of its pixels alone, of at most 1,600 pixels a side.
#[utoipa::path(
    put,
    path = "/api/v1/events/{slug}/picture",
    params(("slug" = String, Path, description = "The last part of the event's address")),
    request_body(content_type = "image/*", content = String, description = "The picture"),
    responses(
        (status = 200, description = "Done; what is so now", body = crate::schedule_form::StandingForm<'static>),
        (status = 401, description = "No token, or none that opens a place at this event", content_type = "application/problem+json"),
        (status = 403, description = "The token of somebody who leads nothing", content_type = "application/problem+json"),
        (status = 404, description = "There is no such event", content_type = "application/problem+json"),
        (status = 409, description = "Not possible as the event stands", content_type = "application/problem+json"),
        (status = 413, description = "Too many bytes", content_type = "application/problem+json"),
        (status = 415, description = "No picture, or one that is damaged", content_type = "application/problem+json"),
        (status = 422, description = "Too many pixels, or too few", content_type = "application/problem+json"),
        (status = 503, description = "Others send pictures; try again in a moment", content_type = "application/problem+json"),
    ),
    security(("stage link" = []))
)]
pub(crate) async fn put(
    State(state): State<Arc<ApiState>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let event = state.event(&slug)?;
    let by = host_bearer(&event, request.headers(), NOT_A_HOST).await?;
    let busy = |_| {
        let why = "others send pictures at this moment; try again in a few seconds";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, why).with(header::RETRY_AFTER, "5")
    };
    let _place = SENDING.try_acquire().map_err(busy)?;
    // Nothing is read of somebody who may not.
    let bytes = to_bytes(request.into_body(), PICTURE_BYTES_MAX).await;
    let bytes = bytes.map_err(|why| {
        let too_many = PictureError::TooManyBytes;
        let detail = format!("expected a whole picture: {why}; {too_many}");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
    })?;
    let acted = event.picture().set(by, bytes).await.map_err(refused)?;
    told(acted.ok_or_else(|| Problem::no_event(&slug))?)
}

/// Takes the picture of an event away.
#[utoipa::path(
    delete,
    path = "/api/v1/events/{slug}/picture",
    params(("slug" = String, Path, description = "The last part of the event's address")),
    responses(
        (status = 200, description = "Done; what is so now", body = crate::schedule_form::StandingForm<'static>),
        (status = 401, description = "No token, or none that opens a place at this event", content_type = "application/problem+json"),
        (status = 403, description = "The token of somebody who leads nothing", content_type = "application/problem+json"),
        (status = 404, description = "There is no such event", content_type = "application/problem+json"),
        (status = 409, description = "Not possible as the event stands", content_type = "application/problem+json"),
    ),
    security(("stage link" = []))
)]
pub(crate) async fn delete(
    State(state): State<Arc<ApiState>>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let event = state.event(&slug)?;
    let by = host_bearer(&event, &headers, NOT_A_HOST).await?;
    let acted = event.picture().remove(by).await;
    told(acted.ok_or_else(|| Problem::no_event(&slug))?)
}

fn refused(error: HostPictureError) -> Problem {
    let status = match &error {
        HostPictureError::Picture(PictureError::NotAPicture) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        HostPictureError::Picture(PictureError::TooManyBytes) => StatusCode::PAYLOAD_TOO_LARGE,
        HostPictureError::Picture(
            PictureError::TooManyPixels { .. } | PictureError::TooSmall { .. },
        ) => StatusCode::UNPROCESSABLE_ENTITY,
        HostPictureError::Blobs(_) | HostPictureError::Reading => StatusCode::INTERNAL_SERVER_ERROR,
    };
    Problem::new(status, error.to_string())
}
