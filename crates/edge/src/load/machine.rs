//! What the system says of this process and its machine: processor time, memory. Shares are in thousandths; what the system does not
//! say counts as free.

use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};

use crate::memory;

/// A share in thousandths; 0 of nothing.
pub(super) fn share(part: u64, whole: u64) -> u16 {
    let permille = part.saturating_mul(1_000).checked_div(whole).unwrap_or(0);
    u16::try_from(permille).unwrap_or(u16::MAX)
}

/// Processor time of this process.
pub(super) fn cpu_time() -> Duration {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else {
        return Duration::ZERO;
    };
    [usage.user_time(), usage.system_time()]
        .into_iter()
        .map(|time| {
            let us = time.tv_sec() as u64 * 1_000_000 + time.tv_usec() as u64;
            Duration::from_micros(us)
        })
        .sum()
}

/// Memory in use of what the process may have, by whichever bound is nearest.
pub(super) fn memory() -> u16 {
    let bounds = memory::bounds();
    let shares = bounds.iter().map(|memory| share(memory.used, memory.max));
    shares.max().unwrap_or(0)
}
