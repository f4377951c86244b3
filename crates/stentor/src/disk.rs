//! The disk that the data folder is on: how much room it has, told before it is full, and once.
//!
//! Recorder and store find out themselves that nothing fits any more, and raise their alarms; this says it while there is still
//! something to be done.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::data_dir;

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Room below which a disk is full: nothing of length fits. A thirtieth of a small disk, but no more than this, bytes.
const FULL_BYTES: u64 = 32 << 20;
const FULL_PART: u64 = 30;
/// Room below which there is little: a tenth of a small disk, but no more than this, bytes.
const LITTLE_BYTES: u64 = 1 << 30;
const LITTLE_PART: u64 = 10;

/// How much room a disk has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DiskRoom {
    /// Bytes that this user may still write.
    pub(crate) free: u64,
    /// Bytes in all.
    pub(crate) size: u64,
}

/// What that means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DiskState {
    Enough,
    /// An evening may not fit.
    Little,
    /// Recordings are not written, and a restart would go on from an older state.
    Full,
}

impl DiskRoom {
    pub(crate) fn state(self) -> DiskState {
        if self.size == 0 {
            return DiskState::Enough;
        }
        if self.free < FULL_BYTES.min(self.size / FULL_PART) {
            DiskState::Full
        } else if self.free < LITTLE_BYTES.min(self.size / LITTLE_PART) {
            DiskState::Little
        } else {
            DiskState::Enough
        }
    }
}

/// The newest look. Clones share it.
#[derive(Clone)]
pub(crate) struct DiskWatch {
    dir: PathBuf,
    newest: Arc<Mutex<DiskRoom>>,
}

impl DiskWatch {
    /// Has looked once.
    pub(crate) fn of(dir: &Path) -> Self {
        let watch = Self {
            dir: dir.to_owned(),
            newest: Arc::default(),
        };
        watch.look();
        watch
    }

    /// As of the last look.
    pub(crate) fn room(&self) -> DiskRoom {
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks again and again; calls `changed` with each new state.
    pub(crate) async fn run(self, changed: impl Fn(DiskState)) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut known = DiskState::Enough;
        loop {
            looks.tick().await;
            let watch = self.clone();
            // A disk that hangs must not hold up who serves.
            if tokio::task::spawn_blocking(move || watch.look())
                .await
                .is_err()
            {
                return;
            }
            let state = self.room().state();
            if state != known {
                known = state;
                self.tell(state);
                changed(state);
            }
        }
    }

    fn look(&self) {
        if let Some((free, size)) = data_dir::room(&self.dir) {
            *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = DiskRoom { free, size };
        }
    }

    fn tell(&self, state: DiskState) {
        let DiskRoom { free, size } = self.room();
        let folder = self.dir.display();
        match state {
            DiskState::Enough => {
                tracing::info!(%folder, free, size, "the disk of the data folder has room again")
            }
            DiskState::Little => {
                tracing::warn!(%folder, free, size, "the disk of the data folder has little room left: an evening may not fit")
            }
            DiskState::Full => {
                tracing::error!(%folder, free, size, "the disk of the data folder is full: nothing is recorded until there is room")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_room_is_told_before_none() {
        let state = |free, size| DiskRoom { free, size }.state();
        let (mib, gib) = (1 << 20, 1 << 30);
        for (free, size, is) in [
            (500 * gib, 1_000 * gib, DiskState::Enough),
            (gib, 1_000 * gib, DiskState::Enough),
            (gib - 1, 1_000 * gib, DiskState::Little),
            (32 * mib, 1_000 * gib, DiskState::Little),
            (32 * mib - 1, 1_000 * gib, DiskState::Full),
            (0, 1_000 * gib, DiskState::Full),
            // A disk of 3 MiB is not full from the start.
            (2 * mib, 3 * mib, DiskState::Enough),
            (200 << 10, 3 * mib, DiskState::Little),
            (50 << 10, 3 * mib, DiskState::Full),
            (0, 0, DiskState::Enough),
        ] {
            assert_eq!(state(free, size), is, "{free} of {size}");
        }
    }

    #[test]
    fn the_disk_of_a_folder_is_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let room = DiskWatch::of(folder.path()).room();
        assert!(room.size > 0 && room.free <= room.size, "{room:?}");
    }
}
