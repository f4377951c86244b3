//! Who asks, by the bearer token (RFC 6750).

use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap};
use stentor_core::SeatId;
use stentor_event::OpenEvent;

use crate::problem::Problem;

/// The seat whose token a request carries.
pub(super) fn bearer(event: &OpenEvent, headers: &HeaderMap) -> Result<SeatId, Problem> {
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
    event
        .seat_of(token)
        .map_err(|error| unauthorised(error.to_string()))
}
