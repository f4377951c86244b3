//! Texts that people type and everybody reads: what may be in them, and one text in several languages.
//!
//! It is not translation: this crate knows no sentence of the product, and treats languages as names.

use crate::limits::{FURTHER_LANGUAGES_MAX, LANGUAGE_TAG_BYTES_MAX, LANGUAGES_MAX};
use crate::refusal::Refusal;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use thiserror::Error;

/// The name of a language (BCP 47: RFC 5646), such as `en`, `fr-CA` or `zh-Hant`, at most [`LANGUAGE_TAG_BYTES_MAX`] bytes long.
///
/// In lower case, since case means nothing in a tag (RFC 5646 §2.1.1). Only its form is checked, not whether it is registered.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LanguageTag(String);

/// A text that is no language tag: whoever sent it is at fault.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("expected a language tag such as \"en\" or \"fr-CA\" (BCP 47), got \"{got}\"")]
pub struct NotALanguageTag {
    /// What came, cut at [`LANGUAGE_TAG_BYTES_MAX`] characters.
    pub got: String,
}

impl LanguageTag {
    /// Reads a tag.
    ///
    /// # Errors
    /// If it is not formed like one: subtags of 1 to 8 letters and digits, the first of 2 to 8 letters (RFC 5646 §2.1).
    pub fn parse(text: &str) -> Result<Self, NotALanguageTag> {
        let mut subtags = text.split('-');
        let primary = subtags.next().unwrap_or_default();
        let fits = text.len() <= LANGUAGE_TAG_BYTES_MAX
            && (2..=8).contains(&primary.len())
            && primary.bytes().all(|byte| byte.is_ascii_alphabetic())
            && subtags.all(|subtag| {
                (1..=8).contains(&subtag.len())
                    && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
            });
        if fits {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(NotALanguageTag {
                got: text.chars().take(LANGUAGE_TAG_BYTES_MAX).collect(),
            })
        }
    }

    /// The tag in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LanguageTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text was given in more languages than [`Texts`] holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("a text can be given in {max} languages, not in more")]
pub struct TextsFull {
    /// Languages there can be.
    pub max: usize,
}

/// More languages were named than an event has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("an event has at most {max} languages beside its own, got {got}")]
pub struct TooManyLanguages {
    /// Languages there can be.
    pub max: usize,
    /// Languages that came.
    pub got: usize,
}

/// The languages of an event beside its default one: at most [`FURTHER_LANGUAGES_MAX`], each once, in the order in which they were named.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Languages(Vec<LanguageTag>);

impl Languages {
    /// None but the default one.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Those that are named; one that is named twice is one.
    ///
    /// # Errors
    /// If they are more than an event has.
    pub fn of(named: impl IntoIterator<Item = LanguageTag>) -> Result<Self, TooManyLanguages> {
        let mut all = Vec::new();
        for tag in named {
            if !all.contains(&tag) {
                all.push(tag);
            }
        }
        if all.len() > FURTHER_LANGUAGES_MAX {
            return Err(TooManyLanguages {
                max: FURTHER_LANGUAGES_MAX,
                got: all.len(),
            });
        }
        Ok(Self(all))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &LanguageTag> {
        self.0.iter()
    }

    /// Characters in all of them.
    pub(crate) fn chars(&self) -> usize {
        self.iter().map(|tag| tag.0.len()).sum()
    }
}

/// One text in the languages it was given in: at most [`LANGUAGES_MAX`], sorted by tag, none of them empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Texts(Vec<(LanguageTag, String)>);

impl Texts {
    /// In no language: nothing to say.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Sets the text of one language; a blank one takes the language away.
    ///
    /// # Errors
    /// If there are [`LANGUAGES_MAX`] others already; nothing has changed then.
    pub fn set(&mut self, language: LanguageTag, text: &str) -> Result<(), TextsFull> {
        let text = text.trim();
        let found = self.0.binary_search_by(|(tag, _)| tag.cmp(&language));
        match (found, text.is_empty()) {
            (Ok(at), true) => {
                self.0.remove(at);
            }
            (Err(_), true) => {}
            (Ok(at), false) => self.0[at].1 = text.to_string(),
            (Err(_), false) if self.0.len() >= LANGUAGES_MAX => {
                return Err(TextsFull { max: LANGUAGES_MAX });
            }
            (Err(at), false) => self.0.insert(at, (language, text.to_string())),
        }
        Ok(())
    }

    /// The text in exactly this language, if it was given; `language` in lower case.
    #[must_use]
    pub fn get(&self, language: &str) -> Option<&str> {
        self.iter()
            .find(|(tag, _)| tag.as_str() == language)
            .map(|(_, text)| text)
    }

    /// All of them, sorted by tag.
    pub fn iter(&self) -> impl Iterator<Item = (&LanguageTag, &str)> {
        self.0.iter().map(|(tag, text)| (tag, text.as_str()))
    }

    /// Whether there is nothing to say in any language.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `Ok` if every one of them may be shown and has at most `chars_max` characters.
    pub(crate) fn check(&self, chars_max: usize) -> Result<(), Refusal> {
        self.iter().try_for_each(|(_, text)| check(text, chars_max))
    }

    /// The same of texts that may have several lines.
    pub(crate) fn check_lines(&self, chars_max: usize) -> Result<(), Refusal> {
        self.iter().try_for_each(|(_, text)| {
            check_length(text, chars_max)?;
            text.split('\n').try_for_each(|line| check(line, chars_max))
        })
    }

    /// Characters in all of them.
    pub(crate) fn chars(&self) -> usize {
        self.iter().map(|(_, text)| text.chars().count()).sum()
    }
}

/// A text without blanks around it, as it may be shown.
pub(crate) fn checked(text: &str, chars_max: usize) -> Result<String, Refusal> {
    let text = text.trim();
    check(text, chars_max)?;
    Ok(text.to_string())
}

/// A text of the operator's, made fit to be shown: forbidden characters are left out, what is too long is cut.
pub(crate) fn cut(text: &str, chars_max: usize) -> String {
    text.trim()
        .chars()
        .filter(|char| !is_forbidden(*char))
        .take(chars_max)
        .collect()
}

fn check_length(text: &str, chars_max: usize) -> Result<(), Refusal> {
    let got = text.chars().count();
    if got > chars_max {
        return Err(Refusal::TooLong {
            max: chars_max,
            got,
        });
    }
    Ok(())
}

fn check(text: &str, chars_max: usize) -> Result<(), Refusal> {
    check_length(text, chars_max)?;
    if text.chars().any(is_forbidden) {
        return Err(Refusal::ControlCharacters);
    }
    Ok(())
}

/// Control characters, line and paragraph separators, and the characters that override the direction of writing
/// (Unicode Standard Annex 9, sections 2.1 to 2.4): with those a name could rewrite the line it stands in.
fn is_forbidden(char: char) -> bool {
    char.is_control() || matches!(char, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
