//! What every store of records must do: one suite for every implementation. Each check gets an empty store.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use stentor_cluster::key::{Key, Kind};
use stentor_cluster::records::{
    CHANGES_MAX, Change, LISTED_BYTES_MAX, LISTED_MAX, RECORD_BYTES_MAX, Records, RecordsError,
    Version,
};

type Shared = Arc<dyn Records>;
/// A check of one behaviour.
type Check = fn(Shared) -> Pin<Box<dyn Future<Output = ()>>>;

const ONE: Kind = Kind::new("one");
const TWO: Kind = Kind::new("two");

/// Every behaviour, by name.
const CHECKS: &[(&str, Check)] = &[
    ("an empty store has nothing and says so", |s| {
        Box::pin(empty(s))
    }),
    ("a record is found as it was put", |s| {
        Box::pin(found_as_put(s))
    }),
    ("a record is made once", |s| Box::pin(made_once(s))),
    ("only the version that is there is replaced", |s| {
        Box::pin(compared(s))
    }),
    (
        "versions grow and are not used twice, not even for a record made again",
        |s| Box::pin(versions_grow(s)),
    ),
    ("only the version that is there is deleted", |s| {
        Box::pin(deleted(s))
    }),
    ("changes are made together or not at all", |s| {
        Box::pin(together(s))
    }),
    ("a change sees those before it in the same commit", |s| {
        Box::pin(twice_in_one(s))
    }),
    (
        "records are listed by the order they were made in, newest first",
        |s| Box::pin(listed(s)),
    ),
    ("a list goes on where its page ended", |s| {
        Box::pin(pages(s))
    }),
    ("a page is bounded in bytes", |s| Box::pin(page_bytes(s))),
    (
        "a record at the limit is kept and one above it refused",
        |s| Box::pin(size_limit(s)),
    ),
    ("changes at the limit are made and more refused", |s| {
        Box::pin(changes_limit(s))
    }),
    ("kinds and keys do not touch one another", |s| {
        Box::pin(apart(s))
    }),
    ("of writers that race for one version one wins", |s| {
        Box::pin(raced(s))
    }),
];

/// Runs every check, each on a store that `make` makes empty.
pub(crate) async fn all<M: Future<Output = Shared>>(mut make: impl FnMut() -> M) {
    for (name, check) in CHECKS {
        println!("records: {name}");
        check(make().await).await;
    }
}

/// Checks that what was acknowledged is there when the same store is opened again.
pub(crate) async fn durable<M: Future<Output = Shared>>(mut open: impl FnMut() -> M) {
    let (first, second) = {
        let store = open().await;
        let first = make(&store, ONE, "a", b"1").await;
        make(&store, ONE, "gone", b"").await;
        let second = store
            .put(ONE, &key("a"), Some(first), Bytes::from_static(b"2"))
            .await
            .expect("it is replaced");
        (first, second)
    };
    let store = open().await;
    let found = get(&store, ONE, "a").await.expect("it is there");
    assert_eq!((found.created, found.version), (first, second));
    assert_eq!(&found.bytes[..], b"2");
    let next = make(&store, TWO, "b", b"").await;
    assert!(
        next > second,
        "a version is given anew: {next} after {second}"
    );
}

fn key(text: &str) -> Key {
    Key::new(text).expect("a key")
}

async fn make(store: &Shared, kind: Kind, name: &str, bytes: &[u8]) -> Version {
    store
        .put(kind, &key(name), None, Bytes::copy_from_slice(bytes))
        .await
        .expect("it is made")
}

async fn get(store: &Shared, kind: Kind, name: &str) -> Option<stentor_cluster::records::Record> {
    store.get(kind, &key(name)).await.expect("it can be read")
}

async fn keys(store: &Shared, kind: Kind) -> Vec<String> {
    let page = store.list(kind, None).await.expect("it can be listed");
    assert_eq!(page.before, None, "one page is enough");
    page.records
        .iter()
        .map(|record| record.key.to_string())
        .collect()
}

fn put(kind: Kind, name: &str, expected: Option<Version>, bytes: &'static [u8]) -> Change {
    Change::Put {
        kind,
        key: key(name),
        expected,
        bytes: Bytes::from_static(bytes),
    }
}

async fn empty(store: Shared) {
    assert_eq!(get(&store, ONE, "a").await, None);
    assert_eq!(keys(&store, ONE).await, [""; 0]);
    assert_eq!(store.commit(Vec::new()).await, Ok(Vec::new()));
}

