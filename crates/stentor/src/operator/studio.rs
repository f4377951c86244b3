//! What the studio's network thread counts, all rooms together.

use std::time::Duration;

use stentor_studio::{DatagramCounters, StudioStats};

use super::definitions as metric;
use super::scrape::Scrape;

/// `age` is how old the figures are.
pub(super) fn studio(scrape: &Scrape, stats: &StudioStats, age: Duration) {
    let StudioStats {
        peers,
        net,
        udp_not_sent,
        tcp_connections,
        tcp_unproven,
        tcp_refused,
        tcp_gave_way,
        tcp_unidentified,
        tcp_frames_dropped,
    } = *stats;
    scrape.gauge(metric::STUDIO_FIGURES_AGE, [], age.as_secs_f64());
    scrape.gauge(metric::PEERS, [], peers as f64);
    let proven = tcp_connections.saturating_sub(tcp_unproven);
    for (state, value) in [("proven", proven), ("unproven", tcp_unproven)] {
        scrape.gauge(metric::ICE_TCP_CONNECTIONS, [state], value as f64);
    }
    let closed = [
        ("full", tcp_refused),
        ("gave_way", tcp_gave_way),
        ("unidentified", tcp_unidentified),
    ];
    for (reason, value) in closed {
        scrape.count(metric::ICE_TCP_CONNECTIONS_REFUSED, [reason], value);
    }
    let counted = [
        (metric::DATAGRAMS_NOT_SENT, udp_not_sent),
        (metric::ICE_TCP_FRAMES_DROPPED, tcp_frames_dropped),
    ];
    for (metric, value) in counted {
        scrape.count(metric, [], value);
    }
    datagrams(scrape, net);
}

fn datagrams(scrape: &Scrape, counters: DatagramCounters) {
    let DatagramCounters {
        received,
        unknown,
        unknown_stun,
        spoofed_stun,
        over_budget,
        too_many_addresses,
        panics,
        malformed_red,
    } = counters;
    let counted = [
        (metric::DATAGRAMS_RECEIVED, received),
        (metric::RED_PACKETS_MALFORMED, malformed_red),
        (metric::PEER_PANICS, panics),
    ];
    for (metric, value) in counted {
        scrape.count(metric, [], value);
    }
    let refused = [
        ("unknown", unknown),
        ("unknown_stun", unknown_stun),
        ("spoofed_stun", spoofed_stun),
        ("over_budget", over_budget),
        ("too_many_addresses", too_many_addresses),
    ];
    for (reason, value) in refused {
        scrape.count(metric::DATAGRAMS_REFUSED, [reason], value);
    }
}
