//! Events to announce and titles to fear, for tests.

use std::path::Path;
use std::{env, fs};

use quick_xml::Reader;
use quick_xml::events::Event;
use stentor_core::{LanguageTag, Texts};
use stentor_event::listing::{
    Listing, ListingChapter, ListingFile, ListingPerson, ListingPhase, ListingReplay,
};

/// Titles that must break nothing.
pub(super) const HOSTILE: [fn() -> String; 9] = [
    String::new,
    || "a".repeat(1_000_000),
    || "\r\nEND:VEVENT\r\nBEGIN:VALARM\r\n".to_owned(),
    || "]]></title><script>alert(1)</script><!-- & \"'".to_owned(),
    || "\u{0}\u{1}\u{8}\u{b}\u{1f}\u{7f}\u{85}\u{fffe}\u{ffff}\u{1fffe}".to_owned(),
    || "\u{202e}evil\u{2066}\u{2069}\u{200f}".to_owned(),
    || "👩‍👩‍👧‍👦🏳️‍🌈👍🏽".repeat(50),
    || "مساء الخير يا أصدقاء שלום 日本語の題名 Ελληνικά Кириллица".repeat(9),
    || "e\u{301}\u{327}\u{323}".repeat(300),
];

pub(super) fn texts(all: &[(&str, &str)]) -> Texts {
    let mut texts = Texts::new();
    for (tag, text) in all {
        texts.set(LanguageTag::parse(tag).unwrap(), text).unwrap();
    }
    texts
}

fn person(name: &str, role: &str) -> ListingPerson {
    ListingPerson {
        name: name.to_owned(),
        role: role.to_owned(),
    }
}

/// Announced for Tuesday 1 December 2026, 20:00 in Paris.
pub(super) fn listing() -> Listing {
    Listing {
        slug: "radio-nord".to_owned(),
        title: "Nord & Süd, <one> evening; with a title that is longer than a line of a calendar"
            .to_owned(),
        titles: Texts::new(),
        languages: Vec::new(),
        description: texts(&[("en", "What the wind does.\nAnd why.")]),
        lang: "en".to_owned(),
        base_url: "https://talk.example.org".to_owned(),
        phase: ListingPhase::Announced,
        starts_unix_ms: Some(1_796_151_600_000),
        starts_before_unix_ms: None,
        zone: Some("Europe/Paris".to_owned()),
        reason: Texts::new(),
        until_unix_ms: None,
        sequence: 0,
        changed_unix_ms: 1_795_000_000_000,
        created_unix_ms: 1_795_000_000_000,
        on_air_unix_ms: None,
        ended_unix_ms: None,
        people: vec![person("Ana", "host"), person("Ben", "guest")],
        series: Some("Radio Été".to_owned()),
        replay: None,
        chapters: Vec::new(),
        has_aac: false,
        has_mp3: false,
        embeddable: true,
        picture: None,
    }
}

/// The same, ten minutes later.
pub(super) fn postponed() -> Listing {
    Listing {
        starts_unix_ms: Some(1_796_152_200_000),
        starts_before_unix_ms: Some(1_796_151_600_000),
        reason: texts(&[
            ("en", "the train is late"),
            ("fr", "le train est en retard"),
        ]),
        sequence: 1,
        changed_unix_ms: 1_796_151_500_000,
        ..listing()
    }
}

/// The same, over, with a replay.
pub(super) fn over() -> Listing {
    Listing {
        phase: ListingPhase::Ended,
        on_air_unix_ms: Some(1_796_151_630_000),
        ended_unix_ms: Some(1_796_155_230_000),
        changed_unix_ms: 1_796_155_300_000,
        sequence: 2,
        replay: Some(ListingReplay {
            path: "/e/radio-nord/replay.mp4".to_owned(),
            bytes: 21_600_000,
            duration_ms: 3_600_500,
            mp3: Some(ListingFile {
                path: "/e/radio-nord/replay.mp3".to_owned(),
                bytes: 43_200_000,
            }),
            published_unix_ms: 1_796_155_300_000,
        }),
        chapters: vec![
            ListingChapter {
                at_ms: 0,
                title: "Wind".to_owned(),
            },
            ListingChapter {
                at_ms: 90_500,
                title: "Rain & \"hail\"".to_owned(),
            },
        ],
        ..listing()
    }
}

/// Names of all elements, in their order; fails where the document is not well formed.
pub(super) fn elements(xml: &str) -> Vec<String> {
    let mut reader = Reader::from_str(xml);
    let mut names = Vec::new();
    loop {
        match reader.read_event().expect("it is well formed") {
            Event::Start(start) | Event::Empty(start) => {
                for attribute in start.attributes() {
                    attribute.expect("an attribute is well formed");
                }
                names.push(String::from_utf8_lossy(start.name().as_ref().as_ref()).into_owned());
            }
            Event::Eof => return names,
            _ => {}
        }
    }
}

/// `GOLDEN=write cargo test` writes it anew; the difference then shows in the review.
pub(super) fn golden(name: &str, got: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}"));
    if env::var_os("GOLDEN").is_some_and(|value| value == "write") {
        fs::create_dir_all(path.parent().expect("a file is in a folder")).unwrap();
        fs::write(&path, got).unwrap();
    }
    let wanted = fs::read_to_string(&path).unwrap_or_default();
    assert!(got == wanted, "{} has changed:\n{got}", path.display());
}
