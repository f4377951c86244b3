//! Which commit a released program was built from, for `--version`.
//!
//! Only in an optimised build: a program that is being worked on would be linked anew with every commit.

use std::env;
use std::process::Command;

/// Whoever builds from an archive, without git, says it by this variable.
const GIVEN: &str = "SOURCE_COMMIT";

fn main() {
    println!("cargo:rerun-if-env-changed={GIVEN}");
    let given = env::var(GIVEN).ok().filter(|commit| !commit.is_empty());
    let commit = match given {
        Some(commit) => commit,
        None if env::var("PROFILE").is_ok_and(|profile| profile == "release") => of_git(),
        None => "not released".to_owned(),
    };
    println!("cargo:rustc-env=STENTOR_COMMIT={commit}");
}

/// The commit of the folder, with a mark where it has changes.
fn of_git() -> String {
    for name in ["HEAD", "logs/HEAD", "index"] {
        if let Some(path) = git(&["rev-parse", "--git-path", name]) {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    let described = git(&[
        "describe",
        "--always",
        "--dirty",
        "--abbrev=12",
        "--exclude=*",
    ]);
    described.unwrap_or_else(|| "unknown commit".to_owned())
}

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}
