//! The host's line to listeners, in the two languages the pages are written in.

use serde::Serialize;
use stentor_core::{LanguageTag, Texts};

/// As pages send it and are shown it. A language that was left empty is an empty text.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    pub(super) fr: &'a str,
    pub(super) en: &'a str,
}

impl<'a> Message<'a> {
    /// `None` if there is no message.
    pub(super) fn of(texts: &'a Texts) -> Option<Self> {
        (!texts.is_empty()).then(|| Self {
            fr: texts.get("fr").unwrap_or_default(),
            en: texts.get("en").unwrap_or_default(),
        })
    }

    pub(super) fn texts(&self) -> Texts {
        let mut texts = Texts::new();
        for (language, text) in [("fr", self.fr), ("en", self.en)] {
            let language = LanguageTag::parse(language).expect("both are language tags");
            texts.set(language, text).expect("two languages fit");
        }
        texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::status::json;

    #[test]
    fn a_message_in_one_language_has_an_empty_text_in_the_other() {
        let texts = Message { fr: "", en: "Soon" }.texts();
        assert_eq!(json(&Message::of(&texts)), r#"{"fr":"","en":"Soon"}"#);
    }

    #[test]
    fn no_message_is_null() {
        let texts = Message { fr: " ", en: "" }.texts();
        assert_eq!(json(&Message::of(&texts)), "null");
    }
}
