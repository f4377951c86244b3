//! A mail as it goes over the wire: its fields and its text (RFC 5322, RFC 2045).
//!
//! Titles and names come from people, and may try to be more than text: whatever could end a line or turn it round is taken out here, and the
//! library encodes the rest (RFC 2047).

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use lettre::{Address, Message};

use super::error::{MailError, MailSetupError};
use super::mailer::{Mail, is_address};

/// Characters of a subject; what is longer is cut.
pub const SUBJECT_CHARS_MAX: usize = 250;

/// Bytes of a text; what is longer is cut.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;

/// Whom mail is from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sender(Mailbox);

impl Sender {
    /// Reads an address, with or without a name before it.
    ///
    /// # Errors
    /// The operator's: it is none.
    pub fn parse(text: &str) -> Result<Self, MailSetupError> {
        let none = || MailSetupError::Sender {
            got: text.chars().take(100).collect(),
        };
        if text.chars().any(char::is_control) {
            return Err(none());
        }
        let mailbox: Mailbox = text.parse().map_err(|_| none())?;
        Ok(Self(mailbox))
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> &str {
        self.0.email.as_ref()
    }

    /// What stands behind the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.email.domain()
    }

    pub(super) fn envelope(&self) -> Address {
        self.0.email.clone()
    }
}

/// A mail as it is handed to a server.
pub(super) struct Composed {
    pub(super) to: Address,
    pub(super) bytes: Vec<u8>,
}

/// Puts a mail together.
///
/// # Errors
/// [`MailError::Refused`] where it is for no address.
pub(super) fn compose(mail: &Mail, from: &Sender) -> Result<Composed, MailError> {
    let nobody = || MailError::Refused { code: 553 };
    if !is_address(&mail.to) {
        return Err(nobody());
    }
    let to: Address = mail.to.parse().map_err(|_| nobody())?;
    let sent = UNIX_EPOCH + Duration::from_millis(mail.unix_ms.max(0).unsigned_abs());
    let mut message = Message::builder()
        .from(from.0.clone())
        .to(Mailbox::new(None, to.clone()))
        .subject(one_line(&mail.subject, SUBJECT_CHARS_MAX))
        .date(sent)
        .message_id(Some(format!("<{}@{}>", token(&mail.id), from.domain())));
    let url = one_line(&mail.unsubscribe, usize::MAX);
    let fields = [
        // RFC 3834 section 5: what answers by itself answers to no machine.
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("Content-Language", token(&mail.language)),
        ("List-Unsubscribe", format!("<{url}>")),
        // RFC 8058 section 3.1.
        (
            "List-Unsubscribe-Post",
            "List-Unsubscribe=One-Click".to_owned(),
        ),
    ];
    for (name, value) in fields {
        message = message.raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str(name),
            value,
        ));
    }
    let message = message
        .singlepart(SinglePart::plain(lines(&mail.text)))
        .map_err(|_| nobody())?;
    let mut bytes = message.formatted();
    // The end of the last line belongs to the dot that ends a message.
    while bytes.ends_with(b"\r\n") {
        bytes.truncate(bytes.len() - 2);
    }
    Ok(Composed { to, bytes })
}

