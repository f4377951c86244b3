//! What is counted while the herd runs: one tally per worker, added up at the end.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::sound_meter::SoundTotals;

/// Different reasons that are told apart; further ones are counted together as "other".
pub const REASONS_MAX: usize = 64;

/// The longest time a histogram tells apart, in microseconds: ten minutes. Longer ones count as this.
pub const TIME_US_MAX: u64 = 600_000_000;

/// How often each thing happened, by its reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ReasonCounts(BTreeMap<String, u64>);

impl ReasonCounts {
    pub(crate) fn count(&mut self, reason: &str, times: u64) {
        let known = self.0.len();
        match self.0.get_mut(reason) {
            Some(count) => *count += times,
            None if known < REASONS_MAX => {
                self.0.insert(reason.to_owned(), times);
            }
            None => *self.0.entry("other".to_owned()).or_default() += times,
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (reason, &times) in &other.0 {
            self.count(reason, times);
        }
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.values().sum()
    }

    pub(crate) fn into_map(self) -> BTreeMap<String, u64> {
        self.0
    }
}

/// Times in microseconds, three digits of each.
#[derive(Debug, Clone)]
pub(crate) struct TimeHistogram(Histogram<u64>);

impl Default for TimeHistogram {
    fn default() -> Self {
        let bounds = Histogram::new_with_bounds(1, TIME_US_MAX, 3);
        Self(bounds.expect("the bounds are constants that fit together"))
    }
}

impl TimeHistogram {
    pub(crate) fn record(&mut self, us: u64) {
        self.0.saturating_record(us.min(TIME_US_MAX));
    }

    /// Records something that is looked at every `interval_us`: a long one stands for all that should have begun meanwhile
    /// (coordinated omission, in Gil Tene's words).
    pub(crate) fn record_periodic(&mut self, us: u64, interval_us: u64) {
        let us = us.min(TIME_US_MAX);
        // Only fails above the bounds, which was cut off.
        let _ = self.0.record_correct(us, interval_us.max(1));
    }

    pub(crate) fn add(&mut self, other: &Self) {
        // Only fails if the bounds differ, and all are made by `default`.
        let _ = self.0.add(&other.0);
    }

