//! The links of events, as the operator reads them.

use stentor_cluster::records::Records;
use stentor_event::catalog::{restore, stored_events};
use stentor_event::clock::unix_ms_now;
use stentor_event::record::EventRecord;

use crate::error::AppError;
use crate::event_report::{EventReport, LinkMaker};
use crate::stdout;

/// Prints the links of every event, or of one alone.
///
/// # Errors
/// The operator's: no readable store.
pub(crate) async fn print(
    records: &dyn Records,
    make: &LinkMaker<'_>,
    only: Option<&str>,
) -> Result<(), AppError> {
    let text = links(records, make, only).await?;
    stdout::print(&text).map_err(AppError::Print)
}

/// The links of every event that can be read; of the others, why they cannot.
async fn links(
    records: &dyn Records,
    make: &LinkMaker<'_>,
    only: Option<&str>,
) -> Result<String, AppError> {
    let events = stored_events(records).await?;
    if events.is_empty() {
        return Ok(format!(
            "{} has no events yet: make one with `stentor event create`\n",
            make.base_url
        ));
    }
    let mut text = String::new();
    let chosen = |record: &&EventRecord| only.is_none_or(|slug| slug == record.slug);
    for record in events.iter().filter(chosen) {
        match restore(records, &record.slug).await {
            Ok(restored) => {
                let view = restored.conversation.view();
                text.push_str(&EventReport::of(record, &view, make, unix_ms_now()).told());
            }
            Err(error) => text.push_str(&format!("{}\n  {error}\n", record.slug)),
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use stentor_cluster::key::{Key, Kind};
    use stentor_cluster::testing::MemoryRecords;
    use stentor_core::schedule::Correction;
    use stentor_event::EventPolicy;
    use stentor_event::catalog::store_event;
    use stentor_event::links::LinkKey;
    use stentor_event::record::NewEvent;

    #[tokio::test]
    async fn a_damaged_event_is_named_with_its_trouble_and_the_others_have_their_links() {
        let records = MemoryRecords::default();
        for slug in ["demo", "good"] {
            let new = NewEvent {
                title: "T".to_owned(),
                slug: Some(slug.to_owned()),
                lang: "en".to_owned(),
                told: Correction::default(),
                start: None,
                draft: false,
                host: "Ada".to_owned(),
                opens_at: 0,
                recorded: true,
                embedding: Default::default(),
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
        let make = LinkMaker {
            key: &key,
            base_url: "http://here",
            policy: EventPolicy::default(),
        };
        let links = links(&records, &make, None).await.unwrap();
        assert!(
            links.contains("demo\n  the event \"demo\" cannot be opened"),
            "{links}"
        );
        assert!(links.contains("http://here/e/good"), "{links}");
    }
}
