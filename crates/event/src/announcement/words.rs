//! The words that calendars, feeds, cards and the front page say, in one language.

use std::sync::LazyLock;

use super::text::{event_title, name, reason};
use crate::lang::{Lang, Value};
use crate::listing::{Listing, ListingPhase};

/// The words of one language.
#[derive(Debug)]
pub struct Words {
    lang: Lang,
    /// An event is heard now.
    on_air: String,
    /// An event is heard later again.
    held: String,
    /// An event can be waited for inside.
    doors: String,
    /// An event is over.
    over: String,
    /// An event can be heard again.
    replay: String,
    /// An event is later than it was announced.
    postponed: String,
    /// An event will not be.
    cancelled: String,
    /// What a podcast app calls the way to the page.
    pub listen: String,
    /// Heading above what can be heard now.
    pub now: String,
    /// Heading above what is to come.
    pub soon: String,
    /// Heading above what can be heard again.
    pub again: String,
    /// What the front page says where there is nothing.
    pub nothing: String,
    /// What the link to the calendar says.
    pub calendar: String,
    /// What the link to the feed says.
    pub feed: String,
}

static WORDS: LazyLock<Vec<Words>> = LazyLock::new(|| Lang::all().map(Words::of).collect());

/// The words of a language, by its tag; English where we have none.
///
/// # Panics
/// Never: there are words of every language.
#[must_use]
pub fn words(tag: &str) -> &'static Words {
    let lang = Lang::of_tag(tag).unwrap_or_default();
    let found = WORDS.iter().find(|words| words.lang == lang);
    found.expect("they were made of all languages")
}

impl Words {
    fn of(lang: Lang) -> Self {
        let say = |id| lang.say(id, &[]).into_owned();
        Self {
            lang,
            on_air: say("announce-on-air"),
            held: say("announce-held"),
            doors: say("announce-doors"),
            over: say("announce-over"),
            replay: say("announce-replay"),
            postponed: say("announce-postponed"),
            cancelled: say("announce-cancelled"),
            listen: say("announce-listen"),
            now: say("announce-now"),
            soon: say("announce-soon"),
            again: say("announce-again"),
            nothing: say("announce-nothing"),
            calendar: say("announce-calendar"),
            feed: say("announce-feed"),
        }
    }

    /// All languages we write, in the order of their links.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        WORDS.iter()
    }

    /// Whose words these are.
    #[must_use]
    pub const fn lang(&self) -> Lang {
        self.lang
    }

    /// Behind a list that was cut: how many more there are.
    #[must_use]
    pub fn more(&self, count: usize) -> String {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let values = [("count", Value::Count(count))];
        self.lang.say("announce-more", &values).into_owned()
    }

    /// `Listen: https://…`
    #[must_use]
    pub fn labelled(&self, label: &str, what: &str) -> String {
        let values = [("label", Value::Text(label)), ("what", Value::Text(what))];
        self.lang.say("announce-labelled", &values).into_owned()
    }

    /// Where an event is in its life, if there is something to say beside its date.
    #[must_use]
    pub fn state(&self, listing: &Listing) -> Option<&str> {
        Some(match listing.phase {
            ListingPhase::Cancelled => &self.cancelled,
            ListingPhase::OnAir => &self.on_air,
            ListingPhase::Held => &self.held,
            ListingPhase::Ended if listing.replay.is_some() => &self.replay,
            ListingPhase::Ended => &self.over,
            ListingPhase::Announced | ListingPhase::Doors if listing.is_postponed() => {
                &self.postponed
            }
            ListingPhase::Doors => &self.doors,
            ListingPhase::Announced => return None,
        })
    }

    /// The state and its reason, where an event is not as it was announced: `Postponed: the train is late`.
    #[must_use]
    pub fn change(&self, listing: &Listing) -> Option<String> {
        let told = matches!(listing.phase, ListingPhase::Cancelled | ListingPhase::Held);
        if !told && !listing.is_postponed() {
            return None;
        }
        let state = self.state(listing)?;
        let why = listing.said(&listing.reason, self.lang.code()).map(reason);
        Some(match why.filter(|why| !why.is_empty()) {
            Some(why) => self.labelled(state, &why),
            None => format!("{state}."),
        })
    }

    /// The title; before it what has become of the event, for who is shown no status beside it: `Postponed: Nord & Süd`.
    #[must_use]
    pub fn headline(&self, listing: &Listing) -> String {
        let title = event_title(listing);
        let said = match listing.phase {
            ListingPhase::Cancelled => &self.cancelled,
            _ if listing.is_postponed() => &self.postponed,
            _ => return title,
        };
        self.labelled(said, &title)
    }

    /// `With A, B and C`, of at most `people_max` names.
    #[must_use]
    pub fn with(&self, listing: &Listing, people_max: usize) -> Option<String> {
        let names = self.names(listing, people_max);
        (!names.is_empty()).then(|| {
            let values = [("names", Value::Text(&names))];
            self.lang.say("announce-with", &values).into_owned()
        })
    }

    /// `A, B and C`, of at most `people_max` names.
    #[must_use]
    pub fn names(&self, listing: &Listing, people_max: usize) -> String {
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
        listing.phase = ListingPhase::Ended;
        assert_eq!(words("de").change(&listing), None);
    }
}
