//! What an operator wants changed, from the asking to the changing.

use stentor_cluster::blobs::Blobs;
use stentor_cluster::records::{Change, Record, Records, RecordsError};
use stentor_core::Now;
use stentor_core::conversation::{Conversation, Input, Outbox, Output, Refusal};

use super::store::{AMENDMENT, CONVERSATION, CatalogError, EVENT, POSITION, key, restore};
use crate::amendment::{ACTS_MAX, Amendment};
use crate::clock::unix_ms_now;
use crate::record::{EventRecord, is_slug};
use crate::{recordings, snapshot};

/// How often something is tried that others are at.
const ATTEMPTS_MAX: usize = 40;

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
            Some(record) => match decode_amendment(slug, &record) {
                Ok(waiting) => waiting.then(amendment),
                // Whatever was wanted before.
                Err(_) if amendment.delete => amendment.clone(),
                Err(error) => return Err(error),
            },
            None => amendment.clone(),
        };
        if !all.acts.is_empty() && !all.delete {
            try_out(records, slug, &all).await?;
        }
        if all.acts.len() > ACTS_MAX {
            return Err(CatalogError::Busy(slug.to_owned()));
        }
        let bytes = all.encode(unix_ms_now());
        match records.put(AMENDMENT, &key, version, bytes.into()).await {
            Err(RecordsError::Conflict { .. }) => {}
            put => return Ok(put.map(|_| ())?),
        }
    }
    Err(CatalogError::Busy(slug.to_owned()))
}

/// Does what is asked for with a copy of the event, so that whoever asks is told what is not possible.
async fn try_out(
    records: &dyn Records,
    slug: &str,
    amendment: &Amendment,
) -> Result<(), CatalogError> {
    let mut conversation = restore(records, slug).await?.conversation;
    match amended(&mut conversation, amendment) {
        Some(reason) => Err(CatalogError::Refused(reason)),
        None => Ok(()),
    }
}

