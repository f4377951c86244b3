//! An event to announce, for tests.

use crate::listing::{Listing, ListingPerson, ListingPhase};
use stentor_core::Texts;

pub(crate) fn person(name: &str, role: &str) -> ListingPerson {
    ListingPerson {
        name: name.to_owned(),
        role: role.to_owned(),
    }
}

/// Announced for Tuesday 1 December 2026, 20:00 in Paris.
pub(crate) fn listing() -> Listing {
    Listing {
        slug: "radio-nord".to_owned(),
        title: "Nord & Süd".to_owned(),
        titles: Texts::new(),
        languages: Vec::new(),
        description: Texts::new(),
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
        series: None,
        replay: None,
        chapters: Vec::new(),
        has_aac: false,
        has_mp3: false,
        embeddable: true,
        picture: None,
    }
}
