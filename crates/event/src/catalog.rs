//! The events of a store: read, made, and brought back as conversations.
//!
//! Each event is three records under its address. What only an operator changes is one, small, so that listing events
//! decodes no conversation; its conversation, with title and beginning, is another; how far its programme was published the
//! third. No field is in two of them. A fourth waits there while something is to be changed that whoever runs the event has not
//! changed yet: only one process writes a conversation. One event that cannot be read is told about and passed over: it must not take the
//! others with it.

use std::str;
use std::time::Duration;

use stentor_cluster::blobs::{Blobs, BlobsError};
use stentor_cluster::key::{Key, Kind};
use stentor_cluster::records::{Change, Record, Records, RecordsError, Version};
use stentor_core::Now;
use stentor_core::conversation::{Conversation, Input, Outbox};
use stentor_media::rendition::SEGMENT_SAMPLES;

pub use crate::amendment::Amendment;
use crate::clock::unix_ms_now;
use crate::record::{EventRecord, NewEventError, is_slug};
use crate::snapshot;

/// What is known of an event beside its conversation: [`EventRecord`] without its address.
const EVENT: Kind = Kind::new("event");
/// What an operator wants changed about it, and nobody has changed yet: [`Amendment`].
const AMENDMENT: Kind = Kind::new("amendment");
/// Its conversation, as [`snapshot`] writes it.
pub(crate) const CONVERSATION: Kind = Kind::new("conversation");
/// How far its programme was published: [`PublishedSoFar`].
pub(crate) const POSITION: Kind = Kind::new("position");

/// How often something is tried that others are at.
const ATTEMPTS_MAX: usize = 40;
/// How long a recording that is in use is left before it is looked at again.
const IN_USE_LOOK_AGAIN: Duration = Duration::from_millis(250);

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
    /// How often its playlists have begun anew; `None` where a version before has written it, which numbered them by their first segment.
    pub(crate) discontinuities: Option<u64>,
}

impl PublishedSoFar {
    /// Two numbers in decimal digits; a version before wrote the first alone.
    pub(crate) fn encode(self) -> String {
        match self.discontinuities {
            Some(discontinuities) => format!("{} {discontinuities}", self.end),
            None => self.end.to_string(),
        }
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let text = str::from_utf8(bytes).ok()?;
        let (end, discontinuities) = match text.split_once(' ') {
            Some((end, discontinuities)) => (end, Some(discontinuities.parse().ok()?)),
            None => (text, None),
        };
        let end = end.parse().ok()?;
        Some(Self {
            end,
            discontinuities,
        })
    }

    /// How often its playlists have begun anew when they begin once more.
    pub(crate) fn next_discontinuities(self) -> u64 {
        match self.discontinuities {
            Some(discontinuities) => discontinuities + 1,
            None if self.end == 0 => 0,
            None => self.end / SEGMENT_SAMPLES + 1,
        }
    }
}

