//! What a folder of blobs is on the disk.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use stentor_cluster::blobs::{Blobs, BlobsError, FolderBlobs};
use stentor_cluster::key::Key;
use tempfile::TempDir;

async fn open(root: &TempDir) -> FolderBlobs {
    let opened = FolderBlobs::open(&root.path().join("recordings")).await;
    opened.expect("a folder can be made")
}

fn root() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn key(text: &str) -> Key {
    Key::new(text).expect("a key")
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).expect("it is there")
}

#[tokio::test]
async fn a_blob_lies_under_its_key() {
    let root = root();
    let blobs = open(&root).await;
    let put = blobs.put(&key("demo/programme.mp4"), Bytes::from_static(b"sound"));
    assert_eq!(put.await, Ok(()));
    let path = root.path().join("recordings/demo/programme.mp4");
    assert_eq!(
        blobs.local_path(&key("demo/programme.mp4")),
        Some(path.clone())
    );
    assert_eq!(text(&path), "sound");
}

#[tokio::test]
async fn a_new_blob_lies_beside_its_place_until_it_is_finished() {
    let root = root();
    let blobs = open(&root).await;
    let mut writer = blobs
        .create(&key("demo/replay.mp4"))
        .await
        .expect("nobody writes it");
    writer
        .append(Bytes::from_static(b"sound"))
        .await
        .expect("there is room");
    let part = root.path().join("recordings/demo/replay.mp4.part");
    let done = root.path().join("recordings/demo/replay.mp4");
    assert_eq!(text(&part), "sound");
    assert!(!done.exists());
    assert_eq!(writer.finish().await, Ok(5));
    assert_eq!(text(&done), "sound");
    assert!(!part.exists());
}

#[tokio::test]
async fn what_is_not_finished_takes_no_room_when_its_writer_is_gone_or_its_blob_is_deleted() {
    let root = root();
    let blobs = open(&root).await;
    let replay = key("demo/replay.mp4");
    let part = root.path().join("recordings/demo/replay.mp4.part");
    let mut writer = blobs.create(&replay).await.expect("nobody writes it");
    let appended = writer.append(Bytes::from_static(b"half of it")).await;
    appended.expect("there is room");
    assert!(part.exists());
    drop(writer);
    assert!(!part.exists());
    // What a killed process has left is nobody's.
    fs::write(&part, "half of it").expect("it can be written");
    assert_eq!(blobs.delete(&replay).await, Ok(false), "it never was there");
    assert!(!part.exists());
    let writer = blobs.create(&replay).await.expect("nobody writes it");
    assert_eq!(writer.finish().await, Ok(0));
    assert_eq!(
        blobs.size(&replay).await,
        Ok(Some(0)),
        "one that is finished stays"
    );
}

#[tokio::test]
async fn files_that_are_no_blobs_are_not_listed() {
    let root = root();
    let blobs = open(&root).await;
    let folder = root.path().join("recordings/demo");
    fs::create_dir_all(&folder).expect("it can be made");
    for name in ["a.mp4", "a b.mp4", ".hidden", "replay.mp4.part"] {
        fs::write(folder.join(name), "x").expect("it can be written");
    }
    symlink("nowhere", folder.join("dangling")).expect("a link");
    let listed = blobs.list(None, None).await.expect("it can be listed");
    let keys: Vec<&str> = listed.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(keys, ["demo/a.mp4"]);
}

#[tokio::test]
async fn a_key_is_a_blob_or_a_folder() {
    let root = root();
    let blobs = open(&root).await;
    let put = |name| blobs.put(&key(name), Bytes::from_static(b"x"));
    assert_eq!(put("a").await, Ok(()));
    assert_eq!(put("b/c").await, Ok(()));
    for name in ["a/b", "b"] {
        let folder = || BlobsError::Folder { key: key(name) };
        assert_eq!(put(name).await, Err(folder()));
        assert_eq!(blobs.append(&key(name)).await.err(), Some(folder()));
        assert_eq!(blobs.size(&key(name)).await, Ok(None));
    }
}

