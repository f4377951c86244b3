//! Records and conversations of events, read and made.

use std::collections::BTreeMap;
use std::str;

use stentor_cluster::blobs::BlobsError;
use stentor_cluster::key::{Key, Kind};
use stentor_cluster::records::{Change, Record, Records, RecordsError, Version};
use stentor_core::Now;
use stentor_core::conversation::{Conversation, Refusal};
use stentor_media::package::hls::PlaylistCounts;
use stentor_media::rendition::SEGMENT_SAMPLES;

use crate::clock::unix_ms_now;
use crate::lang::Lang;
use crate::record::{EventRecord, NewEventError, is_slug};
use crate::snapshot;

/// What is known of an event beside its conversation: [`EventRecord`] without its address.
pub(super) const EVENT: Kind = Kind::new("event");
/// What an operator wants changed about it, and nobody has changed yet: [`Amendment`](crate::amendment::Amendment).
pub(super) const AMENDMENT: Kind = Kind::new("amendment");
/// Its conversation, as [`snapshot`] writes it.
pub(crate) const CONVERSATION: Kind = Kind::new("conversation");
/// How far its programme was published: [`PublishedSoFar`].
pub(crate) const POSITION: Kind = Kind::new("position");

/// A conversation, and what the store holds of it.
pub struct Restored {
    /// As it was last kept.
    pub conversation: Conversation,
    pub(crate) kept: KeptState,
}

/// What the store holds of an event that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptState {
    pub(crate) conversation: Version,
    /// `None` if nothing was ever published.
    pub(crate) position: Option<Version>,
    /// How far its programme was published.
    pub(crate) published: PublishedSoFar,
}

/// How far a programme was published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PublishedSoFar {
    /// The position after the last published sample.
    pub(crate) end: u64,
    /// What its playlists go on from; `None` where a version before has written it, which numbered them by their first segment.
    pub(crate) playlists: Option<PlaylistCounts>,
}

impl PublishedSoFar {
    /// Four numbers in decimal digits; versions before wrote the first alone, or two.
    pub(crate) fn encode(self) -> String {
        let end = self.end;
        match self.playlists {
            Some(PlaylistCounts {
                discontinuities,
                skipped,
                next,
            }) => format!("{end} {discontinuities} {skipped} {next}"),
            None => end.to_string(),
        }
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let numbers = str::from_utf8(bytes).ok()?.split(' ').map(str::parse);
        let numbers: Vec<u64> = numbers.collect::<Result<_, _>>().ok()?;
        let (end, playlists) = match numbers[..] {
            [end] => (end, None),
            [end, discontinuities] => (end, Some((discontinuities, 0, end / SEGMENT_SAMPLES))),
            [end, discontinuities, skipped, next] => (end, Some((discontinuities, skipped, next))),
            _ => return None,
        };
        let playlists = playlists.map(|(discontinuities, skipped, next)| PlaylistCounts {
            discontinuities,
            skipped,
            next,
        });
        Some(Self { end, playlists })
    }

    /// What its playlists go on from when they begin once more.
    pub(crate) fn next_playlists(self) -> PlaylistCounts {
        match self.playlists {
            Some(counts) => PlaylistCounts {
                discontinuities: counts.discontinuities + 1,
                ..counts
            },
            None if self.end == 0 => PlaylistCounts::default(),
            None => PlaylistCounts {
                discontinuities: self.end / SEGMENT_SAMPLES + 1,
                skipped: 0,
                next: self.end / SEGMENT_SAMPLES,
            },
        }
    }
}

/// The records of the newest events that can be read, in the order they were made.
///
/// # Errors
/// The operator's: no readable store.
pub async fn stored_events(records: &dyn Records) -> Result<Vec<EventRecord>, CatalogError> {
    stored_events_telling(records, &mut Unreadable::default()).await
}

