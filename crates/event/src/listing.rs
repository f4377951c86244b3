//! What an event is to those who list it: calendars, feeds, cards, the front page.
//!
//! Plain data, filled from the running event whenever something that is listed has changed. It decides nothing, and knows no form in
//! which it is published.

use stentor_core::Texts;

use crate::record::slug_of;
use crate::texts::{Said, said, titled};

/// One event as it is listed.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// The last part of its address.
    pub slug: String,
    /// What it is called, in its default language.
    pub title: String,
    /// What it is called in its other languages.
    pub titles: Texts,
    /// Tags of the languages in which it is told beside its default one.
    pub languages: Vec<String>,
    /// What it is about.
    pub description: Texts,
    /// Code of the language it is held in, such as `fr`.
    pub lang: String,
    /// The server's public address, without a slash at its end.
    pub base_url: String,
    /// Where it is in its life.
    pub phase: ListingPhase,
    /// The announced beginning, milliseconds since 1970; `None` where there is none, or none any more.
    pub starts_unix_ms: Option<i64>,
    /// What was announced before, if it has been postponed.
    pub starts_before_unix_ms: Option<i64>,
    /// The zone in which the beginning was announced (IANA), such as `Europe/Paris`.
    pub zone: Option<String>,
    /// Why it is held, postponed or cancelled.
    pub reason: Texts,
    /// Until when it is held, milliseconds since 1970.
    pub until_unix_ms: Option<i64>,
    /// Grows with each change that a calendar shows, and never shrinks (RFC 5545 §3.8.7.4).
    pub sequence: u32,
    /// When anything listed here was changed last, milliseconds since 1970.
    pub changed_unix_ms: i64,
    /// When the event was made, milliseconds since 1970; with the slug it names the event for ever.
    pub created_unix_ms: i64,
    /// When it went on air, milliseconds since 1970.
    pub on_air_unix_ms: Option<i64>,
    /// When it ended or was cancelled, milliseconds since 1970.
    pub ended_unix_ms: Option<i64>,
    /// Who speaks.
    pub people: Vec<ListingPerson>,
    /// The series it belongs to.
    pub series: Option<String>,
    /// What can be heard again, while it is published.
    pub replay: Option<ListingReplay>,
    /// The chapters of the replay, in their order.
    pub chapters: Vec<ListingChapter>,
    /// Whether there is an AAC rendition to listen to.
    pub has_aac: bool,
    /// Whether there is an MP3 face to listen to.
    pub has_mp3: bool,
    /// Whether other pages may show its player.
    pub embeddable: bool,
    /// Path of the picture its host gave it.
    pub picture: Option<String>,
}

/// Where an event is in its life, as it is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListingPhase {
    /// It is to come.
    Announced,
    /// It is to come, and whoever wants to may wait inside.
    Doors,
    /// It is heard.
    OnAir,
    /// It goes on later.
    Held,
    /// It is over.
    Ended,
    /// It will not be.
    Cancelled,
}

/// Somebody who speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingPerson {
    /// The name as it is shown.
    pub name: String,
    /// `host`, `co-host` or `guest`, as the Podcast Taxonomy has them.
    pub role: String,
}

/// What can be heard again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingReplay {
    /// Path of the sound as MP4.
    pub path: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// How long it plays, milliseconds.
    pub duration_ms: u64,
    /// The same as MP3, where there is one.
    pub mp3: Option<ListingFile>,
    /// When it was published, milliseconds since 1970.
    pub published_unix_ms: i64,
}

/// A file that is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingFile {
    /// Its path.
    pub path: String,
    /// Its length in bytes.
    pub bytes: u64,
}

/// The beginning of a chapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingChapter {
    /// Where in the replay, milliseconds.
    pub at_ms: u64,
    /// What it is called.
    pub title: String,
}

impl Listing {
    /// Path of the event, and of what is below it: `below` is empty or begins with a slash.
    #[must_use]
    pub fn path(&self, below: &str) -> String {
        format!("/e/{}{below}", self.slug)
    }

    /// Address of the event, and of what is below it.
    #[must_use]
    pub fn url(&self, below: &str) -> String {
        self.absolute(&self.path(below))
    }

