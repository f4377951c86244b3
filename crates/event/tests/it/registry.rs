//! The events of a store, as a server opens them.

use stentor_cluster::key::{Key, Kind};
use stentor_cluster::records::Records;
use stentor_event::RegistryStats;
use stentor_event::catalog::store_event;
use stentor_event::clock::unix_ms_now;
use stentor_event::record::NewEvent;
use stentor_event::testing::TestServer;

/// Puts a new event into the store.
async fn make_event(records: &dyn Records, slug: &str) {
    let new = NewEvent {
        title: "A talk".to_owned(),
        slug: Some(slug.to_owned()),
        lang: "en".to_owned(),
        starts_unix_ms: None,
        host: "Ada".to_owned(),
        opens_at: 0,
    };
    let (record, conversation) = new.make(unix_ms_now(), 1, &[]).unwrap();
    let stored = store_event(records, &record, &conversation);
    stored.await.unwrap();
}

#[tokio::test]
async fn an_event_that_cannot_be_opened_is_counted_and_the_others_are_open() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    for slug in ["damaged", "sound"] {
        make_event(&*server.records, slug).await;
    }
    let (kind, key) = (Kind::new("conversation"), Key::new("damaged").unwrap());
    let kept = server.records.get(kind, &key).await.unwrap();
    let version = kept.map(|record| record.version);
    let damaged = server.records.put(kind, &key, version, "{}".into());
    damaged.await.unwrap();
    server.events.open_new().await.unwrap();
    let expected = RegistryStats {
        with_room: 2,
        ended: 0,
        waiting: 0,
        refused: 1,
    };
    assert_eq!(server.events.stats(), expected);
}
