//! The events of a store, as a server opens them.

use std::collections::BTreeMap;
use std::path::Path;

use http::Request;
use stentor_cluster::key::{Key, Kind};
use stentor_cluster::records::Records;
use stentor_core::Texts;
use stentor_core::conversation::FIRST_HOST;
use stentor_core::event::Phase;
use stentor_core::schedule::{Act, Correction};
use stentor_edge::faces::{Reply, answer};
use stentor_event::catalog::{Amendment, ask, store_event, stored_events};
use stentor_event::clock::unix_ms_now;
use stentor_event::record::NewEvent;
use stentor_event::testing::{SLUG, TestServer};
use stentor_event::{EventPolicy, PAGE_MESSAGES_MAX, RegistryStats};
use tokio::sync::mpsc;

use crate::evening::eventually;

/// Puts a new event into the store.
pub(crate) async fn make_event(records: &dyn Records, slug: &str) {
    let new = NewEvent {
        title: "A talk".to_owned(),
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
    let (record, conversation) = new.make(unix_ms_now(), &[]).unwrap();
    let stored = store_event(records, &record, &conversation);
    stored.await.unwrap();
}

/// A server that has a room for one event only.
pub(crate) async fn server_with_one_place(folder: &Path) -> TestServer {
    let policy = EventPolicy {
        events_open_max: 1,
        ..EventPolicy::default()
    };
    TestServer::start_with(folder, policy).await
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

/// What is answered to somebody who asks for something of an event.
pub(crate) fn asks(server: &TestServer, path: &str) -> Reply {
    let request = Request::get(path).header("host", "here");
    let (head, ()) = request.body(()).unwrap().into_parts();
    answer(&server.edge, &head)
}

pub(crate) fn status(server: &TestServer, slug: &str) -> Option<serde_json::Value> {
    match asks(server, &format!("/e/{slug}/status.json")) {
        Reply::Whole(response) => serde_json::from_slice(response.body()).ok(),
        _ => None,
    }
}

#[tokio::test]
async fn whoever_comes_back_as_soon_as_events_are_open_finds_their_pages() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    make_event(&*server.records, "returned").await;
    server.events.open_new().await.unwrap();
    // Nothing else has run on this thread meanwhile.
    for below in ["", "/fr", "/en", "/status.json"] {
        let reply = asks(&server, &format!("/e/returned{below}"));
        let is_there = matches!(&reply, Reply::Whole(answer) if answer.status() == 200);
        assert!(is_there, "{below}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_has_no_place_waits_in_plain_sight_and_has_one_when_nobody_needs_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = server_with_one_place(folder.path()).await;
    make_event(&*server.records, "second").await;
    // Somebody is in the first.
    let (sender, _messages) = mpsc::channel(PAGE_MESSAGES_MAX);
    let event = server.event();
    let page = event.join(FIRST_HOST, None, sender).await.unwrap().unwrap();
    server.events.open_new().await.unwrap();
    assert_eq!(server.events.waiting(), ["second"]);
    assert_eq!(status(&server, "second").unwrap()["title"], "A talk");
    for below in [
        "48/live.mp4",
        "12/live.mp4",
        "ogg/live.ogg",
        "index.m3u8",
        "48/index.m3u8",
    ] {
        let reply = asks(&server, &format!("/e/second/{below}"));
        assert!(matches!(reply, Reply::Awaited(_)), "{below}");
    }
    // Asking does not help while everybody else is needed.
    for _ in 0..3 {
        assert!(server.events.want("second"));
        server.events.open_new().await.unwrap();
        assert!(server.events.event("second").is_none());
    }
    assert!(!server.events.want("nobody"));

    event.leave(page.page).await;
    drop(event);
    eventually("nobody is in the first", || {
        let stats = server.events.event(SLUG)?.stats();
        stats.is_suspended.then_some(())
    })
    .await;
    // It keeps its place until somebody asks for it.
    server.events.open_new().await.unwrap();
    assert!(server.events.event(SLUG).is_some());
    assert!(matches!(
        asks(&server, "/e/second/48/live.mp4"),
        Reply::Awaited(_)
    ));
    server.events.open_new().await.unwrap();
    assert!(
        server
            .events
            .event("second")
            .is_some_and(|event| event.has_room())
    );
    assert_eq!(server.events.waiting(), [SLUG]);
    assert!(matches!(
        asks(&server, "/e/second/48/live.mp4"),
        Reply::Live(..)
    ));
    assert_eq!(status(&server, SLUG).unwrap()["phase"], "doors");
    let stats = server.events.stats();
    assert_eq!((stats.with_room, stats.waiting, stats.refused), (1, 1, 0));
    // Whoever is asked for figures says where both are in their lives.
    let phases = server.events.phases().into_iter();
    let scheduled = |slug: &str| (slug.to_owned(), Phase::Doors);
    let expected = BTreeMap::from([scheduled(SLUG), scheduled("second")]);
    assert_eq!(phases.collect::<BTreeMap<_, _>>(), expected);
}

#[tokio::test]
async fn what_the_operator_changes_is_so_in_an_event_that_runs_and_what_is_deleted_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let before = server.token(FIRST_HOST);
    let retitled = Act::Correct(Correction {
        title: Some("Another talk".to_owned()),
        ..Correction::default()
    });
    let amend = async |amendment: Amendment| {
        ask(&*server.records, SLUG, &amendment).await.unwrap();
        server.events.open_new().await.unwrap();
    };
    amend(Amendment {
        acts: vec![(retitled, Texts::new())],
        renew_links: true,
        ..Amendment::default()
    })
    .await;
    assert_eq!(status(&server, SLUG).unwrap()["title"], "Another talk");
    let event = server.event();
    assert!(event.seat_of(&before).is_err(), "it was renewed");
    let renewed = server.token(FIRST_HOST);
    assert_eq!(event.seat_of(&renewed), Ok(FIRST_HOST));
    amend(Amendment {
        acts: vec![(Act::End, Texts::new())],
        ..Amendment::default()
    })
    .await;
    assert_eq!(status(&server, SLUG).unwrap()["phase"], "ended");
    assert_eq!(server.events.phases(), [(SLUG.to_owned(), Phase::Ended)]);
    assert_eq!(event.seat_of(&renewed), Ok(FIRST_HOST), "for a while");
    drop(event);
    amend(Amendment {
        delete: true,
        ..Amendment::default()
    })
    .await;
    assert!(server.events.event(SLUG).is_none());
    for below in [
        "",
        "/status.json",
        "/48/live.mp4",
        "/index.m3u8",
        "/replay.mp4",
    ] {
        let reply = asks(&server, &format!("/e/{SLUG}{below}"));
        assert!(matches!(reply, Reply::Fallback), "{below}");
    }
    assert!(stored_events(&*server.records).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_that_was_taken_away_is_promised_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let replay = folder
        .path()
        .join("recordings")
        .join(SLUG)
        .join("replay.mp4");
    std::fs::create_dir_all(replay.parent().unwrap()).unwrap();
    server.end().await;
    std::fs::write(&replay, "a replay").unwrap();
    let server = server.restarted().await;
    let says = |replay: serde_json::Value| {
        let said = status(&server, SLUG)?;
        (said["replay"] == replay).then_some(())
    };
    eventually("the replay is offered", || says(true.into())).await;
    assert!(matches!(
        asks(&server, "/e/talk/replay.mp4"),
        Reply::File(_)
    ));
    std::fs::remove_file(&replay).unwrap();
    // It is not looked for each time.
    for _ in 0..30 {
        server.events.open_new().await.unwrap();
    }
    eventually("it is not offered any more", || {
        says(serde_json::Value::Null)
    })
    .await;
    assert!(!matches!(
        asks(&server, "/e/talk/replay.mp4"),
        Reply::File(_)
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn players_that_come_back_to_an_event_that_is_over_are_told_where_its_replay_is() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let event = server.event();
    server.end().await;
    eventually("the room has stopped", || (!event.has_room()).then_some(())).await;
    drop(event);
    let all = ["48", "24", "12"].into_iter().flat_map(|rendition| {
        ["live.mp4", "init.mp4", "index.m3u8", "manifest.json"]
            .map(|name| format!("/e/{SLUG}/{rendition}/{name}"))
    });
    let others = ["index.m3u8", "ogg/live.ogg", "ogg/now/live.ogg"];
    let others = others.map(|below| format!("/e/{SLUG}/{below}"));
    let all: Vec<_> = all.chain(others).collect();
    let gone = |server: &TestServer, path: &str| match asks(server, path) {
        Reply::Whole(response) if response.status() == 410 => {
            assert_eq!(response.headers()["cache-control"], "no-store");
            let said = String::from_utf8_lossy(response.body()).into_owned();
            assert!(said.contains("/e/talk/replay.mp4."), "{path}: {said}");
            true
        }
        _ => false,
    };
    for path in ["48/live.mp4", "ogg/live.ogg"] {
        let path = format!("/e/{SLUG}/{path}");
        eventually("the stream has ended", || {
            gone(&server, &path).then_some(())
        })
        .await;
    }
    let server = server.restarted().await;
    for path in &all {
        assert!(gone(&server, path), "{path}");
    }
    let delete = Amendment {
        delete: true,
        ..Amendment::default()
    };
    ask(&*server.records, SLUG, &delete).await.unwrap();
    server.events.open_new().await.unwrap();
    for path in &all {
        assert!(matches!(asks(&server, path), Reply::Fallback), "{path}");
    }
}
