//! What an event is called in other languages, of which series it is, and its picture.

use crate::schedule::{act, refused, scene_in, standing, text};
use stentor_core::conversation::Refusal;
use stentor_core::limits::TITLE_CHARS_MAX;
use stentor_core::schedule::{Act, Correction, Picture};
use stentor_core::{LanguageTag, Languages, Texts};

/// Milliseconds of an hour.
const HOUR: i64 = 3_600_000;

#[test]
fn other_languages_series_and_picture_are_given_and_taken_away() {
    let mut scene = scene_in(HOUR, false);
    let picture = Picture {
        name: [7; 16],
        width: 4,
        height: 3,
    };
    let given = Correction {
        titles: Some(text("Troy")),
        languages: Languages::of(LanguageTag::parse("en")).ok(),
        series: Some(" The war ".into()),
        picture: Some(Some(picture)),
        ..Correction::default()
    };
    act(&mut scene, Act::Correct(given.clone()));
    let stands = standing(&scene);
    assert_eq!(Some(&stands.titles), given.titles.as_ref());
    assert_eq!(Some(&stands.languages), given.languages.as_ref());
    assert_eq!(stands.series.as_deref(), Some("The war"));
    assert_eq!(stands.picture, Some(picture));
    act(&mut scene, Act::Correct(Correction::default()));
    assert_eq!(standing(&scene), stands, "what is not spoken of stays");
    let taken = Correction {
        titles: Some(Texts::new()),
        languages: Some(Languages::new()),
        series: Some(String::new()),
        picture: Some(None),
        ..Correction::default()
    };
    act(&mut scene, Act::Correct(taken));
    let stands = standing(&scene);
    assert!(stands.titles.is_empty() && stands.languages == Languages::new());
    assert_eq!((stands.series, stands.picture), (None, None));
}

#[test]
fn a_title_in_another_language_and_a_series_may_be_no_more_than_the_title() {
    let mut scene = scene_in(HOUR, false);
    for (words, reason) in [
        (
            "t".repeat(TITLE_CHARS_MAX + 1),
            Refusal::TooLong {
                max: TITLE_CHARS_MAX,
                got: TITLE_CHARS_MAX + 1,
            },
        ),
        ("a\u{202e}b".into(), Refusal::ControlCharacters),
        ("a\nb".into(), Refusal::ControlCharacters),
    ] {
        let titled = Correction {
            titles: Some(text(&words)),
            ..Correction::default()
        };
        let of_series = Correction {
            series: Some(words),
            ..Correction::default()
        };
        for correction in [titled, of_series] {
            assert_eq!(refused(&mut scene, Act::Correct(correction)), reason);
        }
    }
}
