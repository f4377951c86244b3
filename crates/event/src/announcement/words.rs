//! The words that calendars, feeds, cards and the front page say in the languages we write.

use super::text::{event_title, name, reason};
use crate::listing::{Listing, ListingPhase};

/// Days of the week, Monday first.
pub(super) type Days = [&'static str; 7];
/// Months, January first.
pub(super) type Months = [&'static str; 12];

/// The words of one language.
#[derive(Debug)]
pub struct Words {
    /// Its code (ISO 639-1).
    pub code: &'static str,
    /// Its own name for itself.
    pub own_name: &'static str,
    /// An event is heard now.
    pub on_air: &'static str,
    /// An event is heard later again.
    pub held: &'static str,
    /// An event can be waited for inside.
    pub doors: &'static str,
    /// An event is over.
    pub over: &'static str,
    /// An event can be heard again.
    pub replay: &'static str,
    /// An event is later than it was announced.
    pub postponed: &'static str,
    /// An event will not be.
    pub cancelled: &'static str,
    /// What a podcast app calls the way to the page.
    pub listen: &'static str,
    /// Heading above what can be heard now.
    pub now: &'static str,
    /// Heading above what is to come.
    pub soon: &'static str,
    /// Heading above what can be heard again.
    pub again: &'static str,
    /// What the front page says where there is nothing.
    pub nothing: &'static str,
    /// What the link to the calendar says.
    pub calendar: &'static str,
    /// What the link to the feed says.
    pub feed: &'static str,
    /// Behind a list that was cut; a number stands before it.
    pub more: &'static str,
    /// A list's last comma.
    and: &'static str,
    /// Before the names of who speaks.
    with: &'static str,
    pub(super) days: Days,
    pub(super) months: Months,
}

/// Those we write, the first being for who reads none of them.
static WORDS: [Words; 3] = [
    Words {
        code: "en",
        own_name: "English",
        on_air: "On air",
        held: "Paused",
        doors: "Doors open",
        over: "Over",
        replay: "Replay",
        postponed: "Postponed",
        cancelled: "Cancelled",
        listen: "Listen",
        now: "Now",
        soon: "To come",
        again: "Listen again",
        nothing: "Nothing is announced at the moment.",
        calendar: "Calendar",
        feed: "Podcast",
        more: "more in the calendar",
        and: "and",
        with: "With",
        days: [
            "Monday",
            "Tuesday",
            "Wednesday",
            "Thursday",
            "Friday",
            "Saturday",
            "Sunday",
        ],
        months: [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
    },
    Words {
        code: "fr",
        own_name: "Français",
        on_air: "En direct",
        held: "En pause",
        doors: "Portes ouvertes",
        over: "Terminé",
        replay: "Réécoute",
        postponed: "Reporté",
        cancelled: "Annulé",
        listen: "Écouter",
        now: "En ce moment",
        soon: "À venir",
        again: "À réécouter",
        nothing: "Rien n’est annoncé pour le moment.",
        calendar: "Calendrier",
        feed: "Podcast",
        more: "autres dans le calendrier",
        and: "et",
        with: "Avec",
        days: [
            "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche",
        ],
        months: [
            "janvier",
            "février",
            "mars",
            "avril",
            "mai",
            "juin",
            "juillet",
            "août",
            "septembre",
            "octobre",
            "novembre",
            "décembre",
        ],
    },
    Words {
        code: "de",
        own_name: "Deutsch",
        on_air: "Live",
        held: "Unterbrochen",
        doors: "Einlass",
        over: "Vorbei",
        replay: "Zum Nachhören",
        postponed: "Verschoben",
        cancelled: "Abgesagt",
        listen: "Hören",
        now: "Jetzt",
        soon: "Demnächst",
        again: "Zum Nachhören",
        nothing: "Zurzeit ist nichts angekündigt.",
        calendar: "Kalender",
        feed: "Podcast",
        more: "weitere im Kalender",
        and: "und",
        with: "Mit",
        days: [
            "Montag",
            "Dienstag",
            "Mittwoch",
            "Donnerstag",
            "Freitag",
            "Samstag",
            "Sonntag",
        ],
        months: [
            "Januar",
            "Februar",
            "März",
            "April",
            "Mai",
            "Juni",
            "Juli",
            "August",
            "September",
            "Oktober",
            "November",
            "Dezember",
        ],
    },
];

/// The words of a language, by its tag; English where we have none.
#[must_use]
pub fn words(lang: &str) -> &'static Words {
    let primary = lang.split('-').next().unwrap_or_default();
    let of = |words: &&Words| words.code.eq_ignore_ascii_case(primary);
    WORDS.iter().find(of).unwrap_or(&WORDS[0])
}

impl Words {
    /// All languages we write, in the order of their links.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        WORDS.iter()
    }

    /// Where an event is in its life, if there is something to say beside its date.
    #[must_use]
    pub fn state(&self, listing: &Listing) -> Option<&'static str> {
        Some(match listing.phase {
            ListingPhase::Cancelled => self.cancelled,
            ListingPhase::OnAir => self.on_air,
            ListingPhase::Held => self.held,
            ListingPhase::Ended if listing.replay.is_some() => self.replay,
            ListingPhase::Ended => self.over,
            ListingPhase::Announced | ListingPhase::Doors if listing.is_postponed() => {
                self.postponed
            }
            ListingPhase::Doors => self.doors,
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
        let why = listing.said(&listing.reason, self.code).map(reason);
        Some(match why.filter(|why| !why.is_empty()) {
            Some(why) => format!("{state}: {why}"),
            None => format!("{state}."),
        })
    }

    /// The title; before it what has become of the event, for who is shown no status beside it: `Postponed: Nord & Süd`.
    #[must_use]
    pub fn headline(&self, listing: &Listing) -> String {
        let title = event_title(listing);
        let said = match listing.phase {
            ListingPhase::Cancelled => self.cancelled,
            _ if listing.is_postponed() => self.postponed,
            _ => return title,
        };
        format!("{said}: {title}")
    }

    /// `With A, B and C`, of at most `people_max` names.
    #[must_use]
    pub fn with(&self, listing: &Listing, people_max: usize) -> Option<String> {
        let names = self.names(listing, people_max);
        (!names.is_empty()).then(|| format!("{} {names}", self.with))
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
            Some((last, before)) => format!("{} {} {last}", before.join(", "), self.and),
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
            assert_eq!(words(tag).code, code);
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
            Some("Annulé: grève")
        );
        assert_eq!(
            words("de").change(&listing).as_deref(),
            Some("Abgesagt: grève")
        );
        listing.phase = ListingPhase::Ended;
        assert_eq!(words("de").change(&listing), None);
    }
}
