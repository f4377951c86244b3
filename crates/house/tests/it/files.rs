//! How files look.

use crate::{judge, tree};

/// Lines of a file that people still read as one thing (docs/design.md §10).
const LINES_MAX: usize = 600;

/// What is written by hand and run.
const SOURCES: [&str; 8] = ["rs", "ts", "mjs", "js", "css", "html", "py", "sh"];

/// What work in progress leaves behind. Put together here, so that this file does not hold them.
const LEFTOVERS: [(&str, &str); 6] = [
    (concat!("to", "do!("), "it panics when it is reached"),
    (
        concat!("unimple", "mented!("),
        "it panics when it is reached",
    ),
    (concat!("db", "g!("), "it prints to people who did not ask"),
    (
        concat!("#[ign", "ore"),
        "a test that does not run proves nothing",
    ),
    (
        concat!("FIX", "ME"),
        "what is known to be wrong is mended, or said in an issue",
    ),
    (
        concat!("XX", "X"),
        "what is known to be wrong is mended, or said in an issue",
    ),
];

/// Hosts of package registries and their mirrors.
const REGISTRIES: [&str; 6] = [
    concat!("crates", ".io"),
    concat!("npmjs", ".org"),
    concat!("npmjs", ".com"),
    concat!("py", "pi.org"),
    concat!("python", "hosted.org"),
    concat!("deb.", "debian.org"),
];

/// Beginnings of paths that exist on one machine only.
const MACHINE_PATHS: [&str; 5] = [
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/wo", "rk/"),
    concat!("/Us", "ers/"),
    concat!("/tmp/tar", "get"),
];

#[test]
fn no_file_is_longer_than_600_lines() {
    let mut findings = Vec::new();
    for file in tree::files()
        .iter()
        .filter(|file| file.has_extension(&SOURCES))
    {
        let lines = file.text.lines().count();
        if lines > LINES_MAX {
            findings.push(format!("{} has {lines} lines", file.path));
        }
    }
    judge(
        "a source file has at most 600 lines",
        "a file is one noun; what does not fit on a few screens holds several",
        &findings,
    );
}

#[test]
fn no_work_in_progress_is_left_behind() {
    let files = tree::files();
    for (word, why) in LEFTOVERS {
        let sources = files.iter().filter(|file| file.has_extension(&SOURCES));
        let findings: Vec<_> = sources.flat_map(|file| file.lines_with(word)).collect();
        judge(&format!("no {word} in a source"), why, &findings);
    }
}

#[test]
fn no_registry_host_is_named() {
    // The lock's own notation of its registry holds the name; `manifests` checks that it is the public one.
    let mut files = tree::files();
    files.retain(|file| file.path != "Cargo.lock" && file.path != "fuzz/Cargo.lock");
    let named = |host: &&str| {
        files
            .iter()
            .flat_map(|file| file.lines_with(host))
            .collect::<Vec<_>>()
    };
    let findings: Vec<_> = REGISTRIES.iter().flat_map(named).collect();
    judge(
        "no file names the host of a package registry",
        "where packages come from is decided by the machine that builds, which may only reach a mirror",
        &findings,
    );
}

#[test]
fn no_path_of_one_machine_is_named() {
    let files = tree::files();
    let named = |path: &&str| {
        files
            .iter()
            .flat_map(|file| file.lines_with(path))
            .collect::<Vec<_>>()
    };
    let findings: Vec<_> = MACHINE_PATHS.iter().flat_map(named).collect();
    judge(
        "no file names a folder of one machine",
        "it works there and nowhere else",
        &findings,
    );
}

#[test]
fn every_module_says_what_it_is() {
    let files = tree::files();
    let modules = files
        .iter()
        .filter(|file| file.path.starts_with("crates/") && file.has_extension(&["rs"]));
    let findings: Vec<_> = modules
        .filter(|file| !file.text.starts_with("//!"))
        .map(|file| format!("{} begins without //!", file.path))
        .collect();
    judge(
        "every module begins with what it is",
        "a newcomer reads the first lines of twenty files before the body of one",
        &findings,
    );
}

#[test]
fn a_relaxed_lint_carries_its_reason() {
    let files = tree::files();
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.has_extension(&["rs"])) {
        for attribute in [
            concat!("#[al", "low("),
            concat!("#![al", "low("),
            concat!("#[exp", "ect("),
        ] {
            let lines = file.lines_with(attribute);
            findings.extend(lines.into_iter().filter(|line| !line.contains("reason =")));
        }
    }
    judge(
        "a relaxed lint says why, in the attribute",
        "a rule that is waved aside without a word is soon no rule",
        &findings,
    );
}

#[test]
fn a_crate_has_one_integration_test_binary() {
    let allowed = |path: &str| {
        let mut parts = path.splitn(5, '/').skip(2);
        let (tests, binary) = (parts.next(), parts.next());
        tests != Some("tests") || binary == Some("it")
    };
    let files = tree::files();
    let findings: Vec<_> = files
        .iter()
        .filter(|file| {
            file.path.starts_with("crates/") && file.has_extension(&["rs"]) && !allowed(&file.path)
        })
        .map(|file| file.path.clone())
        .collect();
    judge(
        "integration tests of a crate are modules of tests/it",
        "each further binary links the whole crate once more",
        &findings,
    );
}
