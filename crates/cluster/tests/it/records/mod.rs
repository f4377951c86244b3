//! Records by behaviour.

mod conformance;
mod files;
mod kill;
mod migration;

use std::path::PathBuf;
use std::sync::Arc;

use stentor_cluster::OlderFile;
use stentor_cluster::records::{Records, SqliteRecords};
use stentor_cluster::testing::MemoryRecords;

use crate::support::fresh_paths;

async fn in_file(path: PathBuf, older: OlderFile) -> Arc<dyn Records> {
    let opened = SqliteRecords::open(&path, older).await;
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
        let opened = SqliteRecords::in_memory().await;
        Arc::new(opened.expect("memory opens")) as Arc<dyn Records>
    })
    .await;
}

#[tokio::test]
async fn sqlite_in_a_file_is_durable() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("stentor.db");
    conformance::durable(|| in_file(path.clone(), OlderFile::Refuse)).await;
}

#[tokio::test]
async fn the_records_of_tests_conform() {
    conformance::all(|| async { Arc::new(MemoryRecords::default()) as Arc<dyn Records> }).await;
}
