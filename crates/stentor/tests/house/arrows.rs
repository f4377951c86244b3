//! Which crate may know which (DESIGN §4).

use crate::judge;
use crate::manifests::packages;
use std::collections::BTreeMap;

/// For each folder under `crates/`, the siblings it may depend on, in whatever way.
const MAY_KNOW: [(&str, &[&str]); 8] = [
    ("core", &[]),
    ("media", &[]),
    ("cluster", &["core"]),
    ("studio", &["core", "media", "cluster"]),
    ("edge", &["core", "cluster"]),
    ("report", &["core"]),
    ("rehearsal", &["core", "media", "report"]),
    (
        "stentor",
        &[
            "core",
            "media",
            "cluster",
            "studio",
            "edge",
            "report",
            "rehearsal",
        ],
    ),
];

#[test]
fn dependencies_follow_the_arrows() {
    let may_know = BTreeMap::from(MAY_KNOW);
    let mut findings = Vec::new();
    for package in packages() {
        let Some(allowed) = may_know.get(package.folder.as_str()) else {
            findings.push(format!(
                "crates/{} has no place in DESIGN §4",
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
