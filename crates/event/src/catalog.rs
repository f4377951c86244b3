//! The events of a store: read, made, and brought back as conversations.
//!
//! Each event is three records under its address. What never changes about it is one, small, so that listing events
//! decodes no conversation; its conversation, with title and beginning, is another; how far its programme was published the
//! third. No field is in two of them. One event that cannot be read is told about and passed over: it must not take the
//! others with it.

use std::str;

use stentor_cluster::key::{Key, Kind};
use stentor_cluster::records::{Change, Record, Records, RecordsError, Version};
use stentor_core::Now;
use stentor_core::conversation::Conversation;

use crate::clock::unix_ms_now;
use crate::record::{EventRecord, NewEventError};
use crate::snapshot;

/// What never changes about an event: [`EventRecord`] without its address.
const EVENT: Kind = Kind::new("event");
/// Its conversation, as [`snapshot`] writes it.
pub(crate) const CONVERSATION: Kind = Kind::new("conversation");
/// The position after the last published sample, in decimal digits.
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
    /// The position after the last published sample.
    pub(crate) published_end: u64,
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
    let published_end = position.as_ref().map_or(Some(0), |position| {
        str::from_utf8(&position.bytes).ok()?.parse().ok()
    });
    let published_end =
        published_end.ok_or_else(|| damaged("its position is not a number".to_owned()))?;
    let kept = KeptState {
        conversation: stored.version,
        position: position.map(|position| position.version),
        published_end,
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::NewEvent;
    use bytes::Bytes;
    use stentor_cluster::testing::MemoryRecords;
    use stentor_core::admission::Rung;

    async fn store(records: &MemoryRecords, slug: &str) -> Result<EventRecord, CatalogError> {
        let new = NewEvent {
            title: format!("The event {slug}"),
            slug: Some(slug.to_owned()),
            lang: "fr".to_owned(),
            starts_unix_ms: Some(5),
            host: "Ada".to_owned(),
            opens_at: 2,
        };
        let (record, conversation) = new.make(1, 1, &[])?;
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
            (restored.kept.position, restored.kept.published_end),
            (None, 0)
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
        assert_eq!(restored.kept.published_end, 57_600);
    }
}
