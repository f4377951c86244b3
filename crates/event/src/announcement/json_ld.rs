//! An event as search engines and calendars in browsers read it: JSON-LD in the words of schema.org.

use serde_json::{Map, Value, json};

use super::card::Card;
use super::dates::{duration_iso, iso_8601, iso_utc};
use super::paths::CARD;
use super::text::{DESCRIPTION_CHARS_MAX, event_title, name, paragraphs, title};
use crate::listing::{Listing, ListingPhase};

/// The event as JSON-LD for whoever reads this language, to be set between `<script type="application/ld+json">` and `</script>` as it is: nothing in it can end the
/// element, or begin a comment.
#[must_use]
pub fn json_ld(listing: &Listing, lang: &str) -> String {
    let json = Value::Object(event(listing, lang)).to_string();
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' => safe.push_str("\\u003c"),
            '>' => safe.push_str("\\u003e"),
            '&' => safe.push_str("\\u0026"),
            '\u{2028}' => safe.push_str("\\u2028"),
            '\u{2029}' => safe.push_str("\\u2029"),
            c => safe.push(c),
        }
    }
    safe
}

fn event(listing: &Listing, lang: &str) -> Map<String, Value> {
    let url = listing.url("");
    let zone = listing.zone.as_deref();
    let mut event = Map::new();
    let mut set = |key: &str, value: Value| event.insert(key.to_owned(), value);
    set("@context", json!("https://schema.org"));
    set("@type", json!("Event"));
    set("@id", json!(url));
    set("url", json!(url));
    set("name", json!(event_title(listing, lang)));
    set("inLanguage", languages(listing));
    set("isAccessibleForFree", json!(true));
    set("eventStatus", json!(status(listing)));
    set(
        "eventAttendanceMode",
        json!("https://schema.org/OnlineEventAttendanceMode"),
    );
    set(
        "location",
        json!({ "@type": "VirtualLocation", "url": url }),
    );
    if let Some(said) = listing.said(&listing.description, lang) {
        set(
            "description",
            json!(paragraphs(said, DESCRIPTION_CHARS_MAX)),
        );
    }
    if let Some(at) = listing.when_unix_ms() {
        set("startDate", json!(iso_8601(at, zone)));
    }
    if let Some(before) = listing.starts_before_unix_ms {
        set("previousStartDate", json!(iso_8601(before, zone)));
    }
    if let (Some(at), ListingPhase::Ended) = (listing.ended_unix_ms, listing.phase) {
        set("endDate", json!(iso_8601(at, zone)));
    }
    set("image", json!(images(listing)));
    let people = |hosts| persons(listing, hosts);
    let station =
        json!({ "@type": "Organization", "name": listing.host_name(), "url": listing.base_url });
    set("organizer", people(true).unwrap_or(station));
    if let Some(speakers) = people(false) {
        set("performer", speakers);
    }
    if let Some(series) = &listing.series {
        set(
            "superEvent",
            json!({ "@type": "EventSeries", "name": title(series) }),
        );
    }
    if let Some(replay) = &listing.replay {
        set(
            "recordedIn",
            json!({
                "@type": "AudioObject",
                "name": event_title(listing, lang),
                "contentUrl": listing.absolute(&replay.path),
                "encodingFormat": "audio/mp4",
                "contentSize": replay.bytes.to_string(),
                "duration": duration_iso(replay.duration_ms),
                "uploadDate": iso_utc(replay.published_unix_ms),
            }),
        );
    }
    event
}

/// In which it can be read of; its own comes first.
fn languages(listing: &Listing) -> Value {
    let own = std::iter::once(&listing.lang);
    let further = listing.languages.iter().filter(|tag| **tag != listing.lang);
    match own.chain(further).collect::<Vec<_>>().as_slice() {
        [own] => json!(own),
        all => json!(all),
    }
}

/// One of schema.org's: what is moved is *rescheduled* where the new time is known, and *postponed* where it is not.
fn status(listing: &Listing) -> &'static str {
    let is_moved = listing
        .starts_before_unix_ms
        .is_some_and(|before| listing.starts_unix_ms != Some(before));
    match (listing.phase, is_moved, listing.starts_unix_ms) {
        (ListingPhase::Cancelled, _, _) => "https://schema.org/EventCancelled",
        (_, false, _) => "https://schema.org/EventScheduled",
        (_, true, Some(_)) => "https://schema.org/EventRescheduled",
        (_, true, None) if listing.is_to_come() => "https://schema.org/EventPostponed",
        (_, true, None) => "https://schema.org/EventScheduled",
    }
}

fn images(listing: &Listing) -> Vec<String> {
    let card = format!("{}?{}", listing.url(CARD), Card::of(listing).key());
    let picture = listing
        .picture
        .as_deref()
        .map(|path| listing.absolute(path));
    picture.into_iter().chain([card]).collect()
}

