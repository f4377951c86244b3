//! What every store of blobs must do: one suite for every implementation. Each check gets an empty store.

use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use stentor_cluster::blobs::{
    BlobReader, BlobSink, Blobs, BlobsError, LISTED_MAX, RANGE_BYTES_MAX, WHOLE_BYTES_MAX,
    WRITERS_MAX,
};
use stentor_cluster::key::Key;
use tokio::runtime::Handle;

type Shared = Arc<dyn Blobs>;
/// A check of one behaviour.
type Check = fn(Shared) -> Pin<Box<dyn Future<Output = ()>>>;

/// Every behaviour, by name.
const CHECKS: &[(&str, Check)] = &[
    ("an empty store has nothing and says so", |b| {
        Box::pin(empty(b))
    }),
    ("a blob is given as it was put, and replaced whole", |b| {
        Box::pin(put_and_got(b))
    }),
    ("a range is what is there of it", |b| Box::pin(ranges(b))),
    ("pieces at the limits are taken, and above refused", |b| {
        Box::pin(limits(b))
    }),
    (
        "what is appended is seen at once, and goes on where it ended",
        |b| Box::pin(appended(b)),
    ),
    ("a blob can be cut, but not stretched", |b| {
        Box::pin(truncated(b))
    }),
    (
        "a new blob is seen when it is finished, and not before",
        |b| Box::pin(created(b)),
    ),
    (
        "a new blob that is not finished leaves what was there",
        |b| Box::pin(abandoned(b)),
    ),
    ("one writer has a key", |b| Box::pin(one_writer(b))),
    ("writers are bounded", |b| Box::pin(writers_bounded(b))),
    (
        "a list is in the order of keys, below a folder, and goes on after a key",
        |b| Box::pin(listed(b)),
    ),
    ("a list is bounded", |b| Box::pin(list_bounded(b))),
    ("a deleted blob is gone", |b| Box::pin(deleted(b))),
    (
        "a renamed blob has its new key alone, and replaces nothing",
        |b| Box::pin(renamed(b)),
    ),
    ("what is not finished has no key of its own", |b| {
        Box::pin(reserved(b))
    }),
    ("code that blocks reads and writes them as streams", |b| {
        Box::pin(streamed(b))
    }),
];

/// Runs every check, each on a store that `make` makes empty.
pub(crate) async fn all<M: Future<Output = Shared>>(mut make: impl FnMut() -> M) {
    for (name, check) in CHECKS {
        println!("blobs: {name}");
        check(make().await).await;
    }
}

fn key(text: &str) -> Key {
    Key::new(text).expect("a key")
}

async fn put(blobs: &Shared, name: &str, bytes: &[u8]) {
    let put = blobs.put(&key(name), Bytes::copy_from_slice(bytes));
    put.await.expect("it is put");
}

async fn get(blobs: &Shared, name: &str) -> Bytes {
    blobs.get(&key(name)).await.expect("it is there")
}

async fn keys(blobs: &Shared, folder: Option<&str>, after: Option<&str>) -> Vec<String> {
    let (folder, after) = (folder.map(key), after.map(key));
    let listed = blobs.list(folder.as_ref(), after.as_ref()).await;
    let listed = listed.expect("it can be listed");
    listed.iter().map(|entry| entry.key.to_string()).collect()
}

fn missing(name: &str) -> BlobsError {
    BlobsError::NotFound { key: key(name) }
}

async fn empty(blobs: Shared) {
    assert_eq!(blobs.get(&key("a")).await, Err(missing("a")));
    assert_eq!(blobs.range(&key("a/b"), 0, 1).await, Err(missing("a/b")));
    assert_eq!(blobs.size(&key("a")).await, Ok(None));
    assert_eq!(blobs.delete(&key("a")).await, Ok(false));
    assert_eq!(blobs.rename(&key("a"), &key("b")).await, Err(missing("a")));
    assert_eq!(keys(&blobs, None, None).await, [""; 0]);
    assert_eq!(keys(&blobs, Some("a"), None).await, [""; 0]);
}

