//! Which documents there are, where they are found, and how long caches may keep them.

use axum::http::HeaderMap;
use bytes::Bytes;
use std::collections::BTreeMap;
use stentor_event::announcement::{
    Announcer, CALENDAR, CARD, CHAPTERS, Card, FEED, OEMBED, PublicDocument, SERVER_CALENDAR,
    SERVER_FEED, Words, event_title,
};
use stentor_event::listing::Listing;
use stentor_event::pages::{feed_picture, inline_policy, page_headers};

use super::feed::{Channel, Feed};
use super::{calendar, card, chapters, front, oembed};

/// Seconds that caches may keep what tells of a change: a delay is everywhere within two.
const KEPT_S: u32 = 1;
/// Seconds that caches may keep a card: its address says which it is, as long as whoever asks has read the page.
const CARD_KEPT_S: u32 = 60;
/// Series that have a feed of their own, the newest first; one beyond them is in the server's feed only.
const SERIES_MAX: usize = 100;

/// Makes what is published about the events of a server.
#[derive(Clone, Debug)]
pub struct Announcements {
    /// The server's public address, without a slash at its end.
    pub base_url: String,
    /// Code of the language of what belongs to no event.
    pub lang: String,
    /// Where `/` leads instead of the front page.
    pub front_page: Option<String>,
    /// Path of the square picture of the server's feeds.
    pub picture: Option<String>,
}

impl Announcements {
    /// For the server at this address; with the picture of this build, if it has its pages.
    #[must_use]
    pub fn new(base_url: &str, lang: &str, front_page: Option<String>) -> Self {
        Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            lang: lang.to_owned(),
            front_page,
            picture: feed_picture(),
        }
    }
}

impl Announcer for Announcements {
    fn documents(&self, listing: &Listing, now_unix_ms: i64) -> Vec<PublicDocument> {
        let one = std::slice::from_ref(listing);
        let feed = Feed {
            channel: Channel::of_event(listing),
            path: &listing.path(FEED),
            picture: self.picture.as_deref(),
            now_unix_ms,
        };
        let mut documents = vec![
            document(
                listing.path(CALENDAR),
                CALENDAR_TYPE,
                calendar::calendar(&event_title(listing, &listing.lang), one),
            ),
            document(listing.path(FEED), FEED_TYPE, feed.xml(one)),
            document(
                listing.path(CHAPTERS),
                "application/json+chapters",
                chapters::json(listing),
            ),
        ];
        if listing.embeddable {
            documents.push(document(
                listing.path(OEMBED),
                "application/json",
                oembed::json(listing),
            ));
        }
        documents
    }

    fn server_documents(&self, all: &[Listing], now_unix_ms: i64) -> Vec<PublicDocument> {
        let feed = Feed {
            channel: Channel::of_server(&self.base_url, &self.lang),
            path: SERVER_FEED,
            picture: self.picture.as_deref(),
            now_unix_ms,
        };
        let mut documents = vec![
            document(SERVER_FEED.to_owned(), FEED_TYPE, feed.xml(all)),
            document(
                SERVER_CALENDAR.to_owned(),
                CALENDAR_TYPE,
                calendar::calendar(&feed.channel.title, all),
            ),
        ];
        documents.extend(self.series(all, now_unix_ms));
        documents.extend(self.front(all));
        documents
    }

    fn card(&self, slug: &str, card: &Card) -> PublicDocument {
        PublicDocument {
            path: format!("/e/{slug}{CARD}"),
            content_type: "image/png",
            kept_s: CARD_KEPT_S,
            body: Bytes::from(card::png(card)),
            headers: page_headers("default-src 'none'", "microphone=()"),
        }
    }

    fn front_page(&self) -> Option<&str> {
        self.front_page.as_deref()
    }
}

impl Announcements {
    /// A feed and a calendar for each series.
    fn series(&self, all: &[Listing], now_unix_ms: i64) -> Vec<PublicDocument> {
        let mut by_path: BTreeMap<String, Vec<Listing>> = BTreeMap::new();
        for listing in all {
            if let Some(path) = listing.series_path("") {
                by_path.entry(path).or_default().push(listing.clone());
            }
        }
        let newest = |of: &[Listing]| of.iter().map(|listing| listing.created_unix_ms).max();
        let mut series: Vec<_> = by_path.into_iter().collect();
        series.sort_by_key(|(_, of)| std::cmp::Reverse(newest(of)));
        series.truncate(SERIES_MAX);
        let both = |(path, of): (String, Vec<Listing>)| {
            let (feed_path, calendar_path) = (
                format!("{path}{SERVER_FEED}"),
                format!("{path}{SERVER_CALENDAR}"),
            );
            let feed = Feed {
                channel: Channel::of_series(&of[0], &self.base_url),
                path: &feed_path,
                picture: self.picture.as_deref(),
                now_unix_ms,
            };
            let xml = feed.xml(&of);
            let calendar = calendar::calendar(&feed.channel.title, &of);
            [
                document(feed_path, FEED_TYPE, xml),
                document(calendar_path, CALENDAR_TYPE, calendar),
            ]
        };
        series.into_iter().flat_map(both).collect()
    }

