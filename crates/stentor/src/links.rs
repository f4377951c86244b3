//! The links of events, as the operator reads them.

use stentor_cluster::store::Store;
use stentor_core::conversation::Conversation;
use stentor_core::stage::{Place, Role};
use stentor_event::catalog::{restore, stored_events};
use stentor_event::links::LinkKey;
use stentor_event::record::EventRecord;

use crate::error::AppError;
use crate::stdout;

/// Prints the links of every event, or of one alone.
///
/// # Errors
/// The operator's: no readable store.
pub(crate) fn print(
    store: &dyn Store,
    key: &LinkKey,
    base_url: &str,
    only: Option<&str>,
) -> Result<(), AppError> {
    stdout::print(&links(store, key, base_url, only)?).map_err(AppError::Print)
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
        Ok(conversation) => of_event(record, &conversation, key, base_url),
        Err(error) => format!("{}\n  {error}\n", record.slug),
    };
    Ok(events.iter().filter(chosen).map(of).collect())
}

/// The links of one event.
pub(crate) fn of_event(
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

#[cfg(test)]
mod tests {
    use super::*;
    use stentor_cluster::store::SqliteStore;
    use stentor_event::catalog::store_event;
    use stentor_event::record::NewEvent;

    #[test]
    fn a_damaged_event_is_named_with_its_trouble_and_the_others_have_their_links() {
        let store = SqliteStore::in_memory().unwrap();
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
        }
        store.save_snapshot("demo", b"{\"v\":999}").unwrap();
        let folder = std::env::temp_dir().join(format!("stentor-links-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let key = LinkKey::load_or_create(&folder).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        let links = links(&store, &key, "http://here", None).unwrap();
        assert!(
            links.contains("demo\n  the event \"demo\" cannot be opened"),
            "{links}"
        );
        assert!(links.contains("http://here/e/good"), "{links}");
    }
}
