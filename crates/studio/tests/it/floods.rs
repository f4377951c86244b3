//! Peers that ask for much: it costs them, and nobody else.

use std::time::{Duration, Instant};

use stentor_core::stage::ConnectFailure;
use stentor_core::{SeatId, SessionId};
use stentor_studio::limits::{
    ADDRESS_BURST_MAX, ADDRESSES_PER_PEER_MAX, CONNECT_TIME, PATCH_BURST_MAX, PATCH_INTERVAL,
    SILENT_TIME, TUPLES_PER_PEER_MAX,
};
use stentor_studio::net::peers::Peers;
use stentor_studio::sdp::Offer;
use stentor_studio::sdpfrag::SdpFrag;
use stentor_studio::{DisconnectReason, PatchError};
use str0m::media::Direction;

use crate::conversation::{is_over, pair};
use crate::demux::{strange, stun_request};
use crate::netem::LinkConfig;
use crate::offers::ffmpeg;
use crate::sound::{Voice, likeness};
use crate::world::{World, webrtc};

/// A fragment of candidates that were never seen before.
fn candidates(round: usize, count: usize) -> SdpFrag {
    let line = |n: usize| {
        let n = round * count + n;
        format!(
            "a=candidate:{n} 1 udp {} 10.{}.{}.{} {} typ host\r\n",
            2_000_000_000 - n,
            n >> 16 & 255,
            n >> 8 & 255,
            n & 255,
            1_024 + n % 60_000
        )
    };
    SdpFrag::parse(&(0..count).map(line).collect::<String>()).unwrap()
}

fn restart(round: usize) -> SdpFrag {
    SdpFrag::parse(&format!(
        "a=ice-ufrag:u{round:06}\r\na=ice-pwd:abcdefghijklmnopqrstu{round:06}\r\n"
    ))
    .unwrap()
}

/// Peers of one room that are being connected.
fn some_peers(now: Instant, count: u64) -> Peers {
    let webrtc = webrtc();
    let offer = Offer::parse(&ffmpeg()).unwrap();
    let mut peers = Peers::new(now);
    for session in 0..count {
        let (peer, _) = webrtc.answer(now, &offer).unwrap();
        let key = World::key(SessionId(session));
        peers.insert(now, key, Box::new(peer), false).unwrap();
    }
    peers
}

#[test]
fn fragments_are_taken_in_a_burst_and_then_one_a_second_each_session_for_itself() {
    for kind in ["candidates", "restarts", "both"] {
        let start = Instant::now();
        let mut peers = some_peers(start, 3);
        let fragment = |n: usize| match kind {
            "candidates" => candidates(n, 32),
            "restarts" => restart(n),
            _ if n.is_multiple_of(2) => restart(n),
            _ => candidates(n, 1),
        };
        let mut patch =
            |now, session, n| peers.patch(now, World::key(SessionId(session)), &fragment(n));
        let taken = (0..500).filter(|&n| patch(start, 0, n).is_ok()).count();
        assert_eq!(taken, PATCH_BURST_MAX as usize, "{kind}");
        let refused = patch(start, 0, 1_000);
        assert_eq!(refused, Err(PatchError::TooOften { retry_after_s: 1 }));
        // Another session has its own.
        assert!(patch(start, 1, 0).is_ok());
        // Whoever comes back in time is heard, and ten seconds of flood are ten fragments.
        let mut taken = 0;
        for n in 0..1_000_u32 {
            let now = start + PATCH_INTERVAL * (n + 1) / 100;
            taken += u32::from(patch(now, 0, 2_000 + n as usize).is_ok());
        }
        assert_eq!(taken, 10, "{kind}");
    }
}

/// Looking after a peer costs the same however many candidates it has sent.
#[test]
fn a_thousand_fragments_of_candidates_leave_a_peer_as_it_was() {
    let start = Instant::now();
    let (mut flooded, mut calm) = (some_peers(start, 1), some_peers(start, 1));
    let mut now = start;
    for n in 0..1_000 {
        now = start + Duration::from_millis(5) * n;
        let patched = flooded.patch(now, World::key(SessionId(0)), &candidates(n as usize, 500));
        assert!(matches!(
            patched,
            Ok(None) | Err(PatchError::TooOften { .. })
        ));
        flooded.handle_timeout(now);
        calm.handle_timeout(now);
    }
    // It has no pairs to look after: it wants to be called as rarely as one that sent none.
    assert_eq!(
        flooded.poll_timeout().is_some(),
        calm.poll_timeout().is_some()
    );
    let outputs = |peers: &mut Peers| std::iter::from_fn(|| peers.poll()).count();
    assert_eq!(outputs(&mut flooded), outputs(&mut calm));
    assert!(now < start + CONNECT_TIME);
}

