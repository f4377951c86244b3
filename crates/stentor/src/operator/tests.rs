//! The table against what is rendered of a scene in which everything is there, and against what operators read about it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use stentor_core::admission::Rung;
use stentor_core::event::{Alarm, Phase};
use stentor_core::stage::SessionKind;
use stentor_core::{SeatId, SessionId};
use stentor_edge::{Edge, EdgeConfig, StreamStats};
use stentor_event::{EventCounters, EventStats, RegistryStats};
use stentor_studio::{DatagramCounters, RoomStats, SeatStats, StudioStats};

use super::definitions::{Definition, Kind, TABLE, Unit};
use super::figures::{EdgeFigures, Figures, StreamFigures};
use super::process::ProcessFigures;
use super::render::render;
use crate::disk::DiskRoom;
use crate::ladder::LadderWatch;

/// What operators read; the rows of the table stand between the marks.
const DOCUMENT: &str = "docs/metrics.md";
const BEGIN: &str = "<!-- the table: begin -->\n";
const END: &str = "<!-- the table: end -->";

/// A stream with listeners, one without, an event with a speaker, and everything else there is one of.
fn full_scene() -> Figures {
    let edge = Edge::new(EdgeConfig::default());
    let pin = Rung::new(3);
    let ladder = LadderWatch::start(edge.clone(), None, pin, || Rung::REST).unwrap();
    let counters = StreamStats {
        joined: 9,
        left: 2,
        listening: 7,
        refused_full: 4,
        overtaken: 3,
        chunks_skipped: 18,
        dropped_slow: 1,
        published: 50,
    };
    let stream = |path: &str, is_live| StreamFigures {
        path: path.to_owned(),
        is_live,
        counters,
    };
    Figures {
        is_ready: true,
        log_lines_dropped: 6,
        disk: DiskRoom {
            free: 5_000,
            size: 9_000,
        },
        certificate_ends_unix_s: Some(1_800_000_000),
        process: ProcessFigures {
            cpu_s: 12,
            resident_bytes: 1 << 20,
            ..ProcessFigures::default()
        },
        ladder: ladder.report(),
        edge: EdgeFigures::of(&edge),
        operator: edge.counters(),
        streams: vec![stream("/e/demo/48", true), stream("/e/demo/48/hls", false)],
        studio: StudioStats {
            peers: 3,
            net: DatagramCounters {
                received: 900,
                spoofed_stun: 5,
                malformed_red: 8,
                ..DatagramCounters::default()
            },
            tcp_frames_dropped: 11,
            ..StudioStats::default()
        },
        studio_age: Duration::from_millis(1_500),
        registry: RegistryStats {
            with_room: 1,
            ..RegistryStats::default()
        },
        phases: vec![
            ("demo".to_owned(), Phase::OnAir),
            ("later".to_owned(), Phase::Announced),
            ("past".to_owned(), Phase::Ended),
        ],
        events: vec![("demo".to_owned(), event())],
    }
}

fn event() -> EventStats {
    let mut room = RoomStats {
        position: 96_000,
        ticks: 100,
        ticks_late: 2,
        late_us_max: 21_000,
        seats: vec![speaker(1, 4, 70), speaker(1, 9, 12), speaker(2, 5, 30)],
        ..RoomStats::default()
    };
    room.disconnects.silent = 1;
    EventStats {
        is_on_air: true,
        is_suspended: false,
        room: Some(room),
        sessions: [
            (SessionKind::Browser, 2),
            (SessionKind::LineIn, 1),
            (SessionKind::Monitor, 0),
        ],
        alarms: Alarm::ALL.map(|alarm| (alarm, alarm == Alarm::MixerLate)),
        counters: EventCounters {
            chunks_recorded: 40,
            bytes_recorded: 48_000,
            chunks_not_queued: 1,
            snapshots_written: 13,
            documents_not_published: 2,
            ..EventCounters::default()
        },
    }
}

fn speaker(seat: u32, session: u64, received: u64) -> SeatStats {
    let mut stats = SeatStats {
        seat: SeatId(seat),
        session: SessionId(session),
        line: Default::default(),
    };
    stats.line.received = received;
    stats.line.fec_recovered = 3;
    stats.line.buffer_ms = 60.0;
    stats.line.jitter_ms = 8.0;
    stats.line.lost = received;
    stats
}

