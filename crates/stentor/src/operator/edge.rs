//! What the edge counts, of each port and of each stream, and what it holds.

use stentor_edge::{EdgeCounters, StreamCounters};

use super::definitions as metric;
use super::figures::{EdgeFigures, StreamFigures};
use super::scrape::Scrape;

/// Connections and requests of one port.
pub(super) fn connections(scrape: &Scrape, port: &str, counters: &EdgeCounters) {
    let counted = [
        (metric::CONNECTIONS_ACCEPTED, counters.accepted),
        (metric::CONNECTIONS_CLOSED, counters.closed),
        (metric::CONNECTIONS_HANDED_OVER, counters.handed_over),
        (metric::REQUESTS, counters.requests),
        (metric::SENT, counters.bytes_sent),
        (metric::RECEIVED, counters.bytes_received),
    ];
    for (metric, value) in counted {
        scrape.count(metric, [port], value);
    }
    for (reason, value) in &counters.refused {
        scrape.count(metric::REFUSED, [port, reason.name()], *value);
    }
}

/// What the public port holds, and how its listeners are sent to.
pub(super) fn edge(scrape: &Scrape, figures: &EdgeFigures) {
    let held = [
        (metric::CONNECTIONS_MAX, figures.connections_max),
        (metric::SHARDS, figures.shards),
        (metric::SHARD_SOCKETS, figures.shard_sockets),
        (metric::FILE_READERS, figures.file_readers),
        (metric::DOCUMENTS, figures.documents),
    ];
    for (metric, value) in held {
        scrape.gauge(metric, [], value as f64);
    }
    scrape.gauge(metric::DOCUMENTS_BYTES, [], figures.documents_bytes as f64);
    let counters = &figures.counters;
    let counted = [
        (metric::FLUSH_SLOTS, counters.turns),
        (metric::FLUSH_SLOTS_LATE, counters.turns_late),
        (metric::FLUSHES, counters.visits),
        (metric::FLUSHES_BLOCKED, counters.blocked),
        (metric::SHARD_START_FAILURES, counters.shard_start_failures),
    ];
    for (metric, value) in counted {
        scrape.count(metric, [], value);
    }
}

/// One stream; of its listeners only where it can have any.
pub(super) fn stream(scrape: &Scrape, stream: &StreamFigures) {
    let StreamFigures {
        path,
        is_live,
        counters,
    } = stream;
    scrape.count(metric::CHUNKS_PUBLISHED, [path], counters.published);
    if *is_live {
        listeners(scrape, path, counters);
    }
}

fn listeners(scrape: &Scrape, path: &str, counters: &StreamCounters) {
    scrape.gauge(metric::LISTENERS, [path], counters.listening as f64);
    let counted = [
        (metric::LISTENERS_JOINED, counters.joined),
        (metric::LISTENERS_LEFT, counters.left),
        (metric::LISTENERS_REFUSED, counters.refused_full),
        (metric::LISTENERS_OVERTAKEN, counters.overtaken),
        (metric::CHUNKS_SKIPPED, counters.chunks_skipped),
        (metric::LISTENERS_DROPPED_SLOW, counters.dropped_slow),
    ];
    for (metric, value) in counted {
        scrape.count(metric, [path], value);
    }
}
