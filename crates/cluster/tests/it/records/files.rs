//! Files that are not what they should be: one clear error each, and the file is left alone.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use rusqlite::Connection;
use stentor_cluster::OlderFile;
use stentor_cluster::error::{FaultOwner, StoreError};
use stentor_cluster::key::{Key, Kind};
use stentor_cluster::records::{Change, Records, RecordsError, SqliteRecords, Version};
use tempfile::TempDir;

const KIND: Kind = Kind::new("event");

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn key(text: &str) -> Key {
    Key::new(text).expect("a key")
}

async fn opened(path: &Path) -> SqliteRecords {
    let opened = SqliteRecords::open(path, OlderFile::Migrate).await;
    opened.expect("the file opens")
}

/// Why a file is not opened.
async fn refusal(path: &Path) -> StoreError {
    let Err(error) = SqliteRecords::open(path, OlderFile::Migrate).await else {
        panic!("{} was opened", path.display());
    };
    assert_eq!(error.fault(), FaultOwner::Operator);
    assert!(
        error.to_string().contains(&path.display().to_string()),
        "{error}"
    );
    error
}

async fn sound_file(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("stentor.db");
    let store = opened(&path).await;
    for number in 0..50 {
        let bytes = Bytes::from(vec![number; 5_000]);
        let made = store.put(KIND, &key(&format!("event-{number}")), None, bytes);
        made.await.expect("it is made");
    }
    // A second connection, so that what is in the log comes into the file however late the store's thread ends.
    let other = Connection::open(&path).expect("the file opens twice");
    other
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .expect("the log is carried over");
    path
}

#[tokio::test]
async fn a_file_of_something_else_is_called_damaged_and_left_alone() {
    let folder = folder();
    let path = folder.path().join("stentor.db");
    let garbage = b"not a database at all ".repeat(500);
    fs::write(&path, &garbage).expect("the file can be written");
    assert!(matches!(refusal(&path).await, StoreError::Corrupt { .. }));
    assert_eq!(fs::read(&path).expect("the file is there"), garbage);
}

#[tokio::test]
async fn a_file_with_a_torn_middle_is_called_damaged() {
    let folder = folder();
    let path = sound_file(&folder).await;
    let mut bytes = fs::read(&path).expect("the file is there");
    let middle = bytes.len() / 2;
    bytes[4_096..middle].fill(0xa5);
    let torn = folder.path().join("torn.db");
    fs::write(&torn, bytes).expect("the file can be written");
    assert!(matches!(refusal(&torn).await, StoreError::Corrupt { .. }));
}

#[tokio::test]
async fn a_database_of_another_program_is_left_alone() {
    let folder = folder();
    let path = folder.path().join("stentor.db");
    let other = Connection::open(&path).expect("a new file opens");
    other
        .execute_batch("CREATE TABLE song (title TEXT)")
        .expect("the table is made");
    drop(other);
    let before = fs::read(&path).expect("the file is there");
    assert!(matches!(refusal(&path).await, StoreError::Foreign { .. }));
    assert_eq!(fs::read(&path).expect("the file is there"), before);
}

#[tokio::test]
async fn a_file_of_a_newer_stentor_is_left_alone_and_named_in_one_sentence() {
    let folder = folder();
    let path = sound_file(&folder).await;
    let newer = Connection::open(&path).expect("the file opens");
    newer
        .pragma_update(None, "user_version", 99)
        .expect("it can be written");
    drop(newer);
    let error = refusal(&path).await;
    assert!(
        matches!(error, StoreError::Newer { got: 99, known, .. } if known < 99),
        "{error}"
    );
    assert_eq!(
        error.to_string(),
        format!(
            "the store {} was written by a newer Stentor (schema 99, this one knows 3)",
            path.display()
        )
    );
}

#[tokio::test]
async fn a_lock_held_too_long_is_named() {
    let folder = folder();
    let path = sound_file(&folder).await;
    let store = opened(&path).await;
    let found = store.get(KIND, &key("event-1")).await.expect("it is read");
    let version = found.map(|record| record.version);
    let other = Connection::open(&path).expect("the file opens twice");
    other
        .execute_batch("BEGIN IMMEDIATE")
        .expect("the lock is free");
    let put = || store.put(KIND, &key("event-1"), version, Bytes::from_static(b"7"));
    let error = put().await.expect_err("the file is locked");
    assert!(
        matches!(error, RecordsError::Store(StoreError::Locked { .. })),
        "{error}"
    );
    // What only reads does not wait for a writer.
    let found = store.get(KIND, &key("event-1")).await.expect("it is read");
    assert_eq!(found.map(|record| record.version), version);
    other
        .execute_batch("COMMIT")
        .expect("the lock is given back");
    assert!(put().await.is_ok());
}

