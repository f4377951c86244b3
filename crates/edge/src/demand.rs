//! Whether anybody asks for a programme: what its publisher must know in order to rest while nobody does, and to begin when somebody does.
//!
//! It is no count: how many listen is [`Stream::listeners`](crate::Stream::listeners)' to say, and how often something is asked for is
//! nobody's business. Who asks leaves one mark, which costs a crowd one read each.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, Thread};

use tokio::sync::Notify;

/// Demand for some streams and documents together.
///
/// A thread that is parked passes on that it arose. A shard, where most ask, cannot wake a task itself: a runtime is woken through a
/// descriptor, and a shard has a table of its own, where that number is something else or nothing.
#[derive(Debug)]
pub struct Demand {
    asked: AtomicBool,
    arose: Notify,
    relay: Thread,
}

impl Demand {
    /// Somebody asks.
    pub(crate) fn mark(&self) {
        // Read first, so that a crowd does not take the line from one another's caches.
        if !self.asked.load(Ordering::Relaxed) && !self.asked.swap(true, Ordering::AcqRel) {
            self.relay.unpark();
        }
    }

    /// Whether anybody has asked since this was called last.
    pub fn take(&self) -> bool {
        self.asked.swap(false, Ordering::AcqRel)
    }

    /// Waits until somebody has asked since [`Self::take`] was called last. For one that waits; of several, only one is woken.
    pub async fn arisen(&self) {
        while !self.asked.load(Ordering::Acquire) {
            self.arose.notified().await;
        }
    }
}

/// The thread that passes demand on, for all of an edge; started with the first.
#[derive(Debug, Default)]
pub(crate) struct DemandRelay {
    shared: Arc<RelayShared>,
}

#[derive(Debug, Default)]
struct RelayShared {
    state: Mutex<RelayState>,
}

#[derive(Debug, Default)]
struct RelayState {
    demands: Vec<Weak<Demand>>,
    thread: Option<Thread>,
    /// Nobody can open another one.
    closed: bool,
}

impl DemandRelay {
    /// Nobody has asked yet.
    ///
    /// # Errors
    /// When the system refuses the thread.
    pub(crate) fn open(&self) -> io::Result<Arc<Demand>> {
        let mut state = self.shared.lock();
        let relay = match &state.thread {
            Some(thread) => thread.clone(),
            None => {
                let shared = self.shared.clone();
                let thread = thread::Builder::new().name("demand".to_owned());
                let started = thread.spawn(move || shared.pass_on())?;
                state.thread.insert(started.thread().clone()).clone()
            }
        };
        let demand = Arc::new(Demand {
            asked: AtomicBool::new(false),
            arose: Notify::new(),
            relay,
        });
        state.demands.retain(|demand| demand.strong_count() > 0);
        state.demands.push(Arc::downgrade(&demand));
        Ok(demand)
    }
}

impl Drop for DemandRelay {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closed = true;
        if let Some(thread) = &state.thread {
            thread.unpark();
        }
    }
}

impl RelayShared {
    fn lock(&self) -> MutexGuard<'_, RelayState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass_on(&self) {
        loop {
            thread::park();
            let state = self.lock();
            if state.closed {
                return;
            }
            for demand in state.demands.iter().filter_map(Weak::upgrade) {
                if demand.asked.load(Ordering::Acquire) {
                    demand.arose.notify_one();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mark_stays_until_it_is_taken_and_wakes_whoever_waits() {
        let relay = DemandRelay::default();
        let demand = relay.open().unwrap();
        assert!(!demand.take());
        let waiting = {
            let demand = Arc::clone(&demand);
            tokio::spawn(async move { demand.arisen().await })
        };
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        demand.mark();
        demand.mark();
        waiting.await.unwrap();
        demand.arisen().await;
        assert!(demand.take() && !demand.take());
        // What was left over of the first mark does not pass for another one.
        let none = demand.arisen();
        let soon = std::time::Duration::from_millis(1);
        assert!(tokio::time::timeout(soon, none).await.is_err());
    }

    #[tokio::test]
    async fn one_thread_passes_on_the_demand_for_all_and_each_is_its_own() {
        let relay = DemandRelay::default();
        let demands: Vec<_> = (0..5).map(|_| relay.open().unwrap()).collect();
        let threads = || demands.iter().map(|demand| demand.relay.id());
        assert!(threads().all(|id| Some(id) == threads().next()));
        for marked in [3, 0, 4] {
            demands[marked].mark();
            demands[marked].arisen().await;
            for (n, demand) in demands.iter().enumerate() {
                assert_eq!(demand.take(), n == marked, "{n}");
            }
        }
        drop(demands);
        let _last = relay.open().unwrap();
        assert_eq!(relay.shared.lock().demands.len(), 1, "those that are gone");
        let shared = Arc::downgrade(&relay.shared);
        drop(relay);
        crate::testing::support::eventually("its thread ends", || shared.strong_count() == 0).await;
    }
}
