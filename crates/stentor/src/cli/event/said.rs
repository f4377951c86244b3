//! Texts on the command line: `TEXT` in the language of the event, `fr=TEXT` in another.

use stentor_core::{LanguageTag, Languages, Texts};
use stentor_event::texts::languages_of;

use crate::error::AppError;

/// One text, and its language where that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    language: Option<LanguageTag>,
    text: String,
}

/// Reads one. What stands before the first `=` is a language only if it has two letters: other words may have that sign.
pub(super) fn said(text: &str) -> Result<Said, String> {
    let tagged = text.split_once('=').filter(|(tag, _)| tag.len() == 2);
    let language = tagged.and_then(|(tag, _)| LanguageTag::parse(tag).ok());
    let text = match (&language, tagged) {
        (Some(_), Some((_, text))) => text,
        _ => text,
    };
    Ok(Said {
        language,
        text: text.to_owned(),
    })
}

/// Reads the tags of languages, with commas between them; none for an empty text.
pub(super) fn languages(text: &str) -> Result<Languages, String> {
    let named: Vec<_> = text.split(',').map(str::trim).collect();
    match named.as_slice() {
        [""] => Ok(Languages::new()),
        named => languages_of(named),
    }
}

impl Said {
    /// A title in the language `own`, and in the others that were given; `None` where nothing was.
    ///
    /// # Errors
    /// The operator's: more languages than a text can have.
    pub(super) fn titles(
        said: &[Self],
        own: &str,
    ) -> Result<(Option<String>, Option<Texts>), AppError> {
        let is_own = |said: &&Self| said.language.as_ref().is_none_or(|tag| tag.as_str() == own);
        let (titles, others): (Vec<_>, Vec<_>) = said.iter().partition(is_own);
        let others: Vec<_> = others.into_iter().cloned().collect();
        let title = titles.last().map(|said| said.text.clone());
        let others = (!others.is_empty()).then(|| Self::texts(&others, own));
        Ok((title, others.transpose()?))
    }

    /// All of them as one text; those without a language are in `own`.
    ///
    /// # Errors
    /// The operator's: more languages than a text can have.
    pub(super) fn texts(said: &[Self], own: &str) -> Result<Texts, AppError> {
        let mut texts = Texts::new();
        for Self { language, text } in said {
            let language = match language {
                Some(language) => language.clone(),
                None => LanguageTag::parse(own).map_err(AppError::Language)?,
            };
            texts.set(language, text).map_err(AppError::Languages)?;
        }
        Ok(texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_stand_in_a_row() {
        let named = |text| languages(text).map(|all| all.iter().count());
        assert_eq!((named("fr, de"), named("")), (Ok(2), Ok(0)));
        assert!(named("fr,,de").is_err());
    }

    #[test]
    fn a_text_is_in_the_language_that_stands_before_it_or_in_the_events() {
        let said: Vec<_> = ["Soon", "fr=Bient\u{f4}t", "a=b", "E=mc\u{b2}"]
            .into_iter()
            .map(|text| said(text).expect("a text"))
            .collect();
        let texts = Said::texts(&said[..2], "en").expect("two languages");
        assert_eq!(texts.get("en"), Some("Soon"));
        assert_eq!(texts.get("fr"), Some("Bient\u{f4}t"));
        assert_eq!(said[2].text, "a=b");
        let (title, others) = Said::titles(&said[..2], "en").expect("two languages");
        assert_eq!(title.as_deref(), Some("Soon"));
        assert_eq!(
            others.as_ref().and_then(|all| all.get("fr")),
            texts.get("fr")
        );
        let (title, others) = Said::titles(&said[1..2], "fr").expect("one");
        assert_eq!((title.as_deref(), others), (texts.get("fr"), None));
        assert_eq!(said[3].text, "E=mc\u{b2}");
    }
}
