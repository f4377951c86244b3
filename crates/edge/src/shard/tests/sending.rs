//! What a shard does for each listener that it sends to.

use std::sync::atomic::Ordering;

use super::super::listeners::listener_bytes;
use super::scene::{Player, scene};
use crate::counters::RefusalReason;

#[test]
fn sending_asks_for_no_memory_however_many_listen() {
    for listeners in [2, 100] {
        let mut scene = scene();
        scene.pass(5_000, &mut []);
        let mut players: Vec<Player> = (0..listeners).map(|_| scene.listen()).collect();
        // Until what is kept for the next send has its size.
        scene.pass(2_000, &mut players);
        let sent = scene.edge.counters().bytes_sent;
        let allocations = scene.allocations_of_sends(10_000, &mut players);
        assert!(
            players.iter().all(|player| player.lowest_ms > 0.0),
            "all hear all the while"
        );
        let sent = scene.edge.counters().bytes_sent - sent;
        assert!(sent >= listeners * 50 * 4, "{sent} bytes were sent");
        assert_eq!(allocations, 0, "for {listeners} listeners");
    }
}

#[test]
fn a_listener_on_a_plain_socket_costs_less_than_half_a_kilobyte() {
    let bytes = listener_bytes();
    assert!(bytes <= 512, "{bytes} bytes");
}

#[test]
fn a_connection_that_finds_the_descriptor_table_full_is_counted_and_gives_everything_back() {
    let mut scene = scene();
    let handoff = scene.handoff();
    assert_eq!(scene.streams[0].listeners(), 1);
    let gauge = scene.shard.cx.status.gauge.clone();
    gauge.sockets.store(1, Ordering::Relaxed);
    scene.shard.take(None, handoff);
    assert_eq!(scene.streams[0].listeners(), 0);
    assert_eq!(gauge.sockets.load(Ordering::Relaxed), 0);
    assert_eq!(
        scene.edge.counters().refused(RefusalReason::NoDescriptor),
        1
    );
}
