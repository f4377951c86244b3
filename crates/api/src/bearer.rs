//! Who asks, by the bearer token (RFC 6750).

use std::fmt::Display;

use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap};
use stentor_core::SeatId;
use stentor_event::OpenEvent;

use crate::problem::Problem;

/// The seat whose token a request carries.
pub(crate) fn bearer(event: &OpenEvent, headers: &HeaderMap) -> Result<SeatId, Problem> {
    let expected = "expected Authorization: Bearer with the token of an invitation";
    let token = token_of(headers).ok_or_else(|| unauthorised(&expected))?;
    event.seat_of(token).map_err(|error| unauthorised(&error))
}

/// The seat of a host or co-host whose token a request carries; anybody else is refused, and told why.
pub(crate) async fn host_bearer(
    event: &OpenEvent,
    headers: &HeaderMap,
    why: impl Display,
) -> Result<SeatId, Problem> {
    let by = bearer(event, headers)?;
    let view = event.view().await;
    let view = view.ok_or_else(|| Problem::no_event(event.slug()))?;
    let leads = view.value().seat(by).is_some_and(|seat| seat.role.hosts());
    let refused = || Problem::new(StatusCode::FORBIDDEN, why.to_string());
    leads.then_some(by).ok_or_else(refused)
}

/// The token a request carries.
pub(crate) fn token_of(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value
        .get(..7)
        .filter(|scheme| scheme.eq_ignore_ascii_case("bearer "))
        .map(|_| value[7..].trim())
}

/// Whoever asks has not shown that they may.
pub(crate) fn unauthorised(why: &impl Display) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, why.to_string()).with(header::WWW_AUTHENTICATE, "Bearer")
}