/// Changes a conversation that nobody runs; the first thing that it refused.
fn amended(conversation: &mut Conversation, amendment: &Amendment) -> Option<Refusal> {
    let now = Now {
        mono_ms: 0,
        unix_ms: unix_ms_now(),
    };
    let mut outbox = Outbox::new();
    conversation.step(now, Input::Amend(amendment.of_conversation()), &mut outbox);
    outbox.outputs().iter().find_map(|output| match output {
        Output::AmendmentRefused { reason, .. } => Some(*reason),
        _ => None,
    })
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
/// The operator's: a store or a folder that cannot be written, a state that cannot be read, or an act that the event refused, while the
/// others were done.
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
    let refused = amended(&mut conversation, &amendment);
    let is_replay_deleted = conversation.view().schedule.replay.deleted;
    let state = Change::Put {
        kind: CONVERSATION,
        key: key.clone(),
        expected: Some(restored.kept.conversation),
        bytes: snapshot::encode(&conversation.snapshot()).into(),
    };
    amend_record(records, slug, &amendment, &waits, vec![state]).await?;
    if is_replay_deleted {
        recordings::delete_all(recordings, &key).await?;
    }
    refused.map_or(Ok(()), |reason| Err(CatalogError::Refused(reason)))
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
    if let Some(embedding) = &amendment.embedding {
        record.embedding.clone_from(embedding);
    }
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
async fn delete(records: &dyn Records, blobs: &dyn Blobs, slug: &str) -> Result<(), CatalogError> {
    let key = key(slug)?;
    recordings::delete_all(blobs, &key).await?;
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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use stentor_cluster::key::Key;
    use stentor_cluster::testing::{MemoryBlobs, MemoryRecords};
    use stentor_core::Texts;
    use stentor_core::event::Phase;
    use stentor_core::schedule::{Act, Correction};

    use super::super::store::tests::store;
    use super::super::{is_stored, stored_events};
    use super::*;
    use crate::embedding::Embedding;

    fn title(title: &str) -> Amendment {
        let correction = Correction {
            title: Some(title.to_owned()),
            start: Some(None),
            ..Correction::default()
        };
        Amendment {
            acts: vec![(Act::Correct(correction), Texts::new())],
            ..Amendment::default()
        }
    }

    #[tokio::test]
    async fn what_is_asked_for_is_carried_out_once_and_all_of_it() {
        let (records, blobs) = (MemoryRecords::default(), MemoryBlobs::default());
        let made = store(&records, "demo").await.unwrap();
        ask(&records, "demo", &title("A")).await.unwrap();
        let mut more = Amendment {
            lang: Some("en".to_owned()),
            recorded: Some(false),
            renew_links: true,
            embedding: Some(Embedding::Anybody),
            ..title("B")
        };
        more.acts.push((Act::End, Texts::new()));
        ask(&records, "demo", &more).await.unwrap();
        assert_eq!(asked(&records).await.unwrap().len(), 1);
        assert!(is_asked(&records, "demo").await.unwrap());
        for _ in 0..2 {
            carry_out(&records, &blobs, "demo").await.unwrap();
            assert!(asked(&records).await.unwrap().is_empty());
            let record = stored_events(&records).await.unwrap().remove(0);
            assert_eq!(record.lang.code(), "en");
            assert_eq!(record.embedding, Embedding::Anybody);
            assert_eq!(record.links_generation, made.links_generation + 1);
            let restored = restore(&records, "demo").await.unwrap();
            let view = restored.conversation.view();
            assert_eq!((view.title(), view.starts_unix_ms()), ("B", None));
            assert!(!view.recorded && view.phase() == Phase::Ended);
        }
    }

    #[tokio::test]
    async fn more_than_can_wait_is_refused_and_what_the_event_refuses_is_told() {
        let (records, blobs) = (MemoryRecords::default(), MemoryBlobs::default());
        store(&records, "demo").await.unwrap();
        let resume = Amendment {
            acts: vec![(Act::Resume, Texts::new())],
            ..Amendment::default()
        };
        let refused = ask(&records, "demo", &resume).await.unwrap_err();
        assert!(matches!(refused, CatalogError::Refused(_)), "{refused}");
        assert!(!is_asked(&records, "demo").await.unwrap());
        for number in 0..ACTS_MAX {
            let next = title(&number.to_string());
            ask(&records, "demo", &next).await.unwrap();
        }
        let full = ask(&records, "demo", &title("X")).await.unwrap_err();
        assert!(matches!(full, CatalogError::Busy(_)), "{full}");
        // Of an event that was another when it was asked for.
        let key = Key::new("demo").unwrap();
        let waits = records.get(AMENDMENT, &key).await.unwrap().unwrap();
        let bytes = Bytes::from(resume.encode(0));
        let put = records.put(AMENDMENT, &key, Some(waits.version), bytes);
        put.await.unwrap();
        let refused = carry_out(&records, &blobs, "demo").await.unwrap_err();
        assert!(matches!(refused, CatalogError::Refused(_)), "{refused}");
        assert!(!is_asked(&records, "demo").await.unwrap());
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
    async fn what_was_recorded_is_deleted_at_once_where_no_server_runs_the_event() {
        let (records, blobs) = (MemoryRecords::default(), MemoryBlobs::default());
        store(&records, "demo").await.unwrap();
        for file in ["demo/programme.mp4", "demo/replay.mp3", "demo-2/replay.mp4"] {
            let key = Key::new(file).unwrap();
            blobs.put(&key, Bytes::from_static(b"sound")).await.unwrap();
        }
        let acts = |acts: &[Act]| Amendment {
            acts: acts.iter().map(|act| (act.clone(), Texts::new())).collect(),
            ..Amendment::default()
        };
        ask(&records, "demo", &acts(&[Act::End])).await.unwrap();
        carry_out(&records, &blobs, "demo").await.unwrap();
        assert_eq!(blobs.list(None, None).await.unwrap().len(), 3);
        ask(&records, "demo", &acts(&[Act::DeleteReplay]))
            .await
            .unwrap();
        carry_out(&records, &blobs, "demo").await.unwrap();
        assert_eq!(blobs.list(None, None).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn what_is_damaged_can_be_deleted() {
        let (records, blobs) = (MemoryRecords::default(), MemoryBlobs::default());
        let away = Amendment {
            delete: true,
            ..Amendment::default()
        };
        for damaged in [
            vec![CONVERSATION],
            vec![EVENT, CONVERSATION, POSITION, AMENDMENT],
        ] {
            store(&records, "demo").await.unwrap();
            let key = Key::new("demo").unwrap();
            for kind in damaged {
                let found = records.get(kind, &key).await.unwrap();
                let version = found.map(|record| record.version);
                let bytes = Bytes::from_static(b"damaged");
                records.put(kind, &key, version, bytes).await.unwrap();
            }
            ask(&records, "demo", &away).await.unwrap();
            assert_eq!(asked(&records).await.unwrap().len(), 1);
            carry_out(&records, &blobs, "demo").await.unwrap();
            assert!(!is_stored(&records, "demo").await.unwrap());
            assert!(!is_asked(&records, "demo").await.unwrap());
        }
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
