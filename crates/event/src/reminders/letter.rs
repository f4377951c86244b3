//! A mail to somebody about an event.

use stentor_cluster::mail::Mail;
use stentor_core::reminders::{Message, SubscriptionId};

use super::occasion::Occasion;
use super::when;
use crate::lang::{Lang, Value};

/// Characters of a title, or of a reason, in a mail; what is longer is cut.
const LINE_CHARS_MAX: usize = 300;

/// Whom it is for, and the addresses in it.
pub(super) struct Letter {
    pub(super) id: SubscriptionId,
    pub(super) message: Message,
    pub(super) to: String,
    pub(super) lang: Lang,
    /// The event's page.
    pub(super) link: String,
    /// What confirms and stops begin with: the mail's own address.
    pub(super) own: String,
}

impl Letter {
    /// Written now.
    pub(super) fn write(self, occasion: &Occasion, now_unix_ms: i64) -> Mail {
        let lang = self.lang;
        let (subject, text) = match self.message {
            Message::Confirm => ("mail-confirm", "mail-confirm-text"),
            Message::Soon => ("mail-soon", "mail-soon-text"),
            Message::Begun => ("mail-begun", "mail-begun-text"),
            Message::Moved => ("mail-moved", "mail-moved-text"),
            Message::Cancelled => ("mail-cancelled", "mail-cancelled-text"),
        };
        let starts = occasion.announced.starts_unix_ms;
        let when = when::told(starts, occasion.zone.as_deref(), lang);
        let (confirm, stop) = (
            format!("{}/confirm", self.own),
            format!("{}/stop", self.own),
        );
        let title = one_line(occasion.title_in(lang));
        let why = match one_line(occasion.why_in(lang)) {
            why if why.is_empty() => why,
            why => format!("{why}\n\n"),
        };
        let values = [
            ("title", Value::Text(&title)),
            ("when", Value::Text(&when)),
            ("why", Value::Text(&why)),
            ("link", Value::Text(&self.link)),
            ("confirm", Value::Text(&confirm)),
            ("stop", Value::Text(&stop)),
        ];
        let mut text = lang.say(text, &values).into_owned();
        text.push('\n');
        if self.message != Message::Confirm {
            // The line that mailboxes know as the end of what was written (RFC 3676 section 4.3).
            text.push_str("\n-- \n");
            text.push_str(&lang.say("mail-footer", &[]));
            text.push('\n');
            text.push_str(&stop);
            text.push('\n');
        }
        // The same mail has the same name, so that a mailbox shows it once when it comes twice.
        let of = match self.message {
            Message::Confirm => "confirm".to_owned(),
            Message::Soon => format!("soon-{}", starts.unwrap_or_default()),
            Message::Begun => "begun".to_owned(),
            Message::Moved => format!("moved-{}", starts.unwrap_or_default()),
            Message::Cancelled => "cancelled".to_owned(),
        };
        Mail {
            to: self.to,
            subject: lang.say(subject, &values).into_owned(),
            text,
            language: lang.code().to_owned(),
            id: format!("{:032x}.{of}", name(self.id)),
            unsubscribe: stop,
            unix_ms: now_unix_ms,
        }
    }
}

/// A title or a reason as part of a line.
fn one_line(title: &str) -> String {
    let spaced = |char: char| if char.is_control() { ' ' } else { char };
    title.chars().take(LINE_CHARS_MAX).map(spaced).collect()
}

/// What a subscription is called where others read it: its number is half of its token, and belongs nowhere else.
fn name(id: SubscriptionId) -> u128 {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(id.0.to_be_bytes());
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    u128::from_be_bytes(half)
}

#[cfg(test)]
mod tests {
    use super::*;
    use stentor_core::reminders::{Announced, Progress};
    use stentor_core::{LanguageTag, Texts};

    fn written(message: Message, lang: &str, title: &str) -> Mail {
        let occasion = Occasion {
            title: title.to_owned(),
            titles: Texts::new(),
            lang: Lang::default(),
            zone: Some("Europe/Paris".to_owned()),
            why: Texts::new(),
            is_public: true,
            announced: Announced {
                starts_unix_ms: Some(1_796_151_600_000),
                progress: Progress::Expected,
            },
        };
        let letter = Letter {
            id: SubscriptionId(7),
            message,
            to: "ada@example.org".to_owned(),
            lang: Lang::of_tag(lang).unwrap(),
            link: "https://live.example.org/e/talk".to_owned(),
            own: "https://live.example.org/r/TOKEN".to_owned(),
        };
        letter.write(&occasion, 5)
    }

