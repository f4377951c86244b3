//! Mail, to a server of our own that does what no server should.

mod conformance;
mod double;
mod protected;
mod smtp;

use stentor_cluster::mail::Mail;

/// A mail to somebody.
pub(crate) fn mail_to(to: &str) -> Mail {
    Mail {
        to: to.to_owned(),
        subject: "L’été".to_owned(),
        text: "It begins at 20:00.\n.\n.. and ends\n".to_owned(),
        language: "en".to_owned(),
        id: "7.soon".to_owned(),
        unsubscribe: "https://live.example.org/r/x/stop".to_owned(),
        unix_ms: 1_796_126_400_000,
    }
}
