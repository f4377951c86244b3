//! One text in several languages, named by BCP 47.

use stentor_core::limits::{FURTHER_LANGUAGES_MAX, LANGUAGE_TAG_BYTES_MAX, LANGUAGES_MAX};
use stentor_core::{LanguageTag, Languages, Texts, TextsFull};

fn tag(text: &str) -> LanguageTag {
    LanguageTag::parse(text).expect("a language tag")
}

#[test]
fn a_language_tag_is_read_without_regard_to_case() {
    assert_eq!(tag("fr-CA"), tag("FR-ca"));
    assert_eq!(tag("zh-Hant-TW").as_str(), "zh-hant-tw");
    assert_eq!(tag("de-1996").to_string(), "de-1996");
}

#[test]
fn what_is_formed_otherwise_is_refused_with_what_came() {
    for bad in [
        "",
        "e",
        "e1",
        "en_GB",
        "en-",
        "-en",
        "en--gb",
        "langtagsx",
        "en-ninechars",
        "en gb",
        "é",
    ] {
        let error = LanguageTag::parse(bad).expect_err(bad);
        assert_eq!(error.got, bad);
    }
    let error = LanguageTag::parse("en_GB").expect_err("an underscore");
    assert_eq!(
        error.to_string(),
        "expected a language tag such as \"en\" or \"fr-CA\" (BCP 47), got \"en_GB\""
    );
}

#[test]
fn a_language_tag_of_the_longest_length_is_read_and_one_byte_more_is_refused_and_cut() {
    let longest = "abcdefgh-abcdefgh-abcdefgh-abcdefgh";
    assert_eq!(longest.len(), LANGUAGE_TAG_BYTES_MAX);
    assert_eq!(tag(longest).as_str(), longest);
    let longer = format!("{longest}-a");
    let error = LanguageTag::parse(&longer).expect_err("too long");
    assert_eq!(error.got, longest);
}

#[test]
fn a_text_is_kept_trimmed_sorted_by_language_and_a_blank_one_takes_its_language_away() {
    let mut texts = Texts::new();
    for (language, text) in [("fr", " Bientôt "), ("en", "Soon"), ("de", " ")] {
        texts.set(tag(language), text).expect("it fits");
    }
    let listed: Vec<_> = texts
        .iter()
        .map(|(tag, text)| (tag.as_str(), text))
        .collect();
    assert_eq!(listed, [("en", "Soon"), ("fr", "Bientôt")]);
    texts.set(tag("en"), "Now").expect("it fits");
    assert_eq!(texts.get("en"), Some("Now"));
    texts.set(tag("EN"), "").expect("it fits");
    assert_eq!((texts.get("en"), texts.get("fr")), (None, Some("Bientôt")));
    texts.set(tag("fr"), "").expect("it fits");
    assert!(texts.is_empty());
}

#[test]
fn one_language_more_than_fit_is_refused_and_changes_nothing() {
    let mut texts = Texts::new();
    for n in 0..LANGUAGES_MAX {
        texts
            .set(tag(&format!("en-{n}")), "Hello")
            .expect("it fits");
    }
    let before = texts.clone();
    let full = TextsFull { max: LANGUAGES_MAX };
    assert_eq!(texts.set(tag("fr"), "Bonjour"), Err(full));
    assert_eq!(texts, before);
    // A language that is there can still be changed, and one can make room for another.
    texts.set(tag("en-0"), "Hi").expect("it is there");
    texts.set(tag("en-1"), "").expect("nothing is added");
    texts.set(tag("fr"), "Bonjour").expect("there is room");
}

#[test]
fn an_event_has_its_languages_once_each_and_no_more_than_its_texts_can_have() {
    let tags = |count: u8| (b'a'..b'a' + count).map(|letter| format!("x{}", char::from(letter)));
    let of = |count| {
        let tags = tags(count).map(|tag| LanguageTag::parse(&tag).expect("a tag"));
        Languages::of(tags.clone().chain(tags))
    };
    let max = FURTHER_LANGUAGES_MAX as u8;
    let full = of(max).expect("as many as there can be");
    let named: Vec<_> = full.iter().map(LanguageTag::to_string).collect();
    assert_eq!(named, tags(max).collect::<Vec<_>>());
    let error = of(max + 1).expect_err("one too many");
    assert_eq!(
        error.to_string(),
        "an event has at most 7 languages beside its own, got 8"
    );
}
