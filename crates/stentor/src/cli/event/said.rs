//! Texts on the command line: `TEXT` in the language of the event, `fr=TEXT` in another.

use stentor_core::{LanguageTag, Texts};

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

impl Said {
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
    fn a_text_is_in_the_language_that_stands_before_it_or_in_the_events() {
        let said: Vec<_> = ["Soon", "fr=Bient\u{f4}t", "a=b", "E=mc\u{b2}"]
            .into_iter()
            .map(|text| said(text).expect("a text"))
            .collect();
        let texts = Said::texts(&said[..2], "en").expect("two languages");
        assert_eq!(texts.get("en"), Some("Soon"));
        assert_eq!(texts.get("fr"), Some("Bient\u{f4}t"));
        assert_eq!(said[2].text, "a=b");
        assert_eq!(said[3].text, "E=mc\u{b2}");
    }
}
