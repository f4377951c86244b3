//! All events of a server as they are listed: whatever calendars, feeds, cards and the front page say is made from here.
//!
//! What is about one event is published at once, by whoever runs it; what is about all of them, and the pictures, a moment later by a task
//! of their own, so that no event waits for another or for a drawing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stentor_core::conversation::View;
use stentor_core::event::Phase;
use stentor_core::schedule::Zone;
use stentor_core::stage::{Place, Role};
use stentor_edge::{Document, Edge};
use tokio::sync::Notify;

use crate::announcement::{Announcer, CARD, Card, PublicDocument, REPLAY, REPLAY_MP3, event_paths};
use crate::clock::unix_ms_now;
use crate::listing::{
    Listing, ListingChapter, ListingFile, ListingPerson, ListingPhase, ListingReplay,
};
use crate::picture::picture_path;
use crate::record::EventRecord;
use crate::replay::{MadeReplay, ReplayFile};

/// Events in what is published about all of a server: those that were changed last. Calendars and feeds of more are read by nobody.
const LISTED_MAX: usize = 500;
/// Changes of so long are published together; a delay is everywhere within two seconds.
const GATHERED: Duration = Duration::from_millis(200);

/// All events of a server, and who makes what is published about them.
pub struct Board {
    edge: Edge,
    announcer: Arc<dyn Announcer>,
    listed: Mutex<BTreeMap<String, Listing>>,
    changed: Notify,
}

/// What the task has made so far.
#[derive(Default)]
struct Made {
    /// Keys of the cards, by event.
    cards: BTreeMap<String, String>,
    /// Paths of what is about all events.
    paths: BTreeSet<String>,
}

impl Board {
    /// Nothing is listed yet.
    #[must_use]
    pub fn new(edge: Edge, announcer: Arc<dyn Announcer>) -> Arc<Self> {
        let board = Arc::new(Self {
            edge,
            announcer,
            listed: Mutex::default(),
            changed: Notify::new(),
        });
        if let Some(address) = board.announcer.front_page()
            && let Err(error) = board.edge.documents().put_elsewhere("/", address)
        {
            tracing::error!(%error, address, "the front page leads nowhere");
        }
        // A server without events has a front page, too.
        board.changed.notify_one();
        board
    }

    /// An event stands so.
    pub(crate) fn list(&self, listing: Listing) {
        let known = self.listed().insert(listing.slug.clone(), listing.clone());
        if known.as_ref() == Some(&listing) {
            return;
        }
        let documents = self.announcer.documents(&listing, unix_ms_now());
        let is_made = |path: &String| documents.iter().any(|document| document.path == *path);
        let card = listing.path(CARD);
        for gone in event_paths(&listing.slug) {
            // The card is drawn later, by the task.
            if !is_made(&gone) && gone != card {
                self.edge.documents().remove(&gone);
            }
        }
        documents
            .into_iter()
            .for_each(|document| self.put(document));
        self.changed.notify_one();
    }

    /// An event is not listed any more.
    pub(crate) fn withdraw(&self, slug: &str) {
        if self.listed().remove(slug).is_none() {
            return;
        }
        for path in event_paths(slug) {
            self.edge.documents().remove(&path);
        }
        self.changed.notify_one();
    }

    /// Publishes what is about all events, and the cards, whenever something has changed; for ever.
    pub async fn run(self: Arc<Self>) {
        let mut made = Made::default();
        loop {
            self.changed.notified().await;
            tokio::time::sleep(GATHERED).await;
            let board = Arc::clone(&self);
            let task = tokio::task::spawn_blocking(move || {
                board.make(&mut made);
                made
            });
            made = match task.await {
                Ok(made) => made,
                Err(error) => {
                    tracing::error!(%error, "calendars and feeds of the server were not made; all are made anew with the next change");
                    Made::default()
                }
            };
        }
    }

    fn make(&self, made: &mut Made) {
        let mut all: Vec<Listing> = self.listed().values().cloned().collect();
        all.sort_by_key(|listing| std::cmp::Reverse(listing.changed_unix_ms));
        all.truncate(LISTED_MAX);
        let documents = self.announcer.server_documents(&all, unix_ms_now());
        let paths: BTreeSet<_> = documents
            .iter()
            .map(|document| document.path.clone())
            .collect();
        for gone in made.paths.difference(&paths) {
            self.edge.documents().remove(gone);
        }
        made.paths = paths;
        documents
            .into_iter()
            .for_each(|document| self.put(document));
        made.cards
            .retain(|slug, _| all.iter().any(|listing| listing.slug == *slug));
        for listing in &all {
            let card = Card::of(listing);
            let key = card.key();
            if made.cards.get(&listing.slug) == Some(&key) {
                continue;
            }
            self.put(self.announcer.card(&listing.slug, &card));
            made.cards.insert(listing.slug.clone(), key);
            // It may have been taken away while it was drawn.
            if !self.listed().contains_key(&listing.slug) {
                for path in event_paths(&listing.slug) {
                    self.edge.documents().remove(&path);
                }
            }
        }
    }

    fn put(&self, document: PublicDocument) {
        let path = document.path.clone();
        let document: Document = document.into_document();
        // Only a full edge refuses, and what it already serves at this path stays.
        if let Err(error) = self.edge.documents().put(&path, document) {
            tracing::error!(%error, path, "cannot be published");
        }
    }

