//! The journal by behaviour.

mod conformance;
mod kill;
mod limits;

use std::sync::Arc;

use stentor_cluster::OlderFile;
use stentor_cluster::journal::{Journal, JournalLimits, SqliteJournal};

#[tokio::test]
async fn sqlite_in_a_file_conforms() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut number = 0;
    conformance::all(|| {
        number += 1;
        let path = folder.path().join(format!("{number}.db"));
        async move {
            let limits = JournalLimits::default();
            let opened = SqliteJournal::open(&path, OlderFile::Migrate, limits).await;
            Arc::new(opened.expect("a new file opens")) as Arc<dyn Journal>
        }
    })
    .await;
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
    conformance::durable(|| {
        let path = folder.path().join("journal.db");
        async move {
            let limits = JournalLimits::default();
            let opened = SqliteJournal::open(&path, OlderFile::Refuse, limits).await;
            Arc::new(opened.expect("the file opens")) as Arc<dyn Journal>
        }
    })
    .await;
}
