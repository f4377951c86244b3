//! Whose handshake is computed next: turns, fair between networks, and only while there is something to compute.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::task::yield_now;

use crate::gate::{FairQueue, Turn};
use crate::limits::HANDSHAKE_TURNS_PER_PROCESSOR;
use crate::prefix::Prefix;

/// See the module.
pub(super) struct HandshakeTurns {
    first: Arc<FairQueue>,
    /// Those that had a turn before. They do not wait behind those who have not: their peers have waited already, and what is left of
    /// them costs little.
    later: Arc<FairQueue>,
}

impl HandshakeTurns {
    /// So many at once at most.
    pub(super) fn new(max: usize) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let max = max.min(processors * HANDSHAKE_TURNS_PER_PROCESSOR);
        Self {
            first: FairQueue::new(max),
            later: FairQueue::new(max),
        }
    }

    /// Waits for the first turn.
    pub(super) async fn first(&self, prefix: Option<Prefix>) -> Turn {
        self.first.turn(prefix).await
    }

    /// Carries out what waits now and then for somebody else, and is polled only in its turns: the first it has, later ones it waits for.
    pub(super) async fn carry_out<F: Future>(
        &self,
        first: Turn,
        prefix: Option<Prefix>,
        mut work: Pin<&mut F>,
    ) -> F::Output {
        let mut turn = first;
        loop {
            // All who are ready by now come to stand in the queue before this one computes: its order counts then, not the scheduler's.
            yield_now().await;
            let polled = poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await;
            drop(turn);
            if let Poll::Ready(output) = polled {
                return output;
            }
            woken().await;
            turn = self.later.turn(prefix).await;
        }
    }
}

/// Waits until this task is woken, by whatever it has asked to be woken by.
async fn woken() {
    let mut asked = false;
    poll_fn(|_| {
        if std::mem::replace(&mut asked, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    /// Whether somebody could begin, and whether somebody could go on, at this moment.
    fn free(turns: &HandshakeTurns) -> (bool, bool) {
        let could = |queue: &Arc<FairQueue>| poll(pin!(queue.turn(None))).is_ready();
        (could(&turns.first), could(&turns.later))
    }

    #[test]
    fn who_computes_has_a_turn_and_who_waits_for_its_peer_has_none() {
        let turns = HandshakeTurns::new(1);
        let steps = Cell::new(0);
        let while_computing = Cell::new((true, true));
        // It waits for its peer twice.
        let work = pin!(poll_fn(|_| {
            steps.set(steps.get() + 1);
            while_computing.set(free(&turns));
            if steps.get() > 2 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }));
        let Poll::Ready(first) = poll(pin!(turns.first(None))) else {
            panic!("nobody is there");
        };
        assert_eq!(free(&turns), (false, true));
        let mut shaking = pin!(turns.carry_out(first, None, work));
        assert!(poll(shaking.as_mut()).is_pending());
        assert_eq!(
            (steps.get(), free(&turns)),
            (0, (false, true)),
            "it stands first"
        );
        assert!(poll(shaking.as_mut()).is_pending());
        assert_eq!((steps.get(), while_computing.get()), (1, (false, true)));
        assert_eq!(free(&turns), (true, true), "its peer is silent");
        assert!(poll(shaking.as_mut()).is_pending());
        assert_eq!(
            (steps.get(), free(&turns)),
            (1, (true, false)),
            "it is to go on"
        );
        assert!(poll(shaking.as_mut()).is_pending());
        assert_eq!((steps.get(), while_computing.get()), (2, (true, false)));
        assert_eq!(free(&turns), (true, true), "its peer is silent again");
        assert!(poll(shaking.as_mut()).is_pending());
        assert!(poll(shaking.as_mut()).is_ready());
        assert_eq!((steps.get(), free(&turns)), (3, (true, true)));
    }

    #[test]
    fn so_many_for_each_processor_are_computed_at_once_and_no_more_than_there_is_memory_for() {
        let most = |max| {
            let turns = HandshakeTurns::new(max);
            let taken = std::iter::from_fn(|| match poll(pin!(turns.first(None))) {
                Poll::Ready(turn) => Some(turn),
                Poll::Pending => None,
            });
            taken.collect::<Vec<_>>().len()
        };
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        assert_eq!(most(usize::MAX), processors * HANDSHAKE_TURNS_PER_PROCESSOR);
        assert_eq!(most(3), 3);
    }
}
