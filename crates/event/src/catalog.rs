//! The events of a data folder: read from the store, made, and printed with their links.
//!
//! One event that cannot be read is told about and passed over: it must not take the others with it.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use stentor_cluster::store::{EventRecord as Stored, SqliteStore, Store, StoreError};
use stentor_core::Now;
use stentor_core::conversation::Conversation;
use stentor_core::event::Phase;
use stentor_core::stage::{Place, Role};

use crate::config::Config;
use crate::error::AppError;
use crate::event::{EventRecord, NewEvent, guest_seat, unix_ms_now};
use crate::pages::Lang;
use crate::say::say;
use crate::secret::LinkKey;
use crate::{demo, wire};

/// Opens the store of a data folder, made if it is not there.
pub(crate) fn open_store(data_dir: &Path) -> Result<Arc<dyn Store>, AppError> {
    Ok(Arc::new(SqliteStore::open(&data_dir.join("stentor.db"))?))
}

/// The records that can be read.
pub(crate) fn stored_events(store: &dyn Store) -> Result<Vec<EventRecord>, AppError> {
    let readable = |stored: Stored| {
        let slug = stored.slug.clone();
        EventRecord::from_stored(stored)
            .inspect_err(|error| tracing::error!(%error, event = slug, "its record cannot be read"))
            .ok()
    };
    Ok(store.events()?.into_iter().filter_map(readable).collect())
}

fn store_event(
    store: &dyn Store,
    record: &EventRecord,
    conversation: &Conversation,
) -> Result<(), AppError> {
    let view = conversation.view();
    let snapshot = wire::snapshot::encode(&conversation.snapshot());
    match store.create_event(
        &record.to_stored(&view.title, view.starts_unix_ms),
        &snapshot,
    ) {
        Err(StoreError::Exists { .. }) => Err(AppError::SlugTaken(record.slug.clone())),
        other => Ok(other?),
    }
}

/// The state of one event, as it was last kept.
///
/// # Errors
/// The operator's: a state that is missing, damaged or of another version.
pub(crate) fn restore(store: &dyn Store, slug: &str) -> Result<Conversation, AppError> {
    let damaged = |why: String| AppError::Damaged {
        slug: slug.to_owned(),
        why,
    };
    let bytes = store
        .snapshot(slug)?
        .ok_or_else(|| damaged("its state is missing".to_owned()))?;
    let snapshot = wire::snapshot::decode(&bytes).map_err(damaged)?;
    Conversation::restore(
        snapshot,
        Now {
            mono_ms: 0,
            unix_ms: unix_ms_now(),
        },
    )
    .map_err(|error| damaged(error.to_string()))
}

/// Makes an event and prints its links.
///
/// # Errors
/// The operator's: what cannot be an event, or one whose address is taken.
pub(crate) fn create_event(config: &Config, new: NewEvent) -> Result<(), AppError> {
    make_data_dir(&config.data_dir)?;
    let store = open_store(&config.data_dir)?;
    let key = LinkKey::load_or_create(&config.data_dir)?;
    let (record, conversation) = new.make(
        unix_ms_now(),
        config.invitation_days,
        &guest_seat(&new.lang),
    )?;
    store_event(&*store, &record, &conversation)?;
    let links = event_links(&record, &conversation, &key, &config.base_url());
    say(&links).map_err(AppError::Say)
}

/// Prints every event of the store with its links.
///
/// # Errors
/// The operator's: no readable store.
pub(crate) fn list_events(config: &Config) -> Result<(), AppError> {
    if !config.data_dir.is_dir() {
        return Err(AppError::NoDataDir(config.data_dir.display().to_string()));
    }
    let store = open_store(&config.data_dir)?;
    let key = LinkKey::load_or_create(&config.data_dir)?;
    print_links(&*store, &key, &config.base_url(), None)
}

