//! When an event is announced to begin: an instant, and the zone in which it was meant.
//!
//! It is not a calendar: this crate knows no rules of any zone. Whoever reads a time from a person has asked about the hours that
//! do not exist or exist twice.

use crate::limits::ZONE_BYTES_MAX;
use alloc::string::{String, ToString};
use core::fmt;
use thiserror::Error;

/// An announced beginning.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Start {
    /// Milliseconds since 1970.
    pub unix_ms: i64,
    /// The zone in which the host entered it; `None` where that is not known.
    pub zone: Option<Zone>,
}

/// The name of a time zone, such as `Europe/Paris` (RFC 6557: the IANA time zone database), at most [`ZONE_BYTES_MAX`] bytes long.
///
/// Only its form is checked, not whether there is such a zone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Zone(String);

/// A text that is no name of a zone: whoever sent it is at fault.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("expected the name of a time zone such as \"Europe/Paris\", got \"{got}\"")]
pub struct NotAZone {
    /// What came, cut at [`ZONE_BYTES_MAX`] characters.
    pub got: String,
}

impl Zone {
    /// Reads a name.
    ///
    /// # Errors
    /// If it is not formed like one.
    pub fn parse(text: &str) -> Result<Self, NotAZone> {
        let is_part = |part: &str| {
            part.starts_with(|first: char| first.is_ascii_alphabetic())
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
        };
        if text.len() <= ZONE_BYTES_MAX && text.split('/').all(is_part) {
            Ok(Self(text.to_string()))
        } else {
            Err(NotAZone {
                got: text.chars().take(ZONE_BYTES_MAX).collect(),
            })
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
