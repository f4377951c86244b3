//! One connection on which mails are handed over, one after the other.

use std::sync::Arc;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::{Code, Severity};
use rustls::ClientConfig;
use tokio::time::timeout;

use super::dial::{Why, dial};
use super::server::{SmtpServer, SmtpTimeouts};
use crate::mail::message::Composed;

/// Characters of what a server said that are shown again.
const SAID_CHARS_MAX: usize = 200;

/// The server closes the connection, whatever it was asked (RFC 5321 section 3.8).
const CLOSING: u16 = 421;

/// An open connection.
pub(super) struct Session {
    connection: AsyncSmtpConnection,
    timeouts: SmtpTimeouts,
}

/// Why a mail was not taken, as a session sees it.
#[derive(Debug)]
pub(super) enum Failure {
    /// This recipient is refused (5yz); the connection is good.
    Refused(u16),
    /// This mail is not taken now; the connection is good.
    Deferred(u16),
    /// The connection was broken before the server had heard of this mail.
    Gone(Why),
    /// The connection is not good, or the server takes nothing from us.
    Broken(Why),
}

impl Session {
    /// Connects, says hello, and who we are.
    pub(super) async fn open(
        server: &SmtpServer,
        tls: Option<&Arc<ClientConfig>>,
        hello: &str,
    ) -> Result<Self, Why> {
        let stream = dial(server, tls, hello).await?;
        let timeouts = server.timeouts;
        let name = ClientId::Domain(hello.to_owned());
        // The greeting and the answer to EHLO.
        let greeted = AsyncSmtpConnection::connect_with_transport(stream, &name);
        let connection = within(2 * timeouts.reply, greeted).await?;
        let mut session = Self {
            connection,
            timeouts,
        };
        if let Some(login) = &server.login {
            let login = Credentials::new(login.user.clone(), login.password.clone());
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            let asked = session.connection.auth(&mechanisms, &login);
            let known = within(2 * timeouts.reply, asked).await;
            known.map_err(|why| format!("it does not let us in: {why}"))?;
        }
        Ok(session)
    }

    /// Hands a mail over.
    pub(super) async fn send(&mut self, from: &Address, mail: &Composed) -> Result<(), Failure> {
        let reply = self.timeouts.reply;
        let from = Mail::new(Some(from.clone()), Vec::new());
        let taken = call(reply, self.connection.command(from)).await;
        if let Err(failed) = taken {
            let is_gone = failed.code.is_none();
            // Whom we say we are is the same for all: a refusal is no recipient's.
            let why = failed.told("it takes nothing from our sender");
            return Err(if is_gone {
                Failure::Gone(why)
            } else {
                Failure::Broken(why)
            });
        }
        let to = Rcpt::new(mail.to.clone(), Vec::new());
        let taken = call(reply, self.connection.command(to)).await;
        if let Err(failed) = taken {
            return Err(self.after(failed, Failure::Refused).await);
        }
        // From here on the message is judged, and not whoever it is for: that is no reason to forget anybody.
        let taken = call(reply, self.connection.command(Data)).await;
        if let Err(failed) = taken {
            return Err(self.after(failed, Failure::Deferred).await);
        }
        let taken = call(self.timeouts.take, self.connection.message(&mail.bytes)).await;
        match taken {
            Ok(()) => Ok(()),
            Err(failed) => Err(self.after(failed, Failure::Deferred).await),
        }
    }

    /// What a reply means that is no yes, and the server made ready for the next mail.
    async fn after(&mut self, failed: Failed, permanent: fn(u16) -> Failure) -> Failure {
        let failure = match failed.code {
            Some(CLOSING) | None => return Failure::Broken(failed.told("it takes nothing now")),
            Some(code) if code >= 500 => permanent(code),
            Some(code) => Failure::Deferred(code),
        };
        match call(self.timeouts.reply, self.connection.command(Rset)).await {
            Ok(()) => failure,
            // What was said of the recipient stands; the next mail finds the connection broken and opens another.
            Err(_) => {
                self.connection.abort().await;
                failure
            }
        }
    }

    /// Whether it can be used no more.
    pub(super) fn is_broken(&self) -> bool {
        self.connection.has_broken()
    }

    /// Says goodbye, and does not wait long for an answer.
    pub(super) async fn close(mut self) {
        let _ = timeout(
            self.timeouts.reply.min(Duration::from_secs(2)),
            self.connection.quit(),
        )
        .await;
    }
}

/// What was no yes.
struct Failed {
    code: Option<u16>,
    /// Without what a server said of a recipient: it repeats the address.
    why: Why,
}

impl Failed {
    fn told(self, what: &str) -> Why {
        match self.code {
            Some(code) => format!("{what} (SMTP reply {code})"),
            None => self.why,
        }
    }
}

async fn call<T>(
    limit: Duration,
    asked: impl Future<Output = Result<T, Error>>,
) -> Result<(), Failed> {
    match timeout(limit, asked).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(Failed {
            code: error.status().map(number),
            why: match error.status() {
                Some(_) => String::new(),
                None => said(&error),
            },
        }),
        Err(_) => Err(Failed {
            code: None,
            why: hung(limit),
        }),
    }
}

/// The same where a server has heard of no recipient yet, so that what it says may be repeated.
async fn within<T>(
    limit: Duration,
    asked: impl Future<Output = Result<T, Error>>,
) -> Result<T, Why> {
    match timeout(limit, asked).await {
        Ok(answered) => answered.map_err(|error| said(&error)),
        Err(_) => Err(hung(limit)),
    }
}

fn hung(limit: Duration) -> Why {
    format!("it did not reply within {} s", limit.as_secs_f32())
}

/// The reply's three digits.
fn number(code: Code) -> u16 {
    u16::from(code)
}

/// What was said, in one line that a terminal can show.
fn said(error: &Error) -> Why {
    let text = match error.status() {
        Some(code) => {
            let refused = code.severity == Severity::PermanentNegativeCompletion;
            let word = if refused { "no" } else { "not now" };
            let why = std::error::Error::source(error).map(ToString::to_string);
            format!("it says {word}, {code} \"{}\"", why.unwrap_or_default())
        }
        None => error.to_string(),
    };
    let shown = text
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char });
    shown.take(SAID_CHARS_MAX).collect()
}
