//! What unit tests and tests on real sockets both need: the latter include this very file.

use std::time::Duration;

// Each of those who include this file has it.
use super::StreamSpec;

/// How long [`eventually`] waits before the test fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// Between two looks of [`eventually`].
const LOOK: Duration = Duration::from_millis(10);

/// A test could not run here. A printed line on somebody's own machine; a failure where the environment variable `STENTOR_MUST_RUN` is
/// set, as it is in CI, so that nothing is believed to be tested that is not.
#[track_caller]
pub(crate) fn not_run(why: &str) {
    assert!(
        std::env::var_os("STENTOR_MUST_RUN").is_none(),
        "not run, and it must: {why}"
    );
    println!("not run: {why}");
}

/// Waits until something is so; fails the test after [`PATIENCE`].
pub(crate) async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let looking = async {
        while !is_so() {
            tokio::time::sleep(LOOK).await;
        }
    };
    if tokio::time::timeout(PATIENCE, looking).await.is_err() {
        panic!("never: {what}");
    }
}

/// A stream at `/e/demo/48` with every kind of URL, 200 ms chunks, a burst of 600 ms, and room for a thousand listeners; tests change
/// what they are about.
pub(crate) fn spec() -> StreamSpec {
    StreamSpec {
        path: "/e/demo/48".into(),
        live_name: Some("live.mp4".into()),
        chunk_ext: Some("m4s".into()),
        head_name: Some("init.mp4".into()),
        content_type: "audio/mp4".into(),
        chunk_ms: 200,
        flush_ms: 200,
        burst_ms: 600,
        ring_chunks: 200,
        listeners_max: 1_000,
    }
}
