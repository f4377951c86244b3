//! What unit tests and tests on real sockets both need: the latter include this very file.

use std::time::Duration;

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
