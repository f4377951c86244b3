//! What the studio's network thread counts, all rooms together.

use std::time::Duration;

use stentor_studio::StudioStats;

use super::definitions as metric;
use super::scrape::Scrape;

/// `age` is how old the figures are.
pub(super) fn studio(scrape: &Scrape, stats: &StudioStats, age: Duration) {
    scrape.gauge(metric::STUDIO_FIGURES_AGE, [], age.as_secs_f64());
    scrape.gauge(metric::PEERS, [], stats.peers as f64);
    scrape.gauge(
        metric::ICE_TCP_CONNECTIONS,
        [],
        stats.tcp_connections as f64,
    );
    let datagrams = &stats.net;
    let counted = [
        (metric::DATAGRAMS_RECEIVED, datagrams.received),
        (metric::DATAGRAMS_NOT_SENT, stats.udp_not_sent),
        (metric::RED_PACKETS_MALFORMED, datagrams.malformed_red),
        (metric::PEER_PANICS, datagrams.panics),
        (metric::ICE_TCP_CONNECTIONS_REFUSED, stats.tcp_refused),
        (metric::ICE_TCP_FRAMES_DROPPED, stats.tcp_frames_dropped),
    ];
    for (metric, value) in counted {
        scrape.count(metric, [], value);
    }
    let refused = [
        ("unknown", datagrams.unknown),
        ("unknown_stun", datagrams.unknown_stun),
        ("spoofed_stun", datagrams.spoofed_stun),
        ("over_budget", datagrams.over_budget),
    ];
    for (reason, value) in refused {
        scrape.count(metric::DATAGRAMS_REFUSED, [reason], value);
    }
}
