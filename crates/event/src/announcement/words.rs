//! The words that calendars, feeds, cards and the front page say, in one language.

use std::borrow::Cow;

use super::text::{event_title, name, reason};
use crate::lang::{Lang, Value};
use crate::listing::{Listing, ListingPhase};

/// What is said in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    lang: Lang,
}

/// The words of a language, by its tag; English where we have none.
#[must_use]
pub fn words(tag: &str) -> Words {
    let lang = Lang::of_tag(tag).unwrap_or_default();
    Words { lang }
}

impl Words {
    /// All languages we write, in the order of their links.
    pub fn all() -> impl Iterator<Item = Self> {
        Lang::all().map(|lang| Self { lang })
    }

    /// Whose words these are.
    #[must_use]
    pub const fn lang(self) -> Lang {
        self.lang
    }

    /// Behind a list that was cut: how many more there are.
    #[must_use]
    pub fn more(self, count: usize) -> String {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let values = [("count", Value::Count(count))];
        self.lang.say("announce-more", &values).into_owned()
    }

    /// `Listen: https://…`
    #[must_use]
    pub fn labelled(self, label: &str, what: &str) -> String {
        let values = [("label", Value::Text(label)), ("what", Value::Text(what))];
        self.lang.say("announce-labelled", &values).into_owned()
    }

    /// What a podcast app calls the way to the page.
    #[must_use]
    pub fn listen(self) -> Cow<'static, str> {
        self.lang.say("announce-listen", &[])
    }

    /// Where an event is in its life, if there is something to say beside its date.
    #[must_use]
    pub fn state(self, listing: &Listing) -> Option<Cow<'static, str>> {
        let id = match listing.phase {
            ListingPhase::Cancelled => "announce-cancelled",
            ListingPhase::OnAir => "announce-on-air",
            ListingPhase::Held => "announce-held",
            ListingPhase::Ended if listing.replay.is_some() => "announce-replay",
            ListingPhase::Ended => "announce-over",
            ListingPhase::Announced | ListingPhase::Doors if listing.is_postponed() => {
                "announce-postponed"
            }
            ListingPhase::Doors => "announce-doors",
            ListingPhase::Announced => return None,
        };
        Some(self.lang.say(id, &[]))
    }

    /// The state and its reason, where an event is not as it was announced: `Postponed: the train is late`. What is said of one that is as it was
    /// announced is said alone.
    #[must_use]
    pub fn change(self, listing: &Listing) -> Option<String> {
        let tells = matches!(listing.phase, ListingPhase::Cancelled | ListingPhase::Held)
            || listing.is_postponed();
        let state = self.state(listing).filter(|_| tells);
        let why = listing.said(&listing.reason, self.lang.code()).map(reason);
        match (state, why.filter(|why| !why.is_empty())) {
            (Some(state), Some(why)) => Some(self.labelled(&state, &why)),
            (Some(state), None) => Some(format!("{state}.")),
            (None, why) => why,
        }
    }

    /// The title; before it what has become of the event, for who is shown no status beside it: `Postponed: Nord & Süd`.
    #[must_use]
    pub fn headline(self, listing: &Listing) -> String {
        let title = event_title(listing, self.lang.code());
        let tells = listing.phase == ListingPhase::Cancelled || listing.is_postponed();
        match self.state(listing).filter(|_| tells) {
            Some(state) => self.labelled(&state, &title),
            None => title,
        }
    }

    /// `With A, B and C`, of at most `people_max` names.
    #[must_use]
    pub fn with(self, listing: &Listing, people_max: usize) -> Option<String> {
        let names = self.names(listing, people_max);
        (!names.is_empty()).then(|| {
            let values = [("names", Value::Text(&names))];
            self.lang.say("announce-with", &values).into_owned()
        })
    }

    /// `A, B and C`, of at most `people_max` names.
    #[must_use]
    pub fn names(self, listing: &Listing, people_max: usize) -> String {
        let names = listing.people.iter().map(|person| name(&person.name));
        let mut names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
        if names.len() > people_max {
            names.truncate(people_max);
            return format!("{} …", names.join(", "));
        }
        match names.split_last() {
            None => String::new(),
            Some((last, [])) => last.clone(),
            Some((last, before)) => {
                let before = before.join(", ");
                let values = [("names", Value::Text(&before)), ("last", Value::Text(last))];
                self.lang.say("announce-names", &values).into_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::announcement::testing::{listing, person};
    use stentor_core::{LanguageTag, Texts};

    #[test]
    fn a_language_is_found_by_its_tag_and_english_for_the_others() {
        for (tag, code) in [
            ("fr", "fr"),
            ("DE-at", "de"),
            ("en-GB", "en"),
            ("ja", "en"),
            ("", "en"),
        ] {
            assert_eq!(words(tag).lang().code(), code);
        }
    }

    #[test]
    fn names_stand_in_a_row() {
        let mut listing = listing();
        let mut with = |names: &[&str]| {
            listing.people = names.iter().map(|name| person(name, "guest")).collect();
            words("fr").with(&listing, 3)
        };
        assert_eq!(with(&[]), None);
        assert_eq!(with(&["\u{202e}"]), None);
        assert_eq!(with(&["A"]).as_deref(), Some("Avec A"));
        assert_eq!(with(&["A", "B", "C"]).as_deref(), Some("Avec A, B et C"));
        assert_eq!(
            with(&["A", "B", "C", "D"]).as_deref(),
            Some("Avec A, B, C …")
        );
    }

    #[test]
    fn a_change_is_told_with_its_reason_in_the_readers_language() {
        let mut listing = listing();
        assert_eq!(words("en").change(&listing), None);
        listing.phase = ListingPhase::Cancelled;
        assert_eq!(words("en").change(&listing).as_deref(), Some("Cancelled."));
        let mut reason = Texts::new();
        reason
            .set(LanguageTag::parse("fr").unwrap(), "grève")
            .unwrap();
        listing.reason = reason;
        assert_eq!(
            words("fr").change(&listing).as_deref(),
            Some("Annulé\u{a0}: grève")
        );
        assert_eq!(
            words("de").change(&listing).as_deref(),
            Some("Abgesagt: grève")
        );
        // It is over, as it was to be: only what was said of that is told.
        listing.phase = ListingPhase::Ended;
        assert_eq!(words("de").change(&listing).as_deref(), Some("grève"));
        listing.reason = Texts::new();
        assert_eq!(words("de").change(&listing), None);
    }
}
