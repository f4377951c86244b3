//! A text in the languages it was given in, as JSON: an object from language tag to text.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};
use stentor_core::{LanguageTag, Texts};

/// For whoever reads a document or a page; nothing where there is nothing to say.
#[derive(Clone, Copy, Debug)]
pub struct TextsForm<'a>(pub &'a Texts);

impl Serialize for TextsForm<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (tag, text) in self.0.iter() {
            map.serialize_entry(tag.as_str(), text)?;
        }
        map.end()
    }
}

impl<'a> TextsForm<'a> {
    /// `None` if there is nothing to say.
    #[must_use]
    pub fn of(texts: &'a Texts) -> Option<Self> {
        (!texts.is_empty()).then_some(Self(texts))
    }
}

/// As the conversation keeps them.
///
/// # Errors
/// One sentence: what is no language tag, or more languages than a text can have.
pub fn texts_of(pairs: &BTreeMap<String, String>) -> Result<Texts, String> {
    let mut texts = Texts::new();
    for (language, text) in pairs {
        LanguageTag::parse(language)
            .map_err(|error| error.to_string())
            .and_then(|tag| texts.set(tag, text).map_err(|error| error.to_string()))?;
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
        pairs
            .into_iter()
            .map(|(tag, text)| (tag.to_owned(), text.to_owned()))
            .collect()
    }

    #[test]
    fn a_text_is_read_as_it_was_written_and_empty_ones_are_left_out() {
        let texts = texts_of(&pairs([("fr", "Bientôt"), ("en", " ")])).expect("tags");
        let json = serde_json::to_string(&TextsForm(&texts)).expect("a text is JSON");
        assert_eq!(json, r#"{"fr":"Bientôt"}"#);
        assert!(TextsForm::of(&Texts::new()).is_none());
    }

    #[test]
    fn what_is_no_language_or_one_too_many_is_told_in_one_sentence() {
        let error = texts_of(&pairs([("fr_FR", "x")])).expect_err("no tag");
        assert!(error.starts_with("expected a language tag"), "{error}");
        let many = (b'a'..=b'z')
            .map(|letter| (format!("a{}", char::from(letter)), "x".to_owned()))
            .collect();
        assert!(texts_of(&many).is_err());
    }
}
