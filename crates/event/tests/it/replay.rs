//! The recording of an event that is over, as its host has it: cut and whole again, withheld and published, taken away.

use std::path::PathBuf;

use http::Response;
use stentor_cluster::error::FaultOwner;
use stentor_edge::faces::Reply;
use stentor_event::HostRecordings;
use stentor_event::replay_policy::{ReplayAct, ReplayPolicy, ReplayRule};
use stentor_event::testing::{SLUG, TestServer};
use stentor_media::package::{Packager, PackagerConfig, Published};
use stentor_media::record::{ChapterMark, ChapterMarks, Cut, Edit};
use stentor_media::rendition::Rendition;
use tempfile::TempDir;

use crate::evening::eventually;
use crate::registry::{asks, status};

/// A server whose event is over, and what it has recorded: ten seconds.
async fn ended() -> (TestServer, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let config = PackagerConfig {
        first_position: 0,
        epoch_unix_ms: 0,
    };
    let (mut packager, mut out) = (Packager::new(config).unwrap(), Vec::new());
    for _ in 0..500 {
        packager.push(&[0.1; 960], 0, &mut out).unwrap();
    }
    let mut recording = Packager::head().to_vec();
    for item in &out {
        if let Published::Chunk(chunk) = item
            && chunk.rendition == Rendition::Full
        {
            recording.extend_from_slice(&chunk.bytes);
        }
    }
    std::fs::create_dir_all(folder.path().join("recordings").join(SLUG)).unwrap();
    std::fs::write(file(&folder, "programme.mp4"), recording).unwrap();
    server.end().await;
    eventually("the replay", || offered(&server)).await;
    (server, folder)
}

fn file(folder: &TempDir, name: &str) -> PathBuf {
    folder.path().join("recordings").join(SLUG).join(name)
}

fn bytes(folder: &TempDir, name: &str) -> Vec<u8> {
    std::fs::read(file(folder, name)).unwrap()
}

fn offered(server: &TestServer) -> Option<()> {
    let is_file = matches!(asks(server, "/e/talk/replay.mp4"), Reply::File(_));
    let is_told = status(server, SLUG)?["replay"] == true;
    (is_file && is_told).then_some(())
}

fn withheld(server: &TestServer) -> Option<()> {
    let is_file = matches!(asks(server, "/e/talk/replay.mp4"), Reply::File(_));
    let is_told = status(server, SLUG)?["replay"] == true;
    (!is_file && !is_told).then_some(())
}

