//! The clocks, read in one place.
//!
//! The wall clock is for what people and files see: dates, expiries, the timeline's epoch. What is timed inside the process goes by a
//! clock that never goes back.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use stentor_core::Now;

/// Reads both clocks. A test brings one that it moves itself.
pub(crate) type Clock = Box<dyn Fn() -> Now + Send>;

/// The clocks of the machine; the one that never goes back begins at 0.
pub(crate) fn system_clock() -> Clock {
    let started = Instant::now();
    Box::new(move || Now {
        mono_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        unix_ms: unix_ms_now(),
    })
}

/// The wall clock, in milliseconds since 1970.
pub fn unix_ms_now() -> i64 {
    // Before 1970 a machine has no clock yet; 0 keeps positions at the beginning of the timeline.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
}
