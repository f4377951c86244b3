//! What the gate answers to an attempt, with its reason as data. Whoever asked carries it out and counts the reason.

use crate::counters::RefusalReason;

/// The answer to an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// Serve it.
    Allow,
    /// Say why in one sentence. What is refused is what was asked for: the connection may go on where its protocol allows.
    Refuse {
        /// Why.
        reason: RefusalReason,
        /// When it is worth asking again, seconds; `None` where asking again changes nothing.
        retry_after_s: Option<u32>,
    },
    /// Close the connection in order and without a response, which would cost too much or not be understood.
    Close {
        /// Why.
        reason: RefusalReason,
    },
    /// Reset the connection, so that the kernel keeps nothing of it.
    Reset {
        /// Why.
        reason: RefusalReason,
    },
}

impl Outcome {
    /// Why it is not served; `None` when it is.
    #[must_use]
    pub fn reason(self) -> Option<RefusalReason> {
        match self {
            Self::Allow => None,
            Self::Refuse { reason, .. } | Self::Close { reason } | Self::Reset { reason } => {
                Some(reason)
            }
        }
    }

    /// `Ok` when it is served, otherwise the outcome.
    ///
    /// # Errors
    /// The outcome, for whoever carries it out.
    pub fn allowed(self) -> Result<(), Self> {
        match self {
            Self::Allow => Ok(()),
            refused => Err(refused),
        }
    }
}
