//! The front page of a server: what is on, what is announced, what can be heard again. Without a script, and the same for everyone.

use std::borrow::Cow;

use askama::Template;
use stentor_event::announcement::{
    SERVER_CALENDAR, SERVER_FEED, Words, event_title, iso_8601, line, title, words, written,
};
use stentor_event::listing::{Listing, ListingPhase};

/// Its style, which its policy names.
pub(super) const STYLE: &str = include_str!("../../templates/front.css");

/// Events shown under each heading.
const NOW_MAX: usize = 12;
const SOON_MAX: usize = 24;
const AGAIN_MAX: usize = 12;
/// Characters of a title on this page; names together have as many.
const TITLE_CHARS_MAX: usize = 120;
/// Bytes of all titles and names together, so that the page is whole in the first window of TCP whatever they are; what is beyond them is
/// counted, and is in the calendar.
const TEXT_BYTES_MAX: usize = 7_000;
/// Series on the page; of the others the pages of their events tell.
const SERIES_MAX: usize = 12;
/// Names of one event.
const PEOPLE_MAX: usize = 4;

#[derive(Template)]
#[template(path = "front.html")]
struct FrontPage<'a> {
    style: &'static str,
    words: Words,
    all: Vec<Words>,
    lists: Vec<(Cow<'static, str>, Vec<Entry>)>,
    host: &'a str,
    calendar: String,
    feed: &'static str,
    series: Vec<Series>,
    left_out: usize,
}

struct Series {
    name: String,
    feed: String,
    calendar: String,
}

struct Entry {
    path: String,
    title: String,
    lang: String,
    state: Option<Cow<'static, str>>,
    is_alert: bool,
    is_on: bool,
    when: Option<(String, String)>,
    people: String,
}

/// The front page in this language.
///
/// # Panics
/// Never: writing to memory does not fail, and no value of the page can fail to be shown.
pub(super) fn html(all: &[Listing], lang: &str, base_url: &str) -> String {
    let words = words(lang);
    let say = |id| words.lang().say(id, &[]);
    let host = base_url
        .split_once("://")
        .map_or(base_url, |(_, host)| host);
    let mut room = Room {
        bytes: TEXT_BYTES_MAX,
        left_out: 0,
    };
    let lists = [
        (say("announce-now"), room.entries(now(all), NOW_MAX, words)),
        (
            say("announce-soon"),
            room.entries(soon(all), SOON_MAX, words),
        ),
        (
            say("announce-again"),
            room.entries(again(all), AGAIN_MAX, words),
        ),
    ];
    let page = FrontPage {
        style: STYLE,
        words,
        all: Words::all().collect(),
        lists: lists
            .into_iter()
            .filter(|(_, entries)| !entries.is_empty())
            .collect(),
        host,
        calendar: format!("webcal://{host}{SERVER_CALENDAR}"),
        feed: SERVER_FEED,
        series: room.series(all, host),
        left_out: room.left_out,
    };
    page.render().expect("a page is rendered into memory")
}

fn now(all: &[Listing]) -> Vec<&Listing> {
    let is_now = |listing: &&Listing| listing.is_on() || listing.phase == ListingPhase::Doors;
    let mut now: Vec<_> = all.iter().filter(is_now).collect();
    now.sort_by_key(|listing| (!listing.is_on(), listing.when_unix_ms(), &listing.slug));
    now
}

/// Cancelled ones too, until whoever knew of them has been told: they leave with their time.
fn soon(all: &[Listing]) -> Vec<&Listing> {
    let is_soon = |listing: &&Listing| {
        matches!(
            listing.phase,
            ListingPhase::Announced | ListingPhase::Cancelled
        )
    };
    let mut soon: Vec<_> = all.iter().filter(is_soon).collect();
    soon.sort_by_key(|listing| {
        let when = listing.when_unix_ms();
        (
            listing.phase == ListingPhase::Cancelled,
            when.is_none(),
            when,
            &listing.slug,
        )
    });
    soon
}

fn again(all: &[Listing]) -> Vec<&Listing> {
    let mut again: Vec<_> = all
        .iter()
        .filter(|listing| listing.phase == ListingPhase::Ended && listing.replay.is_some())
        .collect();
    again.sort_by_key(|listing| (std::cmp::Reverse(listing.ended_unix_ms), &listing.slug));
    again
}

/// What is left of the page.
struct Room {
    bytes: usize,
    left_out: usize,
}

impl Room {
    /// Those that were changed last.
    fn series(&mut self, all: &[Listing], host: &str) -> Vec<Series> {
        let mut found: Vec<(String, Series)> = Vec::new();
        for listing in all {
            let Some(path) = listing.series_path("") else {
                continue;
            };
            let name = title(listing.series.as_deref().unwrap_or_default());
            let bytes = name.len() + 2 * path.len();
            let is_known = found.iter().any(|(known, _)| *known == path);
            if is_known || name.is_empty() || found.len() == SERIES_MAX || bytes > self.bytes {
                continue;
            }
            self.bytes -= bytes;
            let series = Series {
                name,
                feed: format!("{path}{SERVER_FEED}"),
                calendar: format!("webcal://{host}{path}{SERVER_CALENDAR}"),
            };
            found.push((path, series));
        }
        found.into_iter().map(|(_, series)| series).collect()
    }

