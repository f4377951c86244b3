//! What the manifests declare.

use crate::{judge, tree};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// A crate of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    /// Its folder under `crates/`.
    pub(crate) folder: String,
    /// Packages it depends on in whatever way, also for tests and builds.
    pub(crate) dependencies: Vec<String>,
}

pub(crate) fn packages() -> Vec<Package> {
    let metadata = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(tree::root())
        .output()
        .expect("cargo runs");
    let errors = String::from_utf8_lossy(&metadata.stderr);
    assert!(metadata.status.success(), "cargo metadata: {errors}");
    let metadata: Value =
        serde_json::from_slice(&metadata.stdout).expect("cargo metadata prints JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    let packages: Vec<_> = packages.iter().map(package).collect();
    assert_eq!(
        packages.len(),
        tree::crates().len(),
        "every folder in crates/ is in the workspace"
    );
    packages
}

fn package(package: &Value) -> Package {
    let text = |value: &Value| {
        value
            .as_str()
            .expect("cargo metadata gives a text")
            .to_owned()
    };
    let manifest = text(&package["manifest_path"]);
    let folder = Path::new(&manifest).parent().and_then(Path::file_name);
    let dependencies = package["dependencies"].as_array().expect("there is a list");
    Package {
        name: text(&package["name"]),
        folder: folder
            .expect("a manifest lies in a folder")
            .to_string_lossy()
            .into_owned(),
        dependencies: dependencies
            .iter()
            .map(|dependency| text(&dependency["name"]))
            .collect(),
    }
}

#[test]
fn every_dependency_is_used() {
    let files = tree::files();
    let mut findings = Vec::new();
    for package in packages() {
        let folder = format!("crates/{}/", package.folder);
        let sources = || {
            let in_crate = files.iter().filter(|file| file.path.starts_with(&folder));
            in_crate.filter(|file| file.has_extension(&["rs"]))
        };
        for dependency in &package.dependencies {
            let name = dependency.replace('-', "_");
            if !sources().any(|file| names(&file.text, &name)) {
                findings.push(format!(
                    "{folder}Cargo.toml declares {dependency}, no source of the crate names it"
                ));
            }
        }
    }
    judge(
        "a dependency that is declared is used",
        "each one costs build time and is somebody's code in our process",
        &findings,
    );
}

/// Whether a source names a crate: `x::`, `use x;`, `use x as`, outside comments.
fn names(source: &str, name: &str) -> bool {
    let word = |char: char| char.is_alphanumeric() || char == '_';
    source.lines().map(without_comment).any(|line| {
        line.match_indices(name).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = &line[at + name.len()..];
            !before.is_some_and(word)
                && ["::", ";", " as "].iter().any(|end| after.starts_with(end))
        })
    })
}

/// A line of Rust up to its comment. A `//` inside a text also ends it, which only hides what stands behind.
pub(crate) fn without_comment(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

#[test]
fn a_name_in_a_comment_or_inside_another_name_is_no_use() {
    for used in [
        "use tokio::sync;",
        "use tokio;",
        "    tokio::spawn(x)",
        "use tokio as runtime;",
        "&tokio::X",
    ] {
        assert!(names(used, "tokio"), "{used}");
    }
    for unused in [
        "// tokio::sync",
        "use mytokio::sync;",
        "use tokio_rustls::X;",
        "let tokio = 1",
        "x // tokio::y",
    ] {
        assert!(!names(unused, "tokio"), "{unused}");
    }
}

#[test]
fn every_dependency_of_the_workspace_is_declared_by_a_crate() {
    let manifest = tree::read("Cargo.toml");
    let (_, declared) = manifest
        .text
        .split_once("[workspace.dependencies]\n")
        .expect("there is a table");
    let declared = declared.lines().take_while(|line| !line.starts_with('['));
    let used: Vec<String> = packages()
        .into_iter()
        .flat_map(|package| package.dependencies)
        .collect();
    let findings: Vec<_> = declared
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name)
        .filter(|name| !used.iter().any(|used| used == name))
        .map(|name| format!("{name} in Cargo.toml is declared by no crate"))
        .collect();
    judge(
        "the table of dependencies lists what is used",
        "it is where a reader learns what Stentor is built from",
        &findings,
    );
}

#[test]
fn every_crate_takes_versions_and_lints_from_the_workspace() {
    let mut findings = Vec::new();
    for name in tree::crates() {
        let manifest = tree::read(&format!("crates/{name}/Cargo.toml"));
        if !manifest.text.contains("[lints]\nworkspace = true") {
            findings.push(format!("{} has lints of its own", manifest.path));
        }
        findings.extend(manifest.lines_with("version = "));
        findings.extend(manifest.lines_with("git = "));
    }
    judge(
        "a crate's manifest names its dependencies, the workspace's says which version",
        "two versions of one library are two libraries in one process",
        &findings,
    );
}

#[test]
fn the_lock_names_the_public_registry_alone() {
    let lock = tree::read("Cargo.lock");
    let public = concat!(
        "source = \"registry+https://github.com/rust-lang/crates",
        ".io-index\""
    );
    let mut findings = lock.lines_with("source = ");
    findings.retain(|line| !line.ends_with(public));
    judge(
        "every locked package comes from the public registry",
        "a lock that was made behind a mirror cannot be built anywhere else",
        &findings,
    );
}