/// The same for whoever looks again and again: tells of a record that cannot be read once, until it can or is another.
pub(crate) async fn stored_events_telling(
    records: &dyn Records,
    unreadable: &mut Unreadable,
) -> Result<Vec<EventRecord>, CatalogError> {
    let page = records.list(EVENT, None).await?;
    let told = std::mem::take(&mut unreadable.0);
    let readable = |stored: Record| {
        let slug = stored.key.as_str();
        let read = EventRecord::decode(slug, &stored.bytes);
        if let Err(error) = &read {
            if told.get(slug) != Some(&stored.version) {
                tracing::error!(%error, event = slug, "its record cannot be read");
            }
            unreadable.0.insert(slug.to_owned(), stored.version);
        }
        read.ok()
    };
    let newest_first = page.records.into_iter();
    Ok(newest_first.rev().filter_map(readable).collect())
}

/// Records that cannot be read, by the address of their event: as many as one look finds.
#[derive(Debug, Default)]
pub(crate) struct Unreadable(BTreeMap<String, Version>);

/// Whether there is an event at an address, be it one that cannot be read.
///
/// # Errors
/// The operator's: no readable store.
pub async fn is_stored(records: &dyn Records, slug: &str) -> Result<bool, CatalogError> {
    Ok(is_slug(slug) && records.get(EVENT, &key(slug)?).await?.is_some())
}

/// The default language of the event at an address, English where its record cannot be read; `None` where there is no event.
///
/// # Errors
/// The operator's: no readable store.
pub(crate) async fn language(
    records: &dyn Records,
    slug: &str,
) -> Result<Option<Lang>, CatalogError> {
    if !is_slug(slug) {
        return Ok(None);
    }
    let stored = records.get(EVENT, &key(slug)?).await?;
    Ok(stored.map(|stored| {
        let record = EventRecord::decode(slug, &stored.bytes);
        record.map_or_else(|_| Lang::default(), |record| record.lang)
    }))
}