    /// Address of a path of the server.
    #[must_use]
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// Name of the server, as its address has it.
    #[must_use]
    pub fn host_name(&self) -> &str {
        let rest = self
            .base_url
            .split_once("://")
            .map_or(self.base_url.as_str(), |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default()
    }

    /// The title for whoever reads this language.
    #[must_use]
    pub fn titled(&self, lang: &str) -> Said<'_> {
        titled(&self.title, &self.titles, lang, &self.lang)
    }

    /// A text for whoever reads this language.
    #[must_use]
    pub fn said<'a>(&self, texts: &'a Texts, lang: &str) -> Option<&'a str> {
        said(texts, lang, &self.lang).map(|said| said.text)
    }

    /// Whether it was announced for another time before.
    #[must_use]
    pub fn is_postponed(&self) -> bool {
        self.is_to_come()
            && self
                .starts_before_unix_ms
                .is_some_and(|before| self.starts_unix_ms != Some(before))
    }

    /// Whether it has not begun, and will.
    #[must_use]
    pub const fn is_to_come(&self) -> bool {
        matches!(self.phase, ListingPhase::Announced | ListingPhase::Doors)
    }

    /// Whether it has begun, and is not over.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        matches!(self.phase, ListingPhase::OnAir | ListingPhase::Held)
    }

    /// When it is listed, milliseconds since 1970: the announced beginning, else the one announced before, else when it went on air.
    #[must_use]
    pub fn when_unix_ms(&self) -> Option<i64> {
        self.starts_unix_ms
            .or(self.starts_before_unix_ms)
            .or(self.on_air_unix_ms)
    }

    /// When people are told that it is: of what is postponed to nobody knows when nothing, for the time it had would be read as the new one.
    #[must_use]
    pub fn shown_unix_ms(&self) -> Option<i64> {
        if self.is_postponed() {
            self.starts_unix_ms
        } else {
            self.when_unix_ms()
        }
    }

    /// Path of its series, which every name has another of, and of what is below it.
    #[must_use]
    pub fn series_path(&self, below: &str) -> Option<String> {
        let series = self.series.as_deref()?;
        (!series.trim().is_empty()).then(|| format!("/series/{}{below}", slug_of(series)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::announcement::testing::listing;
    use stentor_core::LanguageTag;

    #[test]
    fn what_is_said_is_said_in_the_nearest_language_there_is() {
        let mut listing = listing();
        listing.lang = "fr".to_owned();
        let mut texts = Texts::new();
        assert_eq!(listing.said(&texts, "en"), None);
        for (tag, text) in [("de", "spät"), ("fr-ca", "en retard"), ("pt", "tarde")] {
            texts.set(LanguageTag::parse(tag).unwrap(), text).unwrap();
        }
        for (asked, said) in [
            ("de", "spät"),
            ("de-AT", "spät"),
            ("fr", "en retard"),
            ("en", "en retard"),
            ("PT", "tarde"),
        ] {
            assert_eq!(listing.said(&texts, asked), Some(said), "{asked}");
        }
        listing.lang = "en".to_owned();
        assert_eq!(listing.said(&texts, "ja"), Some("spät"));
    }

    #[test]
    fn a_series_has_one_feed_and_another_series_another() {
        let path = |series: &str| {
            let series = Some(series.to_owned());
            Listing {
                series,
                ..listing()
            }
            .series_path("/feed.xml")
        };
        assert_eq!(
            path("Radio Été").as_deref(),
            Some("/series/radio-ete/feed.xml")
        );
        assert_ne!(path("日本"), path("中国"));
        assert_eq!(path(" "), None);
    }

    #[test]
    fn an_event_is_postponed_until_it_begins() {
        let mut listing = listing();
        assert!(!listing.is_postponed());
        listing.starts_before_unix_ms = listing.starts_unix_ms;
        assert!(!listing.is_postponed(), "the old time is the new one");
        listing.starts_unix_ms = None;
        assert!(listing.is_postponed(), "nobody knows until when");
        listing.phase = ListingPhase::OnAir;
        assert!(!listing.is_postponed());
    }
}
