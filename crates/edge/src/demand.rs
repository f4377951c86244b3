//! Whether anybody asks for a programme: what its publisher must know in order to rest while nobody does, and to begin when somebody does.
//!
//! It is no count: how many listen is [`Stream::listeners`](crate::Stream::listeners)' to say, and how often something is asked for is
//! nobody's business. Who asks leaves one mark, which costs a crowd one read each.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
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
    relay: OnceLock<Thread>,
}

impl Demand {
    /// Nobody has asked yet.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn open() -> io::Result<Arc<Self>> {
        let demand = Arc::new(Self {
            asked: AtomicBool::new(false),
            arose: Notify::new(),
            relay: OnceLock::new(),
        });
        let marked = Arc::downgrade(&demand);
        let relay = thread::Builder::new()
            .name("demand".to_owned())
            .spawn(move || relay(&marked))?;
        demand.relay.get_or_init(|| relay.thread().clone());
        Ok(demand)
    }

    /// Somebody asks.
    pub(crate) fn mark(&self) {
        // Read first, so that a crowd does not take the line from one another's caches.
        if !self.asked.load(Ordering::Relaxed) && !self.asked.swap(true, Ordering::AcqRel) {
            self.unpark();
        }
    }

    fn unpark(&self) {
        if let Some(relay) = self.relay.get() {
            relay.unpark();
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

impl Drop for Demand {
    fn drop(&mut self) {
        // Then the relay ends.
        self.unpark();
    }
}

fn relay(marked: &Weak<Demand>) {
    loop {
        thread::park();
        let Some(demand) = marked.upgrade() else {
            return;
        };
        if demand.asked.load(Ordering::Acquire) {
            demand.arose.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mark_stays_until_it_is_taken_and_wakes_whoever_waits() {
        let demand = Demand::open().unwrap();
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
}