#[test]
fn a_speaker_is_heard_while_others_flood() {
    let mut world = World::new(71, LinkConfig::CLEAN);
    let voice = || Some(Voice::new(11, 170.0));
    world.join(
        1,
        1,
        "198.51.100.1:50001",
        Direction::SendRecv,
        voice(),
        true,
    );
    world.join(2, 2, "198.51.100.2:50002", Direction::SendRecv, None, true);
    world.connect(&[1, 2]);
    world.order(1, true, false, 1);
    let offer = Offer::parse(&ffmpeg()).unwrap();
    for session in 10..14 {
        let now = world.now();
        let (peer, _) = world.webrtc.answer(now, &offer).unwrap();
        let key = World::key(SessionId(session));
        world.peers.insert(now, key, Box::new(peer), false).unwrap();
    }
    let mut taken = 0;
    for round in 0..4_000 {
        let now = world.now();
        let session = SessionId(10 + round as u64 % 4);
        let fragment = if round % 3 == 0 {
            restart(round)
        } else {
            candidates(round, 32)
        };
        let patched = world.peers.patch(now, World::key(session), &fragment);
        taken += u32::from(patched.is_ok());
        world.run_ms(1);
    }
    assert!(taken <= 4 * (PATCH_BURST_MAX + 4), "{taken} were taken");
    let sent = &world.clients[&SessionId(1)].sent;
    let heard = &world.clients[&SessionId(2)].heard;
    let tail = 144_000;
    let (like, _) = likeness(
        &sent[sent.len() - tail..],
        &heard[heard.len() - tail..],
        400,
    );
    assert!(like > 0.85, "{like}");
}

#[test]
fn who_reaches_us_and_stays_there_has_failed_in_the_handshake() {
    let connect_ms = u64::try_from(CONNECT_TIME.as_millis()).unwrap();
    for (reaches_us, failure) in [
        (false, ConnectFailure::NeverReached),
        (true, ConnectFailure::Handshake),
    ] {
        let mut world = World::new(72, LinkConfig::CLEAN);
        world.join(1, 1, "198.51.100.1:50001", Direction::SendRecv, None, true);
        world.loses_dtls = true;
        if !reaches_us {
            world.client(1).up.stalled_until_us = u64::MAX;
        }
        world.run_ms(connect_ms - 1_000);
        assert!(world.state.failed.is_empty());
        world.run_ms(3_000);
        let failed = world
            .state
            .failed
            .get(&SeatId(1))
            .map(|attempt| attempt.why);
        assert_eq!(failed, Some(failure));
        let ended = world.stats.disconnects;
        let counted = (ended.never_connected, ended.handshake_failed);
        assert_eq!(counted, if reaches_us { (0, 1) } else { (1, 0) });
        // The next attempt gets in, and what was is no more said.
        world.loses_dtls = false;
        world.join(1, 2, "198.51.100.1:50002", Direction::SendRecv, None, true);
        world.connect(&[2]);
        assert!(world.state.failed.is_empty());
    }
}

#[test]
fn who_refuses_the_handshake_and_gives_up_at_once_has_failed_in_it() {
    const SOURCE: &str = "198.51.100.1:50001";
    // A fatal alert (handshake_failure) in the open, as a browser with an RSA certificate sends it.
    let fatal = [21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40];
    let mut warning = fatal;
    warning[13] = 1;
    for (alert, failure) in [(fatal, Some(ConnectFailure::Handshake)), (warning, None)] {
        let mut world = World::new(74, LinkConfig::CLEAN);
        world.join(1, 1, SOURCE, Direction::SendRecv, None, true);
        world.loses_dtls = true;
        world.run_ms(500);
        world.give(SOURCE, &alert);
        world.run_ms(100);
        let known = |world: &World| {
            world
                .state
                .failed
                .get(&SeatId(1))
                .map(|attempt| attempt.why)
        };
        assert_eq!(known(&world), failure, "at once");
        let now = world.now();
        let key = World::key(SessionId(1));
        world.peers.close(now, key, DisconnectReason::Requested);
        world.run_ms(500);
        assert_eq!(known(&world), failure);
    }
}

