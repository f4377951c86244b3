//! What a room tells about itself: levels and loudness every 100 ms, figures every second, and whether it keeps its time.

use std::collections::BTreeMap;

use stentor_core::event::Alarm;
use stentor_core::{SeatId, SessionId};
use stentor_media::mix::TickOut;

use super::engine::{Action, TickTime};
use super::session::Session;
use super::{RoomEvent, RoomStats, SeatStats};

/// Ticks between two reports of levels (100 ms).
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
#[derive(Default)]
pub(super) struct Reports {
    stats: RoomStats,
    late_in_second: u64,
    on_time_seconds: u32,
    late_alarm: bool,
    true_peak: Option<f32>,
    lufs: f32,
}

impl Reports {
    /// Notes a tick.
    pub(super) fn tick(&mut self, time: &TickTime, mixed: &TickOut, position: u64) {
        let late = u64::from(time.late_us > LATE_US);
        self.late_in_second += late;
        let stats = &mut self.stats;
        stats.position = position;
        stats.ticks += 1;
        stats.ticks_late += late;
        stats.late_us_max = stats.late_us_max.max(time.late_us);
        stats.work_us_max = stats.work_us_max.max(time.last_work_us);
        stats.clock_resets = time.clock_resets;
        stats.sound_dropped = time.sound_dropped;
        self.lufs = mixed.lufs_short;
        self.true_peak = Some(
            self.true_peak
                .map_or(mixed.true_peak, |peak| peak.max(mixed.true_peak)),
        );
    }

    /// Notes that the desk panicked.
    pub(super) const fn desk_made_anew(&mut self) {
        self.stats.desks_made_anew += 1;
    }

    /// Reports what is due after `ticks` ticks.
    pub(super) fn report(
        &mut self,
        ticks: u64,
        sessions: &mut BTreeMap<SessionId, Session>,
        out: &mut Vec<Action>,
    ) {
        if ticks.is_multiple_of(LEVEL_TICKS) {
            out.push(Action::Event(RoomEvent::Levels(levels(sessions))));
            out.push(Action::Event(RoomEvent::Meter {
                lufs: self.lufs,
                true_peak: self.true_peak.take().unwrap_or(self.lufs),
            }));
        }
        if ticks.is_multiple_of(STATS_TICKS) {
            self.judge_lateness(out);
            self.stats.seats = seat_stats(sessions);
            out.push(Action::Event(RoomEvent::Stats(self.stats.clone())));
            self.stats.late_us_max = 0;
            self.stats.work_us_max = 0;
        }
    }

    fn judge_lateness(&mut self, out: &mut Vec<Action>) {
        let late = std::mem::take(&mut self.late_in_second);
        self.on_time_seconds = if late == 0 {
            self.on_time_seconds + 1
        } else {
            0
        };
        let on = if self.late_alarm {
            self.on_time_seconds < ON_TIME_SECONDS
        } else {
            late >= LATE_TICKS_ALARM
        };
        if on != self.late_alarm {
            self.late_alarm = on;
            let alarm = Alarm::MixerLate;
            out.push(Action::Event(RoomEvent::Alarm { alarm, on }));
        }
    }
}

/// One level for each seat that has a strip: that of its newest session.
fn levels(sessions: &mut BTreeMap<SessionId, Session>) -> Vec<stentor_core::stage::SeatLevel> {
    let mut by_seat: BTreeMap<SeatId, (Option<u64>, stentor_core::stage::SeatLevel)> =
        BTreeMap::new();
    for known in sessions.values_mut() {
        let (seat, up) = (known.seat, known.up);
        let Some(strip) = &mut known.strip else {
            continue;
        };
        let level = strip.level.take(seat);
        let newest = by_seat.entry(seat).or_insert((up, level));
        if newest.0 < up {
            *newest = (up, level);
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
            buffer_ms: strip.stats.buffer_ms,
            lost: strip.stats.lost,
            red_recovered: strip.stats.red_recovered,
            fec_recovered: strip.stats.fec_recovered,
            concealed: strip.stats.concealed,
            garbage: strip.stats.garbage,
            drift_ppm: strip.stats.drift_ppm,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarms(late_ticks_by_second: &[u64]) -> Vec<(usize, bool)> {
        let mut reports = Reports::default();
        let mut sessions = BTreeMap::new();
        let mut seen = Vec::new();
        let mut ticks = 0;
        for (second, &late) in late_ticks_by_second.iter().enumerate() {
            for n in 0..STATS_TICKS {
                let late_us = if n < late { LATE_US + 1 } else { 0 };
                let time = TickTime {
                    late_us,
                    ..TickTime::default()
                };
                reports.tick(&time, &TickOut::default(), 0);
                ticks += 1;
                let mut out = Vec::new();
                reports.report(ticks, &mut sessions, &mut out);
                seen.extend(out.iter().filter_map(|action| match action {
                    Action::Event(RoomEvent::Alarm { on, .. }) => Some((second, *on)),
                    _ => None,
                }));
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
}
