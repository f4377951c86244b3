//! `kill -9` in the middle of writing: what was acknowledged is there, and nothing is half there.

use crate::scratch;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use stentor_cluster::store::{EventRecord, SqliteStore, Store};

/// Names the store to the child; without it the child's test has nothing to do.
const CHILD_STORE: &str = "STENTOR_TEST_CHILD_STORE";

/// Times a writer is killed.
const ROUNDS: u64 = 8;

/// Bytes of a state: several pages, so that a torn write would show.
const STATE_BYTES: usize = 40_000;

/// The writer: saves states and positions and says each number when it was acknowledged, until it is killed.
#[test]
fn child() {
    let Some(path) = env::var_os(CHILD_STORE) else {
        return;
    };
    let store = SqliteStore::open(Path::new(&path)).expect("the store opens");
    let first = store.position("demo").expect("it can be read") + 1;
    let mut out = std::io::stdout().lock();
    for number in first.. {
        store
            .save_snapshot("demo", &state(number))
            .expect("the state is kept");
        store
            .save_position("demo", number)
            .expect("the position is kept");
        writeln!(out, "kept {number}").expect("the parent listens");
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9_and_nothing_is_torn() {
    let path = scratch::folder("kill").join("stentor.sqlite");
    let store = SqliteStore::open(&path).expect("a new file opens");
    let event = EventRecord {
        slug: "demo".to_owned(),
        title: "Fifty men".to_owned(),
        lang: "en".to_owned(),
        epoch_unix_ms: 0,
        created_unix_ms: 0,
        starts_unix_ms: None,
        links_expire_unix_s: 0,
        opens_at: 0,
    };
    store
        .create_event(&event, &state(0))
        .expect("the event is kept");
    drop(store);

    for round in 1..=ROUNDS {
        let acknowledged = write_and_kill(&path, 3 + round * 2);
        let store = SqliteStore::open(&path).expect("the store opens after kill -9");
        let position = store.position("demo").expect("it can be read");
        let kept = store
            .snapshot("demo")
            .expect("it can be read")
            .expect("it is there");
        assert!(position >= acknowledged, "{position} < {acknowledged}");
        // The writer dies between or after the two writes of one number.
        assert!(
            kept == state(position) || kept == state(position + 1),
            "round {round}: state {:?} at position {position}",
            &kept[..8]
        );
    }
}

fn state(number: u64) -> Vec<u8> {
    number
        .to_le_bytes()
        .into_iter()
        .cycle()
        .take(STATE_BYTES)
        .collect()
}

/// Lets a child write `count` times, kills it in the middle of the next, and gives the last number it said.
fn write_and_kill(path: &Path, count: u64) -> u64 {
    let mut child = Command::new(env::current_exe().expect("the test knows its own binary"))
        .args(["--exact", "kill::child", "--nocapture"])
        .env(CHILD_STORE, path)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the test binary runs");
    let said = BufReader::new(child.stdout.take().expect("its output is piped"));
    let mut numbers = said.lines().filter_map(|line| {
        let line = line.expect("the child speaks UTF-8");
        // The harness prints the test's name before the first number, on the same line.
        let (_, number) = line.split_once("kept ")?;
        Some(number.parse::<u64>().expect("a number follows"))
    });
    let heard = numbers
        .nth(count as usize - 1)
        .expect("the child writes until it is killed");
    child.kill().expect("the child is there");
    child.wait().expect("the child is gone");
    // What it said before it died is still in the pipe.
    numbers.last().unwrap_or(heard)
}
