//! What every store must do: one suite for every implementation.
//!
//! Each check gets an empty store. A check panics where an implementation does something else; so it is called from a
//! test of the implementation, by [`all`] and, for those that outlive their process, [`durable`].

use super::{EVENTS_LISTED_MAX, EventRecord, SNAPSHOT_BYTES_MAX, Store, StoreError};
use std::sync::Arc;
use std::thread;

/// A check of one behaviour.
pub type Check = fn(&Arc<dyn Store>);

/// Every behaviour, by name.
pub const CHECKS: &[(&str, Check)] = &[
    ("an empty store has nothing and says so", empty),
    ("an event is found as it was made", found_as_made),
    ("a name is taken once", taken_once),
    (
        "events are listed in the order they were made",
        listed_in_order,
    ),
    ("of too many events the newest are listed", newest_listed),
    ("the newest state replaces the one before", newest_state),
    (
        "a state at the limit is kept and one above it refused",
        state_limit,
    ),
    ("a position only grows", position_grows),
    (
        "a position that no record can hold is refused",
        position_limit,
    ),
    ("nothing is kept for an event that is not there", no_event),
    ("events do not touch one another", apart),
    ("text is kept as it is", text_as_it_is),
    ("threads share it", shared),
];

/// Runs every check, each on a store that `make` makes empty.
///
/// # Panics
/// Where the implementation fails a check.
pub fn all(mut make: impl FnMut() -> Arc<dyn Store>) {
    for (name, check) in CHECKS {
        println!("store: {name}");
        check(&make());
    }
}

/// Checks that what was acknowledged is there when the same store is opened again.
///
/// # Panics
/// Where the implementation has lost something.
pub fn durable(mut open: impl FnMut() -> Arc<dyn Store>) {
    let event = record("durable");
    {
        let store = open();
        done(store.create_event(&event, b"first"));
        done(store.save_snapshot(&event.slug, b"second"));
        done(store.save_position(&event.slug, 57_600));
    }
    let store = open();
    assert_eq!(store.event(&event.slug), Ok(Some(event.clone())));
    assert_eq!(store.snapshot(&event.slug), Ok(Some(b"second".to_vec())));
    assert_eq!(store.position(&event.slug), Ok(57_600));
}

fn record(slug: &str) -> EventRecord {
    EventRecord {
        slug: slug.to_owned(),
        title: "Fifty men".to_owned(),
        lang: "fr".to_owned(),
        epoch_unix_ms: 1_763_000_000_123,
        created_unix_ms: 1_763_000_000_124,
        starts_unix_ms: Some(1_763_000_600_000),
        links_expire_unix_s: 1_765_592_000,
        opens_at: 3,
    }
}

fn done(result: Result<(), StoreError>) {
    assert_eq!(result, Ok(()));
}

fn empty(store: &Arc<dyn Store>) {
    assert_eq!(store.events(), Ok(Vec::new()));
    assert_eq!(store.event("demo"), Ok(None));
    assert_eq!(store.snapshot("demo"), Ok(None));
    assert_eq!(store.position("demo"), Ok(0));
}

fn found_as_made(store: &Arc<dyn Store>) {
    let unannounced = EventRecord {
        starts_unix_ms: None,
        ..record("unannounced")
    };
    for event in [record("demo"), unannounced] {
        done(store.create_event(&event, b"state"));
        assert_eq!(store.event(&event.slug), Ok(Some(event.clone())));
        assert_eq!(store.snapshot(&event.slug), Ok(Some(b"state".to_vec())));
        assert_eq!(store.position(&event.slug), Ok(0));
    }
}

fn taken_once(store: &Arc<dyn Store>) {
    let event = record("demo");
    done(store.create_event(&event, b"state"));
    let other = EventRecord {
        title: "Another".to_owned(),
        ..event.clone()
    };
    let slug = event.slug.clone();
    assert_eq!(
        store.create_event(&other, b"other"),
        Err(StoreError::Exists { slug })
    );
    assert_eq!(store.event(&event.slug), Ok(Some(event)));
    assert_eq!(store.snapshot("demo"), Ok(Some(b"state".to_vec())));
}

fn listed_in_order(store: &Arc<dyn Store>) {
    let events = ["zeta", "alpha", "mu"].map(record);
    for event in &events {
        done(store.create_event(event, b""));
    }
    done(store.save_snapshot("zeta", b"touched"));
    assert_eq!(store.events(), Ok(events.to_vec()));
}

