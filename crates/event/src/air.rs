//! Whether an event is on air, and to be recorded, for whoever works without asking its director.

use std::sync::atomic::{AtomicBool, Ordering};

/// Set by the director, read by the room's sink and by whoever wants figures.
#[derive(Debug, Default)]
pub(crate) struct Air {
    is_on: AtomicBool,
    records: AtomicBool,
}

impl Air {
    /// Whether the programme carries the stage, and whether what is on air is to be recorded.
    pub(crate) fn set(&self, is_on: bool, records: bool) {
        self.is_on.store(is_on, Ordering::Relaxed);
        self.records.store(records, Ordering::Relaxed);
    }

    /// Whether the programme carries the stage.
    pub(crate) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// Whether what is on air is to be recorded.
    pub(crate) fn records(&self) -> bool {
        self.records.load(Ordering::Relaxed)
    }
}