async fn found_as_put(store: Shared) {
    for bytes in [&b""[..], b"\0\xff with any byte", b"text"] {
        let name = format!("with-{}-bytes/and.dots_", bytes.len());
        let version = make(&store, ONE, &name, bytes).await;
        let found = get(&store, ONE, &name).await.expect("it is there");
        assert_eq!(found.key, key(&name));
        assert_eq!((found.created, found.version), (version, version));
        assert_eq!(found.bytes, bytes);
    }
}

async fn made_once(store: Shared) {
    let version = make(&store, ONE, "a", b"first").await;
    let again = store.put(ONE, &key("a"), None, Bytes::from_static(b"second"));
    assert_eq!(
        again.await,
        Err(RecordsError::Conflict {
            kind: ONE,
            key: key("a"),
            expected: None,
            found: Some(version)
        })
    );
    assert_eq!(get(&store, ONE, "a").await.expect("there").bytes, "first");
}

async fn compared(store: Shared) {
    let first = make(&store, ONE, "a", b"1").await;
    let replace = |expected, bytes| {
        let change = put(ONE, "a", Some(expected), bytes);
        store.commit(vec![change])
    };
    let second = replace(first, b"2").await.expect("it is replaced")[0];
    // Whoever has seen the first alone must not replace the second.
    assert_eq!(
        replace(first, b"3").await,
        Err(RecordsError::Conflict {
            kind: ONE,
            key: key("a"),
            expected: Some(first),
            found: Some(second)
        })
    );
    let found = get(&store, ONE, "a").await.expect("there");
    assert_eq!((found.version, &found.bytes[..]), (second, &b"2"[..]));
    assert_eq!(found.created, first);
    let nobody = put(ONE, "nobody", Some(second), b"");
    assert_eq!(
        store.commit(vec![nobody]).await,
        Err(RecordsError::Conflict {
            kind: ONE,
            key: key("nobody"),
            expected: Some(second),
            found: None
        })
    );
    assert_eq!(get(&store, ONE, "nobody").await, None);
}

async fn versions_grow(store: Shared) {
    let first = make(&store, ONE, "a", b"").await;
    let second = make(&store, TWO, "b", b"").await;
    let delete = Change::Delete {
        kind: ONE,
        key: key("a"),
        expected: first,
    };
    let third = store.commit(vec![delete]).await.expect("it is deleted")[0];
    let fourth = make(&store, ONE, "a", b"").await;
    assert!(first < second && second < third && third < fourth);
}

async fn deleted(store: Shared) {
    let first = make(&store, ONE, "a", b"1").await;
    let change = put(ONE, "a", Some(first), b"2");
    let second = store.commit(vec![change]).await.expect("it is replaced")[0];
    let delete = |expected| {
        store.commit(vec![Change::Delete {
            kind: ONE,
            key: key("a"),
            expected,
        }])
    };
    let conflict = |found| {
        Err(RecordsError::Conflict {
            kind: ONE,
            key: key("a"),
            expected: Some(first),
            found,
        })
    };
    assert_eq!(delete(first).await, conflict(Some(second)));
    assert!(get(&store, ONE, "a").await.is_some());
    assert!(delete(second).await.is_ok());
    assert_eq!(get(&store, ONE, "a").await, None);
    assert_eq!(delete(first).await, conflict(None));
}

async fn together(store: Shared) {
    let first = make(&store, ONE, "a", b"1").await;
    let changes = vec![
        put(ONE, "b", None, b"made"),
        put(ONE, "a", Some(first), b"replaced"),
        put(TWO, "a", Some(first), b"is not there"),
    ];
    let error = store.commit(changes).await.expect_err("the last conflicts");
    assert!(
        matches!(error, RecordsError::Conflict { kind: TWO, .. }),
        "{error}"
    );
    assert_eq!(get(&store, ONE, "b").await, None);
    assert_eq!(get(&store, ONE, "a").await.expect("there").bytes, "1");
    let changes = vec![
        put(ONE, "b", None, b"made"),
        put(ONE, "a", Some(first), b"replaced"),
    ];
    let versions = store.commit(changes).await.expect("nothing conflicts");
    assert!(
        versions.len() == 2 && versions[0] < versions[1],
        "{versions:?}"
    );
    assert_eq!(
        get(&store, ONE, "b").await.expect("there").version,
        versions[0]
    );
    assert_eq!(
        get(&store, ONE, "a").await.expect("there").bytes,
        "replaced"
    );
}

async fn twice_in_one(store: Shared) {
    let changes = vec![put(ONE, "a", None, b"1"), put(ONE, "a", None, b"2")];
    assert!(matches!(
        store.commit(changes).await,
        Err(RecordsError::Conflict { found: Some(_), .. })
    ));
    assert_eq!(get(&store, ONE, "a").await, None);
}

