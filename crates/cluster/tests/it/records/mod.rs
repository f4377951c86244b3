//! Records by behaviour.

mod conformance;
mod files;
mod kill;
mod migration;

use std::sync::Arc;

use stentor_cluster::OlderFile;
use stentor_cluster::records::{Records, SqliteRecords};
use stentor_cluster::testing::MemoryRecords;

#[tokio::test]
async fn sqlite_in_a_file_conforms() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut number = 0;
    conformance::all(|| {
        number += 1;
        let path = folder.path().join(format!("{number}.db"));
        async move {
            let opened = SqliteRecords::open(&path, OlderFile::Migrate).await;
            Arc::new(opened.expect("a new file opens")) as Arc<dyn Records>
        }
    })
    .await;
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
    conformance::durable(|| {
        let path = folder.path().join("stentor.db");
        async move {
            let opened = SqliteRecords::open(&path, OlderFile::Refuse).await;
            Arc::new(opened.expect("the file opens")) as Arc<dyn Records>
        }
    })
    .await;
}

#[tokio::test]
async fn the_records_of_tests_conform() {
    conformance::all(|| async { Arc::new(MemoryRecords::default()) as Arc<dyn Records> }).await;
}