    pub(crate) const fn histogram(&self) -> &Histogram<u64> {
        &self.0
    }
}

/// All counts of one worker, or of all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) started: u64,
    pub(crate) connected: u64,
    pub(crate) joined: u64,
    pub(crate) held_at_end: u64,
    /// TLS handshakes that resumed a session.
    pub(crate) handshakes_resumed: u64,
    pub(crate) never_in: ReasonCounts,
    pub(crate) cut: ReasonCounts,
    pub(crate) own_errors: ReasonCounts,
    pub(crate) bytes: u64,
    pub(crate) chunks: u64,
    pub(crate) sound_bytes: u64,
    pub(crate) notices: u64,
    pub(crate) cadences: u64,
    /// By HLS: playlists read, those older than one read before, segments read, and those that were listed no more.
    pub(crate) playlists: u64,
    pub(crate) playlists_older: u64,
    pub(crate) segments: u64,
    pub(crate) segments_skipped: u64,
    pub(crate) gaps: u64,
    pub(crate) missing_us: u64,
    pub(crate) repeated: u64,
    pub(crate) misnumbered: u64,
    pub(crate) stalls: u64,
    pub(crate) stalled_listeners: u64,
    pub(crate) stalled_us: u64,
    pub(crate) never_played: u64,
    pub(crate) handshake: TimeHistogram,
    pub(crate) first_audio: TimeHistogram,
    pub(crate) playing: TimeHistogram,
    pub(crate) lateness: TimeHistogram,
    /// When listeners had the notice that the run waits for, from its beginning.
    pub(crate) noticed: TimeHistogram,
    pub(crate) stall: TimeHistogram,
    pub(crate) lowest_buffer: TimeHistogram,
    pub(crate) delivery_gap: TimeHistogram,
    pub(crate) schedule_lag: TimeHistogram,
    pub(crate) loop_lag: TimeHistogram,
    pub(crate) meters: u64,
    pub(crate) silent_meters: u64,
    pub(crate) heard: SoundTotals,
    pub(crate) cpu_us: u64,
    pub(crate) hold_cpu_us: u64,
    /// The longest time any worker was holding; they hold at the same time.
    pub(crate) hold_wall_us: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, more) in [
            (&mut self.started, other.started),
            (&mut self.connected, other.connected),
            (&mut self.joined, other.joined),
            (&mut self.handshakes_resumed, other.handshakes_resumed),
            (&mut self.held_at_end, other.held_at_end),
            (&mut self.bytes, other.bytes),
            (&mut self.chunks, other.chunks),
            (&mut self.sound_bytes, other.sound_bytes),
            (&mut self.notices, other.notices),
            (&mut self.cadences, other.cadences),
            (&mut self.playlists, other.playlists),
            (&mut self.playlists_older, other.playlists_older),
            (&mut self.segments, other.segments),
            (&mut self.segments_skipped, other.segments_skipped),
            (&mut self.gaps, other.gaps),
            (&mut self.missing_us, other.missing_us),
            (&mut self.repeated, other.repeated),
            (&mut self.misnumbered, other.misnumbered),
            (&mut self.stalls, other.stalls),
            (&mut self.stalled_listeners, other.stalled_listeners),
            (&mut self.stalled_us, other.stalled_us),
            (&mut self.never_played, other.never_played),
            (&mut self.meters, other.meters),
            (&mut self.silent_meters, other.silent_meters),
            (&mut self.cpu_us, other.cpu_us),
            (&mut self.hold_cpu_us, other.hold_cpu_us),
            (&mut self.heard.decoded_us, other.heard.decoded_us),
            (&mut self.heard.silent_us, other.heard.silent_us),
            (&mut self.heard.undecodable, other.heard.undecodable),
        ] {
            *sum += more;
        }
        self.hold_wall_us = self.hold_wall_us.max(other.hold_wall_us);
        let longest = other.heard.longest_silence_us;
        self.heard.longest_silence_us = self.heard.longest_silence_us.max(longest);
        for (sum, more) in [
            (&mut self.never_in, &other.never_in),
            (&mut self.cut, &other.cut),
            (&mut self.own_errors, &other.own_errors),
        ] {
            sum.add(more);
        }
        for (sum, more) in [
            (&mut self.handshake, &other.handshake),
            (&mut self.first_audio, &other.first_audio),
            (&mut self.playing, &other.playing),
            (&mut self.lateness, &other.lateness),
            (&mut self.noticed, &other.noticed),
            (&mut self.stall, &other.stall),
            (&mut self.lowest_buffer, &other.lowest_buffer),
            (&mut self.delivery_gap, &other.delivery_gap),
            (&mut self.schedule_lag, &other.schedule_lag),
            (&mut self.loop_lag, &other.loop_lag),
        ] {
            sum.add(more);
        }
    }

    pub(crate) fn hear(&mut self, heard: &SoundTotals) {
        self.meters += 1;
        self.silent_meters += u64::from(heard.nothing_but_silence());
        self.heard.decoded_us += heard.decoded_us;
        self.heard.silent_us += heard.silent_us;
        self.heard.undecodable += heard.undecodable;
        self.heard.longest_silence_us = self.heard.longest_silence_us.max(heard.longest_silence_us);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_beyond_the_limit_are_counted_together() {
        let mut reasons = ReasonCounts::default();
        (0..100).for_each(|number| reasons.count(&format!("reason {number}"), 1));
        reasons.count("reason 5", 1);
        assert_eq!(reasons.total(), 101);
        let map = reasons.into_map();
        assert_eq!((map.len(), map["reason 5"], map["other"]), (65, 2, 36));
    }

    #[test]
    fn a_pass_that_took_long_stands_for_the_passes_it_prevented() {
        let mut lag = TimeHistogram::default();
        (0..100).for_each(|_| lag.record_periodic(1_000, 2_000));
        lag.record_periodic(1_000_000, 2_000);
        assert!(lag.histogram().value_at_quantile(0.5) > 100_000);
    }
}
