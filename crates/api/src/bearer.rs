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
