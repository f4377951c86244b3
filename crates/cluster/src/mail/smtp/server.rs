//! The server that mail is handed to, and how long it may take.

use std::fmt;
use std::time::Duration;

use super::back_off::BackOff;

/// How a connection is protected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Security {
    /// TLS from the first byte (RFC 8314 section 3).
    Tls,
    /// TLS after `STARTTLS` (RFC 3207), or not at all: a server that offers none is not used.
    StartTls,
    /// None: for a server on this machine.
    None,
}

/// Who we are to the server. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(hidden)")
    }
}

/// Where mail is handed to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SmtpServer {
    /// A name, or an IP address without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Who we are, where it asks.
    pub login: Option<Login>,
    /// How long it may take.
    pub timeouts: SmtpTimeouts,
    /// How long it is left alone when it cannot be used.
    pub back_off: BackOff,
}

/// How long a server may take for what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SmtpTimeouts {
    /// To be connected, TLS included.
    pub connect: Duration,
    /// For the whole of its greeting, or of one reply.
    pub reply: Duration,
    /// To take a message that was sent whole: it may look into it first. RFC 5321 section 4.5.3.2.6 would have ten minutes; a mail that is
    /// taken later than this comes twice, which a mailbox sees by its `Message-ID`.
    pub take: Duration,
    /// How long a connection is kept with nothing to send.
    pub idle: Duration,
}

impl Default for SmtpTimeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            reply: Duration::from_secs(60),
            take: Duration::from_secs(180),
            idle: Duration::from_secs(10),
        }
    }
}
