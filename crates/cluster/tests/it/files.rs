//! Files that are not what they should be: one clear error each, and the file is left alone.

use crate::scratch;
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};
use stentor_cluster::store::{EventRecord, Fault, SqliteStore, Store, StoreError};

fn open(path: &Path) -> StoreError {
    let Err(error) = SqliteStore::open(path) else {
        panic!("{} was opened", path.display());
    };
    assert_eq!(error.fault(), Fault::Operator);
    assert!(
        error.to_string().contains(&path.display().to_string()),
        "{error}"
    );
    error
}

fn event(slug: &str) -> EventRecord {
    EventRecord {
        slug: slug.to_owned(),
        title: "Fifty men".to_owned(),
        lang: "en".to_owned(),
        epoch_unix_ms: 0,
        created_unix_ms: 0,
        starts_unix_ms: None,
        links_expire_unix_s: 0,
        opens_at: 0,
    }
}

fn sound_file(name: &str) -> PathBuf {
    let path = scratch::folder(name).join("stentor.sqlite");
    let store = SqliteStore::open(&path).expect("a new file opens");
    for number in 0..50 {
        let event = event(&format!("event-{number}"));
        store
            .create_event(&event, &[number; 5_000])
            .expect("the event is kept");
    }
    path
}

#[test]
fn a_file_of_something_else_is_called_damaged_and_left_alone() {
    let path = scratch::folder("garbage").join("stentor.sqlite");
    let garbage = b"not a database at all ".repeat(500);
    fs::write(&path, &garbage).expect("the file can be written");
    assert!(matches!(open(&path), StoreError::Corrupt { .. }));
    assert_eq!(fs::read(&path).expect("the file is there"), garbage);
}

#[test]
fn a_file_with_a_torn_middle_is_called_damaged() {
    let path = sound_file("torn");
    let mut bytes = fs::read(&path).expect("the file is there");
    let middle = bytes.len() / 2;
    bytes[4_096..middle].fill(0xa5);
    fs::write(&path, bytes).expect("the file can be written");
    assert!(matches!(open(&path), StoreError::Corrupt { .. }));
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let path = scratch::folder("foreign").join("stentor.sqlite");
    let other = Connection::open(&path).expect("a new file opens");
    other
        .execute_batch("CREATE TABLE song (title TEXT)")
        .expect("the table is made");
    drop(other);
    let before = fs::read(&path).expect("the file is there");
    assert!(matches!(open(&path), StoreError::Foreign { .. }));
    assert_eq!(fs::read(&path).expect("the file is there"), before);
}

#[test]
fn a_file_of_a_newer_stentor_is_left_alone() {
    let path = sound_file("newer");
    let newer = Connection::open(&path).expect("the file opens");
    newer
        .pragma_update(None, "user_version", 99)
        .expect("it can be written");
    drop(newer);
    let StoreError::Newer { got: 99, known, .. } = open(&path) else {
        panic!("a newer file was not recognised");
    };
    assert!(known < 99);
}

#[test]
fn a_lock_held_too_long_is_named() {
    let path = sound_file("locked");
    let store = SqliteStore::open(&path).expect("the file opens");
    let other = Connection::open(&path).expect("the file opens twice");
    other
        .execute_batch("BEGIN IMMEDIATE")
        .expect("the lock is free");
    let error = store
        .save_position("event-1", 7)
        .expect_err("the file is locked");
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    // What only reads does not wait for a writer.
    assert_eq!(store.position("event-1"), Ok(0));
    other
        .execute_batch("COMMIT")
        .expect("the lock is given back");
    assert_eq!(store.save_position("event-1", 7), Ok(()));
}

#[test]
fn two_processes_share_a_file() {
    let path = sound_file("shared");
    let server = SqliteStore::open(&path).expect("the file opens");
    let command = SqliteStore::open(&path).expect("the file opens twice");
    command
        .create_event(&event("new"), b"state")
        .expect("the event is kept");
    assert_eq!(server.event("new"), Ok(Some(event("new"))));
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let path = scratch::folder("missing")
        .join("nowhere")
        .join("stentor.sqlite");
    assert!(matches!(open(&path), StoreError::Unusable { .. }));
}

#[test]
fn without_room_nothing_is_lost() {
    let path = scratch::folder("full").join("stentor.sqlite");
    let store = SqliteStore::open_bounded(&path, 256 * 1024).expect("a new file opens");
    store
        .create_event(&event("demo"), b"small")
        .expect("the event is kept");
    let error = store
        .save_snapshot("demo", &[1; 400_000])
        .expect_err("there is no room");
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    assert_eq!(store.snapshot("demo"), Ok(Some(b"small".to_vec())));
    assert_eq!(store.save_snapshot("demo", b"still small"), Ok(()));
}

#[test]
fn errors_are_one_sentence_with_the_way_out() {
    let error = StoreError::Corrupt {
        place: "stentor.sqlite".to_owned(),
        why: "file is not a database".to_owned(),
    };
    assert_eq!(
        error.to_string(),
        "the store stentor.sqlite is damaged (file is not a database); put a backup in its place, or move it away to \
         begin afresh"
    );
    let caller = StoreError::NoEvent {
        slug: "x".to_owned(),
    };
    assert_eq!(caller.fault(), Fault::Caller);
}
