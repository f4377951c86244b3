//! WHIP (RFC 9725) and WHEP: one offer in, one answer out, for browsers, OBS and ffmpeg alike.
//!
//! The stage page publishes here too: an offer that also wants to hear gets everyone else back. So there is one way into
//! the studio. A session's URL is a secret, and changing it needs no other; a token that comes with it all the same must be the seat's.

mod http;
mod offer;
mod patch;

pub(crate) use http::BODY_BYTES_MAX;
pub(crate) use offer::{whep, whip};
pub(crate) use patch::session;