    fn entries(&mut self, of: Vec<&Listing>, max: usize, words: Words) -> Vec<Entry> {
        let mut entries = Vec::new();
        for listing in of {
            let entry = entry(listing, words);
            let bytes = entry.title.len() + entry.people.len() + 2 * entry.path.len();
            if entries.len() == max || bytes > self.bytes {
                self.left_out += 1;
                continue;
            }
            self.bytes -= bytes;
            entries.push(entry);
        }
        entries
    }
}

fn entry(listing: &Listing, words: Words) -> Entry {
    let zone = listing.zone.as_deref();
    let when = listing.shown_unix_ms();
    Entry {
        path: listing.path(""),
        title: line(&event_title(listing, words.lang().code()), TITLE_CHARS_MAX),
        lang: listing.titled(words.lang().code()).lang.to_owned(),
        state: words.state(listing),
        is_alert: listing.phase == ListingPhase::Cancelled || listing.is_postponed(),
        is_on: listing.phase == ListingPhase::OnAir,
        when: when.map(|at| (iso_8601(at, zone), written(at, zone, words.lang().code()))),
        people: line(&words.names(listing, PEOPLE_MAX), TITLE_CHARS_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::announce::testing::{HOSTILE, golden, listing, over, postponed};
    use axum::http::HeaderMap;
    use stentor_event::announcement::PublicDocument;
    use stentor_event::pages::inline_policy;

    /// The whole budget of a page, compressed, bytes: with its headers that is the first window of TCP.
    const FRONT_BYTES_MAX: usize = 14_000;

    fn page(all: &[Listing], lang: &str) -> String {
        html(all, lang, "https://talk.example.org")
    }

    #[test]
    fn the_front_page_keeps_its_form() {
        let live = Listing {
            phase: ListingPhase::OnAir,
            slug: "now".to_owned(),
            ..listing()
        };
        for lang in ["en", "fr", "de"] {
            golden(
                &format!("front.{lang}.html"),
                &page(&[over(), postponed(), live.clone()], lang),
            );
        }
    }

    #[test]
    fn it_says_so_where_there_is_nothing() {
        assert!(page(&[], "fr").contains("Rien n’est annoncé"));
        assert!(!page(&[listing()], "fr").contains("Rien n’est annoncé"));
    }

    #[test]
    fn a_title_cannot_break_out_of_it_and_no_script_runs() {
        for hostile in HOSTILE {
            let page = page(
                &[Listing {
                    title: hostile(),
                    series: None,
                    ..listing()
                }],
                "en",
            );
            assert!(
                !page.contains("<script") && !page.contains(" style="),
                "{page}"
            );
            assert_eq!(page.matches("<li>").count(), 1, "{page}");
        }
        assert!(inline_policy(&[], STYLE).contains("script-src 'none'"));
        assert!(page(&[], "en").contains(&format!("<style>{STYLE}</style>")));
    }

    #[test]
    fn it_is_whole_in_the_first_window_whatever_is_announced() {
        let letters: Vec<char> = ('\u{4e00}'..'\u{9fff}').collect();
        let mut seed = 1_usize;
        let mut noise = || -> String {
            let mut letter = || {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                letters[(seed >> 33) % letters.len()]
            };
            (0..200).map(|_| letter()).collect()
        };
        let events: Vec<_> = (0..600)
            .map(|number| {
                let mut event = if number % 2 == 0 { listing() } else { over() };
                event.slug = format!("e{number}{}", "x".repeat(50));
                event.title = noise();
                event.people[0].name = noise();
                event
            })
            .collect();
        let html = page(&events, "fr");
        assert!(html.contains("autres dans le calendrier"), "{html}");
        let document = PublicDocument {
            path: "/".to_owned(),
            content_type: "text/html; charset=utf-8",
            kept_s: 1,
            body: html.into(),
            headers: HeaderMap::new(),
        };
        let body = document.into_document().body;
        for form in [body.br, body.gzip] {
            let bytes = form.expect("both are made").len();
            assert!(
                bytes <= FRONT_BYTES_MAX,
                "{bytes} of {FRONT_BYTES_MAX} bytes"
            );
        }
        // And the headings have no more than theirs.
        let many = vec![
            Listing {
                title: "a".to_owned(),
                people: Vec::new(),
                series: None,
                ..listing()
            };
            SOON_MAX + 1
        ];
        assert_eq!(page(&many, "en").matches("<li>").count(), SOON_MAX);
    }
}
