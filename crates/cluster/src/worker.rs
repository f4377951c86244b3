//! Threads that do a store's blocking work, so that no caller on an event loop waits for a disk.
//!
//! A call is a job in a bounded queue; its answer comes through a channel, within a deadline. It is not a pool for
//! anything else: a store has its own threads, so that a disk that hangs holds up nobody but those who wait for it.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::answer::Answer;
use crate::error::StoreError;

/// Calls that wait for one store. At it, [`StoreError::Busy`] at once.
pub(crate) const CALLS_WAITING_MAX: usize = 256;

/// How long a caller waits before [`StoreError::TimedOut`]. A call whose caller has gone is not begun.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(10);

type Job<S> = Box<dyn FnOnce(&mut S) + Send>;

/// The threads of one store, each with a state of its own. They end when this is dropped, after the queue is done.
pub(crate) struct Workers<S> {
    jobs: SyncSender<Job<S>>,
    /// As errors name the store.
    place: Arc<str>,
}

impl<S: 'static> Workers<S> {
    /// Starts threads that each make their state by `open`, and waits for all of them, however long that takes.
    ///
    /// # Errors
    /// What `open` says; the operator's if there is no thread to be had.
    pub(crate) async fn start(
        name: &'static str,
        place: Arc<str>,
        threads: usize,
        open: impl Fn() -> Result<S, StoreError> + Clone + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (jobs, queue) = sync_channel(CALLS_WAITING_MAX);
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..threads {
            let (opened, is_open) = oneshot::channel();
            let (open, queue) = (open.clone(), Arc::clone(&queue));
            thread::Builder::new()
                .name(name.to_owned())
                .spawn(move || match open() {
                    Ok(state) => {
                        let _ = opened.send(Ok(()));
                        work(state, &queue);
                    }
                    Err(error) => {
                        let _ = opened.send(Err(error));
                    }
                })
                .map_err(|error| StoreError::Unusable {
                    place: place.to_string(),
                    why: error.to_string(),
                })?;
            let stopped = || StoreError::Stopped {
                place: place.to_string(),
            };
            is_open.await.unwrap_or_else(|_| Err(stopped()))?;
        }
        Ok(Self { jobs, place })
    }

    /// Queues a job at once; the answer is what it returns. Must be awaited on a runtime of tokio's with a clock.
    pub(crate) fn ask<'a, T, E>(
        &self,
        job: impl FnOnce(&mut S) -> Result<T, E> + Send + 'static,
    ) -> Answer<'a, T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let queued = self.jobs.try_send(Box::new(move |state| {
            if !reply.is_closed() {
                // Whoever goes away meanwhile wants no answer.
                let _ = reply.send(job(state));
            }
        }));
        let refused = queued.err().map(|error| self.refusal(&error));
        let place = Arc::clone(&self.place);
        Box::pin(async move {
            if let Some(error) = refused {
                return Err(error.into());
            }
            let place = || place.to_string();
            match timeout(ANSWER_WITHIN, answer).await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => Err(StoreError::Stopped { place: place() }.into()),
                Err(_) => Err(StoreError::TimedOut {
                    place: place(),
                    within_ms: ANSWER_WITHIN.as_millis() as u64,
                }
                .into()),
            }
        })
    }

    fn refusal(&self, error: &TrySendError<Job<S>>) -> StoreError {
        let place = self.place.to_string();
        match error {
            TrySendError::Full(_) => StoreError::Busy {
                place,
                max: CALLS_WAITING_MAX,
            },
            TrySendError::Disconnected(_) => StoreError::Stopped { place },
        }
    }
}

fn work<S>(mut state: S, queue: &Mutex<Receiver<Job<S>>>) {
    loop {
        // One thread waits for the next job, the others for this lock: it is not held while a job is done.
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        job(&mut state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    async fn counter() -> Workers<u32> {
        Workers::start("counter", "here".into(), 1, || Ok(0))
            .await
            .expect("a thread starts")
    }

    fn add(workers: &Workers<u32>, number: u32) -> Answer<'static, u32, StoreError> {
        workers.ask(move |sum| {
            *sum += number;
            Ok(*sum)
        })
    }

    /// Keeps the only thread busy until the sender is dropped; returns once it is.
    async fn block(workers: &Workers<u32>) -> mpsc::Sender<()> {
        let (release, released) = mpsc::channel();
        let (begun, has_begun) = oneshot::channel();
        drop(tokio::spawn(workers.ask(move |_| {
            let _ = begun.send(());
            let _ = released.recv();
            Ok::<_, StoreError>(())
        })));
        has_begun.await.expect("the job begins");
        release
    }

    #[tokio::test]
    async fn calls_are_carried_out_in_order() {
        let workers = counter().await;
        let answers = [1, 2, 3].map(|number| add(&workers, number));
        let mut sums = Vec::new();
        for answer in answers {
            sums.push(answer.await);
        }
        assert_eq!(sums, [Ok(1), Ok(3), Ok(6)]);
    }

    #[tokio::test]
    async fn past_the_limit_a_call_is_refused_at_once_and_the_others_are_answered() {
        let workers = counter().await;
        let release = block(&workers).await;
        let waiting: Vec<_> = (0..CALLS_WAITING_MAX).map(|_| add(&workers, 1)).collect();
        assert_eq!(
            add(&workers, 1_000).await,
            Err(StoreError::Busy {
                place: "here".to_owned(),
                max: CALLS_WAITING_MAX
            })
        );
        drop(release);
        for (before, answer) in waiting.into_iter().enumerate() {
            assert_eq!(answer.await, Ok(before as u32 + 1));
        }
    }

    #[tokio::test]
    async fn a_call_that_is_not_answered_in_time_is_given_up_and_not_begun_later() {
        let workers = counter().await;
        let release = block(&workers).await;
        // Time moves on by itself while everything waits.
        tokio::time::pause();
        assert_eq!(
            add(&workers, 5).await,
            Err(StoreError::TimedOut {
                place: "here".to_owned(),
                within_ms: 10_000
            })
        );
        tokio::time::resume();
        drop(release);
        assert_eq!(add(&workers, 1).await, Ok(1));
    }

    #[tokio::test]
    async fn a_panic_stops_the_store_and_every_call_says_so() {
        let workers = counter().await;
        let stopped = StoreError::Stopped {
            place: "here".to_owned(),
        };
        let panicked: Answer<'_, u32, StoreError> =
            workers.ask(|_| std::panic::resume_unwind(Box::new("a defect")));
        assert_eq!(panicked.await, Err(stopped.clone()));
        // The queue goes with the thread, and every call that was in it.
        assert_eq!(add(&workers, 1).await, Err(stopped));
    }
}
