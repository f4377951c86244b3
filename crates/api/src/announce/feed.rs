//! Feeds of a server, of a series and of an event: RSS 2.0 with the podcast namespace and Apple's elements.
//!
//! What is to come and what is on is a `podcast:liveItem` (its form is in `live`), what can be heard again an `item`.

use stentor_event::announcement::{
    CHAPTERS, DESCRIPTION_CHARS_MAX, event_title, mail_date, paragraphs, title,
};
use stentor_event::listing::{Listing, ListingReplay};

use super::episode::{Alternate, MP3_TYPE, MP4_TYPE, about, enclosure};
use super::guid;
use super::live::{self, live_item};
use super::xml::Xml;

/// Replays in one feed, the newest first.
const ITEMS_MAX: usize = 100;
const MS_PER_S: u64 = 1_000;

/// What a feed is of.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    pub(super) title: String,
    description: String,
    link: String,
    lang: String,
    base_url: String,
}

impl Channel {
    /// One event.
    pub(super) fn of_event(listing: &Listing) -> Self {
        let about = listing.said(&listing.description, &listing.lang);
        Self {
            title: event_title(listing, &listing.lang),
            description: about.map_or_else(
                || event_title(listing, &listing.lang),
                |about| paragraphs(about, DESCRIPTION_CHARS_MAX),
            ),
            link: listing.url(""),
            lang: listing.lang.clone(),
            base_url: listing.base_url.clone(),
        }
    }

    /// The series that this event belongs to.
    pub(super) fn of_series(listing: &Listing, base_url: &str) -> Self {
        let title = title(listing.series.as_deref().unwrap_or_default());
        Self {
            description: format!("{title} · {}", listing.host_name()),
            title,
            link: base_url.to_owned(),
            lang: listing.lang.clone(),
            base_url: base_url.to_owned(),
        }
    }

    /// All events of a server.
    pub(super) fn of_server(base_url: &str, lang: &str) -> Self {
        let host = base_url
            .split_once("://")
            .map_or(base_url, |(_, host)| host);
        let host = title(host);
        Self {
            title: host.clone(),
            description: format!("Stentor · {host}"),
            link: base_url.to_owned(),
            lang: lang.to_owned(),
            base_url: base_url.to_owned(),
        }
    }
}

/// A feed.
pub(super) struct Feed<'a> {
    pub(super) channel: Channel,
    /// Where it is found.
    pub(super) path: &'a str,
    /// Path of its square picture.
    pub(super) picture: Option<&'a str>,
    pub(super) now_unix_ms: i64,
}

impl Feed<'_> {
    /// The feed of these events.
    pub(super) fn xml(&self, events: &[Listing]) -> String {
        let mut replays: Vec<_> = events
            .iter()
            .filter_map(|listing| Some((listing, listing.replay.as_ref()?)))
            .collect();
        replays.sort_by_key(|(listing, replay)| {
            (std::cmp::Reverse(replay.published_unix_ms), &listing.slug)
        });
        replays.truncate(ITEMS_MAX);
        let mut xml = Xml::new();
        let namespaces = [
            ("version", "2.0"),
            ("xmlns:atom", "http://www.w3.org/2005/Atom"),
            ("xmlns:itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
            ("xmlns:podcast", "https://podcastindex.org/namespace/1.0"),
        ];
        xml.within("rss", &namespaces, |xml| {
            xml.within("channel", &[], |xml| {
                self.head(xml, events);
                for listing in live::listed(events, self.now_unix_ms) {
                    live_item(xml, listing);
                }
                for (listing, replay) in replays {
                    item(xml, listing, replay);
                }
            });
        });
        xml.finish()
    }

    fn head(&self, xml: &mut Xml, events: &[Listing]) {
        let of = &self.channel;
        let url = format!("{}{}", of.base_url, self.path);
        xml.text("title", &of.title);
        xml.text("link", &of.link);
        xml.text("description", &of.description);
        xml.text("language", &of.lang);
        // Of what it says, not of this copy: the file is the same until something changes.
        let changed = |listing: &Listing| {
            let published = listing
                .replay
                .as_ref()
                .map(|replay| replay.published_unix_ms);
            published.unwrap_or(0).max(listing.changed_unix_ms)
        };
        if let Some(changed) = events.iter().map(changed).max() {
            xml.text("lastBuildDate", &mail_date(changed));
        }
        xml.text("generator", "Stentor");
        let own = [
            ("href", url.as_str()),
            ("rel", "self"),
            ("type", "application/rss+xml"),
        ];
        xml.empty("atom:link", &own);
        xml.text("podcast:guid", &guid::of_feed(&url));
        xml.text("podcast:medium", "podcast");
        xml.text("itunes:type", "episodic");
        xml.text("itunes:author", &of.title);
        xml.text("itunes:explicit", "false");
        if let Some(picture) = self.picture {
            let picture = format!("{}{picture}", of.base_url);
            xml.empty("itunes:image", &[("href", &picture)]);
            xml.within("image", &[], |xml| {
                xml.text("url", &picture);
                xml.text("title", &of.title);
                xml.text("link", &of.link);
            });
        }
    }
}