async fn listed(store: Shared) {
    let zeta = make(&store, ONE, "zeta", b"").await;
    for name in ["alpha", "mu"] {
        make(&store, ONE, name, b"").await;
    }
    make(&store, TWO, "other", b"").await;
    // To be changed is not to be made.
    let change = put(ONE, "zeta", Some(zeta), b"touched");
    assert!(store.commit(vec![change]).await.is_ok());
    assert_eq!(keys(&store, ONE).await, ["mu", "alpha", "zeta"]);
    assert_eq!(keys(&store, TWO).await, ["other"]);
}

async fn pages(store: Shared) {
    for number in 0..=LISTED_MAX {
        make(&store, ONE, &format!("record-{number}"), b"").await;
    }
    let page = store.list(ONE, None).await.expect("it can be listed");
    assert_eq!(page.records.len(), LISTED_MAX);
    assert_eq!(page.records[0].key, key(&format!("record-{LISTED_MAX}")));
    assert_eq!(page.records[LISTED_MAX - 1].key, key("record-1"));
    let rest = store.list(ONE, page.before).await.expect("it goes on");
    assert_eq!(rest.records.len(), 1);
    assert_eq!(rest.records[0].key, key("record-0"));
    assert_eq!(rest.before, None);
}

async fn page_bytes(store: Shared) {
    let records = LISTED_BYTES_MAX / RECORD_BYTES_MAX + 2;
    for number in 0..records {
        make(
            &store,
            ONE,
            &format!("r{number}"),
            &vec![7; RECORD_BYTES_MAX],
        )
        .await;
    }
    let page = store.list(ONE, None).await.expect("it can be listed");
    assert_eq!(page.records.len(), LISTED_BYTES_MAX / RECORD_BYTES_MAX);
    let rest = store.list(ONE, page.before).await.expect("it goes on");
    assert_eq!((rest.records.len(), rest.before), (2, None));
}

async fn size_limit(store: Shared) {
    let above = Bytes::from(vec![8; RECORD_BYTES_MAX + 1]);
    let put = |bytes| store.put(ONE, &key("a"), None, bytes);
    assert_eq!(
        put(above).await,
        Err(RecordsError::TooBig {
            max: RECORD_BYTES_MAX,
            got: RECORD_BYTES_MAX + 1
        })
    );
    assert_eq!(get(&store, ONE, "a").await, None);
    let most = Bytes::from(vec![7; RECORD_BYTES_MAX]);
    assert!(put(most.clone()).await.is_ok());
    assert_eq!(get(&store, ONE, "a").await.expect("there").bytes, most);
}

async fn changes_limit(store: Shared) {
    let changes = |count: usize| -> Vec<Change> {
        (0..count)
            .map(|number| put(ONE, &format!("r{number}"), None, b""))
            .collect()
    };
    assert_eq!(
        store.commit(changes(CHANGES_MAX + 1)).await,
        Err(RecordsError::TooMany {
            max: CHANGES_MAX,
            got: CHANGES_MAX + 1
        })
    );
    assert_eq!(keys(&store, ONE).await, [""; 0]);
    assert!(store.commit(changes(CHANGES_MAX)).await.is_ok());
    assert_eq!(keys(&store, ONE).await.len(), CHANGES_MAX);
}

async fn apart(store: Shared) {
    make(&store, ONE, "a", b"of one").await;
    make(&store, TWO, "a", b"of two").await;
    make(&store, ONE, "a/b", b"below").await;
    assert_eq!(get(&store, ONE, "a").await.expect("there").bytes, "of one");
    assert_eq!(get(&store, TWO, "a").await.expect("there").bytes, "of two");
    assert_eq!(get(&store, ONE, "a/b").await.expect("there").bytes, "below");
    // Names are compared as they are, without patterns and by case.
    assert_eq!(get(&store, ONE, "A").await, None);
    assert_eq!(get(&store, ONE, "_").await, None);
}

async fn raced(store: Shared) {
    let first = make(&store, ONE, "a", b"").await;
    let writers: Vec<_> = (0..16_u8)
        .map(|writer| {
            let written = store.put(ONE, &key("a"), Some(first), vec![writer; 1_000].into());
            tokio::spawn(written)
        })
        .collect();
    let mut won = Vec::new();
    for (writer, written) in writers.into_iter().enumerate() {
        match written.await.expect("no writer panics") {
            Ok(version) => won.push((writer as u8, version)),
            Err(RecordsError::Conflict { expected, .. }) => assert_eq!(expected, Some(first)),
            Err(error) => panic!("{error}"),
        }
    }
    let [(winner, version)] = won[..] else {
        panic!("{} writers replaced one version", won.len());
    };
    let found = get(&store, ONE, "a").await.expect("there");
    assert_eq!(found.version, version);
    assert_eq!(found.bytes, vec![winner; 1_000]);
}
