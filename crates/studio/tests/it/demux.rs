//! Whose datagram is it: strangers are dropped without an answer, and nobody pays for them.

use stentor_core::SessionId;
use stentor_studio::DatagramCounters;
use stentor_studio::limits::STUN_FAILURES_PER_SECOND_MAX;
use stentor_studio::net::peers::PeersOutput;
use stentor_studio::net::stun;
use stentor_studio::peer::{Datagram, Transport};
use str0m::media::Direction;
use str0m::{Input, Output};

use crate::conversation::pair;
use crate::netem::{Dice, LinkConfig, is_rtp};
use crate::sound::likeness;
use crate::world::{SERVER, World, addr};

const STRANGER: &str = "203.0.113.66:6666";

/// Gives bytes from a stranger; what the studio sends back.
pub(crate) fn strange(world: &mut World, source: &str, bytes: &[u8]) -> Vec<PeersOutput> {
    let now = world.now();
    let datagram = Datagram {
        transport: Transport::Udp,
        source: addr(source),
        destination: addr(SERVER),
        bytes,
    };
    world.peers.handle_datagram(now, datagram);
    std::iter::from_fn(|| world.peers.poll()).collect()
}

fn since(world: &World, before: DatagramCounters) -> [u64; 5] {
    let now = world.peers.counters();
    [
        now.received - before.received,
        now.unknown - before.unknown,
        now.unknown_stun - before.unknown_stun,
        now.spoofed_stun - before.spoofed_stun,
        now.over_budget - before.over_budget,
    ]
}

/// A client's first STUN requests, as they leave it.
pub(crate) fn stun_request(world: &mut World, session: u64) -> Vec<u8> {
    let origin = world.now();
    let client = world.client(session);
    for ms in 0..10_000 {
        client
            .rtc
            .handle_input(Input::Timeout(
                origin + std::time::Duration::from_millis(ms),
            ))
            .unwrap();
        loop {
            match client.rtc.poll_output().unwrap() {
                Output::Timeout(_) => break,
                Output::Transmit(transmit) if stun::is_stun(&transmit.contents) => {
                    return transmit.contents.to_vec();
                }
                _ => {}
            }
        }
    }
    panic!("no STUN request in 10 s");
}

#[test]
fn random_datagrams_get_no_answer_and_are_counted() {
    let mut world = pair(31, LinkConfig::CLEAN, true);
    let before = world.peers.counters();
    let mut dice = Dice(99);
    for length in 0..1_500 {
        let bytes: Vec<u8> = (0..length).map(|_| (dice.roll() * 256.0) as u8).collect();
        assert_eq!(strange(&mut world, STRANGER, &bytes), []);
    }
    let [received, unknown, unknown_stun, spoofed, over] = since(&world, before);
    assert_eq!(
        (received, unknown + unknown_stun, spoofed, over),
        (1_500, 1_500, 0, 0)
    );
    assert!(!world.peers.knows(Transport::Udp, addr(STRANGER)));
}

#[test]
fn garbage_on_an_established_five_tuple_ends_nothing() {
    let mut world = pair(32, LinkConfig::CLEAN, true);
    world.run_ms(1_000);
    let mut dice = Dice(77);
    for n in 0..2_000 {
        let length = 1 + (dice.roll() * 200.0) as usize;
        let mut bytes: Vec<u8> = (0..length).map(|_| (dice.roll() * 256.0) as u8).collect();
        // Looks like DTLS, SRTP and SRTCP in turn.
        bytes[0] = [22, 128, 20, 160][n % 4];
        strange(&mut world, "198.51.100.1:50001", &bytes);
    }
    world.run_ms(4_000);
    let (sent, heard) = (
        &world.clients[&SessionId(1)].sent,
        &world.clients[&SessionId(2)].heard,
    );
    let (like, _) = likeness(
        &sent[sent.len() - 144_000..],
        &heard[heard.len() - 144_000..],
        400,
    );
    assert!(like > 0.8, "{like}");
}

