//! The journal by behaviour.

mod conformance;
mod kill;
mod limits;

use std::path::PathBuf;
use std::sync::Arc;

use stentor_cluster::OlderFile;
use stentor_cluster::journal::{Journal, JournalLimits, SqliteJournal};

use crate::support::fresh_paths;

async fn in_file(path: PathBuf, older: OlderFile) -> Arc<dyn Journal> {
    let opened = SqliteJournal::open(&path, older, JournalLimits::default()).await;
    Arc::new(opened.expect("the file opens"))
}

#[tokio::test]
async fn sqlite_in_a_file_conforms() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut fresh = fresh_paths(&folder);
    conformance::all(|| in_file(fresh(), OlderFile::Migrate)).await;
}

#[tokio::test]
async fn sqlite_in_memory_conforms() {
    conformance::all(|| async {
        let opened = SqliteJournal::in_memory(JournalLimits::default()).await;
        Arc::new(opened.expect("memory opens")) as Arc<dyn Journal>
    })
    .await;
}

#[tokio::test]
async fn sqlite_in_a_file_is_durable() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal.db");
    conformance::durable(|| in_file(path.clone(), OlderFile::Refuse)).await;
}
