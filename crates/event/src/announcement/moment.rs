//! When an event begins or goes on, as its page says it before its script runs, and to whoever runs none: in the zone in which it was announced,
//! since whose time it is there nobody knows.

use super::dates::{iso_8601, written};
use crate::lang::{Lang, Value};
use crate::listing::{Listing, ListingPhase};

/// Stands for the moment until the sentence around it is known. No text of ours or of anybody holds it.
const PLACE: &str = "\u{1}";

/// A sentence with a moment in it, for `<time datetime="…">…</time>`; data for a template, which escapes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What stands before the moment; may be empty.
    pub before: String,
    /// The moment for programs (RFC 3339).
    pub datetime: String,
    /// The moment for people, with whose time that is.
    pub text: String,
    /// What stands after it; may be empty.
    pub after: String,
}

impl Moment {
    /// When it begins, or begins now that it is postponed; or until when it is held. `None` where there is nothing to say, or nobody knows.
    #[must_use]
    pub fn of(listing: &Listing, lang: Lang) -> Option<Self> {
        let (sentence, unix_ms) = match listing.phase {
            ListingPhase::Announced | ListingPhase::Doors => {
                let postponed = listing.is_postponed().then_some("listen-postponed");
                (postponed, listing.starts_unix_ms?)
            }
            ListingPhase::Held => (Some("common-held-until"), listing.until_unix_ms?),
            ListingPhase::OnAir | ListingPhase::Ended | ListingPhase::Cancelled => return None,
        };
        let around = sentence.map(|id| lang.say(id, &[("moment", Value::Text(PLACE))]));
        let (before, after) = around
            .as_deref()
            .and_then(|around| around.split_once(PLACE))
            .unwrap_or_default();
        let zone = listing.zone.as_deref();
        Some(Self {
            before: before.to_owned(),
            datetime: iso_8601(unix_ms, zone),
            text: written(unix_ms, zone, lang.code()),
            after: after.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::announcement::testing::listing;

    fn told(listing: &Listing, lang: &str) -> Option<String> {
        let moment = Moment::of(listing, Lang::parse(lang).unwrap())?;
        let Moment {
            before,
            text,
            after,
            ..
        } = moment;
        Some(format!("{before}{text}{after}"))
    }

    #[test]
    fn a_page_without_script_says_when_it_begins_and_whose_time_that_is() {
        let listing = listing();
        for (lang, said) in [
            ("en", "Tuesday 1 December 2026, 20:00 (Paris, UTC+1)"),
            ("fr", "mardi 1er décembre 2026 à 20:00 (Paris, UTC+1)"),
            ("de", "Dienstag, 1. Dezember 2026, 20:00 Uhr (Paris, UTC+1)"),
        ] {
            assert_eq!(told(&listing, lang).as_deref(), Some(said));
        }
        let moment = Moment::of(&listing, Lang::default()).unwrap();
        assert_eq!(moment.datetime, "2026-12-01T20:00:00+01:00");
    }

    #[test]
    fn it_says_to_when_it_is_postponed_and_until_when_it_is_held() {
        let mut listing = listing();
        listing.starts_before_unix_ms = listing.starts_unix_ms.replace(1_796_152_200_000);
        for (lang, said) in [
            (
                "en",
                "Postponed to Tuesday 1 December 2026, 20:10 (Paris, UTC+1)",
            ),
            (
                "de",
                "Verschoben auf Dienstag, 1. Dezember 2026, 20:10 Uhr (Paris, UTC+1)",
            ),
        ] {
            assert_eq!(told(&listing, lang).as_deref(), Some(said));
        }
        listing.starts_unix_ms = None;
        assert_eq!(told(&listing, "en"), None, "nobody knows");
        listing.phase = ListingPhase::Held;
        assert_eq!(told(&listing, "en"), None, "nobody knows");
        listing.until_unix_ms = Some(1_796_152_200_000);
        assert_eq!(
            told(&listing, "en").as_deref(),
            Some("It goes on Tuesday 1 December 2026, 20:10 (Paris, UTC+1).")
        );
    }

    #[test]
    fn what_is_on_air_or_over_is_said_to_begin_at_no_time() {
        for phase in [
            ListingPhase::OnAir,
            ListingPhase::Ended,
            ListingPhase::Cancelled,
        ] {
            let of = Listing { phase, ..listing() };
            assert_eq!(told(&of, "en"), None, "{phase:?}");
        }
    }
}
