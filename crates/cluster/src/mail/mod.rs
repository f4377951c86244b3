//! Mail to people: one trait, an implementation by SMTP, and one for tests.
//!
//! A mail is handed over and answered with what became of it: taken by a server, refused, put off, or no server was reached. Connections are
//! opened, kept and opened again in here, no more of them than the server is to bear, and a server that does not answer is left alone for
//! longer and longer. Whether a mail that was put off is worth another attempt is for whoever sends it.
//!
//! It is no mail server: nothing is kept here, and what was not taken when the process ends is the caller's to hand over again. No error
//! and no line of the log has an address in it.

mod error;
mod mailer;
mod message;
mod smtp;

pub use error::{MailError, MailSetupError};
pub use mailer::{Mail, Mailer, is_address};
pub use message::{SUBJECT_CHARS_MAX, Sender, TEXT_BYTES_MAX};
pub use smtp::{
    BackOff, CONNECTIONS_MAX, Login, MAILS_WAITING_MAX, REPLY_LINE_BYTES_MAX, Security, SmtpMailer,
    SmtpServer, SmtpTimeouts, TlsTrust, system_tls,
};
