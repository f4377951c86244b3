//! Where a request for a stream leaves its answer: the task of its connection takes it from here, and gives the connection to a shard.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::shard::LiveResponse;

/// See the module. Both ends are in one task; the lock is there because the compiler cannot know.
#[derive(Clone, Default)]
pub(super) struct LiveSlot(Arc<Mutex<Option<Box<LiveResponse>>>>);

impl LiveSlot {
    pub(super) fn put(&self, live: LiveResponse) {
        *self.lock() = Some(Box::new(live));
    }

    pub(super) fn take(&self) -> Option<Box<LiveResponse>> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Box<LiveResponse>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
