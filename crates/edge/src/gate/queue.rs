//! A queue for something of which so many may go on at once, fair between networks: of one network a part may go on or be next, so that
//! who comes from elsewhere waits behind few of it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::prefix::Prefix;

/// Of one network go on, or are next, one in so many of all that may go on.
const PREFIX_PART: usize = 8;

/// See the module. A table entry lives as long as somebody of that network goes on or waits.
pub(crate) struct FairQueue {
    all: Arc<Semaphore>,
    prefix_max: usize,
    networks: Mutex<HashMap<Prefix, Network>>,
}

struct Network {
    turns: Arc<Semaphore>,
    /// Who goes on or waits.
    members: usize,
}

/// One turn; the next begins when it is dropped.
pub(crate) struct Turn {
    _of_all: Option<OwnedSemaphorePermit>,
    _of_network: Option<OwnedSemaphorePermit>,
    _member: Option<Member>,
}

/// Somebody of a network, who goes on or waits.
struct Member {
    queue: Arc<FairQueue>,
    prefix: Prefix,
}

impl FairQueue {
    /// So many go on at once.
    pub(crate) fn new(max: usize) -> Arc<Self> {
        let max = max.clamp(1, Semaphore::MAX_PERMITS);
        Arc::new(Self {
            all: Arc::new(Semaphore::new(max)),
            prefix_max: max.div_ceil(PREFIX_PART),
            networks: Mutex::default(),
        })
    }

    /// Waits for a turn, for as long as that takes; dropped before, it is given up.
    pub(crate) async fn turn(self: &Arc<Self>, prefix: Option<Prefix>) -> Turn {
        let member = prefix.map(|prefix| self.join(prefix));
        let mut of_network = None;
        let mut joined = None;
        if let Some((member, turns)) = member {
            // It is never closed.
            of_network = turns.acquire_owned().await.ok();
            joined = Some(member);
        }
        Turn {
            _of_all: self.all.clone().acquire_owned().await.ok(),
            _of_network: of_network,
            _member: joined,
        }
    }

    fn join(self: &Arc<Self>, prefix: Prefix) -> (Member, Arc<Semaphore>) {
        let mut networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        let network = networks.entry(prefix).or_insert_with(|| Network {
            turns: Arc::new(Semaphore::new(self.prefix_max)),
            members: 0,
        });
        network.members += 1;
        let member = Member {
            queue: self.clone(),
            prefix,
        };
        (member, network.turns.clone())
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut networks = self
            .queue
            .networks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut network) = networks.entry(self.prefix) {
            network.get_mut().members -= 1;
            if network.get().members == 0 {
                network.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::net::IpAddr;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// What a future gives at once, if it does.
    fn now<F: Future>(future: F) -> Option<F::Output> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    fn network(text: &str) -> Option<Prefix> {
        Some(Prefix::from(text.parse::<IpAddr>().unwrap()))
    }

    #[test]
    fn one_network_takes_its_part_and_others_do_not_wait_for_it() {
        let queue = FairQueue::new(16);
        let turn = |text| now(queue.turn(network(text)));
        let one = turn("192.0.2.1").unwrap();
        let _two = turn("192.0.2.2").unwrap();
        assert!(turn("192.0.2.3").is_none(), "an eighth of sixteen");
        let _other = turn("2001:db8::1").unwrap();
        let proxies: Vec<_> = (0..13).map(|_| now(queue.turn(None)).unwrap()).collect();
        assert!(now(queue.turn(None)).is_none(), "sixteen go on");
        assert!(turn("198.51.100.1").is_none());
        drop(one);
        assert!(turn("192.0.2.3").is_some());
        drop(proxies);
    }

    #[test]
    fn nothing_is_kept_of_a_network_that_has_gone_and_of_one_that_gave_up() {
        let queue = FairQueue::new(1);
        let held = now(queue.turn(network("192.0.2.1"))).unwrap();
        for n in 0..100u8 {
            let there = network(&format!("198.51.{n}.1"));
            assert!(now(queue.turn(there)).is_none());
        }
        assert_eq!(queue.networks.lock().unwrap().len(), 1);
        drop(held);
        assert!(queue.networks.lock().unwrap().is_empty());
        assert!(now(queue.turn(network("192.0.2.1"))).is_some());
    }
}
