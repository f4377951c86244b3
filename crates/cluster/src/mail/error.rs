//! Why a mail was not taken, by whose fault.

use std::time::Duration;

/// Why a mail was not taken. No variant has an address in it, nor what a server said of one.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MailError {
    /// Whoever it is for takes no mail: no such mailbox, or no such address.
    #[error("the mail server takes no mail for this recipient (SMTP reply {code})")]
    Refused {
        /// The reply (RFC 5321 section 4.2), from 500; 553 where no server was asked, because it can be no address.
        code: u16,
    },
    /// It may be taken later: a full mailbox, a server that lets strangers wait, a message that it finds suspicious.
    #[error("the mail server does not take this mail now (SMTP reply {code})")]
    Deferred {
        /// The reply (RFC 5321 section 4.2), from 400.
        code: u16,
    },
    /// The operator's: the server cannot be reached, or lets us send nothing to anybody.
    #[error("the mail server cannot be used: {why}")]
    Unreachable {
        /// What went wrong, or what it said.
        why: String,
        /// For how long it is left alone.
        again_in: Duration,
    },
    /// Ours: more mails wait than may.
    #[error("{max} mails wait to be sent already")]
    Busy {
        /// How many may wait.
        max: usize,
    },
}

/// Why no mail can be sent with these settings. The operator's.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MailSetupError {
    /// What stands in the field `From` is no address.
    #[error(
        "expected a sender such as \"noreply@example.org\" or \"Talks <noreply@example.org>\", got \"{got}\""
    )]
    Sender {
        /// What came.
        got: String,
    },
    /// The machine knows no certificate authority, so no server can be trusted.
    #[error(
        "this machine knows no certificate authorities, by which a mail server is known: install the package ca-certificates ({why})"
    )]
    NoAuthorities {
        /// What was found instead.
        why: String,
    },
    /// The name of the server can be in no certificate.
    #[error("\"{host}\" can be the name of no server")]
    Host {
        /// What came.
        host: String,
    },
}
