//! Writes one event's changes to the store, on a thread of its own, so that nobody waits for a disk.
//!
//! Only the newest of each kind matters: while one is being written, later ones replace each other. A failing
//! store costs what a restart would restore, never the conversation, and hosts are told.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use stentor_cluster::store::Store;

/// How long a failed write is left alone before it is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Wanted {
    snapshot: Option<Vec<u8>>,
    position: Option<u64>,
    closed: bool,
}

#[derive(Default)]
struct Desk {
    wanted: Mutex<Wanted>,
    changed: Condvar,
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Wanted> {
        // What is wanted is whole at any moment, so a panic elsewhere has not spoilt it.
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes what should be kept; the last handle writes what is left.
#[derive(Clone)]
pub(crate) struct Keeper {
    desk: Arc<Desk>,
    _last: Arc<CloseOnDrop>,
}

struct CloseOnDrop(Arc<Desk>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }
}

impl Keeper {
    /// Starts the thread. `failing` is told when writing begins to fail and when it works again.
    ///
    /// # Errors
    /// Ours: no thread can be started.
    pub(crate) fn start(
        store: Arc<dyn Store>,
        slug: String,
        failing: impl Fn(bool) + Send + 'static,
    ) -> std::io::Result<Self> {
        let desk = Arc::new(Desk::default());
        let writer = Arc::clone(&desk);
        thread::Builder::new()
            .name("keeper".to_owned())
            .spawn(move || write_on(&writer, &*store, &slug, &failing))?;
        Ok(Self {
            _last: Arc::new(CloseOnDrop(Arc::clone(&desk))),
            desk,
        })
    }

    /// The conversation as it should be found after a restart.
    pub(crate) fn snapshot(&self, bytes: Vec<u8>) {
        self.desk.lock().snapshot = Some(bytes);
        self.desk.changed.notify_all();
    }

    /// The position after the last published sample.
    pub(crate) fn position(&self, position: u64) {
        self.desk.lock().position = Some(position);
        self.desk.changed.notify_all();
    }
}

fn write_on(desk: &Desk, store: &dyn Store, slug: &str, failing: &dyn Fn(bool)) {
    let mut failed = false;
    loop {
        let (snapshot, position, closed) = {
            let mut wanted = desk.lock();
            while wanted.snapshot.is_none() && wanted.position.is_none() && !wanted.closed {
                wanted = desk
                    .changed
                    .wait(wanted)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            (
                wanted.snapshot.take(),
                wanted.position.take(),
                wanted.closed,
            )
        };
        if snapshot.is_none() && position.is_none() {
            return;
        }
        let result = snapshot
            .as_deref()
            .map_or(Ok(()), |bytes| store.save_snapshot(slug, bytes))
            .and_then(|()| position.map_or(Ok(()), |position| store.save_position(slug, position)));
        if let Err(error) = &result {
            tracing::error!(%error, event = slug, "the store cannot be written");
        }
        if result.is_err() != failed {
            failed = result.is_err();
            failing(failed);
        }
        if failed {
            if closed {
                return;
            }
            put_back(desk, snapshot, position);
            thread::sleep(RETRY_AFTER);
        }
    }
}

/// What could not be written is wanted again, unless something newer is already.
fn put_back(desk: &Desk, snapshot: Option<Vec<u8>>, position: Option<u64>) {
    let mut wanted = desk.lock();
    wanted.snapshot = wanted.snapshot.take().or(snapshot);
    wanted.position = wanted.position.take().or(position);
}
