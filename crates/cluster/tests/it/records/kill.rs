//! `kill -9` in the middle of writing: what was acknowledged is there, and nothing is half there.

use std::io::Write;
use std::path::Path;

use bytes::Bytes;
use stentor_cluster::OlderFile;
use stentor_cluster::key::{Key, Kind};
use stentor_cluster::records::{Change, Records, SqliteRecords, Version};

use crate::support::Writer;

const WRITER: Writer = Writer {
    test: "records::kill::child",
    variable: "STENTOR_TEST_CHILD_RECORDS",
    word: "kept ",
};

/// Times a writer is killed.
const ROUNDS: u64 = 8;

/// Bytes of a state: several pages, so that a torn write would show.
const STATE_BYTES: usize = 40_000;

const STATE: Kind = Kind::new("state");
const NUMBER: Kind = Kind::new("number");

/// The writer: commits a state and its number together, and says each number when it was acknowledged, until it is killed.
#[tokio::test]
async fn child() {
    let Some(path) = WRITER.store() else {
        return;
    };
    let (records, first, mut versions) = read(&path).await;
    let mut out = std::io::stdout().lock();
    for number in first + 1.. {
        let change = |kind, expected, bytes| Change::Put {
            kind,
            key: key(),
            expected,
            bytes,
        };
        let changes = vec![
            change(STATE, versions[0], state(number)),
            change(NUMBER, versions[1], number.to_string().into()),
        ];
        let committed = records.commit(changes).await.expect("it is kept");
        versions = [Some(committed[0]), Some(committed[1])];
        writeln!(out, "{}{number}", WRITER.word).expect("the parent listens");
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9_and_nothing_is_torn() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("stentor.db");
    for round in 1..=ROUNDS {
        let acknowledged = WRITER.write_and_kill(&path, 3 + round * 2);
        // What was committed together is there together, or `read` fails.
        let (_, kept, _) = read(&path).await;
        assert!(
            kept == acknowledged || kept == acknowledged + 1,
            "round {round}: {kept} after {acknowledged}"
        );
    }
}

fn key() -> Key {
    Key::new("demo").expect("a key")
}

fn state(number: u64) -> Bytes {
    let bytes = number.to_le_bytes().into_iter().cycle();
    bytes.take(STATE_BYTES).collect()
}

/// The store, the number it is at, and the versions of state and number.
async fn read(path: &Path) -> (SqliteRecords, u64, [Option<Version>; 2]) {
    let opened = SqliteRecords::open(path, OlderFile::Migrate).await;
    let records = opened.expect("the store opens");
    let state_kept = records.get(STATE, &key()).await.expect("it can be read");
    let number_kept = records.get(NUMBER, &key()).await.expect("it can be read");
    let (Some(state_kept), Some(number_kept)) = (state_kept, number_kept) else {
        return (records, 0, [None; 2]);
    };
    let number = std::str::from_utf8(&number_kept.bytes).expect("digits");
    let number = number.parse().expect("a number");
    assert!(state_kept.bytes == state(number), "the state is another's");
    let versions = [Some(state_kept.version), Some(number_kept.version)];
    (records, number, versions)
}
