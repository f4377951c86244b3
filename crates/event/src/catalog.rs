//! The events of a store: read, made, and brought back as conversations.
//!
//! One event that cannot be read is told about and passed over: it must not take the others with it.

use stentor_cluster::store::{EventRecord as Stored, Store, StoreError};
use stentor_core::Now;
use stentor_core::conversation::Conversation;

use crate::clock::unix_ms_now;
use crate::record::{EventRecord, NewEventError};
use crate::snapshot;

/// The records that can be read.
///
/// # Errors
/// The operator's: no readable store.
pub fn stored_events(store: &dyn Store) -> Result<Vec<EventRecord>, CatalogError> {
    let readable = |stored: Stored| {
        let slug = stored.slug.clone();
        EventRecord::from_stored(stored)
            .inspect_err(|error| tracing::error!(%error, event = slug, "its record cannot be read"))
            .ok()
    };
    Ok(store.events()?.into_iter().filter_map(readable).collect())
}

/// Stores a new event.
///
/// # Errors
/// The operator's: an address that is taken; a store that cannot be written.
pub fn store_event(
    store: &dyn Store,
    record: &EventRecord,
    conversation: &Conversation,
) -> Result<(), CatalogError> {
    let view = conversation.view();
    let state = snapshot::encode(&conversation.snapshot());
    match store.create_event(&record.to_stored(&view.title, view.starts_unix_ms), &state) {
        Err(StoreError::Exists { .. }) => Err(CatalogError::SlugTaken(record.slug.clone())),
        other => Ok(other?),
    }
}

/// The state of one event, as it was last kept.
///
/// # Errors
/// The operator's: a state that is missing, damaged or of another version.
pub fn restore(store: &dyn Store, slug: &str) -> Result<Conversation, CatalogError> {
    let damaged = |why: String| CatalogError::Damaged {
        slug: slug.to_owned(),
        why,
    };
    let bytes = store
        .snapshot(slug)?
        .ok_or_else(|| damaged("its state is missing".to_owned()))?;
    let state = snapshot::decode(&bytes).map_err(damaged)?;
    Conversation::restore(
        state,
        Now {
            mono_ms: 0,
            unix_ms: unix_ms_now(),
        },
    )
    .map_err(|error| damaged(error.to_string()))
}

/// Why an event cannot be read from the store, or put into it. The operator's.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
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
    use stentor_cluster::store::SqliteStore;

    #[test]
    fn a_damaged_event_is_an_error_and_the_others_are_restored() {
        let store = SqliteStore::in_memory().unwrap();
        for slug in ["first", "second"] {
            let new = NewEvent {
                title: "T".to_owned(),
                slug: Some(slug.to_owned()),
                lang: "en".to_owned(),
                starts_unix_ms: None,
                host: "Ada".to_owned(),
                opens_at: 0,
            };
            let (record, conversation) = new.make(1, 1, &[]).unwrap();
            store_event(&store, &record, &conversation).unwrap();
        }
        store.save_snapshot("first", b"{\"v\":999}").unwrap();
        assert_eq!(stored_events(&store).unwrap().len(), 2);
        let error = restore(&store, "first").unwrap_err().to_string();
        assert!(
            error.starts_with("the event \"first\" cannot be opened"),
            "{error}"
        );
        assert!(restore(&store, "second").is_ok());
    }
}
