//! What happens at the limits of a journal.

use bytes::Bytes;
use stentor_cluster::OlderFile;
use stentor_cluster::error::StoreError;
use stentor_cluster::journal::{
    APPENDED_BYTES_MAX, Bounds, ENTRY_BYTES_MAX, Journal, JournalError, JournalLimits,
    SqliteJournal,
};
use stentor_cluster::key::Key;

fn key(text: &str) -> Key {
    Key::new(text).expect("a key")
}

fn entry(number: u64) -> Bytes {
    let mut bytes = vec![0; ENTRY_BYTES_MAX];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    Bytes::from(bytes)
}

#[tokio::test]
async fn a_full_stream_drops_its_oldest_and_says_how_many() {
    let limits = JournalLimits {
        stream_bytes_max: 2 * APPENDED_BYTES_MAX as u64,
        ..JournalLimits::default()
    };
    let journal = SqliteJournal::in_memory(limits)
        .await
        .expect("memory opens");
    let kept = journal.append(&key("other"), vec![Bytes::from_static(b"kept")]);
    assert!(kept.await.is_ok());
    let mut dropped = 0;
    for number in 1..=200 {
        let appended = journal.append(&key("a"), vec![entry(number)]).await;
        let appended = appended.expect("it is appended");
        assert_eq!(appended.sequence, number);
        dropped += appended.dropped;
        let bounds = journal.bounds(&key("a")).await.expect("it can be read");
        assert_eq!(
            bounds,
            Bounds {
                first: dropped + 1,
                next: number + 1
            }
        );
        let held = (bounds.next - bounds.first) * ENTRY_BYTES_MAX as u64;
        assert!(held <= limits.stream_bytes_max, "{held} bytes are held");
        assert!(
            dropped == 0 || held > limits.stream_bytes_max / 2,
            "{held} bytes are left: more was dropped than needed"
        );
    }
    // Whoever reads from the beginning gets the oldest there is.
    let oldest = journal.read(&key("a"), 1).await.expect("it can be read");
    assert_eq!(oldest[0].sequence, dropped + 1);
    assert_eq!(oldest[0].bytes, entry(dropped + 1));
    let other = journal.bounds(&key("other")).await;
    assert_eq!(other, Ok(Bounds { first: 1, next: 2 }));
}

#[tokio::test]
async fn empty_entries_are_bounded_too() {
    let limits = JournalLimits {
        stream_bytes_max: 0,
        ..JournalLimits::default()
    };
    let journal = SqliteJournal::in_memory(limits)
        .await
        .expect("memory opens");
    for _ in 0..60 {
        let appended = journal.append(&key("a"), vec![Bytes::new(); 1_000]).await;
        assert!(appended.is_ok());
    }
    let bounds = journal.bounds(&key("a")).await.expect("it can be read");
    assert_eq!(bounds.next, 60_001);
    assert!(bounds.next - bounds.first < 40_000, "{bounds:?}");
}

#[tokio::test]
async fn a_full_journal_takes_nothing_more_loses_nothing_and_has_room_when_a_stream_is_deleted() {
    let folder = tempfile::tempdir().expect("a folder");
    let limits = JournalLimits {
        file_bytes_max: 1024 * 1024,
        ..JournalLimits::default()
    };
    let path = folder.path().join("journal.db");
    let opened = SqliteJournal::open(&path, OlderFile::Migrate, limits).await;
    let journal = opened.expect("a new file opens");
    let append = |stream, number| journal.append(&key(stream), vec![entry(number)]);
    let mut appended = 0;
    let error = loop {
        match append("a", appended + 1).await {
            Ok(_) => appended += 1,
            Err(error) => break error,
        }
        assert!(appended < 100, "the file has no limit");
    };
    assert!(
        matches!(error, JournalError::Store(StoreError::Full { .. })),
        "{error}"
    );
    assert!(append("b", 1).await.is_err());
    let bounds = journal.bounds(&key("a")).await;
    let next = appended + 1;
    assert_eq!(bounds, Ok(Bounds { first: 1, next }));
    assert_eq!(journal.bounds(&key("b")).await, Ok(Bounds::EMPTY));
    assert_eq!(journal.delete(&key("a")).await, Ok(true));
    assert!(append("b", 1).await.is_ok());
}
