//! What a folder of blobs is on the disk.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

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

/// Writing to this device always fails with "no space left on device".
#[tokio::test]
async fn without_room_an_append_says_so_and_the_writer_stays() {
    let root = root();
    let blobs = open(&root).await;
    fs::create_dir_all(root.path().join("recordings")).expect("it can be made");
    symlink("/dev/full", root.path().join("recordings/full")).expect("a link");
    let mut writer = blobs.append(&key("full")).await.expect("it can be opened");
    for _ in 0..2 {
        let error = writer.append(Bytes::from_static(b"x")).await;
        let error = error.expect_err("there is no room");
        assert!(matches!(error, BlobsError::Store(_)), "{error}");
        assert_eq!(writer.size(), 0);
    }
    let put = blobs.put(&key("other"), Bytes::from_static(b"x"));
    assert_eq!(put.await, Ok(()));
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
