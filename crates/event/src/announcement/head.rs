//! What the head of an event's page says of it: to networks that show a card of a link (OpenGraph), and to programs that look for its feeds, its
//! calendar and its player. Data for a template, which escapes it.

use super::card::Card;
use super::dates::written;
use super::json_ld::json_ld;
use super::paths::{CALENDAR, CARD, FEED, OEMBED};
use super::text::{event_title, line};
use super::words::words;
use crate::listing::{Listing, ListingPhase};

/// Characters of a description: networks show about as many.
const SUMMARY_CHARS_MAX: usize = 300;
/// Names in a description.
const PEOPLE_MAX: usize = 6;

/// What the head of a page says of its event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageHead {
    /// The event in a sentence or two, for `<meta name="description">`.
    pub summary: String,
    /// `<meta>` elements, without that one.
    pub metas: Vec<HeadMeta>,
    /// `<link>` elements.
    pub links: Vec<HeadLink>,
    /// What stands in `<script type="application/ld+json">`, as it is.
    pub json_ld: String,
}

/// `<meta property="…" content="…">`; all of these are read as `property`, those of Twitter too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadMeta {
    /// Such as `og:title`.
    pub property: &'static str,
    /// Not escaped.
    pub content: String,
}

/// `<link rel="…" type="…" href="…" title="…">`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadLink {
    /// Such as `alternate`.
    pub rel: &'static str,
    /// Such as `application/rss+xml`; empty where there is none.
    pub kind: &'static str,
    /// Not escaped.
    pub href: String,
}

/// What the head of an event's page in this language says.
#[must_use]
pub fn page_head(listing: &Listing, lang: &str) -> PageHead {
    let summary = summary(listing, lang);
    PageHead {
        metas: metas(listing, lang, &summary),
        links: links(listing),
        json_ld: json_ld(listing, lang),
        summary,
    }
}

/// What has changed, when, with whom, and what it is about.
fn summary(listing: &Listing, lang: &str) -> String {
    let words = words(lang);
    let when = listing.shown_unix_ms();
    let parts = [
        words.change(listing),
        when.map(|at| written(at, listing.zone.as_deref(), lang)),
        words.with(listing, PEOPLE_MAX),
        listing.said(&listing.description, lang).map(str::to_owned),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    line(&parts.join(" · "), SUMMARY_CHARS_MAX)
}

fn metas(listing: &Listing, lang: &str, summary: &str) -> Vec<HeadMeta> {
    let meta = |property, content| HeadMeta { property, content };
    let card = Card::of(listing);
    let mut metas = vec![
        meta("og:type", "article".to_owned()),
        meta("og:site_name", "Stentor".to_owned()),
        meta("og:title", event_title(listing, lang)),
        meta("og:description", summary.to_owned()),
        meta("og:url", listing.url("")),
        // Networks keep a picture by its address: a card that says something else has another.
        meta("og:image", format!("{}?{}", listing.url(CARD), card.key())),
        meta("og:image:width", "1200".to_owned()),
        meta("og:image:height", "630".to_owned()),
        meta("og:locale", lang.replace('-', "_")),
        meta("twitter:card", "summary_large_image".to_owned()),
    ];
    if let Some(replay) = &listing.replay {
        metas.push(meta("og:audio", listing.absolute(&replay.path)));
        metas.push(meta("og:audio:type", "audio/mp4".to_owned()));
    }
    metas
}

fn links(listing: &Listing) -> Vec<HeadLink> {
    let alternate = |kind, href| HeadLink {
        rel: "alternate",
        kind,
        href,
    };
    let mut links = vec![
        HeadLink {
            rel: "canonical",
            kind: "",
            href: listing.url(""),
        },
        alternate("application/rss+xml", listing.url(FEED)),
    ];
    if listing.embeddable {
        links.push(alternate("application/json+oembed", listing.url(OEMBED)));
    }
    if let Some(feed) = listing.series_path(FEED) {
        links.push(alternate("application/rss+xml", listing.absolute(&feed)));
    }
    let is_listed = listing.phase != ListingPhase::Ended && listing.when_unix_ms().is_some();
    if is_listed {
        links.push(alternate("text/calendar", listing.url(CALENDAR)));
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::announcement::testing::listing;
    use stentor_core::{LanguageTag, Texts};

    fn content<'a>(head: &'a PageHead, property: &str) -> &'a str {
        let meta = head.metas.iter().find(|meta| meta.property == property);
        &meta.expect("it is said").content
    }

    #[test]
    fn a_link_is_shown_with_its_date_and_who_speaks_in_the_readers_language() {
        let head = page_head(&listing(), "fr");
        assert_eq!(content(&head, "og:title"), "Nord & Süd");
        assert_eq!(
            content(&head, "og:description"),
            "mardi 1er décembre 2026 à 20:00 (Paris, UTC+1) · Avec Ana et Ben"
        );
        assert_eq!(head.summary, content(&head, "og:description"));
        assert_eq!(
            content(&head, "og:url"),
            "https://talk.example.org/e/radio-nord"
        );
    }

    #[test]
    fn a_change_comes_first_and_the_picture_has_another_address() {
        let before = page_head(&listing(), "en");
        let mut listing = listing();
        let mut reason = Texts::new();
        reason
            .set(LanguageTag::parse("en").unwrap(), "the train is late")
            .unwrap();
        listing.reason = reason;
        listing.starts_before_unix_ms = listing.starts_unix_ms.replace(1_796_152_200_000);
        let after = page_head(&listing, "en");
        assert!(
            after
                .summary
                .starts_with("Postponed: the train is late · Tuesday 1 December 2026, 20:10"),
            "{}",
            after.summary
        );
        assert_ne!(content(&before, "og:image"), content(&after, "og:image"));
    }

    #[test]
    fn programs_find_player_feed_and_calendar() {
        let kinds = |listing: &Listing| -> Vec<_> {
            let links = page_head(listing, "en").links;
            links.into_iter().map(|link| link.kind).collect()
        };
        let mut listing = listing();
        assert_eq!(
            kinds(&listing),
            [
                "",
                "application/rss+xml",
                "application/json+oembed",
                "text/calendar"
            ]
        );
        listing.phase = ListingPhase::Ended;
        assert!(!kinds(&listing).contains(&"text/calendar"));
        listing.embeddable = false;
        assert_eq!(kinds(&listing), ["", "application/rss+xml"]);
        listing.series = Some("Radio Été".to_owned());
        let of_series = page_head(&listing, "en").links.pop().unwrap();
        assert_eq!(
            (of_series.rel, of_series.href.as_str()),
            (
                "alternate",
                "https://talk.example.org/series/radio-ete/feed.xml"
            )
        );
    }
}