/// Names of the metrics that have a value.
fn named(text: &str) -> BTreeSet<&str> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split(['{', ' ']).next().unwrap())
        .collect()
}

#[test]
fn a_full_scene_gives_every_metric_of_the_table_and_no_other() {
    let text = render(&full_scene());
    let defined: Vec<_> = TABLE.iter().map(|definition| definition.name).collect();
    assert_eq!(named(&text), defined.iter().copied().collect());
    assert_eq!(
        named(&text).len(),
        defined.len(),
        "a name stands there twice"
    );
}

#[test]
fn every_metric_is_explained_and_typed_before_its_first_value() {
    let text = render(&full_scene());
    for name in named(&text) {
        let is_value = |line: &&str| line.split(['{', ' ']).next() == Some(name);
        let (explained, values): (Vec<_>, Vec<_>) = text
            .lines()
            .enumerate()
            .filter(|(_, line)| line.split(['{', ' ']).any(|word| word == name))
            .partition(|(_, line)| !is_value(line));
        let kinds: Vec<_> = explained.iter().map(|(_, line)| &line[..7]).collect();
        assert_eq!(kinds, ["# HELP ", "# TYPE "], "{name}");
        assert!(explained[1].0 < values[0].0, "{name}");
    }
}

#[test]
fn a_name_ends_with_its_unit_and_a_counter_with_total() {
    for definition in TABLE {
        let name = definition.name;
        let base = name.strip_suffix("_total");
        assert_eq!(base.is_some(), definition.kind == Kind::Counter, "{name}");
        let base = base.unwrap_or(name);
        // Those of any process have the names that they have everywhere.
        let known = base.starts_with("stentor_") || definition.section == "The process";
        assert!(known, "{name}");
        for (unit, suffix) in [
            (Unit::Bytes, "_bytes"),
            (Unit::Seconds, "_seconds"),
            (Unit::Ratio, "_ratio"),
        ] {
            assert_eq!(base.ends_with(suffix), definition.unit == unit, "{name}");
        }
        assert!(definition.help.ends_with('.'), "{name}");
    }
}

