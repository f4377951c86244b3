//! The rules of the house (docs/design.md §2, §4 and §10), as a test: what a reviewer should never have to say.
//!
//! Each rule names what broke it and why it is a rule. They read the repository as it lies on the disk; nothing
//! of the program itself is run.

mod arrows;
mod catalogues;
mod configuration;
mod errors;
mod files;
mod layers;
mod manifests;
mod modules;
mod public;
mod purity;
mod rust;
mod tree;
mod wasm;

/// Says that a test cannot run on this machine; where everything must run, as in CI, that is a failure.
fn cannot_run(why: &str) {
    let must_run = std::env::var("STENTOR_MUST_RUN").is_ok_and(|value| value == "1");
    assert!(!must_run, "this must run: {why}");
    println!("not run: {why}");
}

/// Fails with every finding of a rule, and the reason for it.
fn judge(rule: &str, why: &str, findings: &[String]) {
    assert!(
        findings.is_empty(),
        "\nhouse rule: {rule}\nwhy: {why}\nbroken by:\n  {}\n",
        findings.join("\n  ")
    );
}
