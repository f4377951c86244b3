//! What the core and the audio must not be able to reach (docs/design.md §2, rule 5).

use crate::manifests::{packages, without_comment};
use crate::{judge, tree};

/// The world, by the words that lead to it.
const WORLD: [&str; 13] = [
    "std",
    "Instant",
    "SystemTime",
    "thread",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "File",
    "Mutex",
    "Condvar",
    "rand",
    "getrandom",
    "println",
];

/// What audio must not do, though it may use `std`: errors, collections, and reading and writing what it is handed.
const WORLD_OF_MEDIA: [&str; 10] = [
    "Instant::now",
    "SystemTime::now",
    "thread::",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "File::",
    "std::fs",
    "std::net",
    "std::env",
];

fn sources(folder: &str) -> Vec<tree::File> {
    let mut files = tree::files();
    files.retain(|file| file.path.starts_with(folder) && file.has_extension(&["rs"]));
    assert!(!files.is_empty(), "{folder} has no sources");
    files
}

/// Lines of code, not of comments, that hold one of the words.
fn reaching(files: &[tree::File], words: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            let code = without_comment(line);
            if words.iter().any(|word| has_word(code, word)) {
                findings.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    findings
}

fn has_word(code: &str, word: &str) -> bool {
    let joins = |char: char| char.is_alphanumeric() || char == '_';
    let whole = !word.ends_with(':');
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        !(before.is_some_and(joins) || whole && after.is_some_and(joins))
    })
}

#[test]
fn words_are_found_whole() {
    assert!(has_word("use std::time::Instant;", "Instant"));
    assert!(has_word("std::thread::spawn(x)", "thread::"));
    assert!(!has_word("let standing = understood;", "std"));
    assert!(!has_word("ThreadLike::new()", "thread"));
    assert!(!has_word("struct FileLike;", "File"));
}

#[test]
fn the_core_cannot_reach_the_world() {
    let head = tree::read("crates/core/src/lib.rs");
    let mut findings = Vec::new();
    if !head.text.contains("\n#![no_std]\n") {
        findings.push("crates/core/src/lib.rs has no #![no_std]".to_owned());
    }
    let core = packages()
        .into_iter()
        .find(|package| package.folder == "core");
    let mut dependencies = core.expect("there is a core").dependencies;
    // It only writes `Display` and `Error` for what is already there, and needs no `std`.
    dependencies.retain(|dependency| dependency != "thiserror");
    for dependency in dependencies {
        findings.push(format!("crates/core/Cargo.toml depends on {dependency}"));
    }
    findings.extend(reaching(&sources("crates/core/src/"), &WORLD));
    judge(
        "the core has no clock, socket, file, thread or random source, and no dependency that could have one",
        "the same core runs in the server, the tests and the simulator; that is why the simulator means something",
        &findings,
    );
}

#[test]
fn audio_is_told_the_time_and_handed_its_bytes() {
    judge(
        "media reads no clock, opens no file or socket and starts no thread",
        "an hour of drift and a second of stall are then tests that run in a moment, the same every time",
        &reaching(&sources("crates/media/src/"), &WORLD_OF_MEDIA),
    );
}

#[test]
fn no_listener_depends_on_the_time_of_day() {
    let mut findings = reaching(&sources("crates/edge/src/"), &["SystemTime::now"]);
    let date = "crates/edge/src/heads.rs";
    let dates = findings.iter().filter(|line| line.starts_with(date));
    assert_eq!(dates.count(), 1, "the Date of an answer is found");
    findings.retain(|line| !line.starts_with(date));
    judge(
        "the edge asks for the time of day only to say it in an answer's Date; whatever is timed goes by Instant",
        "when an operator or NTP sets the clock back, no listener is cut, none waits, and no limit is lifted",
        &findings,
    );
}
