//! WHIP (RFC 9725) and WHEP: one offer in, one answer out, for browsers, OBS and ffmpeg alike.
//!
//! The stage page publishes here too: an offer that also wants to hear gets everyone else back. So there is one way into
//! the studio. A session's URL is a secret, and changing it needs no other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, Query, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use stentor_core::SeatId;
use stentor_core::stage::SessionKind;
use stentor_studio::{Answer, OfferError, OfferRequest, PatchError, PatchOutcome};
use tokio::sync::oneshot;

use super::Problem;
use super::sessions::{Session, new_etag};
use crate::app::{OpenEvent, Running};
use crate::director::{Call, PageId};
use crate::event::unix_ms_now;
use crate::wire::sentence;

/// Which stage page a session belongs to; the page's own `whip` address carries it.
#[derive(Debug, Deserialize)]
pub(super) struct OfPage {
    page: Option<u64>,
}

const SDP: &str = "application/sdp";
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

/// `POST /api/v1/events/{slug}/whip`
pub(super) async fn whip(
    State(running): State<Arc<Running>>,
    Path(slug): Path<String>,
    Query(of): Query<OfPage>,
    method: Method,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    endpoint(
        &running,
        &slug,
        false,
        of.page.map(PageId),
        &method,
        &headers,
        body,
    )
    .await
}

/// `POST /api/v1/events/{slug}/whep`
pub(super) async fn whep(
    State(running): State<Arc<Running>>,
    Path(slug): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    endpoint(&running, &slug, true, None, &method, &headers, body).await
}

async fn endpoint(
    running: &Running,
    slug: &str,
    monitor: bool,
    page: Option<PageId>,
    method: &Method,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let response = match *method {
        Method::POST => match open(running, slug, monitor, page, headers, body).await {
            Ok(response) => response,
            Err(problem) => problem.into_response(),
        },
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
    running: &Running,
    slug: &str,
    monitor: bool,
    page: Option<PageId>,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let event = running.event(slug).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            format!("there is no event \"{slug}\" here"),
        )
    })?;
    let seat = bearer(running, &event, headers)?;
    let offer = text(headers, SDP, body)?;
    let kind = kind_of(&offer, monitor)?;
    let (session, answer) = answer(&event, seat, kind, offer).await?;

    let alive = Arc::new(AtomicBool::new(true));
    event
        .director
        .call(Call::Opened {
            session,
            page,
            alive: Arc::clone(&alive),
        })
        .await;
    let etag = new_etag();
    let secret = running.sessions.add(Session {
        slug: slug.to_owned(),
        id: session,
        etag: etag.clone(),
        alive,
    });
    let location = format!("/api/v1/sessions/{secret}");
    let headers = [
        (header::CONTENT_TYPE, SDP),
        (header::LOCATION, &location),
        (header::ETAG, &etag),
    ];
    Ok((StatusCode::CREATED, headers, answer.sdp).into_response())
}

async fn answer(
    event: &OpenEvent,
    seat: SeatId,
    kind: SessionKind,
    sdp: String,
) -> Result<(stentor_core::SessionId, Answer), Problem> {
    let gone = || {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the studio is not running at the moment",
        )
        .with(header::RETRY_AFTER, "2")
    };
    let (reply, allowed) = oneshot::channel();
    event.director.call(Call::MayConnect { seat, reply }).await;
    let session = allowed
        .await
        .map_err(|_| gone())?
        .map_err(|refusal| Problem::new(StatusCode::FORBIDDEN, sentence(&refusal)))?;
    let room = event.room.clone().ok_or_else(gone)?;
    let request = OfferRequest {
        seat,
        session,
        kind,
        sdp,
    };
    match tokio::task::spawn_blocking(move || room.offer(request)).await {
        Ok(Ok(answer)) => Ok((session, answer)),
        Ok(Err(OfferError::Theirs(fault))) => {
            Err(Problem::new(StatusCode::BAD_REQUEST, fault.to_string()))
        }
        Ok(Err(error)) => Err(
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
                .with(header::RETRY_AFTER, "2"),
        ),
        Err(_) => Err(gone()),
    }
}

/// `PATCH` and `DELETE` on a session (RFC 9725 sections 4.2, 4.3).
pub(super) async fn session(
    State(running): State<Arc<Running>>,
    Path(secret): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let response = match method {
        Method::PATCH => patch(&running, &secret, &headers, body)
            .await
            .unwrap_or_else(IntoResponse::into_response),
        Method::DELETE => delete(&running, &secret).unwrap_or_else(IntoResponse::into_response),
        Method::OPTIONS => allowed(
            "PATCH, DELETE, OPTIONS",
            &[(HeaderName::from_static("accept-patch"), FRAGMENT)],
        ),
        _ => Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "a session takes PATCH and DELETE (RFC 9725)",
        )
        .with(header::ALLOW, "PATCH, DELETE, OPTIONS")
        .into_response(),
    };
    with_cors(response)
}

