//! The adaptive jitter buffer of one speaker.
//!
//! Packets go in as they come, in any order and more than once (RED); the decoder asks for what is due. The delay follows
//! the network (98 % of the packets of the last 8 s must be in time), is at least [`TARGET_MIN_US`] and never above [`DELAY_MAX_US`]: what is older is skipped.
//! Between the two the owner steers by [`JitterBuffer::error_us`], with its resampler and with [`stretch`].
//!
//! It does not decode, does not unwrap RED, reads no clock and knows nothing of a room.

mod delay;
mod slots;
pub mod stretch;

pub use delay::{DELAY_MAX_US, TARGET_MIN_US};

use crate::opus::{PacketSource, ReceivedPacket, packet};
use delay::{DelayEstimator, transit_us};
use slots::{Inserted, Slots};

/// Most packets held: 200 ms of the shortest packets a browser can be asked for (5 ms), three times over.
pub const PACKETS_MAX: usize = 128;

/// Largest payload taken, in bytes: one that fits a datagram of 1,500.
pub const PAYLOAD_BYTES_MAX: usize = 1_500;

/// Extended sequence numbers and timestamps above this are refused: no sender gets there (2^60 samples are 760,000 years).
pub const EXTENDED_MAX: u64 = 1 << 60;

/// A sequence number this far ahead of the newest is a jump, not loss: 20 s of 20 ms packets.
pub const SEQ_AHEAD_MAX: u64 = 1_000;

/// A sequence number this far behind the newest is a jump, not reordering: 1 s.
pub const SEQ_BEHIND_MAX: u64 = 50;

/// A packet whose media time runs this far ahead of the clock has a wrong timestamp, in µs.
const TRANSIT_AHEAD_MAX_US: i64 = 500_000;

/// A packet later than this has a wrong timestamp, or comes from before a long outage: start again, in µs.
const TRANSIT_BEHIND_MAX_US: i64 = 5_000_000;

/// Packets in a row that must agree before a jump is believed (as RFC 3550 A.1 asks of a new source).
const JUMP_PACKETS: u32 = 3;

/// With nothing to play for this long, in samples, the next packet is a new start: 400 ms.
const STARVED_MAX: u64 = 19_200;

/// In DTX a refresh comes about every 400 ms; with none for this long, in samples, the sender is gone: 3 s.
const SILENT_MAX: u64 = 144_000;

/// Filled at a time when there is no packet to tell a length, in samples: one tick.
const FILL_SAMPLES: u64 = 960;

/// Longest loss that is handed out as one lost packet, in samples: 120 ms.
const PULL_SAMPLES_MAX: u64 = 5_760;

/// How much before the target a first packet may start, in µs: half a tick, so that the mean error is zero.
const START_EARLY_US: i64 = 10_000;

/// Room left below [`DELAY_MAX_US`] for samples the owner has decoded and not yet played, in µs.
const DECODED_AHEAD_US: i64 = 20_000;

/// What became of a packet that was pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It will be played if nothing better comes.
    Stored,
    /// It is already here.
    Duplicate,
    /// Its moment has passed.
    Late,
    /// It does not fit what came before; believed only if the next ones agree with it.
    Suspect,
    /// Empty, larger than [`PAYLOAD_BYTES_MAX`], or numbered beyond [`EXTENDED_MAX`].
    Malformed,
}

/// What is due now. Lengths are in samples at 48 kHz.
#[derive(Debug, PartialEq, Eq)]
pub enum Pull<'a> {
    /// Decode this packet.
    Packet {
        /// The Opus packet.
        payload: &'a [u8],
        /// How it came: for a RED copy the primary was lost.
        from: PacketSource,
        /// Sound before it was skipped to keep to [`DELAY_MAX_US`]: join with care.
        skipped: bool,
    },
    /// The packet is lost, but the next one carries a copy of it.
    Fec {
        /// The packet after the lost one. It will be pulled by itself later.
        next: &'a [u8],
        /// Length of the lost packet.
        samples: usize,
    },
    /// The packet is lost for good: conceal.
    Lost {
        /// Length to conceal.
        samples: usize,
    },
    /// The sender is silent on purpose (DTX): comfort noise.
    Silence {
        /// Length to fill.
        samples: usize,
    },
    /// Nothing has come in time; it may still come: conceal, the playhead waits.
    Starved {
        /// Length to conceal.
        samples: usize,
    },
    /// Not playing: before the first packet, after a long silence, or gathering the first delay.
    Idle {
        /// Length to fill.
        samples: usize,
    },
}

