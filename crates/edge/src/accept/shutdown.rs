//! When a port stops: one signal, which every part of the accept side waits for.

use tokio::sync::watch;

/// Returns once shutdown was asked for. A sender that is gone can never ask again: that counts as having asked.
pub(super) async fn requested(mut shutdown: watch::Receiver<bool>) {
    // The guard of the value is dropped here, so that a caller can be moved between threads.
    let _ = shutdown.wait_for(|down| *down).await;
}