async fn put_and_got(blobs: Shared) {
    for bytes in [&b""[..], b"\0\xff with any byte", b"short"] {
        put(&blobs, "demo/a.bin", bytes).await;
        assert_eq!(get(&blobs, "demo/a.bin").await, bytes);
        let size = blobs.size(&key("demo/a.bin")).await;
        assert_eq!(size, Ok(Some(bytes.len() as u64)));
    }
}

async fn ranges(blobs: Shared) {
    put(&blobs, "a", b"0123456789").await;
    let cases = [
        (0, 4, "0123"),
        (6, 4, "6789"),
        (6, 100, "6789"),
        (10, 1, ""),
        (99, 1, ""),
        (3, 0, ""),
    ];
    for (offset, len, expected) in cases {
        let range = blobs.range(&key("a"), offset, len).await;
        assert_eq!(range.expect("it is there"), expected, "{len} from {offset}");
    }
}

async fn limits(blobs: Shared) {
    let most = Bytes::from(vec![7; WHOLE_BYTES_MAX]);
    assert_eq!(blobs.put(&key("a"), most.clone()).await, Ok(()));
    assert!(get(&blobs, "a").await == most);
    let above = |max: usize| BlobsError::TooBig {
        max,
        got: max as u64 + 1,
    };
    let too_much = Bytes::from(vec![7; WHOLE_BYTES_MAX + 1]);
    assert_eq!(
        blobs.put(&key("b"), too_much).await,
        Err(above(WHOLE_BYTES_MAX))
    );
    let mut writer = blobs.append(&key("a")).await.expect("nobody writes it");
    writer
        .append(Bytes::from_static(b"x"))
        .await
        .expect("there is room");
    assert_eq!(blobs.get(&key("a")).await, Err(above(WHOLE_BYTES_MAX)));
    let range = blobs.range(&key("a"), 0, RANGE_BYTES_MAX).await;
    assert_eq!(range.map(|bytes| bytes.len()), Ok(RANGE_BYTES_MAX));
    assert_eq!(
        blobs.range(&key("a"), 0, RANGE_BYTES_MAX + 1).await,
        Err(above(RANGE_BYTES_MAX))
    );
}

async fn appended(blobs: Shared) {
    let mut writer = blobs
        .append(&key("live/a"))
        .await
        .expect("nobody writes it");
    assert_eq!(blobs.size(&key("live/a")).await, Ok(Some(0)));
    for (bytes, all) in [("one", "one"), ("", "one"), (" two", "one two")] {
        writer
            .append(Bytes::from_static(bytes.as_bytes()))
            .await
            .expect("there is room");
        assert_eq!(get(&blobs, "live/a").await, all);
        assert_eq!(writer.size(), all.len() as u64);
    }
    assert_eq!(writer.sync().await, Ok(()));
    assert_eq!(writer.finish().await, Ok(7));
    // One that is dropped leaves what it has appended.
    let mut again = blobs
        .append(&key("live/a"))
        .await
        .expect("nobody writes it");
    assert_eq!(again.size(), 7);
    again
        .append(Bytes::from_static(b" three"))
        .await
        .expect("there is room");
    drop(again);
    assert_eq!(get(&blobs, "live/a").await, "one two three");
}

async fn truncated(blobs: Shared) {
    put(&blobs, "a", b"0123456789").await;
    let mut writer = blobs.append(&key("a")).await.expect("nobody writes it");
    assert_eq!(
        writer.truncate(11).await,
        Err(BlobsError::Beyond {
            key: key("a"),
            len: 10,
            got: 11
        })
    );
    assert_eq!(writer.truncate(4).await, Ok(()));
    assert_eq!(writer.size(), 4);
    writer
        .append(Bytes::from_static(b"x"))
        .await
        .expect("there is room");
    assert_eq!(get(&blobs, "a").await, "0123x");
}