/// What has happened so far, in packets unless said otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JitterStats {
    /// Taken in (first copies).
    pub received: u64,
    /// Lost: due, and no copy of any kind to play but perhaps FEC.
    pub lost: u64,
    /// Played from a RED copy.
    pub red_recovered: u64,
    /// Came after their moment.
    pub late: u64,
    /// Came more than once as primaries.
    pub duplicates: u64,
    /// Skipped to keep to the bound on delay.
    pub skipped: u64,
    /// Refused: malformed, or not fitting the stream.
    pub refused: u64,
    /// Times the stream was taken up anew after a jump.
    pub jumps: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Gathering the first delay.
    Priming,
    Playing,
}

#[derive(Debug, Clone, Copy)]
struct Suspicion {
    seq: u64,
    timestamp: u64,
    count: u32,
}

/// See the [module](self).
#[derive(Debug)]
pub struct JitterBuffer {
    slots: Slots,
    current: ReceivedPacket,
    delay: DelayEstimator,
    phase: Phase,
    next_seq: u64,
    next_timestamp: u64,
    /// Samples filled in while waiting for the playhead's packet.
    owed: u64,
    newest: Option<(u64, u64)>,
    frame: u64,
    in_dtx: bool,
    skipped: bool,
    suspicion: Option<Suspicion>,
    stats: JitterStats,
}

impl Default for JitterBuffer {
    fn default() -> Self {
        Self::new()
    }
}

impl JitterBuffer {
    /// An empty buffer.
    #[must_use]
    pub fn new() -> Self {
        Self {
            slots: Slots::new(),
            current: ReceivedPacket::default(),
            delay: DelayEstimator::new(),
            phase: Phase::Priming,
            next_seq: 0,
            next_timestamp: 0,
            owed: 0,
            newest: None,
            frame: FILL_SAMPLES,
            in_dtx: false,
            skipped: false,
            suspicion: None,
            stats: JitterStats::default(),
        }
    }

    /// Takes in a packet.
    pub fn push(&mut self, packet: ReceivedPacket) -> Pushed {
        let (sequence, timestamp) = (packet.sequence, packet.timestamp);
        let bytes = packet.bytes.len();
        let beyond = sequence > EXTENDED_MAX || timestamp > EXTENDED_MAX;
        if bytes == 0 || bytes > PAYLOAD_BYTES_MAX || beyond {
            self.stats.refused += 1;
            return Pushed::Malformed;
        }
        let primary = packet.from == PacketSource::Primary;
        if !self.fits(packet.arrived_us, sequence, timestamp) {
            if !primary || !self.believe_jump(sequence, timestamp) {
                self.stats.refused += 1;
                return Pushed::Suspect;
            }
            self.start_again();
            self.stats.jumps += 1;
        } else if primary {
            self.suspicion = None;
        }
        if self.newest.is_some() && sequence < self.next_seq {
            if primary {
                self.stats.late += 1;
            }
            return Pushed::Late;
        }
        self.store(packet)
    }

    fn store(&mut self, packet: ReceivedPacket) -> Pushed {
        let ReceivedPacket {
            sequence: seq,
            timestamp,
            arrived_us,
            from,
            ..
        } = packet;
        let before_missing = seq > self.next_seq && !self.slots.contains(seq - 1);
        let frame = packet::samples(&packet.bytes).map_or(self.frame, |samples| samples as u64);
        let saves_the_one_before = before_missing && packet::has_fec(&packet.bytes);
        match self.slots.insert(packet) {
            Inserted::Duplicate => {
                if from == PacketSource::Primary {
                    self.stats.duplicates += 1;
                }
                return Pushed::Duplicate;
            }
            Inserted::Replaced => return Pushed::Stored,
            Inserted::New => {}
        }
        self.stats.received += 1;
        // In-band FEC is a copy of the packet before: where it is what saves that one, wait for it next time too.
        if self.newest.is_some() && saves_the_one_before {
            let before = timestamp.saturating_sub(frame);
            self.delay.observe(arrived_us, before, samples_us(frame));
        }
        self.delay.observe(arrived_us, timestamp, samples_us(frame));
        if self.newest.is_none_or(|(newest_seq, _)| seq > newest_seq) {
            self.newest = Some((seq, timestamp));
        }
        if self.slots.len() > PACKETS_MAX {
            self.drop_front();
        }
        Pushed::Stored
    }