/// Whether a character could end a line, end the text, or turn the line it stands in round (Unicode Standard Annex 9).
fn is_forbidden(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Of one line, with nothing in it but what is shown.
fn one_line(text: &str, chars_max: usize) -> String {
    let shown = text
        .chars()
        .map(|char| if char.is_whitespace() { ' ' } else { char })
        .filter(|char| !is_forbidden(*char));
    let mut line = String::new();
    // A title of a megabyte is looked at no further than it is shown.
    for char in shown.take(chars_max) {
        if char != ' ' || !line.ends_with(' ') {
            line.push(char);
        }
    }
    line.trim().to_owned()
}

/// A text of lines, with nothing in it but what is shown.
fn lines(text: &str) -> String {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let shown = text[..end].chars();
    shown
        .filter(|char| *char == '\n' || !is_forbidden(*char))
        .collect()
}

/// What may stand in an identifier.
fn token(text: &str) -> String {
    let allowed = |char: &char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_');
    text.chars().filter(allowed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail {
        Mail {
            to: "ada@example.org".to_owned(),
            subject: "A talk".to_owned(),
            text: "It begins.\n".to_owned(),
            language: "en".to_owned(),
            id: "7.soon".to_owned(),
            unsubscribe: "https://live.example.org/r/x/stop".to_owned(),
            unix_ms: 1_796_126_400_000,
        }
    }

    fn composed(mail: &Mail) -> String {
        let from = Sender::parse("Talks <noreply@example.org>").unwrap();
        let composed = compose(mail, &from).unwrap();
        String::from_utf8(composed.bytes).expect("it is ASCII")
    }

    /// The names of the fields of a message, without the lines they go on in.
    fn fields(message: &str) -> Vec<&str> {
        let (head, _) = message.split_once("\r\n\r\n").expect("a head ends");
        let begins = head.lines().filter(|line| !line.starts_with([' ', '\t']));
        begins
            .map(|line| line.split(':').next().unwrap_or(""))
            .collect()
    }

    #[test]
    fn a_mail_says_all_that_mail_servers_and_mailboxes_ask_for() {
        let message = composed(&mail());
        for line in [
            "From: Talks <noreply@example.org>\r\n",
            "To: ada@example.org\r\n",
            "Subject: A talk\r\n",
            "Date: Tue, 01 Dec 2026 12:00:00 +0000\r\n",
            "Message-ID: <7.soon@example.org>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Content-Language: en\r\n",
            "List-Unsubscribe: <https://live.example.org/r/x/stop>\r\n",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
            "MIME-Version: 1.0\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "\r\n\r\nIt begins.",
        ] {
            assert!(message.contains(line), "{line}\n{message}");
        }
    }

    #[test]
    fn a_title_cannot_become_a_field_a_text_or_a_second_mail() {
        let plain = fields(&composed(&mail())).join(" ");
        for subject in [
            "A talk\r\nBcc: bob@example.org",
            "A talk\r\n\r\nHello",
            "A talk\nX: y",
            "A talk\rX: y",
            "A talk\0",
            "A talk\u{2028}Bcc: bob@example.org",
            "A talk\u{85}Bcc: bob@example.org",
            "\u{202e}klat A",
            "=?utf-8?q?A=0D=0ABcc:_bob@example.org?=",
            "ä\r\n .\r\nMAIL FROM:<x@y.example>",
            &"é".repeat(1024 * 1024),
            &"x ".repeat(1024 * 1024),
            &"\u{301}".repeat(1024 * 1024),
        ] {
            let message = composed(&Mail {
                subject: subject.to_owned(),
                ..mail()
            });
            let shown: String = subject.chars().take(60).collect();
            assert_eq!(fields(&message).join(" "), plain, "{shown:?}");
            assert!(message.is_ascii());
            assert!(message.len() < 8 * 1024, "{shown:?}: {}", message.len());
            for line in message.lines() {
                assert!(line.len() <= 998, "RFC 5322 section 2.1.1");
            }
        }
    }

    #[test]
    fn an_id_an_address_or_a_language_cannot_become_a_field_either() {
        let evil = "x>\r\nBcc: bob@example.org".to_owned();
        let message = composed(&Mail {
            id: evil.clone(),
            language: evil.clone(),
            unsubscribe: evil.clone(),
            ..mail()
        });
        assert_eq!(fields(&message), fields(&composed(&mail())));
        let from = Sender::parse("noreply@example.org").unwrap();
        let to_many = Mail { to: evil, ..mail() };
        let refused = compose(&to_many, &from).err();
        assert_eq!(refused, Some(MailError::Refused { code: 553 }));
    }

    #[test]
    fn a_text_of_any_language_arrives_and_one_without_end_is_cut() {
        let text = "Ça commence à 20 h.\n.\nJusqu’au bout\r\n日本\u{202e}\u{0}\n";
        let message = composed(&Mail {
            text: text.to_owned(),
            ..mail()
        });
        assert!(message.is_ascii(), "encoded for the oldest server");
        let long = composed(&Mail {
            text: "é".repeat(TEXT_BYTES_MAX),
            ..mail()
        });
        assert!(long.len() < 4 * TEXT_BYTES_MAX);
        assert_eq!(lines(text), "Ça commence à 20 h.\n.\nJusqu’au bout\n日本\n");
    }

    #[test]
    fn a_sender_is_an_address() {
        assert_eq!(Sender::parse("a@b.example").unwrap().domain(), "b.example");
        for text in [
            "",
            "nobody",
            "a@b.example\r\nBcc: c@d.example",
            "a@b.example, c@d.example",
        ] {
            assert!(Sender::parse(text).is_err(), "{text:?}");
        }
    }
}