/// Stores a new event.
///
/// # Errors
/// The operator's: an address that is taken; a store that cannot be written.
pub async fn store_event(
    records: &dyn Records,
    record: &EventRecord,
    conversation: &Conversation,
) -> Result<(), CatalogError> {
    let key = key(&record.slug)?;
    let new = |kind, bytes: Vec<u8>| Change::Put {
        kind,
        key: key.clone(),
        expected: None,
        bytes: bytes.into(),
    };
    let changes = vec![
        new(EVENT, record.encode()),
        new(CONVERSATION, snapshot::encode(&conversation.snapshot())),
    ];
    match records.commit(changes).await {
        Err(RecordsError::Conflict { .. }) => Err(CatalogError::SlugTaken(record.slug.clone())),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}

/// The state of one event, as it was last kept.
///
/// # Errors
/// The operator's: a state that is missing, damaged or of another version.
pub async fn restore(records: &dyn Records, slug: &str) -> Result<Restored, CatalogError> {
    let damaged = |why: String| CatalogError::Damaged {
        slug: slug.to_owned(),
        why,
    };
    let key = key(slug)?;
    let stored = records.get(CONVERSATION, &key).await?;
    let stored = stored.ok_or_else(|| damaged("its state is missing".to_owned()))?;
    let state = snapshot::decode(&stored.bytes).map_err(damaged)?;
    let now = Now {
        mono_ms: 0,
        unix_ms: unix_ms_now(),
    };
    let conversation =
        Conversation::restore(state, now).map_err(|error| damaged(error.to_string()))?;
    let position = records.get(POSITION, &key).await?;
    let published = match &position {
        Some(position) => PublishedSoFar::decode(&position.bytes)
            .ok_or_else(|| damaged("its position is not a number".to_owned()))?,
        None => PublishedSoFar::default(),
    };
    let kept = KeptState {
        conversation: stored.version,
        position: position.map(|position| position.version),
        published,
    };
    Ok(Restored { conversation, kept })
}

/// Every address is a key.
pub(crate) fn key(slug: &str) -> Result<Key, CatalogError> {
    Key::new(slug).map_err(|error| CatalogError::Damaged {
        slug: slug.to_owned(),
        why: error.to_string(),
    })
}

/// Why an event cannot be read from the store, or put into it. The operator's.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The store cannot be read or written.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// Another event has this address.
    #[error("there already is an event \"{0}\": choose another with --slug")]
    SlugTaken(String),
    /// The state of an event is missing, damaged or of another version.
    #[error("the event \"{slug}\" cannot be opened: {why}")]
    Damaged {
        /// Its address.
        slug: String,
        /// What is wrong.
        why: String,
    },
    /// No event can be made as asked.
    #[error(transparent)]
    NewEvent(#[from] NewEventError),
    /// There is no such event.
    #[error("there is no event \"{0}\" here")]
    NoSuchEvent(String),
    /// Others change what is to be changed, again and again.
    #[error("the event \"{0}\" is being changed by others at this moment: try again")]
    Busy(String),
    /// What was asked for is not possible for an event that stands so.
    #[error(transparent)]
    Refused(Refusal),
    /// The recordings cannot be taken away.
    #[error(transparent)]
    Recordings(#[from] BlobsError),
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::record::NewEvent;
    use bytes::Bytes;
    use stentor_cluster::testing::MemoryRecords;
    use stentor_core::admission::Rung;
    use stentor_core::schedule::{Correction, Start};

    /// Stores an event of that address, as an operator makes it.
    pub(in crate::catalog) async fn store(
        records: &MemoryRecords,
        slug: &str,
    ) -> Result<EventRecord, CatalogError> {
        let new = NewEvent {
            title: format!("The event {slug}"),
            slug: Some(slug.to_owned()),
            lang: "fr".to_owned(),
            told: Correction::default(),
            start: Some(Start {
                unix_ms: 5,
                zone: None,
            }),
            draft: false,
            host: "Ada".to_owned(),
            opens_at: 2,
            recorded: true,
            embedding: Default::default(),
        };
        let (record, conversation) = new.make(1, &[])?;
        store_event(records, &record, &conversation).await?;
        Ok(record)
    }

    async fn replace(records: &MemoryRecords, kind: Kind, slug: &str, bytes: &'static [u8]) {
        let key = Key::new(slug).unwrap();
        let found = records.get(kind, &key).await.unwrap();
        let version = found.map(|record| record.version);
        let bytes = Bytes::from_static(bytes);
        records.put(kind, &key, version, bytes).await.unwrap();
    }

    #[tokio::test]
    async fn events_are_found_as_they_were_made_in_their_order() {
        let records = MemoryRecords::default();
        let mut made = Vec::new();
        for slug in ["zeta", "alpha", "mu"] {
            made.push(store(&records, slug).await.unwrap());
        }
        assert_eq!(stored_events(&records).await.unwrap(), made);
        let restored = restore(&records, "alpha").await.unwrap();
        let view = restored.conversation.view();
        assert_eq!(
            (view.title(), view.starts_unix_ms()),
            ("The event alpha", Some(5))
        );
        assert_eq!(
            (restored.kept.position, restored.kept.published),
            (None, PublishedSoFar::default())
        );
    }

    #[tokio::test]
    async fn an_address_is_taken_once() {
        let records = MemoryRecords::default();
        let first = store(&records, "demo").await.unwrap();
        let error = store(&records, "demo").await.unwrap_err();
        assert!(matches!(error, CatalogError::SlugTaken(_)), "{error}");
        assert_eq!(stored_events(&records).await.unwrap(), [first]);
    }

    #[tokio::test]
    async fn a_damaged_event_is_an_error_and_the_others_are_restored() {
        let records = MemoryRecords::default();
        for slug in ["first", "second", "third"] {
            store(&records, slug).await.unwrap();
        }
        replace(&records, CONVERSATION, "first", b"{\"v\":999}").await;
        replace(&records, POSITION, "third", b"far").await;
        assert_eq!(stored_events(&records).await.unwrap().len(), 3);
        for slug in ["first", "third", "nobody"] {
            let Err(error) = restore(&records, slug).await else {
                panic!("{slug} was restored");
            };
            let begins = format!("the event \"{slug}\" cannot be opened");
            assert!(error.to_string().starts_with(&begins), "{error}");
        }
        assert!(restore(&records, "second").await.is_ok());
    }

    #[tokio::test]
    async fn a_record_that_cannot_be_read_is_passed_over() {
        let records = MemoryRecords::default();
        for slug in ["first", "second"] {
            store(&records, slug).await.unwrap();
        }
        replace(&records, EVENT, "first", b"{\"v\":999}").await;
        let events = stored_events(&records).await.unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].slug, "second");
        assert!(is_stored(&records, "first").await.unwrap());
        assert!(!is_stored(&records, "third").await.unwrap());
    }

    #[tokio::test]
    async fn a_record_that_cannot_be_read_is_told_of_once() {
        let records = MemoryRecords::default();
        for slug in ["first", "second"] {
            store(&records, slug).await.unwrap();
        }
        replace(&records, EVENT, "first", b"{\"v\":999}").await;
        let mut unreadable = Unreadable::default();
        let (log, _guard) = log();
        let told = || {
            let text = String::from_utf8(log.lock().unwrap().clone()).unwrap();
            text.matches("its record cannot be read").count()
        };
        for _ in 0..30 {
            let events = stored_events_telling(&records, &mut unreadable).await;
            assert_eq!(events.unwrap().len(), 1);
            assert_eq!(told(), 1);
        }
        // Another damage is another word, and what is mended and damaged anew is, too.
        replace(&records, EVENT, "first", b"nothing").await;
        for _ in 0..3 {
            let events = stored_events_telling(&records, &mut unreadable).await;
            events.unwrap();
            assert_eq!(told(), 2);
        }
    }

    /// What is logged in this thread, while the guard lives.
    fn log() -> (Arc<Mutex<Vec<u8>>>, tracing::subscriber::DefaultGuard) {
        struct Writer(Arc<Mutex<Vec<u8>>>);
        impl std::io::Write for Writer {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.lock().unwrap().write(bytes)
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let log = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&log);
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || Writer(Arc::clone(&written)))
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// As the third schema of the embedded store writes what the second had in columns.
    #[tokio::test]
    async fn an_event_that_was_made_before_there_were_records_is_read() {
        let records = MemoryRecords::default();
        let stored = b"{\"v\":1,\"lang\":\"fr\",\"epoch_unix_ms\":7,\"links_expire_unix_s\":9,\"opens_at\":3}";
        replace(&records, EVENT, "old", stored).await;
        let snapshot = b"{\"v\":1,\"title\":\"Ilios\",\"starts\":5,\"phase\":\"scheduled\",\"phase_version\":1,\"phase_since\":7,\
            \"message\":null,\"next_seat\":2,\"notice_id\":9,\
            \"seats\":[{\"seat\":1,\"name\":\"Ada\",\"role\":\"host\",\"place\":\"invited\",\"muted\":true,\"mute_version\":1}]}";
        replace(&records, CONVERSATION, "old", snapshot).await;
        replace(&records, POSITION, "old", b"57600").await;
        let events = stored_events(&records).await.unwrap();
        assert_eq!(events[0].epoch_unix_ms, 7);
        assert_eq!(events[0].opens_at, Rung::new(3).unwrap());
        let restored = restore(&records, "old").await.unwrap();
        assert_eq!(restored.conversation.view().title(), "Ilios");
        let published = restored.kept.published;
        assert_eq!((published.end, published.playlists), (57_600, None));
    }

    #[test]
    fn playlists_begin_anew_with_the_next_number_and_never_with_a_lower_one() {
        let counts = |discontinuities, skipped, next| PlaylistCounts {
            discontinuities,
            skipped,
            next,
        };
        let published = |end, playlists| PublishedSoFar { end, playlists };
        for (found, next) in [
            (published(0, None), counts(0, 0, 0)),
            (published(57_600, Some(counts(0, 0, 0))), counts(1, 0, 0)),
            (published(57_600, Some(counts(41, 7, 9))), counts(42, 7, 9)),
            // Numbered by the first segment of the run, which is no later than the last.
            (
                published(506 * SEGMENT_SAMPLES + 57_600, None),
                counts(507, 0, 506),
            ),
        ] {
            assert_eq!(found.next_playlists(), next);
            let text = found.encode();
            assert_eq!(
                PublishedSoFar::decode(text.as_bytes()),
                Some(found),
                "{text}"
            );
        }
        let end = 3 * SEGMENT_SAMPLES + 57_600;
        let before = PublishedSoFar::decode(format!("{end} 41").as_bytes());
        assert_eq!(before, Some(published(end, Some(counts(41, 0, 3)))));
        for wrong in ["", "far", "1 ", " 1", "1 2 3", "1 2 3 4 5", "1 x", "-1"] {
            assert_eq!(PublishedSoFar::decode(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