    /// Whether a packet continues the stream: near in sequence, in the same order in time, and not absurdly early or late.
    fn fits(&self, now_us: u64, seq: u64, timestamp: u64) -> bool {
        let Some((newest_seq, newest_timestamp)) = self.newest else {
            return true;
        };
        if seq > newest_seq.saturating_add(SEQ_AHEAD_MAX)
            || seq.saturating_add(SEQ_BEHIND_MAX) < newest_seq
        {
            return false;
        }
        if seq.cmp(&newest_seq) != timestamp.cmp(&newest_timestamp) {
            return false;
        }
        let base = self.delay.base_us().unwrap_or(0);
        let late = transit_us(now_us, timestamp).saturating_sub(base);
        (-TRANSIT_AHEAD_MAX_US..=TRANSIT_BEHIND_MAX_US).contains(&late)
    }

    /// Counts packets that do not fit but agree with each other.
    fn believe_jump(&mut self, seq: u64, timestamp: u64) -> bool {
        let count = match self.suspicion {
            Some(last)
                if seq > last.seq
                    && seq - last.seq <= SEQ_BEHIND_MAX
                    && timestamp > last.timestamp
                    && timestamp - last.timestamp <= SILENT_MAX =>
            {
                last.count + 1
            }
            _ => 1,
        };
        self.suspicion = Some(Suspicion {
            seq,
            timestamp,
            count,
        });
        count >= JUMP_PACKETS
    }

    fn start_again(&mut self) {
        while self.pop_front() {}
        self.delay = DelayEstimator::new();
        self.phase = Phase::Priming;
        self.next_seq = 0;
        self.owed = 0;
        self.newest = None;
        self.in_dtx = false;
        self.suspicion = None;
    }

