//! The languages that people are spoken to, and every sentence in them.
//!
//! A language is a file of `locales/`: its code is the file's name, its sentences are Fluent messages (<https://projectfluent.org>). There is no
//! list of languages anywhere else, and no sentence for people in the code: whoever says something names a message. That each is there, in
//! every language and with the same variables, is a test of the house; so a missing one is never met, and if it were, English stands in.
//!
//! Names and numbers stand in a sentence as they come: without grouping of digits, and without the marks that isolate directions
//! (a sentence also becomes a subject of a mail, or an attribute).

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// Code and catalogue of each language, sorted by code.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/locales.rs"));

/// The language whose sentences stand in for those that are missing.
const SOURCE: &str = "en";

/// The message that says what a language is called in itself.
const NAME: &str = "language-name";

/// One for each of `FILES`, at the same place.
static CATALOGUES: LazyLock<Vec<Catalogue>> =
    LazyLock::new(|| FILES.iter().map(|(code, text)| read(code, text)).collect());

type Catalogue = FluentBundle<FluentResource>;

/// A language that people are spoken to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lang {
    /// Where it stands in `FILES`.
    at: usize,
}

/// What stands in a sentence for a variable.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// A name, or words that were made before.
    Text(&'a str),
    /// A count: the sentence may depend on it ("1 person", "2 people").
    Count(u64),
}

impl Lang {
    /// All of them, in the order in which they are offered.
    pub fn all() -> impl ExactSizeIterator<Item = Self> + Clone {
        (0..FILES.len()).map(|at| Self { at })
    }

    /// Reads a language code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::all().find(|lang| lang.code() == code)
    }

    /// The one that somebody reads who asks for this one by a tag (BCP 47), with or without a weight behind it (RFC 9110 §12.5.4).
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', ';']).next().unwrap_or_default().trim();
        Self::all().find(|lang| lang.code().eq_ignore_ascii_case(primary))
    }

    /// ISO 639-1.
    pub fn code(self) -> &'static str {
        FILES[self.at].0
    }

    /// What its speakers call it.
    pub fn name(self) -> Cow<'static, str> {
        self.say(NAME, &[])
    }

    /// The message `id` in this language, its variables filled in.
    pub fn say(self, id: &str, values: &[(&'static str, Value<'_>)]) -> Cow<'static, str> {
        let mut args = FluentArgs::with_capacity(values.len());
        for (name, value) in values {
            args.set(*name, FluentValue::from(*value));
        }
        [self, Self::default()]
            .into_iter()
            .find_map(|lang| said(&CATALOGUES[lang.at], id, &args))
            .unwrap_or_else(|| {
                tracing::error!(id, "no language has this sentence");
                Cow::Owned(id.to_owned())
            })
    }
}

impl Default for Lang {
    /// English: it is what a program says that nobody has told a language.
    ///
    /// # Panics
    /// Never: the build refuses to be without it.
    fn default() -> Self {
        Self::parse(SOURCE).expect("the build script has looked for it")
    }
}

impl fmt::Debug for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl<'a> From<Value<'a>> for FluentValue<'a> {
    fn from(value: Value<'a>) -> Self {
        match value {
            Value::Text(text) => Self::from(text),
            Value::Count(count) => Self::from(count),
        }
    }
}

/// A catalogue whose file cannot be read whole says what could be.
fn read(code: &str, text: &str) -> Catalogue {
    let language: LanguageIdentifier = code.parse().unwrap_or_default();
    let mut catalogue = Catalogue::new_concurrent(vec![language]);
    catalogue.set_use_isolating(false);
    let (resource, faults) = match FluentResource::try_new(text.to_owned()) {
        Ok(resource) => (resource, Vec::new()),
        Err((resource, faults)) => (resource, faults),
    };
    for fault in faults {
        tracing::error!(code, %fault, "part of a catalogue cannot be read");
    }
    catalogue.add_resource_overriding(resource);
    catalogue
}

/// `None` where the catalogue has no such message.
fn said(
    catalogue: &'static Catalogue,
    id: &str,
    args: &FluentArgs<'_>,
) -> Option<Cow<'static, str>> {
    let pattern = catalogue.get_message(id)?.value()?;
    let mut errors = Vec::new();
    let text = catalogue.format_pattern(pattern, Some(args), &mut errors);
    for error in errors {
        tracing::error!(id, %error, "a sentence is not whole");
    }
    Some(Cow::Owned(text.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lang(code: &str) -> Lang {
        Lang::parse(code).unwrap()
    }

    #[test]
    fn the_languages_are_the_files_in_one_order() {
        let codes: Vec<_> = Lang::all().map(Lang::code).collect();
        assert!(codes.is_sorted() && codes.len() == FILES.len(), "{codes:?}");
        assert_eq!(Lang::default().code(), "en");
        assert_eq!(Lang::parse("tlh"), None);
        assert_eq!(format!("{:?}", lang("fr")), "fr");
    }

    #[test]
    fn a_language_is_found_by_its_tag() {
        for (tag, code) in [("fr", "fr"), ("DE-at", "de"), (" en-GB;q=0.8", "en")] {
            assert_eq!(Lang::of_tag(tag), Some(lang(code)), "{tag}");
        }
        for none in ["ja", "", "-de", "english", "*"] {
            assert_eq!(Lang::of_tag(none), None, "{none}");
        }
    }

    #[test]
    fn each_calls_itself_by_its_own_name() {
        for (code, name) in [("de", "Deutsch"), ("en", "English"), ("fr", "Français")] {
            assert_eq!(lang(code).name(), name);
        }
    }

    #[test]
    fn a_sentence_has_its_variables_filled_in_as_they_come() {
        let hostile = "<b>{ $name } \u{202e}";
        let values = [("act", Value::Text("Mute")), ("name", Value::Text(hostile))];
        let said = lang("en").say("stage-of", &values);
        assert_eq!(said, format!("Mute: {hostile}"));
    }

    #[test]
    fn a_count_decides_the_form_as_its_language_wants() {
        let said = |count| {
            let values = [("count", Value::Count(count))];
            lang("de").say("common-listening", &values).into_owned()
        };
        assert_eq!(
            [said(0), said(1), said(1_200)],
            ["0 hören zu", "1 hört zu", "1200 hören zu"]
        );
    }

    #[test]
    fn what_a_catalogue_lacks_is_said_in_english_and_what_none_has_by_its_name() {
        let poor: &'static Catalogue = Box::leak(Box::new(read("xx", "a = A\nb = { $c\n")));
        let args = FluentArgs::new();
        assert_eq!(said(poor, "a", &args).as_deref(), Some("A"));
        assert_eq!(said(poor, "b", &args), None);
        assert_eq!(lang("fr").say("there-is-none", &[]), "there-is-none");
    }
}
