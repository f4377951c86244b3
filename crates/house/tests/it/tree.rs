//! The repository as it lies on the disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders that are made, not written; only looked at where there is no git to ask.
const MADE: [&str; 5] = [".git", "target", "node_modules", "dist", "data"];

/// One file: its path from the root, with slashes, and what is in it.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn has_extension(&self, extensions: &[&str]) -> bool {
        self.path
            .rsplit_once('.')
            .is_some_and(|(_, extension)| extensions.contains(&extension))
    }

    /// The lines that hold `word`, as findings.
    pub(crate) fn lines_with(&self, word: &str) -> Vec<String> {
        let lines = self.text.lines().enumerate();
        lines
            .filter(|(_, line)| line.contains(word))
            .map(|(number, line)| format!("{}:{}: {}", self.path, number + 1, line.trim()))
            .collect()
    }
}

pub(crate) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize()
        .expect("the crate lies in the repository")
}

/// Every text file that git carries or would carry; without git, every one that was not made by a tool.
pub(crate) fn files() -> Vec<File> {
    let root = root();
    let paths = listed_by_git(&root).unwrap_or_else(|| walked(&root));
    assert!(paths.len() > 100, "only {} files were found", paths.len());
    let read = |path: String| {
        let text = String::from_utf8(fs::read(root.join(&path)).ok()?).ok()?;
        Some(File { path, text })
    };
    paths.into_iter().filter_map(read).collect()
}

pub(crate) fn read(path: &str) -> File {
    let text = fs::read_to_string(root().join(path))
        .unwrap_or_else(|error| panic!("{path} cannot be read: {error}"));
    let path = path.to_owned();
    File { path, text }
}

/// Names of the folders under `crates/`.
pub(crate) fn crates() -> Vec<String> {
    let entries = fs::read_dir(root().join("crates")).expect("there are crates");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("a folder can be listed"))
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().into_string().expect("names are UTF-8"))
        .collect();
    names.sort();
    names
}

fn listed_by_git(root: &Path) -> Option<Vec<String>> {
    let listed = Command::new("git")
        // A checkout that belongs to another user, as in a container, is still ours to read.
        .args(["-c", "safe.directory=*", "ls-files", "-z"])
        .args(["--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let listed = String::from_utf8(listed.stdout).expect("paths are UTF-8");
    Some(listed.split_terminator('\0').map(str::to_owned).collect())
}

fn walked(root: &Path) -> Vec<String> {
    let mut paths = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder can be listed") {
            let path = entry.expect("a folder can be listed").path();
            let made = path
                .file_name()
                .is_some_and(|name| MADE.iter().any(|made| name == *made));
            if path.is_dir() && !made {
                folders.push(path);
            } else if path.is_file() {
                let relative = path
                    .strip_prefix(root)
                    .expect("it was found below the root");
                paths.push(relative.to_str().expect("paths are UTF-8").to_owned());
            }
        }
    }
    paths
}

#[test]
fn both_ways_to_list_the_repository_find_its_sources() {
    let root = root();
    let mut walked = walked(&root);
    walked.retain(|path| path.starts_with("crates/") && path.ends_with(".rs"));
    walked.sort();
    assert!(walked.contains(&"crates/house/tests/it/tree.rs".to_owned()));
    if let Some(mut listed) = listed_by_git(&root) {
        // Git also lists what was deleted and not yet committed.
        listed.retain(|path| {
            path.starts_with("crates/") && path.ends_with(".rs") && root.join(path).is_file()
        });
        listed.sort();
        assert_eq!(listed, walked);
    }
}