fn no_session() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "this session is gone: send a new offer",
    )
}

fn delete(running: &Running, secret: &str) -> Result<Response, Problem> {
    let session = running.sessions.get(secret).ok_or_else(no_session)?;
    // Deleting what is already gone is what was wanted: 200 again.
    if session.alive.swap(false, Ordering::Relaxed)
        && let Some(room) = running
            .event(&session.slug)
            .and_then(|event| event.room.clone())
    {
        room.close(session.id);
    }
    Ok(StatusCode::OK.into_response())
}

async fn patch(
    running: &Running,
    secret: &str,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let session = running
        .sessions
        .get(secret)
        .filter(Session::is_alive)
        .ok_or_else(no_session)?;
    let fragment = text(headers, FRAGMENT, body)?;
    // RFC 9725 section 4.3.1: a fragment belongs to one ICE session, named by its entity tag.
    let Some(condition) = headers.get(header::IF_MATCH) else {
        return Err(Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            "expected If-Match with the session's ETag",
        ));
    };
    let any = condition.as_bytes() == b"*";
    if !any && condition.as_bytes() != session.etag.as_bytes() {
        let why = format!(
            "If-Match names another ICE session; this one is {}",
            session.etag
        );
        return Err(Problem::new(StatusCode::PRECONDITION_FAILED, why));
    }
    let room = running
        .event(&session.slug)
        .and_then(|event| event.room.clone())
        .ok_or_else(no_session)?;
    match tokio::task::spawn_blocking(move || room.patch(session.id, &fragment)).await {
        Ok(Ok(PatchOutcome::Trickled)) => Ok(StatusCode::NO_CONTENT.into_response()),
        Ok(Ok(PatchOutcome::Restarted { sdpfrag, .. })) => {
            let etag = running.sessions.restarted(secret);
            let headers = [(header::CONTENT_TYPE, FRAGMENT), (header::ETAG, &etag)];
            Ok((StatusCode::OK, headers, sdpfrag).into_response())
        }
        Ok(Err(PatchError::Theirs(fault))) => {
            Err(Problem::new(StatusCode::BAD_REQUEST, fault.to_string()))
        }
        Ok(Err(PatchError::NoSession)) => Err(no_session()),
        Ok(Err(error)) => Err(
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
                .with(header::RETRY_AFTER, "2"),
        ),
        Err(_) => Err(no_session()),
    }
}

/// Who asks, by the bearer token (RFC 6750).
fn bearer(running: &Running, event: &OpenEvent, headers: &HeaderMap) -> Result<SeatId, Problem> {
    let unauthorised = |why: String| {
        Problem::new(StatusCode::UNAUTHORIZED, why).with(header::WWW_AUTHENTICATE, "Bearer")
    };
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| {
            value
                .get(..7)
                .filter(|scheme| scheme.eq_ignore_ascii_case("bearer "))
                .map(|_| value[7..].trim())
        })
        .ok_or_else(|| {
            unauthorised(
                "expected Authorization: Bearer with the token of an invitation".to_owned(),
            )
        })?;
    running
        .key
        .check(&event.record.slug, token, unix_ms_now() / 1000)
        .map_err(|error| unauthorised(error.to_string()))
}

/// A body of one content type, as text.
fn text(
    headers: &HeaderMap,
    expected: &'static str,
    body: Result<Bytes, BytesRejection>,
) -> Result<String, Problem> {
    let got = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("nothing");
    let essence = got.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(expected) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("expected {expected}, got {got}"),
        ));
    }
    let body = body.map_err(|rejection| Problem::new(rejection.status(), rejection.body_text()))?;
    String::from_utf8(body.into())
        .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "expected UTF-8 text"))
}

/// What kind of session an offer asks for.
fn kind_of(offer: &str, monitor: bool) -> Result<SessionKind, Problem> {
    let offer = stentor_studio::sdp::inspect(offer)
        .map_err(|fault| Problem::new(StatusCode::BAD_REQUEST, fault.to_string()))?;
    match (monitor, offer.sends, offer.receives) {
        (true, _, true) => Ok(SessionKind::Monitor),
        (false, true, true) => Ok(SessionKind::Browser),
        (false, true, false) => Ok(SessionKind::LineIn),
        (true, _, false) => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "expected an offer that receives (recvonly)",
        )),
        (false, false, _) => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "expected an offer that sends (sendonly or sendrecv)",
        )),
    }
}

fn allowed(methods: &'static str, more: &[(HeaderName, &'static str)]) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static(methods));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static(methods),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("Authorization, Content-Type, If-Match"),
    );
    for (name, value) in more {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Publishers run on other origins too; they hold a token of their own, and no cookie goes with it.
fn with_cors(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Location, ETag, Link"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
