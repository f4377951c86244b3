//! `kill -9` in the middle of appending, and a log that was torn: what was acknowledged is there, and nothing is half
//! there.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use bytes::Bytes;
use stentor_cluster::OlderFile;
use stentor_cluster::journal::{Journal, JournalLimits, SqliteJournal};
use stentor_cluster::key::Key;

use crate::support::Writer;

const WRITER: Writer = Writer {
    test: "journal::kill::child",
    variable: "STENTOR_TEST_CHILD_JOURNAL",
    word: "appended ",
};

/// Times a writer is killed.
const ROUNDS: u64 = 8;

/// Bytes of an entry: several pages, so that a torn write would show.
const ENTRY_BYTES: usize = 20_000;

/// Entries of one append: all or none of them are there.
const TOGETHER: u64 = 3;

/// The writer.
#[tokio::test]
async fn child() {
    let Some(path) = WRITER.store() else {
        return;
    };
    let journal = open(&path).await;
    let mut next = journal.bounds(&key()).await.expect("it can be read").next;
    let mut out = std::io::stdout().lock();
    loop {
        let entries = (next..next + TOGETHER).map(entry).collect();
        let appended = journal.append(&key(), entries).await;
        assert_eq!(appended.expect("it is appended").sequence, next);
        next += TOGETHER;
        writeln!(out, "{}{}", WRITER.word, next - 1).expect("the parent listens");
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9_and_nothing_is_torn() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal.db");
    for round in 1..=ROUNDS {
        let acknowledged = WRITER.write_and_kill(&path, 3 + round * 2);
        let last = last_of(&open(&path).await).await;
        assert!(
            last == acknowledged || last == acknowledged + TOGETHER,
            "round {round}: {last} after {acknowledged}"
        );
    }
}

/// A power cut may leave the last write to the log in part. At whatever byte it was cut, or however its end is filled,
/// everything before is there, and the next append goes on behind it.
#[tokio::test]
async fn a_torn_end_is_cut_off_and_appending_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = folder.path().join("whole.db");
    let journal = open(&whole).await;
    for number in 1..=3 {
        let appended = journal.append(&key(), vec![entry(number)]).await;
        assert!(appended.is_ok());
    }
    // While it is open, nothing has been carried over from the log into the file.
    let log = fs::read(folder.path().join("whole.db-wal")).expect("it has a log");
    for (name, kept) in [
        ("a", log.len() - 1),
        ("b", log.len() - 5_000),
        ("c", log.len() - 15_000),
    ] {
        for filled in [false, true] {
            let path = folder.path().join(format!("{name}-{filled}.db"));
            fs::copy(&whole, &path).expect("it can be copied");
            let torn = folder.path().join(format!("{name}-{filled}.db-wal"));
            fs::write(&torn, &log[..kept]).expect("it can be written");
            if filled {
                let mut end = OpenOptions::new()
                    .append(true)
                    .open(&torn)
                    .expect("it is there");
                end.write_all(&vec![0xa5; log.len() - kept])
                    .expect("it can be written");
            }
            let torn = open(&path).await;
            assert_eq!(last_of(&torn).await, 2, "{name}, filled: {filled}");
            let appended = torn.append(&key(), vec![entry(3)]).await;
            assert_eq!(appended.expect("it is appended").sequence, 3);
            assert_eq!(last_of(&torn).await, 3);
        }
    }
}

async fn open(path: &Path) -> SqliteJournal {
    let opened = SqliteJournal::open(path, OlderFile::Migrate, JournalLimits::default()).await;
    opened.expect("the journal opens")
}

fn key() -> Key {
    Key::new("evidence/demo").expect("a key")
}

fn entry(number: u64) -> Bytes {
    let bytes = number.to_le_bytes().into_iter().cycle();
    bytes.take(ENTRY_BYTES).collect()
}

/// The last number of a journal of which every entry is as it was appended.
async fn last_of(journal: &SqliteJournal) -> u64 {
    let mut last = 0;
    loop {
        let entries = journal
            .read(&key(), last + 1)
            .await
            .expect("it can be read");
        if entries.is_empty() {
            return last;
        }
        for found in entries {
            last += 1;
            assert_eq!(found.sequence, last);
            assert!(found.bytes == entry(last), "entry {last} is another's");
        }
    }
}
