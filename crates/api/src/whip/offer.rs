//! `POST` with an SDP offer: one answer, and the URL of the session.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header::{self, HeaderName};
use axum::http::{Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use stentor_core::conversation::Refusal;
use stentor_event::{ConnectError, ConnectRequest, Endpoint, OfferingPage, PageId, PageKey};

use super::http::{SDP, allowed, text, unavailable, with_cors};
use crate::bearer::bearer;
use crate::problem::Problem;
use crate::sentence::hex_128;
use crate::session_urls::{SessionTarget, new_etag};
use crate::state::ApiState;

/// What an address of WHIP says beside its path.
#[derive(Debug, Deserialize)]
pub(crate) struct WhipQuery {
    /// The number of the stage page that a session belongs to; the page's own `whip` address carries it.
    page: Option<String>,
    /// The page's own number, beside that: 128 bits in hexadecimal.
    key: Option<String>,
    /// `voice`, which is also what nothing says, or `original`: a line's sound is left as it comes.
    sound: Option<String>,
}

impl WhipQuery {
    fn page(&self) -> Result<Option<OfferingPage>, Problem> {
        let Some(page) = &self.page else {
            return Ok(None);
        };
        let id = page
            .parse()
            .map(PageId)
            .map_err(|_| expected("page", "the number of a stage page", page))?;
        let Some(key) = &self.key else {
            return Ok(Some(OfferingPage { id, key: None }));
        };
        let key = hex_128(key)
            .map(PageKey)
            .ok_or_else(|| expected("key", "128 bits in hexadecimal", key))?;
        Ok(Some(OfferingPage { id, key: Some(key) }))
    }

    fn original_sound(&self) -> Result<bool, Problem> {
        match self.sound.as_deref() {
            None | Some("voice") => Ok(false),
            Some("original") => Ok(true),
            Some(other) => Err(expected("sound", "voice or original", other)),
        }
    }
}

fn expected(key: &str, what: &str, got: &str) -> Problem {
    let got: String = got.chars().take(40).collect();
    Problem::new(
        StatusCode::BAD_REQUEST,
        format!("expected {what} as {key}, got \"{got}\""),
    )
}

/// What an address says of the offer that comes to it.
#[derive(Clone, Copy, Debug)]
struct Asked {
    endpoint: Endpoint,
    page: Option<OfferingPage>,
    original_sound: bool,
}

/// `POST /api/v1/events/{slug}/whip`
pub(crate) async fn whip(
    State(state): State<Arc<ApiState>>,
    Path(slug): Path<String>,
    Query(query): Query<WhipQuery>,
    request: Request<Body>,
) -> Response {
    let asked = || {
        Ok(Asked {
            endpoint: Endpoint::Whip,
            page: query.page()?,
            original_sound: query.original_sound()?,
        })
    };
    match asked() {
        Ok(asked) => answer(&state, &slug, asked, request).await,
        Err(problem) => with_cors(Problem::into_response(problem)),
    }
}

/// `POST /api/v1/events/{slug}/whep`
pub(crate) async fn whep(
    State(state): State<Arc<ApiState>>,
    Path(slug): Path<String>,
    request: Request<Body>,
) -> Response {
    let asked = Asked {
        endpoint: Endpoint::Whep,
        page: None,
        original_sound: false,
    };
    answer(&state, &slug, asked, request).await
}

async fn answer(state: &ApiState, slug: &str, asked: Asked, request: Request<Body>) -> Response {
    let response = match *request.method() {
        Method::POST => open(state, slug, asked, request)
            .await
            .unwrap_or_else(IntoResponse::into_response),
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
    asked: Asked,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let event = state.event(slug)?;
    // Before the body: a stranger's is not read.
    let headers = request.headers().clone();
    bearer(&event, &headers)?;
    let offer = text(request, SDP).await?;
    // And after it: links may have been renewed while it came, which ends what came by those of before.
    let seat = bearer(&event, &headers)?;
    let connected = event
        .connect(
            seat,
            ConnectRequest {
                endpoint: asked.endpoint,
                page: asked.page,
                original_sound: asked.original_sound,
                offer,
            },
        )
        .await
        .map_err(|error| refused(&error))?;
    let etag = new_etag();
    let secret = state.sessions.add(SessionTarget {
        slug: slug.to_owned(),
        seat,
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
        ConnectError::Refused(Refusal::TooManyOffers | Refusal::TooManySessions { .. }) => {
            Problem::new(StatusCode::TOO_MANY_REQUESTS, error.to_string())
                .with(header::RETRY_AFTER, "2")
        }
        ConnectError::GivenUp => Problem::new(StatusCode::CONFLICT, error.to_string()),
        ConnectError::Refused(_) => Problem::new(StatusCode::FORBIDDEN, error.to_string()),
        ConnectError::Studio(_) | ConnectError::NoRoom => unavailable(error),
    }
}
