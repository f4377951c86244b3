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
struct Pending {
    wanted: Mutex<Wanted>,
    changed: Condvar,
}

impl Pending {
    fn lock(&self) -> MutexGuard<'_, Wanted> {
        // What is wanted is whole at any moment, so a panic elsewhere has not spoilt it.
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes what should be kept; the last handle writes what is left.
#[derive(Clone)]
pub(crate) struct SnapshotWriter {
    pending: Arc<Pending>,
    _last: Arc<CloseOnDrop>,
}

struct CloseOnDrop(Arc<Pending>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }
}

impl SnapshotWriter {
    /// Starts the thread. `failing` is told when writing begins to fail and when it works again.
    ///
    /// # Errors
    /// Ours: no thread can be started.
    pub(crate) fn start(
        store: Arc<dyn Store>,
        slug: String,
        failing: impl Fn(bool) + Send + 'static,
    ) -> std::io::Result<Self> {
        let pending = Arc::new(Pending::default());
        let writer = Arc::clone(&pending);
        thread::Builder::new()
            .name("snapshots".to_owned())
            .spawn(move || write_on(&writer, &*store, &slug, &failing))?;
        Ok(Self {
            _last: Arc::new(CloseOnDrop(Arc::clone(&pending))),
            pending,
        })
    }

    /// The conversation as it should be found after a restart.
    pub(crate) fn snapshot(&self, bytes: Vec<u8>) {
        self.pending.lock().snapshot = Some(bytes);
        self.pending.changed.notify_all();
    }

    /// The position after the last published sample.
    pub(crate) fn position(&self, position: u64) {
        self.pending.lock().position = Some(position);
        self.pending.changed.notify_all();
    }
}

fn write_on(pending: &Pending, store: &dyn Store, slug: &str, failing: &dyn Fn(bool)) {
    let mut failed = false;
    loop {
        let (snapshot, position, closed) = {
            let mut wanted = pending.lock();
            while wanted.snapshot.is_none() && wanted.position.is_none() && !wanted.closed {
                wanted = pending
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
            put_back(pending, snapshot, position);
            thread::sleep(RETRY_AFTER);
        }
    }
}

/// What could not be written is wanted again, unless something newer is already.
fn put_back(pending: &Pending, snapshot: Option<Vec<u8>>, position: Option<u64>) {
    let mut wanted = pending.lock();
    wanted.snapshot = wanted.snapshot.take().or(snapshot);
    wanted.position = wanted.position.take().or(position);
}