fn newest_listed(store: &Arc<dyn Store>) {
    for number in 0..=EVENTS_LISTED_MAX {
        done(store.create_event(&record(&format!("event-{number}")), b""));
    }
    let listed = store.events().expect("events are listed");
    assert_eq!(listed.len(), EVENTS_LISTED_MAX);
    assert_eq!(listed[0].slug, "event-1");
    assert_eq!(
        listed[EVENTS_LISTED_MAX - 1].slug,
        format!("event-{EVENTS_LISTED_MAX}")
    );
    assert_eq!(store.event("event-0"), Ok(Some(record("event-0"))));
}

fn newest_state(store: &Arc<dyn Store>) {
    done(store.create_event(&record("demo"), b"0"));
    for state in [&b"1"[..], b"", b"\0\xff with any byte", b"4"] {
        done(store.save_snapshot("demo", state));
        assert_eq!(store.snapshot("demo"), Ok(Some(state.to_vec())));
    }
}

fn state_limit(store: &Arc<dyn Store>) {
    let most = vec![7; SNAPSHOT_BYTES_MAX];
    let above = vec![8; SNAPSHOT_BYTES_MAX + 1];
    let too_big = Err(StoreError::TooBig {
        max: SNAPSHOT_BYTES_MAX,
        got: SNAPSHOT_BYTES_MAX + 1,
    });
    assert_eq!(store.create_event(&record("demo"), &above), too_big);
    assert_eq!(store.event("demo"), Ok(None));
    done(store.create_event(&record("demo"), &most));
    assert_eq!(store.save_snapshot("demo", &above), too_big);
    assert_eq!(store.snapshot("demo"), Ok(Some(most)));
}

fn position_grows(store: &Arc<dyn Store>) {
    done(store.create_event(&record("demo"), b""));
    for (saved, kept) in [
        (57_600, 57_600),
        (115_200, 115_200),
        (57_600, 115_200),
        (0, 115_200),
    ] {
        done(store.save_position("demo", saved));
        assert_eq!(store.position("demo"), Ok(kept));
    }
}

fn position_limit(store: &Arc<dyn Store>) {
    let most = i64::MAX.unsigned_abs();
    let got = most + 1;
    done(store.create_event(&record("demo"), b""));
    assert_eq!(
        store.save_position("demo", got),
        Err(StoreError::PositionTooBig { got })
    );
    assert_eq!(store.position("demo"), Ok(0));
    done(store.save_position("demo", most));
    assert_eq!(store.position("demo"), Ok(most));
}

fn no_event(store: &Arc<dyn Store>) {
    let slug = || "nobody".to_owned();
    assert_eq!(
        store.save_snapshot("nobody", b""),
        Err(StoreError::NoEvent { slug: slug() })
    );
    assert_eq!(
        store.save_position("nobody", 1),
        Err(StoreError::NoEvent { slug: slug() })
    );
    empty(store);
}

fn apart(store: &Arc<dyn Store>) {
    for slug in ["a", "b"] {
        done(store.create_event(&record(slug), slug.as_bytes()));
    }
    done(store.save_snapshot("a", b"changed"));
    done(store.save_position("a", 9));
    assert_eq!(store.snapshot("b"), Ok(Some(b"b".to_vec())));
    assert_eq!(store.position("b"), Ok(0));
}

fn text_as_it_is(store: &Arc<dyn Store>) {
    let title = "L’été « d'Homère » %s '; DROP TABLE event; -- 名 \u{1f3a4}";
    let event = EventRecord {
        title: title.to_owned(),
        ..record("quotes")
    };
    done(store.create_event(&event, b""));
    assert_eq!(store.event("quotes"), Ok(Some(event)));
    // Names are compared as they are, without patterns.
    assert_eq!(store.event("quote%"), Ok(None));
    assert_eq!(store.event("QUOTES"), Ok(None));
}

fn shared(store: &Arc<dyn Store>) {
    done(store.create_event(&record("demo"), b"0"));
    let threads: Vec<_> = (1..=4_u64)
        .map(|thread| {
            let store = Arc::clone(store);
            thread::spawn(move || {
                for step in 0..25 {
                    done(store.save_position("demo", step * 10 + thread));
                    done(store.save_snapshot("demo", &[thread as u8; 1_000]));
                    let state = store
                        .snapshot("demo")
                        .expect("it can be read")
                        .expect("it is there");
                    assert!(
                        state.iter().all(|byte| *byte == state[0]),
                        "a state is never mixed of two"
                    );
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no thread failed");
    }
    assert_eq!(store.position("demo"), Ok(244));
}