    const ALL: [Message; 5] = [
        Message::Confirm,
        Message::Soon,
        Message::Begun,
        Message::Moved,
        Message::Cancelled,
    ];

    #[test]
    fn every_mail_names_the_event_and_the_way_out_in_every_language() {
        for lang in Lang::all().map(Lang::code) {
            for message in ALL {
                let mail = written(message, lang, "L’été");
                assert!(mail.subject.contains("L’été"), "{lang} {message:?}");
                assert!(
                    mail.text
                        .contains("https://live.example.org/r/TOKEN/stop\n")
                );
                assert_eq!(mail.unsubscribe, "https://live.example.org/r/TOKEN/stop");
                assert!(!mail.text.contains(['{', '}']), "{}", mail.text);
                let confirms = mail.text.contains("/confirm\n");
                assert_eq!(confirms, message == Message::Confirm);
                assert_eq!(mail.language, lang);
            }
            assert!(
                written(Message::Soon, lang, "x")
                    .text
                    .contains("20:00 (Europe/Paris) = 19:00 UTC")
            );
        }
    }

    #[test]
    fn a_title_is_a_part_of_a_line_whatever_is_in_it() {
        for title in ["a\r\nb {stop} {confirm}", &"é".repeat(1024 * 1024)] {
            let mail = written(Message::Soon, "en", title);
            assert!(mail.text.len() < 2_000);
            assert!(!mail.text.contains('\r') && !mail.text.contains("/confirm"));
        }
    }

    #[test]
    fn the_same_mail_has_the_same_name_and_another_another() {
        let names: std::collections::BTreeSet<_> = ALL
            .map(|message| written(message, "en", "x").id)
            .into_iter()
            .collect();
        assert_eq!(names.len(), ALL.len());
        assert_eq!(
            written(Message::Soon, "en", "x").id,
            written(Message::Soon, "fr", "y").id
        );
        assert!(
            !names
                .iter()
                .any(|name| name.contains(&format!("{:032x}", 7)))
        );
    }

    #[test]
    fn a_mail_names_the_event_in_its_readers_language() {
        let mut occasion = Occasion::gone();
        occasion.title = "L’été".to_owned();
        occasion.lang = Lang::parse("fr").unwrap();
        occasion
            .titles
            .set(LanguageTag::parse("de").unwrap(), "Der Sommer")
            .unwrap();
        let title = |lang| occasion.title_in(Lang::parse(lang).unwrap());
        assert_eq!(
            ["de", "fr", "en"].map(title),
            ["Der Sommer", "L’été", "L’été"]
        );
    }

    #[test]
    fn who_is_told_of_a_change_is_told_why_in_their_language_if_it_was_said() {
        let mut occasion = Occasion::gone();
        let why = |occasion: &Occasion, lang| {
            let lang = Lang::parse(lang).expect("a language");
            occasion.why_in(lang).to_owned()
        };
        assert_eq!(why(&occasion, "en"), "");
        for (tag, text) in [
            ("fr", "Le train est en retard."),
            ("de", "Der Zug ist verspätet."),
        ] {
            let tag = LanguageTag::parse(tag).unwrap();
            occasion.why.set(tag, text).unwrap();
        }
        assert_eq!(why(&occasion, "fr"), "Le train est en retard.");
        assert_eq!(
            why(&occasion, "en"),
            "Der Zug ist verspätet.",
            "better than nothing"
        );
        let letter = Letter {
            id: SubscriptionId(7),
            message: Message::Cancelled,
            to: "ada@example.org".to_owned(),
            lang: Lang::parse("fr").unwrap(),
            link: "L".to_owned(),
            own: "O".to_owned(),
        };
        let mail = letter.write(&occasion, 5);
        assert!(
            mail.text.contains("\n\nLe train est en retard.\n\nCe qu"),
            "{}",
            mail.text
        );
    }
}
