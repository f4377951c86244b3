//! Event messages (`emsg`, ISO/IEC 23009-1 §5.10.3.3): what a stream says to its listeners besides the sound.

use super::boxes::fields;
use super::error::StreamError;

/// `scheme_id_uri` of the `emsg` boxes that carry notices.
pub const NOTICE_SCHEME: &str = "urn:stentor:notice";

/// `scheme_id_uri` of the `emsg` boxes between chunks that tell one listener how often it will be sent bytes
/// (`docs/design.md` §6).
pub const CADENCE_SCHEME: &str = "urn:stentor:cadence";

/// One line for the listener, borrowed from the chunk that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice<'a> {
    /// The same notice has the same number in every rendition.
    pub id: u32,
    /// JSON in UTF-8.
    pub payload: &'a [u8],
}

/// What an `emsg` is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event<'a> {
    Notice(Notice<'a>),
    /// JSON in UTF-8.
    Cadence(&'a [u8]),
    /// Events of others may stand beside ours.
    Other,
}

impl<'a> Event<'a> {
    pub(super) fn read(emsg: &'a [u8]) -> Result<Self, StreamError> {
        fields(b"emsg", emsg, |f| {
            let (version, _) = f.version_and_flags()?;
            if version != 1 {
                return Ok(Self::Other);
            }
            f.skip(16)?;
            let id = f.u32()?;
            let scheme = f.string()?;
            f.string()?;
            let payload = f.rest();
            Ok(if scheme == NOTICE_SCHEME.as_bytes() {
                Self::Notice(Notice { id, payload })
            } else if scheme == CADENCE_SCHEME.as_bytes() {
                Self::Cadence(payload)
            } else {
                Self::Other
            })
        })
    }
}