#[tokio::test]
async fn what_is_made_is_its_owners_alone() {
    let root = root();
    let blobs = open(&root).await;
    let put = blobs.put(&key("demo/replay.mp4"), Bytes::from_static(b"x"));
    assert_eq!(put.await, Ok(()));
    drop(blobs.append(&key("demo/programme.mp4")).await);
    let mut writer = blobs.create(&key("other/replay.mp4")).await.unwrap();
    writer.append(Bytes::from_static(b"x")).await.unwrap();
    let mode = |name: &str| {
        let found = fs::metadata(root.path().join("recordings").join(name));
        found.expect("it is there").permissions().mode() & 0o777
    };
    for folder in ["", "demo", "other"] {
        assert_eq!(mode(folder), 0o700, "{folder}");
    }
    for file in [
        "demo/replay.mp4",
        "demo/programme.mp4",
        "other/replay.mp4.part",
    ] {
        assert_eq!(mode(file), 0o600, "{file}");
    }
}

/// What lies under the name of a blob and is none: a link to a file, one to a device, one to nothing, a pipe, a socket.
fn put_others(folder: &Path, victim: &Path) -> Vec<&'static str> {
    symlink(victim, folder.join("link")).expect("a link");
    symlink("/dev/null", folder.join("device")).expect("a link");
    symlink("nowhere", folder.join("dangling")).expect("a link");
    let pipe = Command::new("mkfifo").arg(folder.join("pipe")).status();
    assert!(pipe.expect("there is mkfifo").success());
    drop(UnixListener::bind(folder.join("socket")).expect("a socket"));
    vec!["link", "device", "dangling", "pipe", "socket"]
}

#[tokio::test]
async fn what_is_no_regular_file_is_neither_followed_nor_waited_for() {
    let root = root();
    let blobs = open(&root).await;
    let folder = root.path().join("recordings");
    fs::create_dir_all(&folder).expect("it can be made");
    let victim = root.path().join("victim");
    fs::write(&victim, "precious").expect("it can be written");
    for name in put_others(&folder, &victim) {
        assert!(blobs.append(&key(name)).await.is_err(), "{name}");
        assert!(blobs.get(&key(name)).await.is_err(), "{name}");
        assert!(blobs.range(&key(name), 0, 4).await.is_err(), "{name}");
        assert_eq!(blobs.size(&key(name)).await, Ok(None), "{name}");
    }
    assert_eq!(blobs.list(None, None).await, Ok(Vec::new()));
    assert!(!root.path().join("recordings/nowhere").exists());
    // What is made anew takes the place of a link, not of what it leads to.
    let put = blobs.put(&key("link"), Bytes::from_static(b"x"));
    assert_eq!(put.await, Ok(()));
    assert_eq!(text(&victim), "precious");
    // And a link where the part would be is not followed either.
    symlink(&victim, folder.join("b.part")).expect("a link");
    assert!(blobs.create(&key("b")).await.is_err());
    assert_eq!(text(&victim), "precious");
}

#[tokio::test]
async fn what_is_appended_is_in_the_file_before_it_is_answered() {
    let root = root();
    let blobs = open(&root).await;
    let mut writer = blobs.append(&key("live")).await.expect("nobody writes it");
    // What the system has survives the process: no buffer of ours is in between.
    for number in 1..=20 {
        writer
            .append(Bytes::from_static(b"x"))
            .await
            .expect("there is room");
        let path = root.path().join("recordings/live");
        assert_eq!(text(&path).len(), number);
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_told_to_whoever_writes() {
    let root = root();
    fs::write(root.path().join("recordings"), "a file").expect("it can be written");
    let blobs = open(&root).await;
    let put = blobs.put(&key("a"), Bytes::new()).await;
    assert!(put.is_err());
    assert!(blobs.append(&key("demo/a")).await.is_err());
    assert_eq!(blobs.size(&key("a")).await, Ok(None));
    assert_eq!(blobs.list(None, None).await, Ok(Vec::new()));
}