/// The demonstration that is not over yet, made if there is none.
pub(crate) fn demo_event(store: &dyn Store, invitation_days: u32) -> Result<String, AppError> {
    let is_demo = |slug: &str| {
        slug == demo::SLUG
            || slug
                .strip_prefix("demo-")
                .is_some_and(|n| n.parse::<u32>().is_ok())
    };
    let events: Vec<EventRecord> = stored_events(store)?
        .into_iter()
        .filter(|record| is_demo(&record.slug))
        .collect();
    // One that is damaged is not this one: its address stays taken, and the next number is used.
    let goes_on = |record: &&EventRecord| {
        restore(store, &record.slug).is_ok_and(|event| event.view().phase != Phase::Ended)
    };
    if let Some(record) = events.iter().find(goes_on) {
        return Ok(record.slug.clone());
    }
    let slug = if events.is_empty() {
        demo::SLUG.to_owned()
    } else {
        format!("{}-{}", demo::SLUG, events.len() + 1)
    };
    let new = NewEvent {
        title: demo::TITLE.to_owned(),
        slug: Some(slug.clone()),
        lang: Lang::En.code().to_owned(),
        starts_unix_ms: None,
        host: "Host".to_owned(),
        opens_at: 0,
    };
    let (record, conversation) = new.make(unix_ms_now(), invitation_days, &demo::seats())?;
    store_event(store, &record, &conversation)?;
    Ok(slug)
}

/// Prints the links of every event, or of one alone.
///
/// # Errors
/// The operator's: no readable store.
pub(crate) fn print_links(
    store: &dyn Store,
    key: &LinkKey,
    base_url: &str,
    only: Option<&str>,
) -> Result<(), AppError> {
    say(&links(store, key, base_url, only)?).map_err(AppError::Say)
}

/// The links of every event that can be read; of the others, why they cannot.
fn links(
    store: &dyn Store,
    key: &LinkKey,
    base_url: &str,
    only: Option<&str>,
) -> Result<String, AppError> {
    let events = stored_events(store)?;
    if events.is_empty() {
        return Ok(format!(
            "{base_url} has no events yet: make one with `stentor event create`\n"
        ));
    }
    let chosen = |record: &&EventRecord| only.is_none_or(|slug| slug == record.slug);
    let of = |record: &EventRecord| match restore(store, &record.slug) {
        Ok(conversation) => event_links(record, &conversation, key, base_url),
        Err(error) => format!("{}\n  {error}\n", record.slug),
    };
    Ok(events.iter().filter(chosen).map(of).collect())
}

fn event_links(
    record: &EventRecord,
    conversation: &Conversation,
    key: &LinkKey,
    base_url: &str,
) -> String {
    let view = conversation.view();
    let mut text = format!(
        "{}\n  listener  {}\n",
        view.title,
        record.listen_link(base_url)
    );
    for (label, role) in [("host    ", Role::Host), ("guest   ", Role::Guest)] {
        let seat = view
            .seats
            .iter()
            .find(|seat| seat.role == role && seat.place != Place::Removed);
        if let Some(seat) = seat {
            let link = record.stage_link(key, base_url, seat.seat);
            text.push_str(&format!("  {label}  {link}\n"));
        }
    }
    text
}

/// Makes the data folder if it is not there: for this user alone, since what is said in the green room is in it.
///
/// # Errors
/// The operator's: the folder cannot be made.
pub(crate) fn make_data_dir(dir: &Path) -> Result<(), AppError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|source| AppError::DataDir {
            dir: dir.display().to_string(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_event_is_passed_over_and_the_others_are_served() {
        let store = SqliteStore::in_memory().unwrap();
        let mut made = Vec::new();
        for slug in ["demo", "good"] {
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
            made.push(record);
        }
        store.save_snapshot("demo", b"{\"v\":999}").unwrap();
        assert!(restore(&store, "demo").is_err());
        assert!(restore(&store, "good").is_ok());
        let folder = std::env::temp_dir().join(format!("stentor-shelf-{}", std::process::id()));
        make_data_dir(&folder).unwrap();
        let key = LinkKey::load_or_create(&folder).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        let links = links(&store, &key, "http://here", None).unwrap();
        assert!(
            links.contains("demo\n  the event \"demo\" cannot be opened"),
            "{links}"
        );
        assert!(links.contains("http://here/e/good"), "{links}");
        assert_eq!(demo_event(&store, 1).unwrap(), "demo-2");
    }
}
