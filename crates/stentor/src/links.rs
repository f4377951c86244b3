//! The links of events, as the operator reads them.

use jiff::Timestamp;
use stentor_cluster::records::Records;
use stentor_core::conversation::Conversation;
use stentor_core::stage::{Place, Role};
use stentor_event::catalog::{restore, stored_events};
use stentor_event::links::LinkKey;
use stentor_event::record::EventRecord;

use crate::error::AppError;
use crate::stdout;
use crate::when::When;

/// Prints the links of every event, or of one alone.
///
/// # Errors
/// The operator's: no readable store.
pub(crate) async fn print(
    records: &dyn Records,
    key: &LinkKey,
    base_url: &str,
    only: Option<&str>,
) -> Result<(), AppError> {
    let text = links(records, key, base_url, only).await?;
    stdout::print(&text).map_err(AppError::Print)
}

/// The links of every event that can be read; of the others, why they cannot.
async fn links(
    records: &dyn Records,
    key: &LinkKey,
    base_url: &str,
    only: Option<&str>,
) -> Result<String, AppError> {
    let events = stored_events(records).await?;
    if events.is_empty() {
        return Ok(format!(
            "{base_url} has no events yet: make one with `stentor event create`\n"
        ));
    }
    let mut text = String::new();
    let chosen = |record: &&EventRecord| only.is_none_or(|slug| slug == record.slug);
    for record in events.iter().filter(chosen) {
        match restore(records, &record.slug).await {
            Ok(restored) => {
                text.push_str(&of_event(record, &restored.conversation, key, base_url));
            }
            Err(error) => text.push_str(&format!("{}\n  {error}\n", record.slug)),
        }
    }
    Ok(text)
}

/// The links of one event.
pub(crate) fn of_event(
    record: &EventRecord,
    conversation: &Conversation,
    key: &LinkKey,
    base_url: &str,
) -> String {
    let view = conversation.view();
    let starts = view.starts_unix_ms.and_then(When::of_unix_ms);
    let starts = starts.map(|starts| format!("  starts    {}\n", starts.told(Timestamp::now())));
    let mut text = format!(
        "{}\n{}  listener  {}\n",
        view.title,
        starts.unwrap_or_default(),
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
    use stentor_cluster::key::{Key, Kind};
    use stentor_cluster::testing::MemoryRecords;
    use stentor_event::catalog::store_event;
    use stentor_event::record::NewEvent;

    #[tokio::test]
    async fn a_damaged_event_is_named_with_its_trouble_and_the_others_have_their_links() {
        let records = MemoryRecords::default();
        for slug in ["demo", "good"] {
            let new = NewEvent {
                title: "T".to_owned(),
                slug: Some(slug.to_owned()),
                lang: "en".to_owned(),
                starts_unix_ms: None,
                host: "Ada".to_owned(),
                opens_at: 0,
                recorded: true,
            };
            let (record, conversation) = new.make(1, &[]).unwrap();
            store_event(&records, &record, &conversation).await.unwrap();
        }
        let (kind, demo) = (Kind::new("conversation"), Key::new("demo").unwrap());
        let kept = records.get(kind, &demo).await.unwrap();
        let version = kept.map(|record| record.version);
        let damaged = "{\"v\":999}".into();
        records.put(kind, &demo, version, damaged).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let key = LinkKey::load_or_create(folder.path()).unwrap();
        let links = links(&records, &key, "http://here", None).await.unwrap();
        assert!(
            links.contains("demo\n  the event \"demo\" cannot be opened"),
            "{links}"
        );
        assert!(links.contains("http://here/e/good"), "{links}");
    }
}
