//! What every journal must do: one suite for every implementation. Each check gets an empty journal.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use stentor_cluster::journal::{
    APPENDED_BYTES_MAX, APPENDED_MAX, Appended, Bounds, ENTRY_BYTES_MAX, Entry, Journal,
    JournalError, READ_BYTES_MAX, READ_MAX,
};
use stentor_cluster::key::Key;

type Shared = Arc<dyn Journal>;
/// A check of one behaviour.
type Check = fn(Shared) -> Pin<Box<dyn Future<Output = ()>>>;

/// Every behaviour, by name.
const CHECKS: &[(&str, Check)] = &[
    ("a stream that has not begun has nothing and says so", |j| {
        Box::pin(empty(j))
    }),
    (
        "entries are read as they were appended, numbered from 1",
        |j| Box::pin(appended(j)),
    ),
    (
        "a read begins where it is told, and ends with the stream",
        |j| Box::pin(read_from(j)),
    ),
    ("a read is bounded in entries and in bytes", |j| {
        Box::pin(read_bounded(j))
    }),
    ("streams do not touch one another", |j| Box::pin(apart(j))),
    (
        "what is at the limits is appended, and nothing of what is above",
        |j| Box::pin(limits(j)),
    ),
    ("a deleted stream begins anew", |j| Box::pin(deleted(j))),
    (
        "of those that append at once each gets numbers of its own",
        |j| Box::pin(raced(j)),
    ),
];

/// Runs every check, each on a journal that `make` makes empty.
pub(crate) async fn all<M: Future<Output = Shared>>(mut make: impl FnMut() -> M) {
    for (name, check) in CHECKS {
        println!("journal: {name}");
        check(make().await).await;
    }
}

/// Checks that what was acknowledged is there when the same journal is opened again.
pub(crate) async fn durable<M: Future<Output = Shared>>(mut open: impl FnMut() -> M) {
    let stream = key("evidence/demo");
    for round in 0..3 {
        let journal = open().await;
        let bounds = journal.bounds(&stream).await.expect("it can be read");
        assert_eq!(
            bounds,
            Bounds {
                first: 1,
                next: 1 + round
            }
        );
        append(&journal, "evidence/demo", &[&[round as u8]]).await;
    }
    let entries = open().await.read(&stream, 1).await.expect("it can be read");
    let bytes: Vec<u8> = entries.iter().map(|entry| entry.bytes[0]).collect();
    assert_eq!(bytes, [0, 1, 2]);
}

fn key(text: &str) -> Key {
    Key::new(text).expect("a key")
}

async fn append(journal: &Shared, stream: &str, entries: &[&[u8]]) -> u64 {
    let entries = entries.iter().map(|bytes| Bytes::copy_from_slice(bytes));
    let appended = journal.append(&key(stream), entries.collect()).await;
    let Appended { sequence, dropped } = appended.expect("they are appended");
    assert_eq!(dropped, 0);
    sequence
}

async fn read(journal: &Shared, stream: &str, from: u64) -> Vec<Entry> {
    let read = journal.read(&key(stream), from).await;
    read.expect("it can be read")
}

fn numbers(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.sequence).collect()
}

async fn empty(journal: Shared) {
    assert_eq!(journal.bounds(&key("a")).await, Ok(Bounds::EMPTY));
    assert_eq!(read(&journal, "a", 0).await, []);
    assert_eq!(read(&journal, "a", u64::MAX).await, []);
    assert_eq!(journal.delete(&key("a")).await, Ok(false));
}

async fn appended(journal: Shared) {
    assert_eq!(append(&journal, "a", &[b"first"]).await, 1);
    assert_eq!(append(&journal, "a", &[b"", b"\0\xff", b"fourth"]).await, 2);
    assert_eq!(append(&journal, "a", &[]).await, 5);
    let entries = read(&journal, "a", 1).await;
    let bytes: Vec<&[u8]> = entries.iter().map(|entry| &entry.bytes[..]).collect();
    assert_eq!(bytes, [&b"first"[..], b"", b"\0\xff", b"fourth"]);
    assert_eq!(numbers(&entries), [1, 2, 3, 4]);
    let bounds = journal.bounds(&key("a")).await;
    assert_eq!(bounds, Ok(Bounds { first: 1, next: 5 }));
}

async fn read_from(journal: Shared) {
    append(&journal, "a", &[b"1", b"2", b"3"]).await;
    assert_eq!(numbers(&read(&journal, "a", 0).await), [1, 2, 3]);
    assert_eq!(numbers(&read(&journal, "a", 2).await), [2, 3]);
    assert_eq!(read(&journal, "a", 4).await, []);
    assert_eq!(read(&journal, "a", u64::MAX).await, []);
}