/// What can be heard again.
fn item(xml: &mut Xml, listing: &Listing, replay: &ListingReplay) {
    xml.within("item", &[], |xml| {
        xml.text("title", &event_title(listing, &listing.lang));
        xml.text_with(
            "guid",
            &[("isPermaLink", "false")],
            &guid::of_event(listing),
        );
        xml.text("pubDate", &mail_date(replay.published_unix_ms));
        about(xml, listing);
        xml.text(
            "itunes:duration",
            &(replay.duration_ms / MS_PER_S).to_string(),
        );
        xml.text("itunes:episodeType", "full");
        xml.text("itunes:explicit", "false");
        sources(xml, listing, replay);
        if !listing.chapters.is_empty() {
            let url = listing.url(CHAPTERS);
            let attributes = [("url", url.as_str()), ("type", "application/json+chapters")];
            xml.empty("podcast:chapters", &attributes);
        }
    });
}

/// Each form of it; the one that most apps play comes first and is the enclosure.
fn sources(xml: &mut Xml, listing: &Listing, replay: &ListingReplay) {
    let mp3 = replay.mp3.as_ref();
    let mp3 = mp3.map(|mp3| (&mp3.path, mp3.bytes, MP3_TYPE, "mp3"));
    let all = mp3
        .into_iter()
        .chain([(&replay.path, replay.bytes, MP4_TYPE, "opus")]);
    for (number, (path, length, kind, codecs)) in all.enumerate() {
        let url = listing.absolute(path);
        let is_same = number == 0;
        if is_same {
            enclosure(xml, &url, kind, length);
        }
        Alternate {
            codecs,
            length,
            is_same,
        }
        .write(xml, &url, kind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::announce::testing::{HOSTILE, elements, golden, listing, over, postponed};
    use stentor_event::listing::ListingPhase;

    fn feed(events: &[Listing]) -> String {
        Feed {
            channel: Channel::of_server("https://talk.example.org", "en"),
            path: "/feed.xml",
            picture: Some("/assets/icon.png"),
            now_unix_ms: 1_796_155_500_000,
        }
        .xml(events)
    }

    #[test]
    fn a_feed_keeps_its_form() {
        let live = Listing {
            phase: ListingPhase::OnAir,
            slug: "now".to_owned(),
            has_mp3: true,
            ..listing()
        };
        golden("feed.xml", &feed(&[over(), postponed(), live]));
    }

    #[test]
    fn an_event_is_pending_live_ended_and_then_heard_again() {
        let mut listing = listing();
        for (phase, status) in [
            (ListingPhase::Announced, "pending"),
            (ListingPhase::Doors, "pending"),
            (ListingPhase::OnAir, "live"),
            (ListingPhase::Held, "live"),
            (ListingPhase::Ended, "ended"),
            (ListingPhase::Cancelled, "ended"),
        ] {
            listing.phase = phase;
            listing.changed_unix_ms = 1_796_155_400_000;
            let xml = feed(std::slice::from_ref(&listing));
            assert!(
                xml.contains(&format!("<podcast:liveItem status=\"{status}\"")),
                "{xml}"
            );
            assert!(!xml.contains("<item>"), "{xml}");
        }
        let xml = feed(&[over()]);
        assert!(
            xml.contains("<item>") && xml.contains("podcast:chapters"),
            "{xml}"
        );
    }

    #[test]
    fn a_feed_is_whole_whatever_a_title_is() {
        for hostile in HOSTILE {
            let text = hostile();
            let mut event = Listing {
                title: text.clone(),
                series: Some(text.clone()),
                ..over()
            };
            event.people[0].name.clone_from(&text);
            event.chapters[0].title.clone_from(&text);
            let names = elements(&feed(&[event]));
            assert_eq!(names.iter().filter(|name| *name == "item").count(), 1);
            assert!(!names.iter().any(|name| name == "script"), "{names:?}");
        }
    }

    #[test]
    fn a_feed_has_no_more_than_its_newest_items() {
        let events: Vec<_> = (0..=ITEMS_MAX as i64)
            .map(|number| {
                let mut event = over();
                event.slug = format!("e{number}");
                if let Some(replay) = &mut event.replay {
                    replay.published_unix_ms = number * 1_000;
                }
                event
            })
            .collect();
        let xml = feed(&events);
        assert_eq!(xml.matches("<item>").count(), ITEMS_MAX);
        assert!(
            !xml.contains("Thu, 01 Jan 1970 00:00:00 GMT"),
            "the oldest is left out"
        );
    }

    #[test]
    fn nothing_changes_while_nothing_has_changed() {
        assert_eq!(feed(&[over()]), feed(&[over()]));
        assert_ne!(feed(&[listing()]), feed(&[postponed()]));
    }
}