/// The records of the newest events that can be read, in the order they were made.
///
/// # Errors
/// The operator's: no readable store.
pub async fn stored_events(records: &dyn Records) -> Result<Vec<EventRecord>, CatalogError> {
    let page = records.list(EVENT, None).await?;
    let readable = |stored: Record| {
        let slug = stored.key.as_str();
        EventRecord::decode(slug, &stored.bytes)
            .inspect_err(|error| tracing::error!(%error, event = slug, "its record cannot be read"))
            .ok()
    };
    let newest_first = page.records.into_iter();
    Ok(newest_first.rev().filter_map(readable).collect())
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

/// Leaves what is to be changed for whoever runs the event: a server looks every two seconds; where none runs, [`carry_out`] does it.
///
/// # Errors
/// The operator's: no such event, or what no event can be; a store that cannot be written.
pub async fn ask(
    records: &dyn Records,
    slug: &str,
    amendment: &Amendment,
) -> Result<(), CatalogError> {
    amendment.check(unix_ms_now())?;
    let no_event = || CatalogError::NoSuchEvent(slug.to_owned());
    if !is_slug(slug) {
        return Err(no_event());
    }
    let key = key(slug)?;
    for _ in 0..ATTEMPTS_MAX {
        records.get(EVENT, &key).await?.ok_or_else(no_event)?;
        let waits = records.get(AMENDMENT, &key).await?;
        let version = waits.as_ref().map(|record| record.version);
        let all = match waits {
            Some(record) => decode_amendment(slug, &record)?.then(amendment),
            None => amendment.clone(),
        };
        match records
            .put(AMENDMENT, &key, version, all.encode().into())
            .await
        {
            Err(RecordsError::Conflict { .. }) => {}
            put => return Ok(put.map(|_| ())?),
        }
    }
    Err(CatalogError::Busy(slug.to_owned()))
}

/// Whether something is asked for of an event that nobody has changed yet.
///
/// # Errors
/// The operator's: a store that cannot be read.
pub async fn is_asked(records: &dyn Records, slug: &str) -> Result<bool, CatalogError> {
    Ok(records.get(AMENDMENT, &key(slug)?).await?.is_some())
}

/// Changes what was asked for, while nobody runs the event.
///
/// # Errors
/// The operator's: a store or a folder that cannot be written, or a state that cannot be read.
pub async fn carry_out(
    records: &dyn Records,
    recordings: &dyn Blobs,
    slug: &str,
) -> Result<(), CatalogError> {
    let key = key(slug)?;
    let Some(waits) = records.get(AMENDMENT, &key).await? else {
        return Ok(());
    };
    let amendment = decode_amendment(slug, &waits)?;
    if amendment.delete {
        return delete(records, recordings, slug).await;
    }
    let restored = restore(records, slug).await?;
    let mut conversation = restored.conversation;
    let now = Now {
        mono_ms: 0,
        unix_ms: unix_ms_now(),
    };
    let input = Input::Amend(amendment.of_conversation());
    conversation.step(now, input, &mut Outbox::new());
    let state = Change::Put {
        kind: CONVERSATION,
        key,
        expected: Some(restored.kept.conversation),
        bytes: snapshot::encode(&conversation.snapshot()).into(),
    };
    amend_record(records, slug, &amendment, &waits, vec![state]).await?;
    Ok(())
}

/// What is asked for and not changed yet, by the address of its event. What cannot be read is told about and passed over.
pub(crate) async fn asked(records: &dyn Records) -> Result<Vec<Asked>, CatalogError> {
    let page = records.list(AMENDMENT, None).await?;
    let readable = |record: Record| {
        let slug = record.key.as_str().to_owned();
        match decode_amendment(&slug, &record) {
            Ok(amendment) => Some(Asked {
                slug,
                amendment,
                record,
            }),
            Err(error) => {
                tracing::error!(%error, event = slug, "what is to be changed cannot be read");
                None
            }
        }
    };
    Ok(page
        .records
        .into_iter()
        .rev()
        .filter_map(readable)
        .collect())
}

/// What is asked for about one event.
pub(crate) struct Asked {
    pub(crate) slug: String,
    pub(crate) amendment: Amendment,
    record: Record,
}

impl Asked {
    /// Its conversation was changed by whoever runs it: changes the record, and asks no more. `None` if the event is gone.
    pub(crate) async fn done(
        &self,
        records: &dyn Records,
    ) -> Result<Option<EventRecord>, CatalogError> {
        amend_record(
            records,
            &self.slug,
            &self.amendment,
            &self.record,
            Vec::new(),
        )
        .await
    }
}

/// Changes the record of an event, with further changes, and takes away what asked for it; the record as it is then.
async fn amend_record(
    records: &dyn Records,
    slug: &str,
    amendment: &Amendment,
    asked: &Record,
    mut changes: Vec<Change>,
) -> Result<Option<EventRecord>, CatalogError> {
    let key = key(slug)?;
    let Some(stored) = records.get(EVENT, &key).await? else {
        return Ok(None);
    };
    let damaged = |why: String| CatalogError::Damaged {
        slug: slug.to_owned(),
        why,
    };
    let mut record =
        EventRecord::decode(slug, &stored.bytes).map_err(|error| damaged(error.to_string()))?;
    record.lang = amendment.lang()?.unwrap_or(record.lang);
    record.links_generation += u32::from(amendment.renew_links);
    changes.push(Change::Put {
        kind: EVENT,
        key: key.clone(),
        expected: Some(stored.version),
        bytes: record.encode().into(),
    });
    changes.push(Change::Delete {
        kind: AMENDMENT,
        key,
        expected: asked.version,
    });
    records.commit(changes).await?;
    Ok(Some(record))
}

fn decode_amendment(slug: &str, record: &Record) -> Result<Amendment, CatalogError> {
    Amendment::decode(&record.bytes).map_err(|why| CatalogError::Damaged {
        slug: slug.to_owned(),
        why,
    })
}

/// Takes an event away that nobody runs: its recordings first, so that what is left names what is left of it.
///
/// # Errors
/// The operator's: a store or a folder that cannot be written.
pub(crate) async fn delete(
    records: &dyn Records,
    recordings: &dyn Blobs,
    slug: &str,
) -> Result<(), CatalogError> {
    let key = key(slug)?;
    loop {
        let found = recordings.list(Some(&key), None).await?;
        if found.is_empty() {
            break;
        }
        for entry in found {
            delete_recording(recordings, &entry.key).await?;
        }
    }
    let mut changes = Vec::new();
    for kind in [EVENT, CONVERSATION, POSITION, AMENDMENT] {
        if let Some(found) = records.get(kind, &key).await? {
            changes.push(Change::Delete {
                kind,
                key: key.clone(),
                expected: found.version,
            });
        }
    }
    records.commit(changes).await?;
    Ok(())
}

/// A recorder that has just been stopped may still hold it.
async fn delete_recording(recordings: &dyn Blobs, key: &Key) -> Result<(), CatalogError> {
    for _ in 0..ATTEMPTS_MAX {
        match recordings.delete(key).await {
            Err(BlobsError::InUse { .. }) => tokio::time::sleep(IN_USE_LOOK_AGAIN).await,
            deleted => return Ok(deleted.map(|_| ())?),
        }
    }
    Err(BlobsError::InUse { key: key.clone() }.into())
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
    /// The recordings cannot be taken away.
    #[error(transparent)]
    Recordings(#[from] BlobsError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::NewEvent;
    use bytes::Bytes;
    use stentor_cluster::testing::{MemoryBlobs, MemoryRecords};
    use stentor_core::admission::Rung;
    use stentor_core::event::Phase;

    use crate::lang::Lang;

    async fn store(records: &MemoryRecords, slug: &str) -> Result<EventRecord, CatalogError> {
        let new = NewEvent {
            title: format!("The event {slug}"),
            slug: Some(slug.to_owned()),
            lang: "fr".to_owned(),
            starts_unix_ms: Some(5),
            host: "Ada".to_owned(),
            opens_at: 2,
            recorded: true,
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
            (&*view.title, view.starts_unix_ms),
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
        assert_eq!(restored.conversation.view().title, "Ilios");
        let published = restored.kept.published;
        assert_eq!((published.end, published.discontinuities), (57_600, None));
    }

    #[test]
    fn playlists_begin_anew_with_the_next_number_and_never_with_a_lower_one() {
        let published = |end, discontinuities| PublishedSoFar {
            end,
            discontinuities,
        };
        for (found, next) in [
            (published(0, None), 0),
            (published(57_600, Some(0)), 1),
            (published(57_600, Some(41)), 42),
            // Numbered by the first segment of the run, which is no later than the last.
            (published(506 * SEGMENT_SAMPLES + 57_600, None), 507),
        ] {
            assert_eq!(found.next_discontinuities(), next);
            let text = found.encode();
            assert_eq!(
                PublishedSoFar::decode(text.as_bytes()),
                Some(found),
                "{text}"
            );
        }
        for wrong in ["", "far", "1 ", " 1", "1 2 3", "1 x", "-1"] {
            assert_eq!(PublishedSoFar::decode(wrong.as_bytes()), None, "{wrong}");
        }
    }

    fn title(title: &str) -> Amendment {
        Amendment {
            title: Some(title.to_owned()),
            ..Amendment::default()
        }
    }

    #[tokio::test]
    async fn what_is_asked_for_is_carried_out_once_and_all_of_it() {
        let (records, blobs) = (MemoryRecords::default(), MemoryBlobs::default());
        let made = store(&records, "demo").await.unwrap();
        ask(&records, "demo", &title("A")).await.unwrap();
        let more = Amendment {
            lang: Some("en".to_owned()),
            starts_unix_ms: Some(None),
            recorded: Some(false),
            renew_links: true,
            end: true,
            ..title("B")
        };
        ask(&records, "demo", &more).await.unwrap();
        assert_eq!(asked(&records).await.unwrap().len(), 1);
        assert!(is_asked(&records, "demo").await.unwrap());
        for _ in 0..2 {
            carry_out(&records, &blobs, "demo").await.unwrap();
            assert!(asked(&records).await.unwrap().is_empty());
            let record = stored_events(&records).await.unwrap().remove(0);
            assert_eq!(record.lang, Lang::En);
            assert_eq!(record.links_generation, made.links_generation + 1);
            let restored = restore(&records, "demo").await.unwrap();
            let view = restored.conversation.view();
            assert_eq!((&*view.title, view.starts_unix_ms), ("B", None));
            assert!(!view.recorded && view.phase == Phase::Ended);
        }
    }

    #[tokio::test]
    async fn what_is_deleted_is_gone_with_its_recordings_and_the_others_stay() {
        let (records, blobs) = (MemoryRecords::default(), MemoryBlobs::default());
        for slug in ["demo", "demo-2"] {
            store(&records, slug).await.unwrap();
            for file in ["programme.mp4", "speaker-1.mp4", "replay.mp4"] {
                let key = Key::new(&format!("{slug}/{file}")).unwrap();
                blobs.put(&key, Bytes::from_static(b"sound")).await.unwrap();
            }
        }
        let away = Amendment {
            delete: true,
            ..Amendment::default()
        };
        ask(&records, "demo", &away).await.unwrap();
        carry_out(&records, &blobs, "demo").await.unwrap();
        let left = stored_events(&records).await.unwrap();
        assert_eq!(
            left.iter().map(|event| &*event.slug).collect::<Vec<_>>(),
            ["demo-2"]
        );
        assert!(asked(&records).await.unwrap().is_empty());
        assert_eq!(blobs.list(None, None).await.unwrap().len(), 3);
        // Its address is free again.
        store(&records, "demo").await.unwrap();
    }

    #[tokio::test]
    async fn nothing_is_asked_of_an_event_that_is_not_there_or_cannot_be_so() {
        let records = MemoryRecords::default();
        store(&records, "demo").await.unwrap();
        for slug in ["nobody", "../x", "Demo", ""] {
            let error = ask(&records, slug, &title("A")).await.unwrap_err();
            let expected = format!("there is no event \"{slug}\" here");
            assert_eq!(error.to_string(), expected);
        }
        let error = ask(&records, "demo", &title("")).await.unwrap_err();
        assert!(error.to_string().starts_with("a title has 1 to"), "{error}");
        assert!(asked(&records).await.unwrap().is_empty());
    }
}
