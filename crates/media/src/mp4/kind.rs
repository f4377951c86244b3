//! The types of boxes (ISO/IEC 14496-12 §4.2).

use std::fmt;

/// The type of a box: four characters mostly, but any four bytes from a stranger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoxKind(pub [u8; 4]);

impl fmt::Display for BoxKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.0.escape_ascii())
    }
}
