//! A value that one thread replaces now and then and anybody reads: figures, of which only the newest counts.

use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// What is reported so.
pub(crate) trait Report: Clone {
    /// Takes over what an earlier report says of the time since the one before, when nobody will see that one.
    fn take_over(&mut self, _unseen: &Self) {}
}

/// Both ends of it: clones share the value.
#[derive(Debug)]
pub(crate) struct Latest<T> {
    value: Arc<Mutex<Dated<T>>>,
    /// What could not be put because somebody was reading. The writer's own: nobody else locks it.
    unseen: Arc<Mutex<Option<T>>>,
}

/// A value, and when it was put.
#[derive(Debug)]
struct Dated<T> {
    value: T,
    put_at: Instant,
}

impl<T: Default> Default for Latest<T> {
    fn default() -> Self {
        let dated = Dated::new(T::default());
        Self {
            value: Arc::new(Mutex::new(dated)),
            unseen: Arc::default(),
        }
    }
}

impl<T> Dated<T> {
    fn new(value: T) -> Self {
        let put_at = Instant::now();
        Self { value, put_at }
    }
}

impl<T> Clone for Latest<T> {
    fn clone(&self) -> Self {
        let value = Arc::clone(&self.value);
        let unseen = Arc::clone(&self.unseen);
        Self { value, unseen }
    }
}

impl<T: Report> Latest<T> {
    /// Replaces the value. Never blocks: while somebody reads, the older value stays until the next is put, which takes over what this one
    /// would have said.
    pub(crate) fn put(&self, mut value: T) {
        let mut unseen = self.unseen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(unseen) = unseen.take() {
            value.take_over(&unseen);
        }
        match self.value.try_lock() {
            Ok(mut held) => *held = Dated::new(value),
            Err(TryLockError::Poisoned(held)) => *held.into_inner() = Dated::new(value),
            Err(TryLockError::WouldBlock) => *unseen = Some(value),
        }
    }
}

impl<T: Clone> Latest<T> {
    /// A copy of the value.
    pub(crate) fn get(&self) -> T {
        let held = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        held.value.clone()
    }

    /// How long ago it was put: a thread that has stopped puts nothing.
    pub(crate) fn age(&self) -> Duration {
        let held = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        held.put_at.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A count, and the worst since the report before.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    struct Seen(u64, u64);

    impl Report for Seen {
        fn take_over(&mut self, unseen: &Self) {
            self.1 = self.1.max(unseen.1);
        }
    }

    impl Report for i32 {}

    #[test]
    fn the_worst_of_a_report_that_nobody_could_see_is_in_the_next_and_in_no_other() {
        let latest = Latest::default();
        let reading = latest.value.lock().unwrap();
        let writer = latest.clone();
        writer.put(Seen(1, 7));
        writer.put(Seen(2, 3));
        assert_eq!(reading.value, Seen::default());
        drop(reading);
        writer.put(Seen(3, 1));
        assert_eq!(latest.get(), Seen(3, 7));
        writer.put(Seen(4, 1));
        assert_eq!(latest.get(), Seen(4, 1));
    }

    #[test]
    fn the_newest_is_read_and_a_reader_never_holds_up_the_writer() {
        let latest = Latest::default();
        let reader = latest.clone();
        latest.put(1);
        assert_eq!(reader.get(), 1);
        let reading = reader.value.lock().unwrap();
        latest.put(2);
        assert_eq!(reading.value, 1);
        drop(reading);
        latest.put(3);
        assert_eq!(reader.get(), 3);
    }

    #[test]
    fn a_value_that_is_not_replaced_grows_old() {
        let latest = Latest::default();
        latest.put(1);
        latest.value.lock().unwrap().put_at -= Duration::from_secs(3_600);
        assert!(latest.age() >= Duration::from_secs(3_600));
        latest.put(2);
        assert!(latest.age() < Duration::from_secs(3_600));
    }
}
