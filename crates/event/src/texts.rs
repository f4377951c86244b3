//! A text in the languages it was given in: what of it a reader gets, and all of it as JSON, an object from language tag to text.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};
use stentor_core::{LanguageTag, Languages, Texts};

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

/// A text as one reader gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said<'a> {
    /// The tag of the language it is in.
    pub lang: &'a str,
    /// The words.
    pub text: &'a str,
}

/// A text for whoever reads the language `reader`: in that or one like it, else in `own`, the event's, else in any: whatever is said is said.
#[must_use]
pub fn said<'a>(texts: &'a Texts, reader: &str, own: &str) -> Option<Said<'a>> {
    nearest(texts, reader)
        .or_else(|| nearest(texts, own))
        .or_else(|| texts.iter().next().map(told))
}

/// The title for whoever reads the language `reader`: `title` is that in `own`, the event's, and stands in wherever there is no other.
#[must_use]
pub fn titled<'a>(title: &'a str, titles: &'a Texts, reader: &str, own: &'a str) -> Said<'a> {
    let otherwise = Said {
        lang: own,
        text: title,
    };
    if reader.eq_ignore_ascii_case(own) {
        return otherwise;
    }
    match nearest(titles, reader) {
        // Of two that are as near the event's own is meant.
        Some(said) if said.lang.eq_ignore_ascii_case(reader) => said,
        Some(said) if primary(reader) != primary(own) => said,
        _ => otherwise,
    }
}

/// The text in exactly that language, else in the first with the same primary subtag (RFC 5646 §2.2.1).
fn nearest<'a>(texts: &'a Texts, lang: &str) -> Option<Said<'a>> {
    let is_it = |tag: &str| tag.eq_ignore_ascii_case(lang);
    let is_like = |tag: &str| primary(tag) == primary(lang);
    let find = |fits: &dyn Fn(&str) -> bool| texts.iter().find(|(tag, _)| fits(tag.as_str()));
    find(&is_it).or_else(|| find(&is_like)).map(told)
}

fn told<'a>((tag, text): (&'a LanguageTag, &'a str)) -> Said<'a> {
    Said {
        lang: tag.as_str(),
        text,
    }
}

fn primary(tag: &str) -> String {
    let primary = tag.split('-').next().unwrap_or_default();
    primary.to_ascii_lowercase()
}

/// As the conversation keeps them.
///
/// # Errors
/// One sentence: what is no language tag, or more languages than an event has.
pub fn languages_of<T: AsRef<str>>(named: &[T]) -> Result<Languages, String> {
    let tags = named.iter().map(|tag| LanguageTag::parse(tag.as_ref()));
    let tags = tags.collect::<Result<Vec<_>, _>>();
    Languages::of(tags.map_err(|error| error.to_string())?).map_err(|error| error.to_string())
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
    fn a_title_is_in_the_readers_language_where_there_is_one_and_in_the_events_own_else() {
        let titles = texts_of(&pairs([
            ("en", "Summer"),
            ("pt-br", "Verão"),
            ("fr", "old"),
        ]));
        let titles = titles.expect("tags");
        for (reader, lang, text) in [
            ("fr", "fr", "L’été"),
            ("fr-CA", "fr", "L’été"),
            ("en-GB", "en", "Summer"),
            ("pt", "pt-br", "Verão"),
            ("de", "fr", "L’été"),
        ] {
            let got = titled("L’été", &titles, reader, "fr");
            assert_eq!(got, Said { lang, text }, "{reader}");
        }
    }

    #[test]
    fn languages_are_named_by_tags_and_no_more_than_there_may_be() {
        let languages = languages_of(&["fr", "AR", "fr"]).expect("tags");
        let named: Vec<_> = languages.iter().map(LanguageTag::as_str).collect();
        assert_eq!(named, ["fr", "ar"]);
        assert!(languages_of(&["fr_FR"]).is_err());
        assert!(languages_of(&["aa", "ab", "ac", "ad", "ae", "af", "ag", "ah"]).is_err());
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
