//! The host's line to listeners, in the two languages the pages are written in.

use serde::Serialize;
use stentor_core::{LanguageTag, Texts};

/// As pages send it and are shown it. A language that was left empty is an empty text.
#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct MessageForm<'a> {
    /// French.
    pub fr: &'a str,
    /// English.
    pub en: &'a str,
}

impl<'a> MessageForm<'a> {
    /// `None` if there is no message.
    #[must_use]
    pub fn of(texts: &'a Texts) -> Option<Self> {
        (!texts.is_empty()).then(|| Self {
            fr: texts.get("fr").unwrap_or_default(),
            en: texts.get("en").unwrap_or_default(),
        })
    }

    /// As the conversation keeps it.
    ///
    /// # Panics
    /// Never: both tags are language tags, and two texts fit.
    #[must_use]
    pub fn texts(&self) -> Texts {
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

    fn json(texts: &Texts) -> String {
        serde_json::to_string(&MessageForm::of(texts)).expect("a form is JSON")
    }

    #[test]
    fn a_message_in_one_language_has_an_empty_text_in_the_other() {
        let texts = MessageForm { fr: "", en: "Soon" }.texts();
        assert_eq!(json(&texts), r#"{"fr":"","en":"Soon"}"#);
    }

    #[test]
    fn no_message_is_null() {
        let texts = MessageForm { fr: " ", en: "" }.texts();
        assert_eq!(json(&texts), "null");
    }
}
