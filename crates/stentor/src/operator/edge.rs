//! What the edge counts, of each port and of each stream, and what it holds.

use stentor_edge::{EdgeStats, StreamStats};

use super::definitions as metric;
use super::figures::{EdgeFigures, StreamFigures};
use super::scrape::Scrape;

/// Connections and requests of one port.
pub(super) fn connections(scrape: &Scrape, port: &str, counters: &EdgeStats) {
    // Its wheel and its shards are those of listeners, see below.
    let EdgeStats {
        accepted,
        closed,
        handed_over,
        requests,
        bytes_sent,
        bytes_received,
        refused,
        turns: _,
        turns_late: _,
        visits: _,
        blocked: _,
        shard_start_failures: _,
    } = counters;
    let counted = [
        (metric::CONNECTIONS_ACCEPTED, *accepted),
        (metric::CONNECTIONS_CLOSED, *closed),
        (metric::CONNECTIONS_HANDED_OVER, *handed_over),
        (metric::REQUESTS, *requests),
        (metric::SENT, *bytes_sent),
        (metric::RECEIVED, *bytes_received),
    ];
    for (metric, value) in counted {
        scrape.count(metric, [port], value);
    }
    for (reason, value) in refused {
        scrape.count(metric::REFUSED, [port, reason.name()], *value);
    }
}

/// What the public port holds, and how its listeners are sent to.
pub(super) fn edge(scrape: &Scrape, figures: &EdgeFigures) {
    let EdgeFigures {
        counters,
        connections_max,
        shards,
        shard_sockets,
        file_readers,
        documents,
        documents_bytes,
    } = figures;
    let held = [
        (metric::CONNECTIONS_MAX, *connections_max),
        (metric::SHARDS, *shards),
        (metric::SHARD_SOCKETS, *shard_sockets),
        (metric::FILE_READERS, *file_readers),
        (metric::DOCUMENTS, *documents),
    ];
    for (metric, value) in held {
        scrape.gauge(metric, [], value as f64);
    }
    scrape.gauge(metric::DOCUMENTS_BYTES, [], *documents_bytes as f64);
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

fn listeners(scrape: &Scrape, path: &str, counters: &StreamStats) {
    let &StreamStats {
        joined,
        left,
        listening,
        refused_full,
        overtaken,
        chunks_skipped,
        dropped_slow,
        published: _,
    } = counters;
    scrape.gauge(metric::LISTENERS, [path], listening as f64);
    let counted = [
        (metric::LISTENERS_JOINED, joined),
        (metric::LISTENERS_LEFT, left),
        (metric::LISTENERS_REFUSED, refused_full),
        (metric::LISTENERS_OVERTAKEN, overtaken),
        (metric::CHUNKS_SKIPPED, chunks_skipped),
        (metric::LISTENERS_DROPPED_SLOW, dropped_slow),
    ];
    for (metric, value) in counted {
        scrape.count(metric, [path], value);
    }
}
