//! A file of an older Stentor is copied, and goes on with all that was in it.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use stentor_cluster::OlderFile;
use stentor_cluster::error::StoreError;
use stentor_cluster::key::{Key, Kind};
use stentor_cluster::records::{Records, SqliteRecords};
use tempfile::TempDir;

const EVENT: Kind = Kind::new("event");
const CONVERSATION: Kind = Kind::new("conversation");
const POSITION: Kind = Kind::new("position");

/// The table of the first version, and what made it the second, as those programs wrote them.
const FIRST: &str = "
    CREATE TABLE event (
        slug                TEXT    NOT NULL PRIMARY KEY,
        title               TEXT    NOT NULL,
        lang                TEXT    NOT NULL,
        epoch_unix_ms       INTEGER NOT NULL,
        created_unix_ms     INTEGER NOT NULL,
        starts_unix_ms      INTEGER,
        links_expire_unix_s INTEGER NOT NULL,
        snapshot            BLOB    NOT NULL,
        position            INTEGER NOT NULL DEFAULT 0
    ) STRICT;
";
const SECOND: &str = "ALTER TABLE event ADD COLUMN opens_at INTEGER NOT NULL DEFAULT 0;";

/// A file as a version made it, with two events.
fn older_file(folder: &TempDir, version: u32) -> PathBuf {
    let path = folder.path().join("stentor.db");
    let old = Connection::open(&path).expect("a new file opens");
    old.pragma_update(None, "journal_mode", "wal")
        .expect("it has a log");
    old.execute_batch(FIRST).expect("the table is made");
    if version > 1 {
        old.execute_batch(SECOND).expect("the column is added");
    }
    for (slug, lang, epoch, position) in [
        ("zeta", "fr", 1_763_000_000_123_i64, 57_600),
        ("alpha", "en", 7, 0),
    ] {
        let starts = (slug == "zeta").then_some(1_763_000_600_000_i64);
        let snapshot = format!("{{\"v\":1,\"title\":\"{slug}\"}}");
        let columns = "slug, title, lang, epoch_unix_ms, created_unix_ms, starts_unix_ms, links_expire_unix_s, snapshot, position";
        old.execute(
            &format!("INSERT INTO event ({columns}) VALUES (?1, 'T', ?2, ?3, ?3, ?4, ?5, ?6, ?7)"),
            params![
                slug,
                lang,
                epoch,
                starts,
                1_765_592_000,
                snapshot.as_bytes(),
                position
            ],
        )
        .expect("the event is kept");
    }
    if version > 1 {
        old.execute("UPDATE event SET opens_at = 3 WHERE slug = 'zeta'", [])
            .expect("the rung is kept");
    }
    old.pragma_update(None, "application_id", 0x5354_454e)
        .expect("it says whose it is");
    old.pragma_update(None, "user_version", version)
        .expect("it says its version");
    path
}

fn copies(path: &Path) -> Vec<PathBuf> {
    let folder = fs::read_dir(path.parent().expect("a folder")).expect("it can be read");
    let mut copies: Vec<_> = folder
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.to_string_lossy().contains(".schema-"))
        .collect();
    copies.sort();
    copies
}