/// Those who speak, or the hosts among them; `None` where there is nobody.
fn persons(listing: &Listing, hosts_only: bool) -> Option<Value> {
    let persons: Vec<_> = listing
        .people
        .iter()
        .filter(|person| !hosts_only || person.role == "host")
        .map(|person| name(&person.name))
        .filter(|name| !name.is_empty())
        .map(|name| json!({ "@type": "Person", "name": name }))
        .collect();
    (!persons.is_empty()).then_some(Value::Array(persons))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::announcement::testing::listing;
    use crate::listing::ListingReplay;
    use stentor_core::{LanguageTag, Texts};

    fn read(listing: &Listing) -> Value {
        serde_json::from_str(&json_ld(listing, "en")).unwrap()
    }

    fn status_of(listing: &Listing) -> String {
        read(listing)["eventStatus"]
            .as_str()
            .unwrap()
            .replace("https://schema.org/Event", "")
    }

    #[test]
    fn an_event_is_told_with_its_time_place_and_people() {
        let event = read(&listing());
        assert_eq!(event["name"], "Nord & Süd");
        assert_eq!(event["startDate"], "2026-12-01T20:00:00+01:00");
        assert_eq!(
            event["location"]["url"],
            "https://talk.example.org/e/radio-nord"
        );
        assert_eq!(event["organizer"][0]["name"], "Ana");
        assert_eq!(event["performer"][1]["name"], "Ben");
        let key = Card::of(&listing()).key();
        assert_eq!(
            event["image"][0],
            format!("https://talk.example.org/e/radio-nord/card.png?{key}")
        );
        assert!(event.get("previousStartDate").is_none());
        let nobody = Listing {
            people: Vec::new(),
            ..listing()
        };
        assert_eq!(read(&nobody)["organizer"]["name"], "talk.example.org");
    }

    #[test]
    fn it_is_told_in_the_readers_language_and_in_which_there_are() {
        assert_eq!(read(&listing())["inLanguage"], "en");
        let mut titles = Texts::new();
        titles
            .set(LanguageTag::parse("fr").unwrap(), "Nord et Sud")
            .unwrap();
        let listing = Listing {
            titles,
            languages: vec!["fr".to_owned(), "en".to_owned()],
            ..listing()
        };
        for (lang, name) in [("fr", "Nord et Sud"), ("de", "Nord & Süd")] {
            let event: Value = serde_json::from_str(&json_ld(&listing, lang)).unwrap();
            assert_eq!(event["name"], name);
            assert_eq!(event["inLanguage"], json!(["en", "fr"]));
        }
    }

    #[test]
    fn its_status_follows_what_became_of_it() {
        let mut listing = listing();
        assert_eq!(status_of(&listing), "Scheduled");
        listing.starts_before_unix_ms = listing.starts_unix_ms;
        listing.starts_unix_ms = Some(1_796_152_200_000);
        assert_eq!(status_of(&listing), "Rescheduled");
        assert_eq!(
            read(&listing)["previousStartDate"],
            "2026-12-01T20:00:00+01:00"
        );
        assert_eq!(read(&listing)["startDate"], "2026-12-01T20:10:00+01:00");
        listing.starts_unix_ms = None;
        assert_eq!(status_of(&listing), "Postponed");
        assert_eq!(read(&listing)["startDate"], "2026-12-01T20:00:00+01:00");
        listing.phase = ListingPhase::Cancelled;
        assert_eq!(status_of(&listing), "Cancelled");
    }

    #[test]
    fn a_replay_is_told_while_there_is_one() {
        let mut listing = listing();
        listing.phase = ListingPhase::Ended;
        listing.ended_unix_ms = Some(1_796_155_200_000);
        assert!(read(&listing).get("recordedIn").is_none());
        listing.replay = Some(ListingReplay {
            path: "/e/radio-nord/replay.mp4".to_owned(),
            bytes: 9,
            duration_ms: 61_000,
            mp3: None,
            published_unix_ms: 1_796_155_300_000,
        });
        let event = read(&listing);
        assert_eq!(
            event["recordedIn"]["contentUrl"],
            "https://talk.example.org/e/radio-nord/replay.mp4"
        );
        assert_eq!(event["recordedIn"]["duration"], "PT61S");
        assert_eq!(event["endDate"], "2026-12-01T21:00:00+01:00");
    }

    #[test]
    fn nothing_in_it_ends_its_element() {
        for hostile in ["</script><!--", "<!--<script>", "]]>&\u{2028}\"\\"] {
            let listing = Listing {
                title: hostile.to_owned(),
                ..listing()
            };
            let text = json_ld(&listing, "en");
            assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
            assert_eq!(read(&listing)["name"], title(hostile));
        }
    }
}
