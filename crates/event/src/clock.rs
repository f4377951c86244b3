//! The wall clock, read in one place.
//!
//! For what people and files see: dates, expiries, the timeline's epoch. What is timed inside the process goes by `Instant`.

use std::time::{SystemTime, UNIX_EPOCH};

/// The wall clock, in milliseconds since 1970.
pub fn unix_ms_now() -> i64 {
    // Before 1970 a machine has no clock yet; 0 keeps positions at the beginning of the timeline.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
}