#[test]
fn what_is_counted_is_what_is_read() {
    let text = render(&full_scene());
    for line in [
        "stentor_ready 1",
        "stentor_log_lines_dropped_total 6",
        "stentor_disk_free_bytes 5000",
        "stentor_disk_size_bytes 9000",
        "stentor_certificate_end_timestamp_seconds 1800000000",
        "process_cpu_seconds_total 12",
        "process_resident_memory_bytes 1048576",
        "stentor_speaker_loss_ratio{event=\"demo\",seat=\"1\"} 0.5",
        "stentor_speaker_jitter_seconds{event=\"demo\",seat=\"2\"} 0.008",
        "stentor_rung 3",
        "stentor_served_rung 3",
        "stentor_rung_pinned 1",
        "stentor_load_ratio{measure=\"flushing\"} 0",
        "stentor_ladder_steps_total{reason=\"pinned\"} 1",
        "stentor_ladder_steps_total{reason=\"calm\"} 0",
        "stentor_refused_total{port=\"public\",reason=\"doors_closed\"} 0",
        "stentor_refused_total{port=\"operator\",reason=\"idle\"} 0",
        "stentor_listeners{stream=\"/e/demo/48\"} 7",
        "stentor_listeners_joined_total{stream=\"/e/demo/48\"} 9",
        "stentor_listeners_left_total{stream=\"/e/demo/48\"} 2",
        "stentor_listeners_refused_total{stream=\"/e/demo/48\"} 4",
        "stentor_listeners_overtaken_total{stream=\"/e/demo/48\"} 3",
        "stentor_chunks_skipped_total{stream=\"/e/demo/48\"} 18",
        "stentor_listeners_dropped_slow_total{stream=\"/e/demo/48\"} 1",
        "stentor_chunks_published_total{stream=\"/e/demo/48/hls\"} 50",
        "stentor_peers 3",
        "stentor_studio_figures_age_seconds 1.5",
        "stentor_datagrams_received_total 900",
        "stentor_datagrams_refused_total{reason=\"spoofed_stun\"} 5",
        "stentor_red_packets_malformed_total 8",
        "stentor_ice_tcp_frames_dropped_total 11",
        "stentor_events{state=\"with_room\"} 1",
        "stentor_event_phase{event=\"demo\",phase=\"on_air\"} 1",
        "stentor_event_phase{event=\"demo\",phase=\"ended\"} 0",
        "stentor_event_phase{event=\"later\",phase=\"announced\"} 1",
        "stentor_event_phase{event=\"past\",phase=\"ended\"} 1",
        "stentor_event_on_air{event=\"demo\"} 1",
        "stentor_alarm{event=\"demo\",alarm=\"mixer_late\"} 1",
        "stentor_alarm{event=\"demo\",alarm=\"store\"} 0",
        "stentor_sessions{event=\"demo\",kind=\"browser\"} 2",
        "stentor_sessions_ended_total{event=\"demo\",reason=\"silent\"} 1",
        "stentor_mixer_ticks_total{event=\"demo\"} 100",
        "stentor_mixer_ticks_late_total{event=\"demo\"} 2",
        "stentor_mixer_lateness_max_seconds{event=\"demo\"} 0.021",
        "stentor_programme_position_seconds{event=\"demo\"} 2",
        "stentor_recorder_chunks_written_total{event=\"demo\"} 40",
        "stentor_recorder_written_bytes_total{event=\"demo\"} 48000",
        "stentor_recorder_chunks_lost_total{event=\"demo\",reason=\"queue_full\"} 1",
        "stentor_recorder_chunks_lost_total{event=\"demo\",reason=\"write_failed\"} 0",
        "stentor_snapshots_written_total{event=\"demo\"} 13",
        "stentor_publish_failures_total{event=\"demo\",what=\"document\"} 2",
        // The newest session of a seat, where there are two.
        "stentor_speaker_packets_received_total{event=\"demo\",seat=\"1\"} 12",
        "stentor_speaker_packets_received_total{event=\"demo\",seat=\"2\"} 30",
        "stentor_speaker_packets_recovered_total{event=\"demo\",seat=\"2\",by=\"fec\"} 3",
        "stentor_speaker_delay_seconds{event=\"demo\",seat=\"2\"} 0.06",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    // Nobody listens to segments; they are asked for one by one.
    assert!(!text.contains("stentor_listeners{stream=\"/e/demo/48/hls\"}"));
}

#[test]
fn what_is_gone_is_in_no_later_scrape() {
    let mut figures = full_scene();
    let text = render(&figures);
    assert!(text.contains("/e/demo/48") && text.contains("event=\"demo\""));
    figures.streams.clear();
    figures.events[0].1.room = None;
    let text = render(&figures);
    assert!(!text.contains("/e/demo/48") && !text.contains("seat="));
    assert!(text.contains("stentor_alarm{event=\"demo\""));
    figures.events.clear();
    figures.phases.retain(|(event, _)| event != "demo");
    assert!(!render(&figures).contains("demo"));
}

#[test]
fn two_scrapes_of_the_same_figures_are_the_same_text() {
    let figures = full_scene();
    assert_eq!(render(&figures), render(&figures));
}

/// The table as the document has it.
fn document_table() -> String {
    let mut table = String::new();
    let mut section = "";
    for definition in TABLE {
        if definition.section != section {
            section = definition.section;
            let head = "| metric | labels | |\n|---|---|---|\n";
            let _ = write!(table, "\n### {section}\n\n{head}");
        }
        table.push_str(&row(definition));
    }
    table.push('\n');
    table
}

fn row(definition: &Definition) -> String {
    let labels: Vec<_> = definition
        .labels
        .iter()
        .map(|label| format!("`{label}`"))
        .collect();
    let Definition { name, help, .. } = definition;
    format!("| `{name}` | {} | {help} |\n", labels.join(", "))
}

#[test]
fn documents_name_no_metric_that_is_not_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let is_word = |char: char| char.is_ascii_alphanumeric() || char == '_';
    for document in ["README.md", "ARCHITECTURE.md", DOCUMENT] {
        let text = std::fs::read_to_string(root.join(document)).unwrap();
        let words = text.split(|char| !is_word(char));
        for name in words.filter(|word| word.starts_with("stentor_")) {
            let is_there = TABLE.iter().any(|definition| definition.name == name);
            assert!(is_there, "{document}: {name}");
        }
    }
}

#[test]
fn the_document_lists_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(DOCUMENT);
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the table begins");
    let (written, after) = rest.split_once(END).expect("the table ends");
    let table = document_table();
    if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
        std::fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
    } else {
        assert!(
            written == table,
            "{DOCUMENT} does not list the metrics there are; run this test with UPDATE=1 and commit the file"
        );
    }
}
