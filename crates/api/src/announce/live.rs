//! What is to come or on, as podcast apps read it: `podcast:liveItem`, whose `status` is what tells that an event has begun.

use stentor_event::announcement::{HLS, MP3, MP4, OGG, iso_utc, words};
use stentor_event::listing::{Listing, ListingPhase};

use super::episode::{Alternate, MP3_TYPE, MP4_TYPE, about, enclosure};
use super::guid;
use super::xml::Xml;

/// Events in one feed that are to come, on, or just over; the next to begin first.
const LIVE_ITEMS_MAX: usize = 50;
/// How long an event that is over, or will not be, is listed as ended, milliseconds: apps that ask once a day learn of it.
const ENDED_KEPT_MS: i64 = 7 * 86_400_000;

/// Those that are listed now: with a date, and over for not too long.
pub(super) fn listed(events: &[Listing], now_unix_ms: i64) -> Vec<&Listing> {
    let mut listed: Vec<_> = events
        .iter()
        .filter(|listing| {
            let over_unix_ms = match listing.phase {
                ListingPhase::Ended | ListingPhase::Cancelled => {
                    listing.ended_unix_ms.unwrap_or(listing.changed_unix_ms)
                }
                _ => now_unix_ms,
            };
            listing.when_unix_ms().is_some()
                && now_unix_ms.saturating_sub(over_unix_ms) < ENDED_KEPT_MS
        })
        .collect();
    // Those that are over are the first to be left out.
    listed.sort_by_key(|listing| {
        let is_over = !listing.is_on() && !listing.is_to_come();
        (
            is_over,
            !listing.is_on(),
            listing.when_unix_ms(),
            &listing.slug,
        )
    });
    listed.truncate(LIVE_ITEMS_MAX);
    listed
}

/// One of them.
pub(super) fn live_item(xml: &mut Xml, listing: &Listing) {
    let words = words(&listing.lang);
    let start = listing.when_unix_ms().map(iso_utc).unwrap_or_default();
    let end = listing.ended_unix_ms.map(iso_utc);
    let status = match listing.phase {
        ListingPhase::Announced | ListingPhase::Doors => "pending",
        ListingPhase::OnAir | ListingPhase::Held => "live",
        ListingPhase::Ended | ListingPhase::Cancelled => "ended",
    };
    let mut attributes = vec![("status", status), ("start", start.as_str())];
    if let Some(end) = &end {
        attributes.push(("end", end));
    }
    xml.within("podcast:liveItem", &attributes, |xml| {
        xml.text("title", &words.headline(listing));
        // Another than the replay's: that is a new thing to hear.
        let guid = format!("{}/live", guid::of_event(listing));
        xml.text_with("guid", &[("isPermaLink", "false")], &guid);
        about(xml, listing);
        sources(xml, listing);
        let page = listing.url("");
        xml.text_with("podcast:contentLink", &[("href", &page)], &words.listen());
    });
}

/// Each way to listen; the one that most apps play comes first and is the enclosure.
fn sources(xml: &mut Xml, listing: &Listing) {
    let hls_codecs = if listing.has_aac {
        "mp4a.40.2,opus"
    } else {
        "opus"
    };
    let all = [
        (listing.has_mp3, MP3, MP3_TYPE, "mp3"),
        (listing.has_aac, HLS, HLS_TYPE, hls_codecs),
        (true, OGG, "audio/ogg", "opus"),
        (!listing.has_aac, HLS, HLS_TYPE, hls_codecs),
        (true, MP4, MP4_TYPE, "opus"),
    ];
    let there = all.into_iter().filter(|(is_there, ..)| *is_there);
    for (number, (_, path, kind, codecs)) in there.enumerate() {
        let url = listing.url(path);
        let is_same = number == 0;
        if is_same {
            enclosure(xml, &url, kind, 0);
        }
        Alternate {
            codecs,
            length: 0,
            is_same,
        }
        .write(xml, &url, kind);
    }
}

/// RFC 8216 §10.
const HLS_TYPE: &str = "application/vnd.apple.mpegurl";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::announce::testing::listing;

    fn written(listing: &Listing) -> String {
        let mut xml = Xml::new();
        live_item(&mut xml, listing);
        xml.finish()
    }

    #[test]
    fn the_enclosure_is_what_most_apps_play() {
        let mut listing = listing();
        let enclosure = |listing: &Listing| {
            let xml = written(listing);
            let (_, rest) = xml.split_once("<enclosure url=\"").expect("there is one");
            rest.split('"')
                .next()
                .unwrap_or_default()
                .replace(&listing.url(""), "")
        };
        assert_eq!(enclosure(&listing), OGG);
        listing.has_aac = true;
        assert_eq!(enclosure(&listing), HLS);
        listing.has_mp3 = true;
        assert_eq!(enclosure(&listing), MP3);
        assert_eq!(written(&listing).matches("default=\"true\"").count(), 1);
    }

    #[test]
    fn what_is_over_is_listed_for_a_week_and_what_is_on_comes_first() {
        let now = 1_796_155_500_000;
        let of = |slug: &str, phase, ended_unix_ms| Listing {
            slug: slug.to_owned(),
            phase,
            ended_unix_ms,
            ..listing()
        };
        let events = [
            of("old", ListingPhase::Ended, Some(now - ENDED_KEPT_MS)),
            of("over", ListingPhase::Ended, Some(now - ENDED_KEPT_MS + 1)),
            of("soon", ListingPhase::Announced, None),
            of("on", ListingPhase::OnAir, None),
            Listing {
                starts_unix_ms: None,
                ..of("dateless", ListingPhase::Announced, None)
            },
        ];
        let slugs: Vec<_> = listed(&events, now)
            .iter()
            .map(|event| event.slug.as_str())
            .collect();
        assert_eq!(slugs, ["on", "soon", "over"]);
        let many = vec![listing(); LIVE_ITEMS_MAX + 1];
        assert_eq!(listed(&many, now).len(), LIVE_ITEMS_MAX);
    }
}
