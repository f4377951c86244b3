//! The time, as an argument.

/// What both clocks say at one moment. The caller reads them; this crate cannot.
///
/// Durations are measured on `mono_ms`, which never goes back. `unix_ms` is only ever shown to people or written down,
/// because it is stepped by hand and by NTP.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Now {
    /// Milliseconds on a clock that never goes back, from an arbitrary origin.
    pub mono_ms: u64,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub unix_ms: i64,
}

impl Now {
    /// Milliseconds from `earlier_mono_ms` to this moment; 0 if that lies in the future.
    #[must_use]
    pub const fn ms_since(&self, earlier_mono_ms: u64) -> u64 {
        self.mono_ms.saturating_sub(earlier_mono_ms)
    }
}
