//! How late packets come, and how much delay that asks for.
//!
//! Transit (arrival minus media time) of the earliest packet of the last seconds is the base; what a packet is later than
//! that is its jitter. The target covers [`QUANTILE`] of it. This follows both the network and a drifting clock, because
//! the window forgets. It does not look inside packets.

/// Least delay ever aimed at, in µs.
pub const TARGET_MIN_US: i64 = 20_000;

/// Most delay ever allowed between the earliest possible moment and the ear, in µs.
pub const DELAY_MAX_US: i64 = 200_000;

/// Share of packets that must be in time. One in fifty late is hidden by concealment; asking for more costs delay always.
const QUANTILE: f64 = 0.98;

/// Slack on top of the quantile for the grain of the histogram and of the caller's timer, in µs.
const MARGIN_US: i64 = 2_000;

/// Packets remembered: 8 s of 20 ms packets. This is also how fast a bad spell is forgotten.
const WINDOW_PACKETS: usize = 400;

/// Width of a histogram bin in µs, and the number of bins up to [`DELAY_MAX_US`].
const BIN_US: i64 = 2_000;
const BINS: usize = (DELAY_MAX_US / BIN_US) as usize + 1;

/// The base is the minimum over this many buckets of [`BUCKET_US`]: with a clock 0.05 % slow it is at most 4 ms stale.
const BUCKETS: usize = 8;
const BUCKET_US: u64 = 1_000_000;

/// Estimates transit, jitter and the delay to aim at. Bounded: two arrays.
#[derive(Debug, Clone)]
pub(super) struct DelayEstimator {
    buckets: [Option<i64>; BUCKETS],
    bucket_index: u64,
    recent: [u8; WINDOW_PACKETS],
    recent_len: usize,
    recent_next: usize,
    bins: [u16; BINS],
    stalled: bool,
}

impl DelayEstimator {
    pub(super) const fn new() -> Self {
        Self {
            buckets: [None; BUCKETS],
            bucket_index: 0,
            recent: [0; WINDOW_PACKETS],
            recent_len: 0,
            recent_next: 0,
            bins: [0; BINS],
            stalled: false,
        }
    }

    /// Takes in one packet, the first copy of it.
    pub(super) fn observe(&mut self, arrival_us: u64, timestamp: u64, frame_us: i64) {
        let transit = transit_us(arrival_us, timestamp);
        self.turn_buckets(arrival_us);
        let slot = &mut self.buckets[(self.bucket_index % BUCKETS as u64) as usize];
        *slot = Some(slot.map_or(transit, |least| least.min(transit)));
        let late = transit - self.base_us().unwrap_or(transit);
        // A stall longer than any delay we would accept says nothing about the delay to aim at: neither do the packets
        // that were held up behind it and come in one burst.
        if late > DELAY_MAX_US {
            self.stalled = true;
            return;
        }
        if self.stalled && late > self.target_us(frame_us) {
            return;
        }
        self.stalled = false;
        self.remember(late);
    }

    fn turn_buckets(&mut self, arrival_us: u64) {
        let index = arrival_us / BUCKET_US;
        if self.base_us().is_none() {
            self.bucket_index = index;
        }
        if index <= self.bucket_index {
            return;
        }
        // After a long silence the old minima are all we know: keep the newest until new ones come.
        let steps = (index - self.bucket_index).min(BUCKETS as u64 - 1);
        for step in 1..=steps {
            self.buckets[((self.bucket_index + step) % BUCKETS as u64) as usize] = None;
        }
        if steps < index - self.bucket_index {
            let kept = self.buckets[(self.bucket_index % BUCKETS as u64) as usize];
            self.buckets = [None; BUCKETS];
            self.buckets[((index - 1) % BUCKETS as u64) as usize] = kept;
        }
        self.bucket_index = index;
    }

    fn remember(&mut self, late_us: i64) {
        let bin = (late_us / BIN_US).clamp(0, BINS as i64 - 1) as u8;
        if self.recent_len == WINDOW_PACKETS {
            let oldest = self.recent[self.recent_next];
            self.bins[usize::from(oldest)] -= 1;
        } else {
            self.recent_len += 1;
        }
        self.recent[self.recent_next] = bin;
        self.recent_next = (self.recent_next + 1) % WINDOW_PACKETS;
        self.bins[usize::from(bin)] += 1;
    }

    /// Transit of the earliest packet of the window in µs; its zero means nothing, only differences do.
    pub(super) fn base_us(&self) -> Option<i64> {
        self.buckets.iter().flatten().min().copied()
    }

    /// The delay to aim at for packets of `frame_us`: a whole packet must be there before its first sample is due.
    pub(super) fn target_us(&self, frame_us: i64) -> i64 {
        let frame_us = frame_us.clamp(TARGET_MIN_US, 120_000);
        (frame_us + self.quantile_us() + MARGIN_US).clamp(TARGET_MIN_US, DELAY_MAX_US)
    }

    /// What all but one in fifty packets are later than the earliest, in µs.
    pub(super) fn quantile_us(&self) -> i64 {
        let allowed_late = ((1.0 - QUANTILE) * self.recent_len as f64) as usize;
        let mut later = 0;
        for (bin, &count) in self.bins.iter().enumerate().rev() {
            later += usize::from(count);
            if later > allowed_late {
                return bin as i64 * BIN_US;
            }
        }
        0
    }

    /// How long after the earliest possible moment `timestamp` would sound, were it played at `now_us`.
    pub(super) fn delay_us(&self, now_us: u64, timestamp: u64) -> Option<i64> {
        self.base_us()
            .map(|base| transit_us(now_us, timestamp) - base)
    }
}

/// Arrival minus media time in µs.
pub(super) fn transit_us(arrival_us: u64, timestamp: u64) -> i64 {
    // 48 samples a millisecond. i128 because a hostile timestamp may be anything.
    let media_us = i128::from(timestamp) * 1_000 / 48;
    i64::try_from(i128::from(arrival_us) - media_us).unwrap_or(i64::MIN / 4)
}