#[tokio::test]
async fn two_processes_share_a_file() {
    let folder = folder();
    let path = sound_file(&folder).await;
    let server = opened(&path).await;
    let command = opened(&path).await;
    let made = command.put(KIND, &key("new"), None, Bytes::from_static(b"state"));
    let version = made.await.expect("it is made");
    let found = server.get(KIND, &key("new")).await.expect("it is read");
    assert_eq!(found.map(|record| record.version), Some(version));
    let again = server.put(KIND, &key("other"), None, Bytes::new()).await;
    assert!(again.expect("it is made") > version);
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let folder = folder();
    let path = folder.path().join("nowhere").join("stentor.db");
    assert!(matches!(refusal(&path).await, StoreError::Unusable { .. }));
}

#[tokio::test]
async fn without_room_nothing_is_lost() {
    let folder = folder();
    let path = folder.path().join("stentor.db");
    let opened = SqliteRecords::open_bounded(&path, OlderFile::Migrate, 256 * 1024).await;
    let store = opened.expect("a new file opens");
    let put =
        |expected: Option<Version>, bytes: Bytes| store.put(KIND, &key("demo"), expected, bytes);
    let first = put(None, Bytes::from_static(b"small")).await.expect("made");
    let error = put(Some(first), vec![1; 400_000].into())
        .await
        .expect_err("there is no room");
    assert!(
        matches!(error, RecordsError::Store(StoreError::Full { .. })),
        "{error}"
    );
    let found = store.get(KIND, &key("demo")).await.expect("it is read");
    assert_eq!(found.expect("there").bytes, "small");
    let second = put(Some(first), Bytes::from_static(b"still small")).await;
    assert!(second.is_ok());
}

#[test]
fn errors_are_one_sentence_with_the_way_out() {
    let error = StoreError::Corrupt {
        place: "stentor.db".to_owned(),
        why: "file is not a database".to_owned(),
    };
    assert_eq!(
        error.to_string(),
        "the store stentor.db is damaged (file is not a database); put a backup in its place, or move it away to begin \
         afresh"
    );
    let conflict = |expected, found| RecordsError::Conflict {
        kind: KIND,
        key: key("demo"),
        expected,
        found,
    };
    let (three, four) = (Some(Version(3)), Some(Version(4)));
    assert_eq!(conflict(three, four).fault(), FaultOwner::Caller);
    let said = [(three, four), (None, four), (three, None)]
        .map(|(expected, found)| conflict(expected, found).to_string());
    assert_eq!(
        said,
        [
            "the record event/demo is at version 4, not 3: it was changed from elsewhere",
            "the record event/demo is there already, at version 4: it was changed from elsewhere",
            "the record event/demo is not there, let alone at version 3: it was changed from elsewhere",
        ]
    );
}

/// What is deleted may be somebody's address: no file of the store has it any more.
#[tokio::test]
async fn what_was_deleted_is_in_no_file_of_the_store() {
    const SECRET: &str = "ada.lovelace@example.org";
    let folder = folder();
    let path = folder.path().join("events.db");
    let records = opened(&path).await;
    let lies_there = || {
        let files = fs::read_dir(folder.path()).expect("the folder is read");
        let holds = |file: &PathBuf| {
            let bytes = fs::read(file).expect("the file is read");
            bytes
                .windows(SECRET.len())
                .any(|part| part == SECRET.as_bytes())
        };
        files
            .map(|file| file.expect("a file").path())
            .any(|file| holds(&file))
    };
    // Small enough to lie within a page, and large enough to have pages of its own.
    for (name, times) in [("small", 1), ("large", 2_000)] {
        let key = key(name);
        let bytes = Bytes::from(SECRET.repeat(times));
        let mut version = None;
        for _ in 0..3 {
            version = Some(
                records
                    .put(KIND, &key, version, bytes.clone())
                    .await
                    .expect("it is kept"),
            );
        }
        assert!(lies_there(), "{name}: the test looks where it lies");
        let delete = Change::Delete {
            kind: KIND,
            key: key.clone(),
            expected: version.expect("it was kept"),
        };
        records.commit(vec![delete]).await.expect("it is deleted");
        assert!(!lies_there(), "{name}");
        // A record beside it goes on.
        let other = Key::new("other").expect("a key");
        let found = records.get(KIND, &other).await.expect("it is read");
        let version = found.map(|record| record.version);
        records
            .put(KIND, &other, version, Bytes::from_static(b"x"))
            .await
            .expect("it is kept");
    }
}