async fn created(blobs: Shared) {
    put(&blobs, "demo/a", b"before").await;
    let mut writer = blobs
        .create(&key("demo/a"))
        .await
        .expect("nobody writes it");
    let mut other = blobs
        .create(&key("demo/b"))
        .await
        .expect("nobody writes it");
    for _ in 0..2 {
        writer
            .append(Bytes::from_static(b"new "))
            .await
            .expect("there is room");
        other
            .append(Bytes::from_static(b"x"))
            .await
            .expect("there is room");
    }
    assert_eq!(writer.size(), 8);
    assert_eq!(get(&blobs, "demo/a").await, "before");
    assert_eq!(blobs.size(&key("demo/b")).await, Ok(None));
    assert_eq!(keys(&blobs, None, None).await, ["demo/a"]);
    assert_eq!(writer.finish().await, Ok(8));
    assert_eq!(other.finish().await, Ok(2));
    assert_eq!(get(&blobs, "demo/a").await, "new new ");
    assert_eq!(get(&blobs, "demo/b").await, "xx");
}

async fn abandoned(blobs: Shared) {
    put(&blobs, "a", b"before").await;
    for name in ["a", "b"] {
        let mut writer = blobs.create(&key(name)).await.expect("nobody writes it");
        writer
            .append(Bytes::from_static(b"a longer beginning"))
            .await
            .expect("there is room");
        drop(writer);
    }
    assert_eq!(get(&blobs, "a").await, "before");
    assert_eq!(keys(&blobs, None, None).await, ["a"]);
    // Nothing of it is in the next.
    let mut writer = blobs.create(&key("b")).await.expect("nobody writes it");
    writer
        .append(Bytes::from_static(b"short"))
        .await
        .expect("there is room");
    assert_eq!(writer.finish().await, Ok(5));
    assert_eq!(get(&blobs, "b").await, "short");
}

async fn one_writer(blobs: Shared) {
    put(&blobs, "other", b"").await;
    let in_use = || BlobsError::InUse { key: key("a") };
    let writer = blobs.append(&key("a")).await.expect("nobody writes it");
    assert_eq!(blobs.append(&key("a")).await.err(), Some(in_use()));
    assert_eq!(blobs.create(&key("a")).await.err(), Some(in_use()));
    assert_eq!(blobs.put(&key("a"), Bytes::new()).await, Err(in_use()));
    assert_eq!(blobs.delete(&key("a")).await, Err(in_use()));
    assert_eq!(blobs.rename(&key("a"), &key("b")).await, Err(in_use()));
    assert_eq!(blobs.rename(&key("other"), &key("a")).await, Err(in_use()));
    assert!(blobs.append(&key("b")).await.is_ok());
    drop(writer);
    let writer = blobs.create(&key("a")).await.expect("nobody writes it");
    assert_eq!(writer.finish().await, Ok(0));
    assert!(blobs.append(&key("a")).await.is_ok());
}

async fn writers_bounded(blobs: Shared) {
    let mut writers = Vec::new();
    // As many descriptors as most systems let a process have by default are not to be had in a test.
    for number in 0..WRITERS_MAX {
        match blobs.append(&key(&format!("w{number}"))).await {
            Ok(writer) => writers.push(writer),
            Err(error) => {
                assert!(matches!(error, BlobsError::Store(_)), "{error}");
                return;
            }
        }
    }
    assert_eq!(
        blobs.append(&key("more")).await.err(),
        Some(BlobsError::TooManyWriters { max: WRITERS_MAX })
    );
    writers.pop();
    assert!(blobs.append(&key("more")).await.is_ok());
}

async fn listed(blobs: Shared) {
    for (name, bytes) in [
        ("b/z", "1"),
        ("b/a", "22"),
        ("b-c", "333"),
        ("a", ""),
        ("bb", ""),
    ] {
        put(&blobs, name, bytes.as_bytes()).await;
    }
    assert_eq!(
        keys(&blobs, None, None).await,
        ["a", "b-c", "b/a", "b/z", "bb"]
    );
    assert_eq!(keys(&blobs, Some("b"), None).await, ["b/a", "b/z"]);
    assert_eq!(keys(&blobs, Some("b"), Some("b/a")).await, ["b/z"]);
    assert_eq!(keys(&blobs, None, Some("b-d")).await, ["b/a", "b/z", "bb"]);
    assert_eq!(keys(&blobs, Some("a"), None).await, [""; 0]);
    let listed = blobs
        .list(Some(&key("b")), None)
        .await
        .expect("it can be listed");
    let sizes: Vec<u64> = listed.iter().map(|entry| entry.bytes).collect();
    assert_eq!(sizes, [2, 1]);
}

