//! What a room measures of itself: levels and loudness every 100 ms, figures every second, and whether it keeps its time.

use std::collections::BTreeMap;

use stentor_core::stage::SeatLevel;
use stentor_core::{SeatId, SessionId};
use stentor_media::loudness::SILENCE_DB;
use stentor_media::mix::TickOut;

use super::levels::RoomLevels;
use super::output::EngineOutput;
use super::session::Session;
use super::stats::{RoomStats, SeatStats};
use super::tick::TickTiming;

/// Ticks between two measurements of levels (100 ms).
const LEVEL_TICKS: u64 = 5;
/// Ticks between two reports of figures (1 s).
const STATS_TICKS: u64 = 50;
/// A tick that begins this late has missed its deadline, in microseconds.
const LATE_US: u64 = 20_000;
/// Late ticks in one second that raise the alarm.
const LATE_TICKS_ALARM: u64 = 5;
/// Seconds without a late tick that end it.
const ON_TIME_SECONDS: u32 = 10;

/// What is gathered between two reports.
pub(super) struct Telemetry {
    pub(super) stats: RoomStats,
    late_in_second: u64,
    on_time_seconds: u32,
    late: bool,
    /// Since the last report, in dBTP.
    true_peak: f32,
    lufs: f32,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            stats: RoomStats::default(),
            late_in_second: 0,
            on_time_seconds: 0,
            late: false,
            true_peak: SILENCE_DB,
            lufs: SILENCE_DB,
        }
    }
}

impl Telemetry {
    /// Whether so many ticks came late that something is wrong with the machine.
    pub(super) const fn mixer_late(&self) -> bool {
        self.late
    }

    /// No tick comes for a while: what was late is over. Says whether that ends the alarm.
    pub(super) fn suspend(&mut self, out: &mut Vec<EngineOutput>) -> bool {
        self.late_in_second = 0;
        self.stats.late_us_max = 0;
        self.stats.work_us_max = 0;
        out.push(EngineOutput::Stats(self.stats.clone()));
        std::mem::take(&mut self.late)
    }

    /// Notes a tick.
    pub(super) fn tick(&mut self, timing: &TickTiming, mixed: &TickOut, position: u64) {
        let late = u64::from(timing.late_us > LATE_US);
        self.late_in_second += late;
        let stats = &mut self.stats;
        stats.position = position;
        stats.ticks += 1;
        stats.ticks_late += late;
        stats.late_us_max = stats.late_us_max.max(timing.late_us);
        stats.work_us_max = stats.work_us_max.max(timing.last_work_us);
        stats.clock_resets = timing.clock_resets;
        stats.packets_dropped = timing.packets_dropped;
        self.lufs = mixed.lufs_short;
        self.true_peak = self.true_peak.max(mixed.true_peak);
    }

    /// Reports what is due after `ticks` ticks.
    pub(super) fn report(
        &mut self,
        ticks: u64,
        sessions: &mut BTreeMap<SessionId, Session>,
        out: &mut Vec<EngineOutput>,
    ) {
        if ticks.is_multiple_of(LEVEL_TICKS) {
            out.push(EngineOutput::Levels(RoomLevels {
                seats: levels(sessions),
                lufs: self.lufs,
                true_peak: std::mem::replace(&mut self.true_peak, SILENCE_DB),
            }));
        }
        if ticks.is_multiple_of(STATS_TICKS) {
            self.judge_lateness();
            self.stats.seats = seat_stats(sessions);
            out.push(EngineOutput::Stats(self.stats.clone()));
            self.stats.late_us_max = 0;
            self.stats.work_us_max = 0;
        }
    }

    fn judge_lateness(&mut self) {
        let late = std::mem::take(&mut self.late_in_second);
        self.on_time_seconds = if late == 0 {
            self.on_time_seconds + 1
        } else {
            0
        };
        self.late = if self.late {
            self.on_time_seconds < ON_TIME_SECONDS
        } else {
            late >= LATE_TICKS_ALARM
        };
    }
}

/// One level for each seat that has a strip: that of its newest session.
fn levels(sessions: &mut BTreeMap<SessionId, Session>) -> Vec<SeatLevel> {
    let mut by_seat: BTreeMap<SeatId, (Option<u64>, SeatLevel)> = BTreeMap::new();
    for known in sessions.values_mut() {
        let (seat, connected) = (known.seat, known.connected);
        let Some(strip) = &mut known.strip else {
            continue;
        };
        let level = strip.level.take(seat);
        let newest = by_seat.entry(seat).or_insert((connected, level));
        if newest.0 < connected {
            *newest = (connected, level);
        }
    }
    by_seat.into_values().map(|(_, level)| level).collect()
}

fn seat_stats(sessions: &BTreeMap<SessionId, Session>) -> Vec<SeatStats> {
    let speaking = sessions
        .iter()
        .filter_map(|(id, known)| Some((*id, known, known.strip.as_ref()?)));
    speaking
        .map(|(session, known, strip)| SeatStats {
            seat: known.seat,
            session,
            line: strip.stats,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When the alarm changes, by second.
    fn alarms(late_ticks_by_second: &[u64]) -> Vec<(usize, bool)> {
        let mut telemetry = Telemetry::default();
        let mut sessions = BTreeMap::new();
        let mut seen = Vec::new();
        let mut ticks = 0;
        for (second, &late) in late_ticks_by_second.iter().enumerate() {
            for n in 0..STATS_TICKS {
                let late_us = if n < late { LATE_US + 1 } else { 0 };
                let timing = TickTiming {
                    late_us,
                    ..TickTiming::default()
                };
                let was = telemetry.mixer_late();
                telemetry.tick(&timing, &TickOut::default(), 0);
                ticks += 1;
                telemetry.report(ticks, &mut sessions, &mut Vec::new());
                let on = telemetry.mixer_late();
                seen.extend((on != was).then_some((second, on)));
            }
        }
        seen
    }

    #[test]
    fn a_few_late_ticks_are_no_alarm_and_many_are() {
        assert_eq!(alarms(&[LATE_TICKS_ALARM - 1; 5]), []);
        let mut seconds = vec![0, LATE_TICKS_ALARM];
        seconds.extend([0; 12]);
        assert_eq!(alarms(&seconds), [(1, true), (11, false)]);
    }

    #[test]
    fn a_peak_is_reported_once_and_a_loudness_never_stands_in_for_it() {
        let mut telemetry = Telemetry::default();
        let loud = TickOut {
            lufs_short: -18.0,
            true_peak: -1.5,
            ..TickOut::default()
        };
        telemetry.tick(&TickTiming::default(), &loud, 0);
        let mut out = Vec::new();
        telemetry.report(LEVEL_TICKS, &mut BTreeMap::new(), &mut out);
        telemetry.report(2 * LEVEL_TICKS, &mut BTreeMap::new(), &mut out);
        let peaks: Vec<_> = out
            .iter()
            .map(|output| match output {
                EngineOutput::Levels(levels) => (levels.lufs, levels.true_peak),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(peaks, [(-18.0, -1.5), (-18.0, SILENCE_DB)]);
    }
}
