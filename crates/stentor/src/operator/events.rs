//! What each event counts: its room, its speakers, its recordings, its state in the store, its public face.

use std::collections::BTreeMap;

use stentor_core::stage::SessionKind;
use stentor_core::timeline::SAMPLE_RATE_HZ;
use stentor_event::{EventCounters, EventStats, RegistryStats};
use stentor_studio::{RoomStats, SeatStats};

use super::definitions as metric;
use super::scrape::Scrape;

/// All events of the store, by what became of them.
pub(super) fn registry(scrape: &Scrape, stats: &RegistryStats) {
    let events = [
        ("with_room", stats.with_room),
        ("ended", stats.ended),
        ("waiting", stats.waiting),
        ("refused", stats.refused),
    ];
    for (state, count) in events {
        scrape.gauge(metric::EVENTS, [state], count as f64);
    }
}

/// One event.
pub(super) fn event(scrape: &Scrape, event: &str, stats: &EventStats) {
    scrape.gauge(metric::ON_AIR, [event], stats.is_on_air.into());
    for (alarm, is_on) in stats.alarms {
        scrape.gauge(metric::ALARM, [event, alarm.code()], is_on.into());
    }
    counters(scrape, event, &stats.counters);
    if let Some(room) = &stats.room {
        for (kind, count) in stats.sessions {
            scrape.gauge(metric::SESSIONS, [event, kind_name(kind)], count as f64);
        }
        self::room(scrape, event, room);
    }
}

fn counters(scrape: &Scrape, event: &str, counters: &EventCounters) {
    let counted = [
        (metric::RECORDER_CHUNKS_WRITTEN, counters.chunks_recorded),
        (metric::RECORDER_WRITTEN, counters.bytes_recorded),
        (metric::SNAPSHOTS_WRITTEN, counters.snapshots_written),
        (metric::SNAPSHOT_FAILURES, counters.snapshot_failures),
        (metric::DIRECTOR_OUTPUTS_DROPPED, counters.outputs_dropped),
    ];
    for (metric, value) in counted {
        scrape.count(metric, [event], value);
    }
    let lost = metric::RECORDER_CHUNKS_LOST;
    scrape.count(lost, [event, "queue_full"], counters.chunks_not_queued);
    scrape.count(lost, [event, "write_failed"], counters.chunks_not_written);
    let failed = metric::PUBLISH_FAILURES;
    scrape.count(failed, [event, "chunk"], counters.chunks_not_published);
    scrape.count(
        failed,
        [event, "document"],
        counters.documents_not_published,
    );
}

fn room(scrape: &Scrape, event: &str, stats: &RoomStats) {
    let counted = [
        (metric::MIXER_TICKS, stats.ticks),
        (metric::MIXER_TICKS_LATE, stats.ticks_late),
        (metric::MIXER_CLOCK_RESETS, stats.clock_resets),
        (metric::MIXER_RESTARTS, stats.mixer_restarts),
        (metric::ROOM_PACKETS_DROPPED, stats.packets_dropped),
        (metric::NOTICES_DROPPED, stats.notices_dropped),
    ];
    for (metric, value) in counted {
        scrape.count(metric, [event], value);
    }
    let position_s = stats.position as f64 / SAMPLE_RATE_HZ as f64;
    scrape.gauge(metric::PROGRAMME_POSITION, [event], position_s);
    let (late_s, work_s) = (seconds(stats.late_us_max), seconds(stats.work_us_max));
    scrape.gauge(metric::MIXER_LATENESS_MAX, [event], late_s);
    scrape.gauge(metric::MIXER_WORK_MAX, [event], work_s);
    for (reason, count) in stats.disconnects.by_reason() {
        scrape.count(metric::SESSIONS_ENDED, [event, reason], count);
    }
    for speaker in newest(&stats.seats) {
        self::speaker(scrape, event, speaker);
    }
}

/// A seat has two sessions for a moment when it comes back before its old one is given up.
fn newest(seats: &[SeatStats]) -> impl Iterator<Item = &SeatStats> {
    let mut by_seat: BTreeMap<_, &SeatStats> = BTreeMap::new();
    for speaker in seats {
        let newest = by_seat.entry(speaker.seat).or_insert(speaker);
        if newest.session < speaker.session {
            *newest = speaker;
        }
    }
    by_seat.into_values()
}

fn speaker(scrape: &Scrape, event: &str, speaker: &SeatStats) {
    let seat = &speaker.seat.0.to_string();
    let line = &speaker.line;
    let counted = [
        (metric::SPEAKER_PACKETS_RECEIVED, line.received),
        (metric::SPEAKER_PACKETS_LOST, line.lost),
        (metric::SPEAKER_PACKETS_LATE, line.late),
        (metric::SPEAKER_PACKETS_DUPLICATE, line.duplicates),
        (metric::SPEAKER_PACKETS_SKIPPED, line.skipped),
        (metric::SPEAKER_PACKETS_REFUSED, line.refused),
        (metric::SPEAKER_PACKETS_UNDECODABLE, line.garbage),
        (metric::SPEAKER_CONCEALMENTS, line.concealed),
        (metric::SPEAKER_SPLICES, line.splices),
        (metric::SPEAKER_JUMPS, line.jumps),
    ];
    for (metric, value) in counted {
        scrape.count(metric, [event, seat], value);
    }
    let recovered = metric::SPEAKER_PACKETS_RECOVERED;
    scrape.count(recovered, [event, seat, "red"], line.red_recovered);
    scrape.count(recovered, [event, seat, "fec"], line.fec_recovered);
    let delay_s = f64::from(line.buffer_ms) / 1_000.0;
    scrape.gauge(metric::SPEAKER_DELAY, [event, seat], delay_s);
    let drift = f64::from(line.drift_ppm) / 1_000_000.0;
    scrape.gauge(metric::SPEAKER_CLOCK_DRIFT, [event, seat], drift);
}

const fn kind_name(kind: SessionKind) -> &'static str {
    match kind {
        SessionKind::Browser => "browser",
        SessionKind::LineIn => "line_in",
        SessionKind::Monitor => "monitor",
    }
}

fn seconds(us: u64) -> f64 {
    us as f64 / 1_000_000.0
}
