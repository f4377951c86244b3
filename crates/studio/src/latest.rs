//! A value that one thread replaces now and then and anybody reads: figures, of which only the newest counts.

use std::sync::{Arc, Mutex, PoisonError, TryLockError};

/// Both ends of it: clones share the value.
#[derive(Debug, Default)]
pub(crate) struct Latest<T> {
    value: Arc<Mutex<T>>,
}

impl<T> Clone for Latest<T> {
    fn clone(&self) -> Self {
        let value = Arc::clone(&self.value);
        Self { value }
    }
}

impl<T: Clone> Latest<T> {
    /// Replaces the value. Never blocks: while somebody reads, the older value stays until the next is put.
    pub(crate) fn put(&self, value: T) {
        match self.value.try_lock() {
            Ok(mut held) => *held = value,
            Err(TryLockError::Poisoned(held)) => *held.into_inner() = value,
            Err(TryLockError::WouldBlock) => {}
        }
    }

    /// A copy of the value.
    pub(crate) fn get(&self) -> T {
        self.value
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_read_and_a_reader_never_holds_up_the_writer() {
        let latest = Latest::default();
        let reader = latest.clone();
        latest.put(1);
        assert_eq!(reader.get(), 1);
        let reading = reader.value.lock().unwrap();
        latest.put(2);
        assert_eq!(*reading, 1);
        drop(reading);
        latest.put(3);
        assert_eq!(reader.get(), 3);
    }
}