    /// Hands out what is due at `now_us`. To be called when the decoder needs sound, about once per 20 ms.
    pub fn pull(&mut self, now_us: u64) -> Pull<'_> {
        if self.phase == Phase::Priming && !self.start(now_us) {
            return Pull::Idle {
                samples: FILL_SAMPLES as usize,
            };
        }
        self.keep_bound(now_us);
        let Some((seq, timestamp)) = self.slots.front() else {
            return self.starve();
        };
        let gap = self.settle(seq, timestamp);
        if gap > 0 {
            return self.bridge(seq, gap);
        }
        self.take()
    }

    /// Leaves the priming phase when the first packet has waited long enough.
    fn start(&mut self, now_us: u64) -> bool {
        let start_us = self.target_us() - START_EARLY_US;
        // Older packets than needed for the target are not worth their delay: begin with the last that has waited enough.
        while let Some(second) = self.slots.second() {
            if self.delay.delay_us(now_us, second.1).unwrap_or(0) < self.target_us() {
                break;
            }
            self.drop_front();
        }
        let Some((seq, timestamp)) = self.slots.front() else {
            return false;
        };
        if self.delay.delay_us(now_us, timestamp).unwrap_or(0) < start_us {
            return false;
        }
        self.phase = Phase::Playing;
        self.next_seq = seq;
        self.next_timestamp = timestamp;
        self.owed = 0;
        true
    }

    /// Skips to the target when the delay has run into its bound.
    fn keep_bound(&mut self, now_us: u64) {
        let bound_us = DELAY_MAX_US - DECODED_AHEAD_US;
        let Some((_, timestamp)) = self.slots.front() else {
            return;
        };
        if self.delay.delay_us(now_us, timestamp).unwrap_or(0) <= bound_us {
            return;
        }
        let target_us = self.target_us().min(bound_us);
        while let Some((_, second)) = self.slots.second() {
            if self.delay.delay_us(now_us, second).unwrap_or(0) < target_us {
                break;
            }
            self.drop_front();
        }
        if let Some((seq, timestamp)) = self.slots.front() {
            self.next_seq = seq;
            self.next_timestamp = timestamp;
            self.owed = 0;
        }
    }

    /// No packet is here: something fills the time, and the playhead stays where it is, since the packet may still come.
    fn starve(&mut self) -> Pull<'_> {
        self.owed += FILL_SAMPLES;
        let patience = if self.in_dtx { SILENT_MAX } else { STARVED_MAX };
        if self.owed > patience {
            self.phase = Phase::Priming;
            self.owed = 0;
        }
        let samples = FILL_SAMPLES as usize;
        if self.in_dtx {
            Pull::Silence { samples }
        } else {
            Pull::Starved { samples }
        }
    }

    /// Subtracts what was filled while waiting from the gap before the front packet; returns the rest of the gap.
    fn settle(&mut self, seq: u64, timestamp: u64) -> u64 {
        let gap = timestamp.saturating_sub(self.next_timestamp);
        if gap == 0 {
            // The awaited packet came late: what was filled has become delay, and is steered away.
            self.owed = 0;
            return 0;
        }
        let covered = gap.min(self.owed);
        self.next_timestamp += covered;
        self.owed -= covered;
        if covered == gap {
            self.stats.lost += seq.saturating_sub(self.next_seq);
            self.next_seq = seq;
            self.owed = 0;
        }
        gap - covered
    }

    /// Fills a gap before the front packet: silence on purpose first, then the lost packets, the last one by FEC.
    fn bridge(&mut self, seq: u64, gap: u64) -> Pull<'_> {
        let missing = seq.saturating_sub(self.next_seq);
        let frame = self.frame.max(1);
        let lost = gap.min(missing.saturating_mul(frame));
        if gap > lost {
            let samples = (gap - lost).min(FILL_SAMPLES);
            self.next_timestamp += samples;
            return Pull::Silence {
                samples: samples as usize,
            };
        }
        let samples = if missing == 1 {
            gap.min(PULL_SAMPLES_MAX)
        } else {
            gap.min(frame)
        };
        self.next_timestamp += samples;
        self.next_seq += 1;
        self.stats.lost += 1;
        self.in_dtx = false;
        let samples = samples as usize;
        match self.slots.front_payload() {
            // Concealment works in steps of 2.5 ms; an odd gap cannot be a packet of Opus.
            Some(next) if missing == 1 && samples.is_multiple_of(120) && packet::has_fec(next) => {
                Pull::Fec { next, samples }
            }
            _ => Pull::Lost { samples },
        }
    }

    fn take(&mut self) -> Pull<'_> {
        if !self.pop_front() {
            return self.starve();
        }
        let current = &self.current;
        let samples = packet::samples(&current.bytes).map_or(self.frame, |samples| samples as u64);
        self.frame = samples;
        self.next_seq = current.sequence + 1;
        self.next_timestamp = current.timestamp.saturating_add(samples);
        self.in_dtx = packet::is_dtx(&current.bytes);
        if current.from == PacketSource::RedCopy {
            self.stats.red_recovered += 1;
        }
        let skipped = core::mem::take(&mut self.skipped);
        Pull::Packet {
            payload: &current.bytes,
            from: current.from,
            skipped,
        }
    }

    /// Makes the oldest packet the current one. Returns whether there was one.
    fn pop_front(&mut self) -> bool {
        let front = self.slots.pop_front();
        let popped = front.is_some();
        self.current = front.unwrap_or_default();
        popped
    }

    fn drop_front(&mut self) {
        if self.pop_front() {
            self.next_seq = self.next_seq.max(self.current.sequence + 1);
            self.stats.skipped += 1;
            self.skipped = true;
        }
    }

    /// Throws away what is due by `now_us` without decoding it, for a speaker nobody hears. Playing starts anew afterwards.
    pub fn discard(&mut self, now_us: u64) {
        let target_us = self.target_us();
        while let Some((_, timestamp)) = self.slots.front() {
            if self.delay.delay_us(now_us, timestamp).unwrap_or(0) < target_us {
                break;
            }
            if self.pop_front() {
                self.next_seq = self.current.sequence + 1;
            }
        }
        self.phase = Phase::Priming;
        self.owed = 0;
        self.in_dtx = false;
    }

    /// The delay aimed at, in µs.
    #[must_use]
    pub fn target_us(&self) -> i64 {
        self.delay.target_us(samples_us(self.frame))
    }

    /// The delay of the sample that leaves now, in µs, where `pending` samples are decoded and wait before it.
    /// `None` while nothing is playing or the playhead waits.
    #[must_use]
    pub fn delay_us(&self, now_us: u64, pending: usize) -> Option<i64> {
        if self.phase != Phase::Playing || (self.owed > 0 && !self.in_dtx) {
            return None;
        }
        let playhead = (self.next_timestamp + self.owed).saturating_sub(pending as u64);
        self.delay.delay_us(now_us, playhead)
    }

    /// How much more delay there is than aimed at, in µs (negative: less). `None` as [`delay_us`](Self::delay_us).
    #[must_use]
    pub fn error_us(&self, now_us: u64, pending: usize) -> Option<i64> {
        self.delay_us(now_us, pending)
            .map(|delay| delay - self.target_us())
    }

    /// Packets held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether no packet is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.len() == 0
    }

    /// Whether the sender is in DTX as far as the playhead has come.
    #[must_use]
    pub const fn in_dtx(&self) -> bool {
        self.in_dtx
    }

    /// How much later than the earliest all but one in fifty packets of the last seconds came, in µs.
    #[must_use]
    pub fn jitter_us(&self) -> i64 {
        self.delay.quantile_us()
    }

    /// What has happened so far.
    #[must_use]
    pub const fn stats(&self) -> JitterStats {
        self.stats
    }
}

const fn samples_us(samples: u64) -> i64 {
    (samples * 1_000 / 48) as i64
}
