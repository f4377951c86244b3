//! Which crate may know which (docs/design.md §4).

use crate::judge;
use crate::manifests::packages;
use std::collections::BTreeMap;

/// For each folder under `crates/`, the siblings it may depend on, in whatever way.
const MAY_KNOW: [(&str, &[&str]); 12] = [
    ("house", &[]),
    ("typescript", &[]),
    ("core", &[]),
    ("media", &[]),
    ("cluster", &[]),
    ("studio", &["core", "media"]),
    ("edge", &["core"]),
    (
        "event",
        &["core", "media", "cluster", "studio", "edge", "typescript"],
    ),
    ("api", &["core", "event", "typescript"]),
    ("report", &["core"]),
    ("rehearsal", &["core", "media", "report"]),
    (
        "stentor",
        &[
            "core", "cluster", "studio", "edge", "event", "api", "report",
        ],
    ),
];

/// What a crate must not see, whoever writes it: the walls that the crates are there for.
const MUST_NOT_NAME: [(&str, &[&str], &str); 2] = [
    (
        "event",
        &["axum", "hyper", "tower"],
        "an event is opened, spoken to and recorded without an HTTP server",
    ),
    (
        "api",
        &["rusqlite", "str0m", "opus"],
        "what is said over HTTP is told from what is stored and what is heard",
    ),
];

#[test]
fn dependencies_follow_the_arrows() {
    let may_know = BTreeMap::from(MAY_KNOW);
    let mut findings = Vec::new();
    for package in packages() {
        let Some(allowed) = may_know.get(package.folder.as_str()) else {
            findings.push(format!(
                "crates/{} has no place in MAY_KNOW",
                package.folder
            ));
            continue;
        };
        for sibling in package
            .dependencies
            .iter()
            .filter_map(|name| folder_of(name))
        {
            if !allowed.contains(&sibling) {
                findings.push(format!("{} knows {sibling}", package.folder));
            }
        }
    }
    judge(
        "dependencies between crates follow the arrows, those of their tests too",
        "the edge that knows nothing of media carries any programme; the core that knows nobody is the same in the \
         server, the tests and the simulator",
        &findings,
    );
}

#[test]
fn walls_are_kept() {
    for (folder, forbidden, why) in MUST_NOT_NAME {
        let package = packages()
            .into_iter()
            .find(|package| package.folder == folder)
            .unwrap_or_else(|| panic!("there is no crates/{folder}"));
        let findings: Vec<_> = package
            .dependencies
            .iter()
            .filter(|name| forbidden.contains(&name.as_str()))
            .map(|name| format!("{folder} depends on {name}"))
            .collect();
        judge(
            &format!("{folder} depends on none of {}", forbidden.join(", ")),
            why,
            &findings,
        );
    }
}

/// The folder of a sibling, by the name of its package.
fn folder_of(package: &str) -> Option<&str> {
    match package {
        "stentor" => Some("stentor"),
        _ => package.strip_prefix("stentor-"),
    }
}

#[test]
fn packages_are_named_after_their_folders() {
    let misnamed = |package: &crate::manifests::Package| {
        let named = folder_of(&package.name) == Some(package.folder.as_str());
        (!named).then(|| format!("crates/{} holds {}", package.folder, package.name))
    };
    let findings: Vec<_> = packages().iter().filter_map(misnamed).collect();
    judge(
        "the package in crates/x is stentor-x",
        "whoever reads a path in the code finds the folder without asking",
        &findings,
    );
}