    /// The front page in each language, and at `/` in the server's.
    fn front(&self, all: &[Listing]) -> Vec<PublicDocument> {
        let page = |path: String, lang: &str| PublicDocument {
            headers: page_headers(&inline_policy(&[], front::STYLE), "microphone=()"),
            ..document(
                path,
                "text/html; charset=utf-8",
                front::html(all, lang, &self.base_url),
            )
        };
        let mut pages: Vec<_> = Words::all()
            .map(|words| {
                let code = words.lang().code();
                page(format!("/{code}"), code)
            })
            .collect();
        if self.front_page.is_none() {
            pages.push(page("/".to_owned(), &self.lang));
        }
        pages
    }
}

const CALENDAR_TYPE: &str = "text/calendar; charset=utf-8";
const FEED_TYPE: &str = "application/rss+xml; charset=utf-8";

fn document(path: String, content_type: &'static str, text: String) -> PublicDocument {
    PublicDocument {
        path,
        content_type,
        kept_s: KEPT_S,
        body: Bytes::from(text),
        headers: HeaderMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::announce::testing::{listing, over};
    use std::collections::BTreeSet;
    use stentor_event::announcement::event_paths;

    fn paths(documents: Vec<PublicDocument>) -> Vec<String> {
        documents
            .into_iter()
            .map(|document| document.path)
            .collect()
    }

    #[test]
    fn all_that_is_announced_of_an_event_can_be_taken_away() {
        let announcements = Announcements::new("https://talk.example.org/", "fr", None);
        let mut put = paths(announcements.documents(&over(), 0));
        put.push(announcements.card("radio-nord", &Card::of(&over())).path);
        let put: BTreeSet<_> = put.into_iter().collect();
        assert_eq!(put, event_paths("radio-nord").into_iter().collect());
    }

    #[test]
    fn no_player_is_offered_of_an_event_that_nobody_may_show() {
        let announcements = Announcements::new("https://talk.example.org/", "fr", None);
        let oembed = "/e/radio-nord/oembed.json".to_owned();
        for embeddable in [true, false] {
            let listing = Listing {
                embeddable,
                ..listing()
            };
            let put = paths(announcements.documents(&listing, 0));
            assert_eq!(put.contains(&oembed), embeddable);
        }
    }

    #[test]
    fn the_front_page_is_the_servers_language_or_the_operators_own() {
        let front = |front_page: Option<&str>| {
            let front_page = front_page.map(str::to_owned);
            let announcements = Announcements::new("https://talk.example.org", "de", front_page);
            let documents = announcements.server_documents(&[listing()], 0);
            let at = |path: &str| {
                let mut all = documents.iter();
                all.find(|document| document.path == path)
                    .map(|found| found.body.clone())
            };
            (announcements.front_page().is_some(), at("/"), at("/de"))
        };
        let (is_elsewhere, root, german) = front(None);
        assert!(!is_elsewhere && root.is_some() && root == german);
        let (is_elsewhere, root, german) = front(Some("https://example.org"));
        assert!(is_elsewhere && root.is_none() && german.is_some());
    }

    #[test]
    fn what_is_published_of_a_series_is_of_its_events_alone_and_goes_with_the_last() {
        let announcements = Announcements::new("https://talk.example.org", "en", None);
        let of = |slug: &str, series: &str| Listing {
            slug: slug.to_owned(),
            series: Some(series.to_owned()),
            ..listing()
        };
        let told = |events: &[Listing], path: &str| {
            let all = announcements.server_documents(events, 0);
            let found = all.into_iter().find(|document| document.path == path);
            found.map(|found| String::from_utf8(found.body.to_vec()).unwrap())
        };
        let events = [of("a", "One"), of("b", "Two"), of("c", "one")];
        for path in ["/series/one/feed.xml", "/series/one/events.ics"] {
            let text = told(&events, path)
                .expect("it is there")
                .replace("\r\n ", "");
            let says = |slug: &str| text.contains(&format!("https://talk.example.org/e/{slug}"));
            assert_eq!(["a", "b", "c"].map(says), [true, false, true], "{text}");
            assert_eq!(told(&events[1..2], path), None);
        }
    }

    #[test]
    fn each_series_has_its_feed_and_no_more_than_there_may_be() {
        let announcements = Announcements::new("https://talk.example.org", "en", None);
        let events: Vec<_> = (0..=SERIES_MAX as i64)
            .map(|number| Listing {
                series: Some(format!("Series {number}")),
                created_unix_ms: number,
                ..listing()
            })
            .collect();
        let paths = paths(announcements.server_documents(&events, 0));
        let feeds = paths.iter().filter(|path| path.starts_with("/series/"));
        assert_eq!(feeds.count(), 2 * SERIES_MAX, "a feed and a calendar each");
        assert!(
            !paths.contains(&"/series/series-0/feed.xml".to_owned()),
            "the oldest is left out"
        );
    }
}
