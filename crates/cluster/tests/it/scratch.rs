//! Folders that belong to one test.

use std::fs;
use std::path::PathBuf;

/// An empty folder for the test of this name.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("an older run's folder can be removed");
    }
    fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}
