//! When a store of a test answers, and how.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use crate::answer::Answer;
use crate::error::StoreError;

/// How calls are answered.
#[derive(Clone, Debug)]
enum Mode {
    Works,
    /// Nothing is done, and this is said.
    Fails(StoreError),
    /// What is asked for is done, but the answer never comes.
    LosesAnswers,
    /// Nothing is done before another mode.
    Waits,
    /// So many calls are carried out, then nothing is done and this is said.
    FailsAfter(u64, StoreError),
}

/// Makes a store fail, lose its answers, or keep its callers waiting, from one call on until it is told otherwise.
#[derive(Clone, Debug)]
pub struct Faults {
    mode: Arc<watch::Sender<Mode>>,
    calls: Arc<AtomicU64>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            mode: Arc::new(watch::Sender::new(Mode::Works)),
            calls: Arc::default(),
        }
    }
}

impl Faults {
    /// Calls are carried out again, those that wait first.
    pub fn works(&self) {
        self.mode.send_replace(Mode::Works);
    }

    /// Calls do nothing and are answered with an error, those that wait too.
    pub fn fails(&self, error: StoreError) {
        self.mode.send_replace(Mode::Fails(error));
    }

    /// So many more calls are carried out, and those after them do nothing and are answered with an error: a disk that fills up in the middle of
    /// something.
    pub fn fails_after(&self, calls: u64, error: StoreError) {
        let calls = self.calls() + calls;
        self.mode.send_replace(Mode::FailsAfter(calls, error));
    }

    /// Calls are carried out and answered as if no answer had come in time.
    pub fn loses_answers(&self) {
        self.mode.send_replace(Mode::LosesAnswers);
    }

    /// Calls wait.
    pub fn waits(&self) {
        self.mode.send_replace(Mode::Waits);
    }

    /// Calls made so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Carries out a call as it shall be.
    pub(super) fn run<'a, T, E>(
        &self,
        operation: impl FnOnce() -> Result<T, E> + Send + 'a,
    ) -> Answer<'a, T, E>
    where
        T: Send + 'a,
        E: From<StoreError> + Send + 'a,
    {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let mut modes = self.mode.subscribe();
        Box::pin(async move {
            let chosen = modes.wait_for(|mode| !matches!(mode, Mode::Waits)).await;
            let mode = chosen.map_or(Mode::Works, |mode| mode.clone());
            match mode {
                Mode::Fails(error) => Err(error.into()),
                Mode::FailsAfter(calls, error) if number >= calls => Err(error.into()),
                Mode::LosesAnswers => {
                    operation()?;
                    Err(StoreError::TimedOut {
                        place: "in a test".to_owned(),
                        within_ms: 0,
                    }
                    .into())
                }
                Mode::Works | Mode::Waits | Mode::FailsAfter(..) => operation(),
            }
        })
    }
}
