//! Blobs by behaviour.

mod conformance;
mod folder;

use std::sync::Arc;

use stentor_cluster::blobs::{Blobs, FolderBlobs};
use stentor_cluster::testing::MemoryBlobs;

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_conforms() {
    let root = tempfile::tempdir().expect("a folder");
    let mut number = 0;
    conformance::all(|| {
        number += 1;
        let path = root.path().join(number.to_string());
        async move {
            let opened = FolderBlobs::open(&path).await;
            Arc::new(opened.expect("a folder can be made")) as Arc<dyn Blobs>
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_blobs_of_tests_conform() {
    conformance::all(|| async { Arc::new(MemoryBlobs::default()) as Arc<dyn Blobs> }).await;
}