async fn text(records: &SqliteRecords, kind: Kind, name: &str) -> String {
    let key = Key::new(name).expect("a key");
    let found = records.get(kind, &key).await.expect("it can be read");
    let bytes = found.expect("it is there").bytes;
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[tokio::test]
async fn the_events_of_an_older_file_become_records_in_their_order() {
    for version in [1, 2] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = older_file(&folder, version);
        let opened = SqliteRecords::open(&path, OlderFile::Migrate).await;
        let records = opened.expect("it is brought to the present schema");
        for kind in [EVENT, CONVERSATION, POSITION] {
            let page = records.list(kind, None).await.expect("it can be listed");
            let keys: Vec<_> = page.records.iter().map(|r| r.key.as_str()).collect();
            assert_eq!(keys, ["alpha", "zeta"], "{kind}, newest first");
        }
        let opens_at = if version > 1 { 3 } else { 0 };
        assert_eq!(
            text(&records, EVENT, "zeta").await,
            format!(
                "{{\"v\":1,\"lang\":\"fr\",\"epoch_unix_ms\":1763000000123,\"links_expire_unix_s\":1765592000,\
                 \"opens_at\":{opens_at}}}"
            )
        );
        let snapshot = text(&records, CONVERSATION, "zeta").await;
        assert_eq!(snapshot, "{\"v\":1,\"title\":\"zeta\"}");
        assert_eq!(text(&records, POSITION, "zeta").await, "57600");
        assert_eq!(text(&records, POSITION, "alpha").await, "0");
        // What is made afterwards comes after what was there.
        let made = records
            .put(EVENT, &Key::new("new").expect("a key"), None, "".into())
            .await
            .expect("it is made");
        let page = records.list(EVENT, None).await.expect("it can be listed");
        assert!(page.records[1..].iter().all(|r| r.version < made));
        assert_eq!(page.records[0].version, made);
    }
}

#[tokio::test]
async fn a_whole_copy_of_the_older_file_stays_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = older_file(&folder, 2);
    drop(
        SqliteRecords::open(&path, OlderFile::Migrate)
            .await
            .expect("it opens"),
    );
    let copy = folder.path().join("stentor.db.schema-2.copy-1");
    assert_eq!(copies(&path), std::slice::from_ref(&copy));
    let old = Connection::open(&copy).expect("the copy is a database");
    let version: u32 = old
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .expect("it can be read");
    let row: (String, i64, i64) = old
        .query_row(
            "SELECT title, position, opens_at FROM event WHERE slug = 'zeta'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .expect("the event is in it");
    assert_eq!((version, row), (2, ("T".to_owned(), 57_600, 3)));
    drop(old);
    // The copy is as good as the original: put in its place, it is brought forward again, and no copy is overwritten.
    let again = tempfile::tempdir().expect("a folder");
    let path = again.path().join("stentor.db");
    let first = again.path().join("stentor.db.schema-2.copy-1");
    fs::copy(&copy, &path).expect("it can be put back");
    fs::write(&first, "of another day").expect("it can be written");
    drop(
        SqliteRecords::open(&path, OlderFile::Migrate)
            .await
            .expect("it opens"),
    );
    assert_eq!(copies(&path).len(), 2);
    assert_eq!(fs::read(&first).expect("it is there"), b"of another day");
}

#[tokio::test]
async fn a_present_file_is_not_copied() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("stentor.db");
    for _ in 0..2 {
        drop(
            SqliteRecords::open(&path, OlderFile::Migrate)
                .await
                .expect("it opens"),
        );
    }
    assert!(copies(&path).is_empty());
}

#[tokio::test]
async fn beside_a_server_that_may_be_older_its_file_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = older_file(&folder, 2);
    let before = fs::read(&path).expect("the file is there");
    let Err(error) = SqliteRecords::open(&path, OlderFile::Refuse).await else {
        panic!("it was opened");
    };
    assert_eq!(
        error,
        StoreError::Older {
            place: path.display().to_string(),
            got: 2,
            known: 3
        }
    );
    assert_eq!(fs::read(&path).expect("the file is there"), before);
    assert!(copies(&path).is_empty());
}

#[tokio::test]
async fn an_older_file_that_cannot_be_copied_is_not_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = older_file(&folder, 2);
    for number in 1..=9 {
        let copy = folder
            .path()
            .join(format!("stentor.db.schema-2.copy-{number}"));
        fs::write(copy, "taken").expect("it can be written");
    }
    let Err(error) = SqliteRecords::open(&path, OlderFile::Migrate).await else {
        panic!("it was opened");
    };
    assert!(error.to_string().contains("9 copies"), "{error}");
    let old = Connection::open(&path).expect("the file is there");
    let events: u32 = old
        .query_row("SELECT count(*) FROM event", [], |row| row.get(0))
        .expect("the table is there");
    assert_eq!(events, 2);
}