#[test]
fn a_pause_of_sound_is_no_end_and_silence_of_everything_is() {
    // Nothing but checks for long: an agent whose track was taken away, or a sound card that is off.
    let mut world = World::new(73, LinkConfig::CLEAN);
    world.join(1, 1, "198.51.100.1:50001", Direction::SendRecv, None, true);
    world.connect(&[1]);
    world.run_ms(30_000);
    assert!(!is_over(&world, 1));
    // Then nothing at all.
    world.client(1).up.stalled_until_us = u64::MAX;
    let silent = u64::try_from(SILENT_TIME.as_millis()).unwrap();
    world.run_ms(silent - 1_000);
    assert!(!is_over(&world, 1));
    world.run_ms(3_000);
    assert!(is_over(&world, 1));
    assert_eq!(world.stats.disconnects.silent, 1);
}

/// A request that proves itself, from one port after the other; how many of them reached the peer and were answered.
fn answered(world: &mut World, request: &[u8], ports: std::ops::Range<u16>) -> usize {
    let before = world.sent_elsewhere;
    for port in ports {
        world.give(&format!("203.0.113.66:{port}"), request);
        world.deliver();
    }
    world.sent_elsewhere - before
}

#[test]
fn of_requests_from_ever_new_ports_a_burst_reaches_the_peer_and_a_new_network_is_taken_at_once() {
    let mut world = pair(74, LinkConfig::CLEAN, true);
    world.run_ms(3_000);
    let (host, guest) = (stun_request(&mut world, 1), stun_request(&mut world, 2));
    // One address of the guest's is known; the bucket has filled since.
    let before = world.peers.counters().too_many_addresses;
    let burst = ADDRESS_BURST_MAX as usize;
    assert_eq!(answered(&mut world, &guest, 10_000..20_000), burst);
    let dropped = world.peers.counters().too_many_addresses - before;
    assert_eq!(dropped, 10_000 - burst as u64);
    // A host whose path changes meanwhile is reached there at once, and where the guest was it is still.
    assert_eq!(answered(&mut world, &host, 9_000..9_001), 1);
    assert_eq!(strange(&mut world, "198.51.100.2:50002", &guest).len(), 1);
    // The guest's own new path waits no longer than one token.
    assert_eq!(answered(&mut world, &guest, 9_001..9_002), 0);
    world.run_ms(1_000);
    assert_eq!(answered(&mut world, &guest, 9_001..9_002), 1);
    assert!(!is_over(&world, 1) && !is_over(&world, 2));
}

#[test]
fn who_has_more_addresses_than_places_is_not_called_a_flood() {
    let mut world = pair(75, LinkConfig::CLEAN, true);
    world.run_ms(3_000);
    let request = stun_request(&mut world, 1);
    let interfaces = TUPLES_PER_PEER_MAX as u16 + 4;
    for second in 0..120 {
        let ports = 10_000..10_000 + interfaces;
        let reached = answered(&mut world, &request, ports);
        assert_eq!(reached, usize::from(interfaces.min(8 + second)), "{second}");
        world.run_ms(1_000);
    }
    assert!(!is_over(&world, 1));
}

#[test]
fn a_session_that_comes_from_ever_new_addresses_is_ended_as_one_that_floods() {
    let mut world = pair(76, LinkConfig::CLEAN, true);
    world.run_ms(1_000);
    let request = stun_request(&mut world, 2);
    // The address it was connected from is one of them.
    let mut reached = 1;
    let mut port = 10_000;
    while !is_over(&world, 2) {
        reached += answered(&mut world, &request, port..port + 100);
        port += 100;
        world.run_ms(1_000);
        assert!(port < 30_000, "never ended");
    }
    assert_eq!(reached, ADDRESSES_PER_PEER_MAX);
    world.run_ms(2_000);
    assert_eq!(world.stats.disconnects.flooding, 1);
    assert!(!is_over(&world, 1));
}
