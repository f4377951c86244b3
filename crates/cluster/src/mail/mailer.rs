//! What every way to send mail does.

use lettre::Address;

use super::error::MailError;
use crate::answer::Answer;

/// Characters of an address (RFC 5321 section 4.5.3.1.3, without the angle brackets).
const ADDRESS_CHARS_MAX: usize = 254;

/// A mail to one person, as plain text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mail {
    /// Whom it is for: one address, without a name.
    pub to: String,
    /// In whatever language; what may not stand in a subject is taken out of it.
    pub subject: String,
    /// Lines end with `\n`.
    pub text: String,
    /// The language of both (BCP 47).
    pub language: String,
    /// What stands before the `@` of its `Message-ID` (letters, digits, dots and `-`). A mail that is sent again has the one it had, so that a mailbox shows it once.
    pub id: String,
    /// The address that a `POST` stops such mails at (RFC 8058).
    pub unsubscribe: String,
    /// When it was written, in milliseconds since 1970.
    pub unix_ms: i64,
}

/// A way to send mail. Shared by tasks.
pub trait Mailer: Send + Sync + 'static {
    /// Hands a mail over; answered when it is known what became of it, within minutes at most.
    ///
    /// # Errors
    /// See [`MailError`]; except where no answer came from the server in time, the mail was not taken then.
    fn send(&self, mail: Mail) -> Answer<'static, (), MailError>;
}

/// Whether a text can be the address of a mailbox: `local@domain`, in ASCII, with a dot in the domain, and nothing that would need quotes.
///
/// It says nothing of whether there is such a mailbox. What is refused here is allowed by RFC 5321 and used by nobody.
#[must_use]
pub fn is_address(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"()<>[]\\,;:".contains(&byte);
    let has_domain = text
        .rsplit_once('@')
        .is_some_and(|(_, domain)| domain.contains('.'));
    text.len() <= ADDRESS_CHARS_MAX
        && text.bytes().all(is_plain)
        && has_domain
        && text.parse::<Address>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_people_have_are_addresses() {
        for text in [
            "ada@example.org",
            "ada.lovelace+talks@mail.example.co.uk",
            "o'neill@example.org",
            "a@xn--bcher-kva.example",
        ] {
            assert!(is_address(text), "{text}");
        }
    }

    #[test]
    fn what_would_be_more_than_an_address_is_none() {
        let long = format!("{}@example.org", "a".repeat(ADDRESS_CHARS_MAX - 12));
        let longer = format!("{}.{long}", "b".repeat(60));
        for text in [
            "",
            "@",
            "ada",
            "ada@",
            "@example.org",
            "ada@localhost",
            "ada@[127.0.0.1]",
            "ada@example.org,bob@example.org",
            "ada@example.org\r\nBcc: bob@example.org",
            "ada@example.org\n",
            " ada@example.org",
            "ada@example.org> SIZE=1",
            "<ada@example.org>",
            "Ada <ada@example.org>",
            "\"a b\"@example.org",
            "ada@ex ample.org",
            "ada@example..org",
            "adä@example.org",
            "ada@bücher.example",
            "ada\u{202e}@example.org",
            &longer,
        ] {
            assert!(!is_address(text), "{text:?}");
        }
    }
}