fn two_seconds() -> Edit {
    let mark = |seconds: u64, title: &str| ChapterMark {
        position: seconds * 48_000,
        title: title.to_owned(),
    };
    Edit {
        cut: Some(Cut {
            from_ms: 2_000,
            to_ms: Some(4_000),
        }),
        marks: ChapterMarks::new(vec![mark(3, "b"), mark(1, "a")]).unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_is_cut_with_its_chapters_and_whole_again_until_its_original_is_gone() {
    let (server, folder) = ended().await;
    let event = server.event();
    let whole = bytes(&folder, "replay.mp4");
    event.recordings().set_edit(two_seconds()).await.unwrap();
    event.settle().await;
    let cut = bytes(&folder, "replay.mp4");
    assert!(cut.len() < whole.len() / 3);
    assert!(matches!(
        asks(&server, "/e/talk/chapters.json"),
        Reply::File(_)
    ));
    assert_eq!(
        bytes(&folder, "chapters.json"),
        br#"{"version":"1.2.0","chapters":[{"startTime":0.0,"title":"a"},{"startTime":1.0,"title":"b"}]}"#
    );
    event.recordings().set_edit(Edit::default()).await.unwrap();
    event.settle().await;
    assert!(bytes(&folder, "replay.mp4") == whole);
    assert!(!matches!(
        asks(&server, "/e/talk/chapters.json"),
        Reply::File(_)
    ));
    event.recordings().set_edit(two_seconds()).await.unwrap();
    event.recordings().delete_originals().await.unwrap();
    let refused = event
        .recordings()
        .set_edit(Edit::default())
        .await
        .unwrap_err();
    assert_eq!(refused.fault(), FaultOwner::Caller, "{refused}");
    assert!(bytes(&folder, "replay.mp4") == cut, "it stays as it was");
    assert_eq!(event.recordings().edit(), two_seconds());
    let names = |files: Vec<stentor_event::RecordingFile>| {
        files.into_iter().map(|file| file.name).collect::<Vec<_>>()
    };
    assert_eq!(
        names(event.recordings().files().await.unwrap()),
        ["replay.mp4"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_that_a_kill_has_broken_off_is_carried_out_before_anybody_hears_what_was_cut_away() {
    let (server, folder) = ended().await;
    server
        .event()
        .recordings()
        .set_edit(two_seconds())
        .await
        .unwrap();
    let cut = bytes(&folder, "replay.mp4");
    server
        .event()
        .recordings()
        .set_edit(Edit::default())
        .await
        .unwrap();
    // As a kill leaves it: what is wanted is kept, and a part of the new file is written.
    let wanted = serde_json::to_vec(&two_seconds()).unwrap();
    std::fs::write(file(&folder, "replay.wanted.json"), wanted).unwrap();
    std::fs::write(file(&folder, "replay.mp4.part"), &cut[..cut.len() / 2]).unwrap();
    let server = server.restarted().await;
    eventually("the replay", || {
        // Until it is cut nobody hears it.
        offered(&server).inspect(|()| assert!(bytes(&folder, "replay.mp4") == cut))
    })
    .await;
    assert_eq!(server.event().recordings().edit(), two_seconds());
    assert!(!file(&folder, "replay.mp4.part").exists());
    let server = server.restarted().await;
    eventually("the same replay", || offered(&server)).await;
    assert!(bytes(&folder, "replay.mp4") == cut);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_is_withheld_published_later_and_deleted_for_good() {
    let (server, folder) = ended().await;
    let event = server.event();
    let recordings: &HostRecordings = event.recordings();
    let rule = ReplayRule::new(ReplayPolicy::AtOnce);
    recordings.set_rule(rule.after(ReplayAct::Withhold)).await;
    eventually("it is withheld", || withheld(&server)).await;
    // A cut of what is withheld is not heard either.
    recordings.set_edit(two_seconds()).await.unwrap();
    event.settle().await;
    assert!(withheld(&server).is_some());
    recordings
        .set_rule(rule.after(ReplayAct::Withhold).after(ReplayAct::Publish))
        .await;
    eventually("it is published", || offered(&server)).await;
    let later = |in_ms: i64| ReplayPolicy::Later {
        at_unix_ms: Some(stentor_event::clock::unix_ms_now() + in_ms),
    };
    recordings.set_rule(ReplayRule::new(later(3_600_000))).await;
    eventually("it waits for its time", || withheld(&server)).await;
    assert_eq!(
        status(&server, SLUG).unwrap()["replay"],
        false,
        "it will be there"
    );
    recordings.set_rule(ReplayRule::new(later(1_500))).await;
    eventually("its time comes by itself", || offered(&server)).await;
    recordings.delete_all().await.unwrap();
    assert!(withheld(&server).is_some());
    let left = std::fs::read_dir(file(&folder, "")).unwrap().count();
    assert_eq!(left, 0);
    recordings.delete_all().await.unwrap();
    let server = server.restarted().await;
    eventually("there is none", || {
        status(&server, SLUG)?["replay"].is_null().then_some(())
    })
    .await;
}

/// The text of a document that is there.
fn text(server: &TestServer, path: &str) -> Option<(Response<()>, String)> {
    match asks(server, path) {
        Reply::Whole(response) if response.status() == 200 => {
            let (parts, body) = response.into_parts();
            let text = String::from_utf8(body.to_vec()).unwrap();
            Some((Response::from_parts(parts, ()), text))
        }
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_back_is_told_what_there_is_while_it_is_live_and_nothing_after_it_was_cut() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let (response, index) = text(&server, "/e/talk/past/index.json").unwrap();
    assert_eq!(response.headers()["cache-control"], "public, max-age=5");
    let index: serde_json::Value = serde_json::from_str(&index).unwrap();
    assert_eq!(
        (&index["recorded"], &index["spans"]),
        (&true.into(), &serde_json::json!([]))
    );
    drop(server);
    let (server, _folder) = ended().await;
    let (_, index) = eventually("the end is told", || {
        text(&server, "/e/talk/past/index.json").filter(|(_, said)| said.contains("\"ended\":true"))
    })
    .await;
    // What was put there while the server ran is not its own: it had nothing to be heard again.
    assert!(index.contains("\"recorded\":false"), "{index}");
    server
        .event()
        .recordings()
        .set_edit(two_seconds())
        .await
        .unwrap();
    server.event().settle().await;
    assert!(text(&server, "/e/talk/past/index.json").is_none());
    let server = server.restarted().await;
    let Reply::Whole(gone) = asks(&server, "/e/talk/past/index.json") else {
        panic!("it is said that it is over");
    };
    assert_eq!(gone.status(), 410);
}
