//! What the edge counts, in the text format of Prometheus.

use std::fmt::Write;
use std::sync::Arc;

use stentor_edge::{Edge, EdgeCounters, Stream, StreamCounters};

/// Connections and streams.
pub(super) fn of_edge(edge: &Edge) -> String {
    connections(&edge.counters()) + &by_stream(&streams(edge))
}

fn connections(counters: &EdgeCounters) -> String {
    let mut text = String::new();
    let plain = [
        (
            "connections_accepted",
            counters.accepted,
            "Connections taken from the kernel.",
        ),
        (
            "connections_closed",
            counters.closed,
            "Of these, how many are gone.",
        ),
        (
            "requests",
            counters.requests,
            "Requests whose head was read.",
        ),
        (
            "bytes_sent",
            counters.bytes_sent,
            "Bytes given to the kernel, TLS included.",
        ),
        (
            "bytes_received",
            counters.bytes_received,
            "Bytes taken from the kernel, TLS included.",
        ),
        (
            "turns",
            counters.turns,
            "Slots of listeners whose turn it was.",
        ),
        (
            "turns_late",
            counters.turns_late,
            "Of these, how many came more than 20 ms late.",
        ),
        ("visits", counters.visits, "Turns of single listeners."),
        (
            "visits_blocked",
            counters.blocked,
            "Of these, how many found a socket that took not everything.",
        ),
        (
            "shard_start_failures",
            counters.shard_start_failures,
            "Shards that could not be started.",
        ),
    ];
    for (name, value, help) in plain {
        let _ = write!(
            text,
            "# HELP stentor_{name}_total {help}\n# TYPE stentor_{name}_total counter\nstentor_{name}_total {value}\n"
        );
    }
    text.push_str("# HELP stentor_refused_total Connections and requests refused or cut, by reason.\n# TYPE stentor_refused_total counter\n");
    for (why, count) in &counters.refused {
        let _ = writeln!(
            text,
            "stentor_refused_total{{reason=\"{}\"}} {count}",
            why.name()
        );
    }
    text
}

/// Streams that have listeners, by path, with what is counted of each.
fn streams(edge: &Edge) -> Vec<(String, StreamCounters)> {
    let mut streams = edge.streams();
    streams.retain(|stream| stream.spec().live_name.is_some());
    streams.sort_by(|a, b| a.spec().path.cmp(&b.spec().path));
    let counted = |stream: &Arc<Stream>| (stream.spec().path.clone(), stream.counters());
    streams.iter().map(counted).collect()
}

/// By stream, of which there are a few for each event; never by listener (docs/design.md §2, rule 3).
fn by_stream(streams: &[(String, StreamCounters)]) -> String {
    type Figure = fn(&StreamCounters) -> u64;
    let figures: [(&str, &str, Figure, &str); 5] = [
        (
            "listeners",
            "gauge",
            |c| c.listening,
            "Listeners of a stream now: joined minus left.",
        ),
        (
            "listeners_joined_total",
            "counter",
            |c| c.joined,
            "Listeners a stream has let in; one that moves between renditions counts in each.",
        ),
        (
            "listeners_overtaken_total",
            "counter",
            |c| c.overtaken,
            "Times a listener was so far behind that it was put back to live.",
        ),
        (
            "chunks_skipped_total",
            "counter",
            |c| c.chunks_skipped,
            "Chunks that listeners who were put back to live never get.",
        ),
        (
            "listeners_dropped_slow_total",
            "counter",
            |c| c.dropped_slow,
            "Listeners let go because that happened again and again.",
        ),
    ];
    let mut text = String::new();
    for (name, kind, figure, help) in figures {
        let _ = write!(
            text,
            "# HELP stentor_{name} {help}\n# TYPE stentor_{name} {kind}\n"
        );
        for (path, counters) in streams {
            let value = figure(counters);
            let _ = writeln!(text, "stentor_{name}{{stream=\"{path}\"}} {value}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use stentor_edge::EdgeConfig;

    #[test]
    fn every_metric_is_explained_and_typed_before_its_first_value() {
        let edge = Edge::new(EdgeConfig::default());
        let counters = StreamCounters {
            joined: 9,
            listening: 7,
            overtaken: 3,
            chunks_skipped: 18,
            dropped_slow: 2,
            ..StreamCounters::default()
        };
        let streams = [("/e/demo/48".to_owned(), counters)];
        let text = connections(&edge.counters()) + &by_stream(&streams);
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split(['{', ' ']).next().unwrap();
            let before = &text[..text.find(line).unwrap()];
            assert!(before.contains(&format!("# HELP {name} ")), "{name}");
            assert!(before.contains(&format!("# TYPE {name} ")), "{name}");
        }
        assert!(text.contains("stentor_refused_total{reason=\"doors_closed\"} 0\n"));
        for (name, value) in [
            ("listeners", 7),
            ("listeners_joined_total", 9),
            ("listeners_overtaken_total", 3),
            ("chunks_skipped_total", 18),
            ("listeners_dropped_slow_total", 2),
        ] {
            let line = format!("\nstentor_{name}{{stream=\"/e/demo/48\"}} {value}\n");
            assert!(text.contains(&line), "{line}");
        }
    }
}
