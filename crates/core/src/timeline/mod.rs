//! Where the programme is, in samples since the event's epoch.
//!
//! The epoch of an event is fixed for ever, and chunks and segments are numbered by their position. So numbering needs no counter
//! that could be lost: after `kill -9` and a restart the same arithmetic goes on, with a gap where the server was down. All of it is
//! exact integer arithmetic; 48,000 samples a second are 48 a millisecond.
//!
//! How long a tick, a chunk or a segment is belongs to the audio, which knows nothing of this crate. The crate that joins the two
//! checks at compile time that they agree on the rate and on the boundary.
//!
//! It is not a clock: the wall time is an argument, and a wall clock that was set back is caught here
//! ([`Timeline::resume_after`]).

/// Samples per second of the programme. The only rate inside Stentor.
pub const SAMPLE_RATE_HZ: u64 = 48_000;

/// Samples per millisecond.
pub const SAMPLES_PER_MS: u64 = SAMPLE_RATE_HZ / 1_000;

/// Samples between two positions where chunks of every rendition begin (1.2 s): the least common multiple of their
/// lengths, 200, 400 and 1,200 ms.
pub const BOUNDARY_SAMPLES: u64 = 1_200 * SAMPLES_PER_MS;

/// Samples that may have been published after the last position that was written down, if the position is written at
/// every boundary. [`Timeline::resume_after`] steps over them.
pub const UNSAVED_SAMPLES_MAX: u64 = BOUNDARY_SAMPLES;

/// One event's timeline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeline {
    /// Position 0, in milliseconds since 1970.
    pub epoch_unix_ms: i64,
}

impl Timeline {
    /// A timeline with position 0 at `epoch_unix_ms`.
    #[must_use]
    pub const fn new(epoch_unix_ms: i64) -> Self {
        Self { epoch_unix_ms }
    }

    /// The position at a wall time, in samples; 0 before the epoch.
    #[must_use]
    pub const fn position_at(&self, unix_ms: i64) -> u64 {
        let ms = unix_ms as i128 - self.epoch_unix_ms as i128;
        if ms <= 0 {
            return 0;
        }
        // An i64 difference fits u64, and 48 times it saturates only 190 million years after the epoch.
        (ms as u64).saturating_mul(SAMPLES_PER_MS)
    }

    /// Where the programme (re)starts: a boundary of every rendition that was certainly never published.
    ///
    /// `published_end` is the position after the last sample known to be published, 0 if none was. Normally the wall
    /// clock has gone on and decides. If it was set back (or the restart was quicker than the position was written),
    /// what was published decides: a position is never used twice, because chunks are cached for ever by their number.
    #[must_use]
    pub const fn resume_after(&self, unix_ms: i64, published_end: u64) -> u64 {
        let by_clock = next_boundary(self.position_at(unix_ms));
        if published_end == 0 {
            return by_clock;
        }
        let unused = next_boundary(published_end.saturating_add(UNSAVED_SAMPLES_MAX));
        if by_clock > unused { by_clock } else { unused }
    }

    /// Where a programme goes on that was suspended at `end`, a boundary of every rendition: at the last boundary that has begun. Never
    /// before `end`: a position is never used twice.
    #[must_use]
    pub const fn resume_suspended(&self, unix_ms: i64, end: u64) -> u64 {
        let by_clock = self.position_at(unix_ms) / BOUNDARY_SAMPLES * BOUNDARY_SAMPLES;
        if by_clock > end { by_clock } else { end }
    }
}

/// The first boundary of every rendition at or after `position`.
#[must_use]
pub const fn next_boundary(position: u64) -> u64 {
    match position
        .div_ceil(BOUNDARY_SAMPLES)
        .checked_mul(BOUNDARY_SAMPLES)
    {
        Some(boundary) => boundary,
        // The last boundary that can be written; 12 million years after the epoch.
        None => u64::MAX / BOUNDARY_SAMPLES * BOUNDARY_SAMPLES,
    }
}
