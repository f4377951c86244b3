//! When a tick is, and how the thread that runs it fared.

/// The time of one tick.
#[derive(Debug, Clone, Copy, Default)]
pub struct TickTiming {
    /// When the tick was due, in microseconds on the studio's [clock](crate::clock).
    pub now_us: u64,
    /// Wall clock, in microseconds since 1970.
    pub unix_us: i64,
    /// How late the tick began, in microseconds.
    pub late_us: u64,
    /// How long the tick before took, in microseconds.
    pub last_work_us: u64,
    /// Times the clock was set anew, so far.
    pub clock_resets: u64,
    /// Packets that found the room's queue full, so far.
    pub packets_dropped: u64,
}