async fn list_bounded(blobs: Shared) {
    for number in 0..=LISTED_MAX {
        let writer = blobs.append(&key(&format!("many/{number:04}"))).await;
        drop(writer.expect("nobody writes it"));
    }
    let first = keys(&blobs, Some("many"), None).await;
    assert_eq!(first.len(), LISTED_MAX);
    let last = first.last().map(String::as_str);
    let rest = keys(&blobs, Some("many"), last).await;
    assert_eq!(rest, [format!("many/{LISTED_MAX:04}")]);
}

async fn deleted(blobs: Shared) {
    put(&blobs, "demo/a", b"1").await;
    put(&blobs, "demo/b", b"2").await;
    assert_eq!(blobs.delete(&key("demo/a")).await, Ok(true));
    assert_eq!(blobs.delete(&key("demo/a")).await, Ok(false));
    assert_eq!(blobs.get(&key("demo/a")).await, Err(missing("demo/a")));
    // The folder of others is no blob.
    assert_eq!(blobs.delete(&key("demo")).await, Ok(false));
    assert_eq!(keys(&blobs, None, None).await, ["demo/b"]);
}

async fn renamed(blobs: Shared) {
    put(&blobs, "demo/a", b"of a").await;
    put(&blobs, "demo/b", b"of b").await;
    let rename = |from: &str, to: &str| blobs.rename(&key(from), &key(to));
    assert_eq!(
        rename("demo/a", "demo/b").await,
        Err(BlobsError::Exists { key: key("demo/b") })
    );
    assert_eq!(rename("demo/a", "elsewhere/c").await, Ok(()));
    assert_eq!(keys(&blobs, None, None).await, ["demo/b", "elsewhere/c"]);
    assert_eq!(get(&blobs, "elsewhere/c").await, "of a");
}

async fn reserved(blobs: Shared) {
    put(&blobs, "other", b"").await;
    for name in ["a.part", "a.part/b"] {
        let reserved = || BlobsError::Reserved { key: key(name) };
        assert_eq!(blobs.put(&key(name), Bytes::new()).await, Err(reserved()));
        assert_eq!(blobs.append(&key(name)).await.err(), Some(reserved()));
        assert_eq!(blobs.create(&key(name)).await.err(), Some(reserved()));
        let renamed = blobs.rename(&key("other"), &key(name)).await;
        assert_eq!(renamed, Err(reserved()));
    }
}

async fn streamed(blobs: Shared) {
    let bytes: Vec<u8> = (0..3 * RANGE_BYTES_MAX + 17)
        .map(|n| (n % 251) as u8)
        .collect();
    let expected = bytes.clone();
    let writer = blobs.create(&key("a")).await.expect("nobody writes it");
    let runtime = Handle::current();
    let copied = tokio::task::spawn_blocking(move || {
        let sink = BlobSink::new(writer, runtime.clone());
        let mut sink = BufWriter::with_capacity(RANGE_BYTES_MAX, sink);
        sink.write_all(&bytes).expect("there is room");
        let sink = sink.into_inner().map_err(|error| error.into_error());
        let sink = sink.expect("there is room");
        let size = sink.finish().expect("it is finished");
        assert_eq!(size, bytes.len() as u64);
        let mut read = Vec::new();
        let mut reader = BlobReader::new(Arc::clone(&blobs), key("a"), runtime.clone());
        reader.read_to_end(&mut read).expect("it can be read");
        let mut piece = [0; 3];
        for (to, at) in [
            (SeekFrom::Start(10), 10),
            (SeekFrom::Current(5), 18),
            (SeekFrom::Current(-20), 1),
            (SeekFrom::End(-3), read.len() - 3),
            (SeekFrom::Start(0), 0),
        ] {
            assert_eq!(reader.seek(to).expect("it is a place"), at as u64);
            reader.read_exact(&mut piece).expect("it can be read");
            assert_eq!(piece, read[at..at + 3], "{to:?}");
        }
        assert!(reader.seek(SeekFrom::Current(-4)).is_err());
        let mut none = BlobReader::new(blobs, key("b"), runtime);
        let error = none.read(&mut [0]).expect_err("there is none");
        assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
        read
    });
    assert!(copied.await.expect("it does not panic") == expected);
}