#[test]
fn a_stun_request_that_proves_nothing_is_dropped_silently() {
    let mut world = World::new(33, LinkConfig::CLEAN);
    world.join(1, 1, "198.51.100.1:50001", Direction::SendRecv, None, true);
    while world.peers.poll().is_some() {}
    let genuine = stun_request(&mut world, 1);
    let before = world.peers.counters();
    // Real user name, altered transaction: the MAC fails.
    let mut spoofed = genuine.clone();
    spoofed[12] ^= 0xff;
    assert_eq!(strange(&mut world, STRANGER, &spoofed), []);
    assert_eq!(since(&world, before), [1, 0, 0, 1, 0]);
    assert!(!world.peers.knows(Transport::Udp, addr(STRANGER)));
    // Somebody else's user name.
    let mut unknown = genuine.clone();
    let at = unknown.windows(2).position(|w| w == [0, 6]).unwrap() + 4;
    unknown[at] ^= 1;
    assert_eq!(strange(&mut world, STRANGER, &unknown), []);
    assert_eq!(since(&world, before), [2, 0, 1, 1, 0]);
    // The genuine one is answered.
    assert_eq!(strange(&mut world, "198.51.100.1:50001", &genuine).len(), 1);
}

#[test]
fn failed_proofs_are_bounded_per_source_and_do_not_touch_who_is_in() {
    let mut world = World::new(34, LinkConfig::CLEAN);
    world.join(1, 1, "198.51.100.1:50001", Direction::SendRecv, None, true);
    let genuine = stun_request(&mut world, 1);
    strange(&mut world, "198.51.100.1:50001", &genuine);
    let before = world.peers.counters();
    let mut spoofed = genuine.clone();
    spoofed[12] ^= 0xff;
    let budget = u64::from(STUN_FAILURES_PER_SECOND_MAX);
    for _ in 0..budget + 20 {
        // From the very address of the peer, another port.
        strange(&mut world, "198.51.100.1:666", &spoofed);
    }
    assert_eq!(since(&world, before), [budget + 20, 0, 0, budget, 20]);
    assert_eq!(strange(&mut world, "198.51.100.1:50001", &genuine).len(), 1);
}

#[test]
fn rtp_of_a_foreign_stream_is_dropped_and_the_voice_goes_on() {
    let mut world = pair(35, LinkConfig::CLEAN, true);
    world.run_ms(1_000);
    // The client's own packets with another SSRC: SRTP does not let them pass.
    let mut copies = 0;
    for _ in 0..1_000 {
        world.run_ms(1);
        let now_us = world.now_us;
        let mut packet = None;
        let client = world.client(1);
        while let Some(bytes) = client.up.receive(now_us + 1_000) {
            if is_rtp(&bytes) {
                let mut foreign = bytes.clone();
                foreign[8] ^= 0x55;
                packet = Some(foreign);
            }
            let is_rtp = is_rtp(&bytes);
            client.up.send(now_us, is_rtp, bytes);
        }
        if let Some(foreign) = packet {
            copies += 1;
            strange(&mut world, "198.51.100.1:50001", &foreign);
        }
    }
    assert!(copies > 10);
    world.run_ms(4_000);
    let (sent, heard) = (
        &world.clients[&SessionId(1)].sent,
        &world.clients[&SessionId(2)].heard,
    );
    let (like, _) = likeness(
        &sent[sent.len() - 144_000..],
        &heard[heard.len() - 144_000..],
        400,
    );
    assert!(like > 0.8, "{like}");
}

#[test]
fn a_jump_in_sequence_and_garbage_opus_cost_a_moment_only() {
    let mut world = pair(36, LinkConfig::CLEAN, true);
    world.run_ms(2_000);
    world.client(1).jump(20_000);
    world.run_ms(2_000);
    for n in 0..20u8 {
        let (now, now_us) = (world.now(), world.now_us);
        let garbage = bytes::Bytes::from(vec![n.wrapping_mul(37) ^ 0xff; 1 + usize::from(n) * 30]);
        world
            .client(1)
            .send_opus(now, now_us, u64::from(n) * 7, &garbage);
        world.run_ms(20);
    }
    world.run_ms(6_000);
    let (sent, heard) = (
        &world.clients[&SessionId(1)].sent,
        &world.clients[&SessionId(2)].heard,
    );
    let (like, _) = likeness(
        &sent[sent.len() - 144_000..],
        &heard[heard.len() - 144_000..],
        400,
    );
    assert!(like > 0.8, "{like} {:?}", world.stats);
    assert!(world.has_connected(1) && !crate::conversation::is_over(&world, 1));
}
