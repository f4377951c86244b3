//! What the tests of more than one store need.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A writer that is a test of this binary: it has nothing to do unless its variable names a store, and then writes to that until it is
/// killed.
pub(crate) struct Writer {
    /// Name of the test.
    pub(crate) test: &'static str,
    /// The environment variable that names the store.
    pub(crate) variable: &'static str,
    /// Stands before each number that it prints when that was acknowledged.
    pub(crate) word: &'static str,
}

impl Writer {
    /// The store it is to write to, in the child.
    pub(crate) fn store(&self) -> Option<PathBuf> {
        env::var_os(self.variable).map(PathBuf::from)
    }

    /// Lets a child write `count` times, kills it in the middle of the next, and gives the last number it said.
    pub(crate) fn write_and_kill(&self, path: &Path, count: u64) -> u64 {
        let mut child = Command::new(env::current_exe().expect("the test knows its own binary"))
            .args(["--exact", self.test, "--nocapture"])
            .env(self.variable, path)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the test binary runs");
        let said = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut numbers = said.lines().filter_map(|line| {
            let line = line.expect("the child speaks UTF-8");
            // The harness prints the test's name before the first number, on the same line.
            let (_, number) = line.split_once(self.word)?;
            Some(number.trim().parse::<u64>().expect("a number follows"))
        });
        let heard = numbers
            .nth(count as usize - 1)
            .expect("the child writes until it is killed");
        child.kill().expect("the child is there");
        child.wait().expect("the child is gone");
        // What it said before it died is still in the pipe.
        numbers.last().unwrap_or(heard)
    }
}

/// Paths in a folder, a new one each time.
pub(crate) fn fresh_paths(folder: &TempDir) -> impl FnMut() -> PathBuf + use<> {
    let folder = folder.path().to_owned();
    let mut number = 0;
    move || {
        number += 1;
        folder.join(format!("{number}.db"))
    }
}