    fn listed(&self) -> MutexGuard<'_, BTreeMap<String, Listing>> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A replay as it is listed, with its chapters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ListedReplay {
    pub(crate) replay: ListingReplay,
    pub(crate) chapters: Vec<ListingChapter>,
}

impl ListedReplay {
    /// Of an event at `base`, published at that time.
    pub(crate) fn of(
        base: &str,
        replay: &ReplayFile,
        mp3: Option<&ReplayFile>,
        made: &MadeReplay,
        published_unix_ms: i64,
    ) -> Self {
        let chapter = |(at_ms, title): &(u64, String)| ListingChapter {
            at_ms: *at_ms,
            title: title.clone(),
        };
        Self {
            replay: ListingReplay {
                path: format!("{base}{REPLAY}"),
                bytes: replay.bytes,
                duration_ms: made.duration_ms,
                mp3: mp3.map(|mp3| ListingFile {
                    path: format!("{base}{REPLAY_MP3}"),
                    bytes: mp3.bytes,
                }),
                published_unix_ms,
            },
            chapters: made.chapters.iter().map(chapter).collect(),
        }
    }
}

/// An event as it is listed, on a server that makes AAC and MP3 or does not; `None` for what the public is not to know of.
pub(crate) fn listing_of(
    view: &View,
    record: &EventRecord,
    base_url: &str,
    transcodes: bool,
    replay: Option<&ListedReplay>,
) -> Option<Listing> {
    let standing = &view.schedule;
    let phase = match standing.phase {
        Phase::Draft => return None,
        Phase::Announced => ListingPhase::Announced,
        Phase::Doors => ListingPhase::Doors,
        Phase::OnAir => ListingPhase::OnAir,
        Phase::Held => ListingPhase::Held,
        Phase::Ended => ListingPhase::Ended,
        Phase::Cancelled => ListingPhase::Cancelled,
    };
    let start = standing.start.as_ref();
    Some(Listing {
        slug: record.slug.clone(),
        title: standing.title.clone(),
        titles: standing.titles.clone(),
        languages: standing.languages.iter().map(ToString::to_string).collect(),
        description: standing.description.clone(),
        lang: record.lang.code().to_owned(),
        base_url: base_url.to_owned(),
        phase,
        starts_unix_ms: start.map(|start| start.unix_ms),
        starts_before_unix_ms: standing.postponed_from_unix_ms,
        zone: start
            .and_then(|start| start.zone.as_ref())
            .map(Zone::to_string),
        reason: standing.why.clone(),
        until_unix_ms: standing.until_unix_ms,
        sequence: standing.sequence,
        changed_unix_ms: standing.changed_unix_ms,
        created_unix_ms: standing.made_unix_ms,
        on_air_unix_ms: standing.on_air_unix_ms,
        ended_unix_ms: standing.phase.is_over().then_some(standing.since_unix_ms),
        people: view.seats.iter().filter_map(person).collect(),
        series: standing.series.clone(),
        replay: replay.map(|listed| listed.replay.clone()),
        chapters: replay.map_or_else(Vec::new, |listed| listed.chapters.clone()),
        has_aac: transcodes,
        has_mp3: transcodes,
        embeddable: !record.embedding.is_nobody(),
        picture: standing
            .picture
            .map(|picture| picture_path(&record.slug, &picture)),
    })
}

/// Who is announced: whoever has been given a voice, there or not. Lines and monitors are nobody.
fn person(seat: &stentor_core::conversation::SeatView) -> Option<ListingPerson> {
    let role = match seat.role {
        Role::Host => "host",
        Role::CoHost => "co-host",
        Role::Guest => "guest",
        Role::LineIn | Role::Monitor => return None,
    };
    (seat.place != Place::Removed).then(|| ListingPerson {
        name: seat.name.clone(),
        role: role.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::announcement::testing::listing;
    use crate::announcement::{CALENDAR, OEMBED};
    use bytes::Bytes;
    use stentor_edge::EdgeConfig;

    /// Announces the calendar, and the player of what may be shown.
    struct Few;

    impl Announcer for Few {
        fn documents(&self, listing: &Listing, _: i64) -> Vec<PublicDocument> {
            let below = [CALENDAR, OEMBED].into_iter();
            let below = below.filter(|below| *below != OEMBED || listing.embeddable);
            below.map(|below| document(listing.path(below))).collect()
        }

        fn server_documents(&self, _: &[Listing], _: i64) -> Vec<PublicDocument> {
            Vec::new()
        }

        fn card(&self, slug: &str, _: &Card) -> PublicDocument {
            document(format!("/e/{slug}{CARD}"))
        }

        fn front_page(&self) -> Option<&str> {
            None
        }
    }

    fn document(path: String) -> PublicDocument {
        PublicDocument {
            path,
            content_type: "image/png",
            kept_s: 1,
            body: Bytes::from_static(b"x"),
            headers: http::HeaderMap::new(),
        }
    }

    #[test]
    fn what_is_announced_no_more_is_taken_away_and_the_card_stays() {
        let edge = Edge::new(EdgeConfig::default());
        let board = Board::new(edge.clone(), Arc::new(Few));
        let shown = listing();
        board.list(shown.clone());
        board.make(&mut Made::default());
        assert_eq!(edge.documents().len(), 3);
        board.list(Listing {
            embeddable: false,
            ..shown.clone()
        });
        assert_eq!(edge.documents().len(), 2);
        assert!(edge.documents().remove(&shown.path(CARD)));
        assert!(edge.documents().remove(&shown.path(CALENDAR)));
    }
}
