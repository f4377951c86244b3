//! Errors by whose fault they are, each one clear sentence.

use crate::limits::NOTICE_BYTES_MAX;

/// Why an offer was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OfferError {
    /// What the peer sent cannot be answered.
    #[error("the offer cannot be answered: {0}")]
    Theirs(#[from] SdpFault),
    /// We cannot answer anybody just now.
    #[error(transparent)]
    Ours(#[from] StudioFault),
}

/// Why a fragment (RFC 8840) was not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// What the peer sent cannot be applied.
    #[error("the fragment cannot be applied: {0}")]
    Theirs(#[from] SdpFault),
    /// We cannot do it just now.
    #[error(transparent)]
    Ours(#[from] StudioFault),
    /// There is no such session (any more).
    #[error("there is no such session")]
    NoSession,
    /// More fragments than a session has a use for.
    #[error(
        "expected at most one fragment a second for this session; try again in {retry_after_s} s"
    )]
    TooOften {
        /// Seconds until one is taken again.
        retry_after_s: u64,
    },
}

/// What is wrong with an SDP or a fragment of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SdpFault {
    /// Longer than we read.
    #[error("expected at most {bytes_max} bytes of SDP, got {got}")]
    TooLong {
        /// Bytes allowed.
        bytes_max: usize,
        /// Bytes received.
        got: usize,
    },
    /// Too many of something.
    #[error("expected at most {max} {what}, got {got}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many are allowed.
        max: usize,
        /// How many there were.
        got: usize,
    },
    /// A line that is not SDP.
    #[error("line {line}: expected {expected}, got {got:?}")]
    Syntax {
        /// Line number, from 1.
        line: usize,
        /// What was expected there.
        expected: &'static str,
        /// The beginning of what was there.
        got: String,
    },
    /// Something an offer must have is missing.
    #[error("expected {0}, found none")]
    Missing(&'static str),
    /// This is an answer; nobody here made an offer.
    #[error("expected an SDP offer, got an answer")]
    Answer,
    /// Both sides cannot be ICE-lite (RFC 8445 §2.5: a lite agent never checks).
    #[error("expected a full ICE agent, got a=ice-lite, which we are ourselves")]
    BothLite,
    /// Something we cannot carry.
    #[error("expected {expected}, got {got:?}")]
    Media {
        /// What is carried here.
        expected: &'static str,
        /// What was asked for.
        got: String,
    },
    /// The direction of the sound does not fit the kind of session.
    #[error("expected {expected}, got {got}")]
    Direction {
        /// What fits.
        expected: &'static str,
        /// What was offered.
        got: &'static str,
    },
    /// The WebRTC library refused it. Its words are for the log.
    #[error("expected an offer that this server can answer; why it cannot is in its log")]
    Refused,
}

/// What stops us.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StudioFault {
    /// As many peers or sessions as we hold.
    #[error("all {max} places for connections are taken; try again later")]
    Full {
        /// How many that is.
        max: usize,
    },
    /// The network thread did not answer in time.
    #[error("the studio is too busy to answer; try again")]
    Busy,
    /// The room or the studio has stopped.
    #[error("this room is closed")]
    Stopped,
    /// The library panicked on this session, which is gone.
    #[error("this connection failed inside the server; connect again")]
    Panicked,
}

/// A notice was longer than one is carried, [`NOTICE_BYTES_MAX`]: our own fault, listeners write none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a notice of at most {NOTICE_BYTES_MAX} bytes, got {got}")]
pub struct NoticeTooLong {
    /// Its length in bytes.
    pub got: usize,
}

/// Why a studio or a room could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StudioError {
    /// No address was given for peers to send to.
    #[error("the studio needs at least one address that speakers can send to")]
    NoCandidate,
    /// The cryptographic library could not make the certificate by which peers know us.
    #[error("cannot make a certificate for DTLS: the cryptographic library made none")]
    Certificate,
    /// The operating system refused.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What it said.
        source: std::io::Error,
    },
    /// The audio engine could not be made.
    #[error("cannot start the mixer: {0}")]
    Audio(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl OfferError {
    /// Whether the peer is to blame: an answer like "400 Bad Request" rather than "503 Service Unavailable".
    #[must_use]
    pub const fn is_theirs(&self) -> bool {
        matches!(self, Self::Theirs(_))
    }
}
