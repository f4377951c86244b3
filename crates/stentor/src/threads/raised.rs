//! The threads that run in real time, so that this can be taken from them.

use std::cell::RefCell;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use thread_priority::{ThreadId, thread_native_id};

use super::system::{end_realtime, set_realtime};

thread_local! {
    /// Dropped when the thread ends, before its id can be another thread's.
    static HERE: RefCell<Option<Registration>> = const { RefCell::new(None) };
}

/// Which threads run in real time.
pub(super) struct RaisedThreads {
    state: Mutex<State>,
}

struct State {
    threads: Vec<ThreadId>,
    /// Real time was taken from all, and nobody gets it any more.
    over: bool,
}

struct Registration {
    of: &'static RaisedThreads,
    thread: ThreadId,
}

impl Drop for Registration {
    fn drop(&mut self) {
        let thread = self.thread;
        self.of.state().threads.retain(|other| *other != thread);
    }
}

impl RaisedThreads {
    pub(super) const fn new() -> Self {
        Self {
            state: Mutex::new(State {
                threads: Vec::new(),
                over: false,
            }),
        }
    }

    /// Lets the calling thread run in real time to its end, unless that is over.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn raise(&'static self) -> io::Result<()> {
        let thread = thread_native_id();
        let mut state = self.state();
        if state.over {
            return Ok(());
        }
        set_realtime(thread)?;
        state.threads.push(thread);
        drop(state);
        HERE.set(Some(Registration { of: self, thread }));
        Ok(())
    }

    /// Takes real time from every thread, for good; says from how many.
    ///
    /// # Errors
    /// The system's: no thread to do it on.
    pub(super) fn end(&'static self) -> io::Result<usize> {
        let ending = thread::Builder::new().name("realtime-end".to_owned());
        let ended = ending.spawn(|| {
            // Held all the time: no thread of the list can end meanwhile.
            let mut state = self.state();
            state.over = true;
            let threads = std::mem::take(&mut state.threads);
            threads
                .into_iter()
                .filter(|thread| end_realtime(*thread).is_ok())
                .count()
        })?;
        ended
            .join()
            .map_err(|_| io::Error::other("the thread that does it panicked"))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use thread_priority::thread_schedule_policy_param;

    use super::*;
    use crate::threads::system;

    /// Policy and priority as the system has them, and nice value.
    fn scheduled() -> (String, i32, i32) {
        let (policy, params) = thread_schedule_policy_param(thread_native_id()).unwrap();
        (format!("{policy:?}"), params.sched_priority, system::nice())
    }

    #[test]
    fn real_time_is_taken_from_threads_that_have_it_and_from_those_that_come_later() {
        static RAISED: RaisedThreads = RaisedThreads::new();
        let (rights, denied) = system::rights();
        assert_eq!(rights.realtime, denied.is_none());
        let (raised, is_raised) = channel();
        let (look, may_look) = channel::<()>();
        let thread = thread::spawn(move || {
            let before = scheduled();
            let tried = RAISED.raise();
            raised.send((tried.is_ok(), scheduled().1)).unwrap();
            may_look.recv().unwrap();
            (before, scheduled())
        });
        let priority = if rights.realtime { 10 } else { 0 };
        assert_eq!(is_raised.recv().unwrap(), (rights.realtime, priority));
        assert_eq!(RAISED.end().unwrap(), usize::from(rights.realtime));
        look.send(()).unwrap();
        let (before, after) = thread.join().unwrap();
        assert_eq!(after, before);
        let later = thread::spawn(|| (RAISED.raise().is_ok(), scheduled()));
        assert_eq!(later.join().unwrap(), (true, before));
    }

    #[test]
    fn a_thread_that_has_ended_is_forgotten() {
        static RAISED: RaisedThreads = RaisedThreads::new();
        let raised = thread::spawn(|| {
            let raised = RAISED.raise().is_ok();
            assert_eq!(RAISED.state().threads.len(), usize::from(raised));
        });
        raised.join().unwrap();
        assert_eq!(RAISED.state().threads.len(), 0);
        assert_eq!(RAISED.end().unwrap(), 0);
    }
}
