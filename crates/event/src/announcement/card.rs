//! What the picture of an event says, and when it must be drawn anew. Drawing it is not done here.

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::dates::written;
use super::text::event_title;
use super::words::words;
use crate::listing::{Listing, ListingPhase};

/// Names on a card.
const PEOPLE_MAX: usize = 4;
/// Bytes of the key: as many as keep two cards apart.
const KEY_BYTES: usize = 6;
/// Changed when the same card is drawn in another way.
const DRAWING: u8 = 1;

/// What the picture of an event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// What the event is called.
    pub title: String,
    /// When it begins, with whose time that is.
    pub when: Option<String>,
    /// Who speaks.
    pub people: String,
    /// Where it is in its life, in a word, if there is something to say.
    pub state: Option<Cow<'static, str>>,
    /// How it looks.
    pub mood: CardMood,
    /// Where it is found, without the scheme.
    pub address: String,
}

/// How a card looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardMood {
    /// One waits, or looks back.
    Silver,
    /// It is on air.
    Gold,
    /// It is not as it was announced.
    Changed,
}

impl Card {
    /// The card of an event, in its language.
    #[must_use]
    pub fn of(listing: &Listing) -> Self {
        let words = words(&listing.lang);
        let mood = match listing.phase {
            ListingPhase::OnAir => CardMood::Gold,
            ListingPhase::Cancelled | ListingPhase::Held => CardMood::Changed,
            _ if listing.is_postponed() => CardMood::Changed,
            _ => CardMood::Silver,
        };
        let when = listing.shown_unix_ms();
        let url = listing.url("");
        let address = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        Self {
            title: event_title(listing, &listing.lang),
            when: when.map(|at| written(at, listing.zone.as_deref(), &listing.lang)),
            people: words.names(listing, PEOPLE_MAX),
            state: words.state(listing),
            mood,
            address: address.to_owned(),
        }
    }

    /// Another where another picture is to be drawn, the same where it would be the same. Twelve characters that an address may have.
    #[must_use]
    pub fn key(&self) -> String {
        let shown = format!("{DRAWING}{self:?}");
        let mut key = String::with_capacity(2 * KEY_BYTES);
        for byte in &Sha256::digest(shown)[..KEY_BYTES] {
            // Writing to a string does not fail.
            let _ = write!(key, "{byte:02x}");
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::announcement::testing::listing;

    #[test]
    fn the_key_changes_with_what_is_shown_and_with_nothing_else() {
        let (before, key) = (listing(), Card::of(&listing()).key());
        let same = Listing {
            sequence: 7,
            changed_unix_ms: 1,
            has_mp3: true,
            ..before.clone()
        };
        assert_eq!(Card::of(&same).key(), key);
        for other in [
            Listing {
                title: "Nord".to_owned(),
                ..before.clone()
            },
            Listing {
                starts_unix_ms: Some(0),
                ..before.clone()
            },
            Listing {
                zone: None,
                ..before.clone()
            },
            Listing {
                people: Vec::new(),
                ..before.clone()
            },
            Listing {
                phase: ListingPhase::OnAir,
                ..before.clone()
            },
            Listing {
                lang: "fr".to_owned(),
                ..before
            },
        ] {
            assert_ne!(Card::of(&other).key(), key, "{other:?}");
        }
    }

    #[test]
    fn a_card_does_not_show_a_time_that_no_longer_holds() {
        let mut listing = listing();
        listing.starts_before_unix_ms = listing.starts_unix_ms.take();
        let card = Card::of(&listing);
        assert_eq!((card.when, card.state), (None, Some("Postponed".into())));
        assert_eq!(card.mood, CardMood::Changed);
    }
}
