//! What each event counts: its room, its speakers, its recordings, its state in the store, its public face.

use std::collections::BTreeMap;

use stentor_core::event::Phase;
use stentor_core::stage::SessionKind;
use stentor_core::timeline::SAMPLE_RATE_HZ;
use stentor_event::{EventCounters, EventStats, RegistryStats};
use stentor_studio::{RoomStats, SeatStats, StripStats};

use super::definitions as metric;
use super::scrape::Scrape;

/// All events of the store, by what became of them.
pub(super) fn registry(scrape: &Scrape, stats: &RegistryStats) {
    let &RegistryStats {
        with_room,
        ended,
        waiting,
        refused,
    } = stats;
    let events = [
        ("with_room", with_room),
        ("ended", ended),
        ("waiting", waiting),
        ("refused", refused),
    ];
    for (state, count) in events {
        scrape.gauge(metric::EVENTS, [state], count as f64);
    }
}

/// Where one event is in its life: one of all phases is 1.
pub(super) fn phase(scrape: &Scrape, event: &str, phase: Phase) {
    for code in Phase::CODES {
        let is_it = *code == phase.code();
        scrape.gauge(metric::PHASE, [event, code], is_it.into());
    }
}

/// One event.
pub(super) fn event(scrape: &Scrape, event: &str, stats: &EventStats) {
    let EventStats {
        is_on_air,
        is_suspended,
        room,
        sessions,
        alarms,
        counters,
    } = stats;
    scrape.gauge(metric::ON_AIR, [event], (*is_on_air).into());
    scrape.gauge(metric::SUSPENDED, [event], (*is_suspended).into());
    for (alarm, is_on) in alarms {
        scrape.gauge(metric::ALARM, [event, alarm.code()], (*is_on).into());
    }
    self::counters(scrape, event, counters);
    if let Some(room) = room {
        for &(kind, count) in sessions {
            scrape.gauge(metric::SESSIONS, [event, kind_name(kind)], count as f64);
        }
        self::room(scrape, event, room);
    }
}

fn counters(scrape: &Scrape, event: &str, counters: &EventCounters) {
    let &EventCounters {
        chunks_recorded,
        bytes_recorded,
        chunks_not_queued,
        chunks_not_written,
        snapshots_written,
        snapshot_failures,
        chunks_not_published,
        documents_not_published,
        chunks_not_transcoded,
        transcoders_lost,
        outputs_dropped,
    } = counters;
    let counted = [
        (metric::RECORDER_CHUNKS_WRITTEN, chunks_recorded),
        (metric::RECORDER_WRITTEN, bytes_recorded),
        (metric::SNAPSHOTS_WRITTEN, snapshots_written),
        (metric::SNAPSHOT_FAILURES, snapshot_failures),
        (metric::TRANSCODERS_LOST, transcoders_lost),
        (metric::TRANSCODER_CHUNKS_LOST, chunks_not_transcoded),
        (metric::DIRECTOR_OUTPUTS_DROPPED, outputs_dropped),
    ];
    for (metric, value) in counted {
        scrape.count(metric, [event], value);
    }
    let lost = metric::RECORDER_CHUNKS_LOST;
    scrape.count(lost, [event, "queue_full"], chunks_not_queued);
    scrape.count(lost, [event, "write_failed"], chunks_not_written);
    let failed = metric::PUBLISH_FAILURES;
    scrape.count(failed, [event, "chunk"], chunks_not_published);
    scrape.count(failed, [event, "document"], documents_not_published);
}

fn room(scrape: &Scrape, event: &str, stats: &RoomStats) {
    let RoomStats {
        position,
        ticks,
        ticks_late,
        late_us_max,
        work_us_max,
        clock_resets,
        packets_dropped,
        mixer_restarts,
        notices_dropped,
        disconnects,
        seats,
    } = stats;
    let counted = [
        (metric::MIXER_TICKS, *ticks),
        (metric::MIXER_TICKS_LATE, *ticks_late),
        (metric::MIXER_CLOCK_RESETS, *clock_resets),
        (metric::MIXER_RESTARTS, *mixer_restarts),
        (metric::ROOM_PACKETS_DROPPED, *packets_dropped),
        (metric::NOTICES_DROPPED, *notices_dropped),
    ];
    for (metric, value) in counted {
        scrape.count(metric, [event], value);
    }
    let position_s = *position as f64 / SAMPLE_RATE_HZ as f64;
    scrape.gauge(metric::PROGRAMME_POSITION, [event], position_s);
    let (late_s, work_s) = (seconds(*late_us_max), seconds(*work_us_max));
    scrape.gauge(metric::MIXER_LATENESS_MAX, [event], late_s);
    scrape.gauge(metric::MIXER_WORK_MAX, [event], work_s);
    for (reason, count) in disconnects.by_reason() {
        scrape.count(metric::SESSIONS_ENDED, [event, reason], count);
    }
    for speaker in newest(seats) {
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
    let StripStats {
        buffer_ms,
        jitter_ms,
        received,
        lost,
        red_recovered,
        fec_recovered,
        concealed,
        late,
        duplicates,
        skipped,
        refused,
        garbage,
        jumps,
        splices,
        drift_ppm,
    } = speaker.line;
    let counted = [
        (metric::SPEAKER_PACKETS_RECEIVED, received),
        (metric::SPEAKER_PACKETS_LOST, lost),
        (metric::SPEAKER_PACKETS_LATE, late),
        (metric::SPEAKER_PACKETS_DUPLICATE, duplicates),
        (metric::SPEAKER_PACKETS_SKIPPED, skipped),
        (metric::SPEAKER_PACKETS_REFUSED, refused),
        (metric::SPEAKER_PACKETS_UNDECODABLE, garbage),
        (metric::SPEAKER_CONCEALMENTS, concealed),
        (metric::SPEAKER_SPLICES, splices),
        (metric::SPEAKER_JUMPS, jumps),
    ];
    for (metric, value) in counted {
        scrape.count(metric, [event, seat], value);
    }
    let recovered = metric::SPEAKER_PACKETS_RECOVERED;
    scrape.count(recovered, [event, seat, "red"], red_recovered);
    scrape.count(recovered, [event, seat, "fec"], fec_recovered);
    let delay_s = f64::from(buffer_ms) / 1_000.0;
    scrape.gauge(metric::SPEAKER_DELAY, [event, seat], delay_s);
    let jitter_s = f64::from(jitter_ms) / 1_000.0;
    scrape.gauge(metric::SPEAKER_JITTER, [event, seat], jitter_s);
    let due = received.saturating_add(lost).max(1);
    scrape.gauge(
        metric::SPEAKER_LOSS,
        [event, seat],
        lost as f64 / due as f64,
    );
    let drift = f64::from(drift_ppm) / 1_000_000.0;
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