async fn read_bounded(journal: Shared) {
    for _ in 0..2 {
        let entries = vec![Bytes::from_static(b"x"); READ_MAX];
        assert!(journal.append(&key("many"), entries).await.is_ok());
    }
    let first = read(&journal, "many", 1).await;
    assert_eq!(first.len(), READ_MAX);
    let rest = read(&journal, "many", first.len() as u64 + 1).await;
    assert_eq!(rest[0].sequence, READ_MAX as u64 + 1);

    let entry = vec![7; ENTRY_BYTES_MAX];
    let entries = READ_BYTES_MAX / ENTRY_BYTES_MAX;
    for _ in 0..entries + 2 {
        append(&journal, "large", &[&entry]).await;
    }
    assert_eq!(read(&journal, "large", 1).await.len(), entries);
    let rest = read(&journal, "large", entries as u64 + 1).await;
    assert_eq!(rest.len(), 2);
}

async fn apart(journal: Shared) {
    append(&journal, "a", &[b"of a"]).await;
    assert_eq!(append(&journal, "a/b", &[b"of b"]).await, 1);
    assert_eq!(append(&journal, "a", &[b"of a"]).await, 2);
    assert_eq!(numbers(&read(&journal, "a/b", 1).await), [1]);
    assert_eq!(journal.bounds(&key("A")).await, Ok(Bounds::EMPTY));
}

async fn limits(journal: Shared) {
    let append = |entries| journal.append(&key("a"), entries);
    let first = append(vec![Bytes::from(vec![1; ENTRY_BYTES_MAX])]).await;
    assert_eq!(first.expect("it is appended").sequence, 1);
    assert_eq!(
        append(vec![
            Bytes::new(),
            Bytes::from(vec![1; ENTRY_BYTES_MAX + 1])
        ])
        .await,
        Err(JournalError::EntryTooBig {
            max: ENTRY_BYTES_MAX,
            got: ENTRY_BYTES_MAX + 1
        })
    );
    assert_eq!(
        append(vec![Bytes::new(); APPENDED_MAX + 1]).await,
        Err(JournalError::TooMany {
            max: APPENDED_MAX,
            got: APPENDED_MAX + 1
        })
    );
    let mut entries =
        vec![Bytes::from(vec![1; ENTRY_BYTES_MAX]); APPENDED_BYTES_MAX / ENTRY_BYTES_MAX];
    assert!(append(entries.clone()).await.is_ok());
    entries.push(Bytes::from_static(b"x"));
    assert_eq!(
        append(entries).await,
        Err(JournalError::TooBig {
            max: APPENDED_BYTES_MAX,
            got: APPENDED_BYTES_MAX + 1
        })
    );
    let bounds = journal.bounds(&key("a")).await.expect("it can be read");
    assert_eq!(
        bounds.next,
        2 + (APPENDED_BYTES_MAX / ENTRY_BYTES_MAX) as u64
    );
}

async fn deleted(journal: Shared) {
    append(&journal, "a", &[b"1", b"2"]).await;
    append(&journal, "b", &[b"of b"]).await;
    assert_eq!(journal.delete(&key("a")).await, Ok(true));
    assert_eq!(journal.bounds(&key("a")).await, Ok(Bounds::EMPTY));
    assert_eq!(read(&journal, "a", 1).await, []);
    assert_eq!(append(&journal, "a", &[b"anew"]).await, 1);
    assert_eq!(read(&journal, "a", 1).await[0].bytes, "anew");
    assert_eq!(numbers(&read(&journal, "b", 1).await), [1]);
}

async fn raced(journal: Shared) {
    let writers: Vec<_> = (0..16_u8)
        .map(|writer| {
            let entries = vec![Bytes::from(vec![writer]); 10];
            tokio::spawn(journal.append(&key("a"), entries))
        })
        .collect();
    for (writer, appended) in writers.into_iter().enumerate() {
        let first = appended.await.expect("no writer panics");
        let first = first.expect("they are appended").sequence;
        let entries = read(&journal, "a", first).await;
        assert!(
            entries[..10]
                .iter()
                .all(|entry| entry.bytes[0] == writer as u8)
        );
    }
    let all = read(&journal, "a", 1).await;
    assert_eq!(numbers(&all), (1..=160).collect::<Vec<_>>());
}
