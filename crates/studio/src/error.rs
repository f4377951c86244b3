//! Errors by whose fault they are, each ending as one clear sentence.

use std::fmt;

/// Why an offer was not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OfferError {
    /// What the peer sent cannot be answered.
    Theirs(SdpFault),
    /// We cannot answer anybody just now.
    Ours(StudioFault),
}

/// Why a fragment (RFC 8840) was not applied.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatchError {
    /// What the peer sent cannot be applied.
    Theirs(SdpFault),
    /// We cannot do it just now.
    Ours(StudioFault),
    /// There is no such session (any more).
    NoSession,
}

/// What is wrong with an SDP or a fragment of one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SdpFault {
    /// Longer than we read.
    TooLong {
        /// Bytes allowed.
        bytes_max: usize,
        /// Bytes received.
        got: usize,
    },
    /// Too many of something.
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many are allowed.
        max: usize,
        /// How many there were.
        got: usize,
    },
    /// A line that is not SDP.
    Syntax {
        /// Line number, from 1.
        line: usize,
        /// What was expected there.
        expected: &'static str,
        /// The beginning of what was there.
        got: String,
    },
    /// Something an offer must have is missing.
    Missing(&'static str),
    /// This is an answer; nobody here made an offer.
    Answer,
    /// Both sides cannot be ICE-lite (RFC 8445 §2.5: a lite agent never checks).
    BothLite,
    /// A media section we cannot carry.
    Media {
        /// What is carried here.
        expected: &'static str,
        /// What was asked for.
        got: String,
    },
    /// The direction of the sound does not fit the kind of session.
    Direction {
        /// What fits.
        expected: &'static str,
        /// What was offered.
        got: &'static str,
    },
    /// The WebRTC library refused it, in its words.
    Refused(String),
}

/// What stops us.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StudioFault {
    /// As many peers or sessions as we hold.
    Full {
        /// How many that is.
        max: usize,
    },
    /// The network thread did not answer in time.
    Busy,
    /// The room or the studio has stopped.
    Stopped,
    /// The library panicked on this session, which is gone.
    Panicked,
}

/// Why a studio or a room could not be opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum StudioError {
    /// No address was given for peers to send to.
    NoCandidate,
    /// The operating system refused.
    Io {
        /// What was being done.
        doing: &'static str,
        /// What it said.
        source: std::io::Error,
    },
    /// The audio engine could not be made.
    Audio(String),
    /// The studio has stopped.
    Stopped,
}

impl OfferError {
    /// Whether the peer is to blame: an answer like "400 Bad Request" rather than "503 Service Unavailable".
    #[must_use]
    pub const fn is_theirs(&self) -> bool {
        matches!(self, Self::Theirs(_))
    }
}

impl From<SdpFault> for OfferError {
    fn from(fault: SdpFault) -> Self {
        Self::Theirs(fault)
    }
}

impl From<StudioFault> for OfferError {
    fn from(fault: StudioFault) -> Self {
        Self::Ours(fault)
    }
}

impl From<SdpFault> for PatchError {
    fn from(fault: SdpFault) -> Self {
        Self::Theirs(fault)
    }
}

impl From<StudioFault> for PatchError {
    fn from(fault: StudioFault) -> Self {
        Self::Ours(fault)
    }
}

impl fmt::Display for OfferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Theirs(fault) => write!(f, "the offer cannot be answered: {fault}"),
            Self::Ours(fault) => fault.fmt(f),
        }
    }
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Theirs(fault) => write!(f, "the fragment cannot be applied: {fault}"),
            Self::Ours(fault) => fault.fmt(f),
            Self::NoSession => write!(f, "there is no such session"),
        }
    }
}

impl fmt::Display for SdpFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes_max, got } => {
                write!(f, "expected at most {bytes_max} bytes of SDP, got {got}")
            }
            Self::TooMany { what, max, got } => {
                write!(f, "expected at most {max} {what}, got {got}")
            }
            Self::Syntax {
                line,
                expected,
                got,
            } => {
                write!(f, "line {line}: expected {expected}, got {got:?}")
            }
            Self::Missing(what) => write!(f, "expected {what}, found none"),
            Self::Answer => write!(f, "expected an SDP offer, got an answer"),
            Self::BothLite => write!(
                f,
                "expected a full ICE agent, got a=ice-lite, which we are ourselves"
            ),
            Self::Media { expected, got } => write!(f, "expected {expected}, got {got:?}"),
            Self::Direction { expected, got } => write!(f, "expected {expected}, got {got}"),
            Self::Refused(why) => write!(f, "{why}"),
        }
    }
}

impl fmt::Display for StudioFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { max } => write!(
                f,
                "all {max} places for connections are taken; try again later"
            ),
            Self::Busy => write!(f, "the studio is too busy to answer; try again"),
            Self::Stopped => write!(f, "this room is closed"),
            Self::Panicked => write!(f, "this connection failed inside the server; connect again"),
        }
    }
}

impl fmt::Display for StudioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCandidate => write!(
                f,
                "the studio needs at least one address that speakers can send to"
            ),
            Self::Io { doing, source } => write!(f, "cannot {doing}: {source}"),
            Self::Audio(why) => write!(f, "cannot start the mixer: {why}"),
            Self::Stopped => write!(f, "the studio has stopped"),
        }
    }
}

impl std::error::Error for OfferError {}
impl std::error::Error for PatchError {}
impl std::error::Error for SdpFault {}
impl std::error::Error for StudioFault {}

impl std::error::Error for StudioError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
