//! A host and a guest talk, on a virtual clock, over networks of every kind.

use stentor_core::stage::{AppliedMute, SessionKind};
use stentor_core::{SeatId, SessionId};
use stentor_studio::RoomStatusChange;
use stentor_studio::limits::SILENT_TIME;
use str0m::media::Direction;

use crate::netem::{LinkConfig, Loss};
use crate::sound::{Voice, dbfs, likeness};
use crate::world::World;

const SECOND: usize = 48_000;

/// Host (seat 1, session 1) and guest (seat 2, session 2), both on the stage and unmuted.
pub(crate) fn pair(seed: u64, link: LinkConfig, red: bool) -> World {
    let mut world = World::new(seed, link);
    world.join(
        1,
        1,
        "198.51.100.1:50001",
        Direction::SendRecv,
        Some(Voice::new(11, 170.0)),
        red,
    );
    world.join(
        2,
        2,
        "198.51.100.2:50002",
        Direction::SendRecv,
        Some(Voice::new(22, 110.0)),
        red,
    );
    world.connect(&[1, 2]);
    world.order(1, true, false, 1);
    world.order(2, true, false, 1);
    world
}

/// What `from` sent and `to` heard in the last `seconds`, by likeness; and how loud it was.
fn carried(world: &World, from: u64, to: u64, seconds: usize) -> (f32, usize, f32) {
    let sent = &world.clients[&SessionId(from)].sent;
    let heard = &world.clients[&SessionId(to)].heard;
    let tail = |pcm: &[f32]| pcm[pcm.len().saturating_sub(seconds * SECOND)..].to_vec();
    let (sent, heard) = (tail(sent), tail(heard));
    let (likeness, lag_ms) = likeness(&sent, &heard, 800);
    (likeness, lag_ms, dbfs(&heard))
}

#[test]
fn each_hears_the_other_and_not_themselves() {
    let mut world = pair(1, LinkConfig::CLEAN, true);
    world.run_ms(8_000);
    for (from, to) in [(1, 2), (2, 1)] {
        let (likeness, lag_ms, level) = carried(&world, from, to, 6);
        assert!(likeness > 0.85, "{from} to {to}: {likeness}");
        assert!(lag_ms <= 150, "{from} to {to}: {lag_ms} ms");
        assert!(level > -45.0, "{from} to {to}: {level} dBFS");
        let (own, _, _) = carried(&world, to, to, 6);
        assert!(own < 0.4, "{to} hears themselves: {own}");
    }
    assert_eq!(
        world
            .stats
            .seats
            .iter()
            .map(|s| s.line.concealed)
            .collect::<Vec<_>>(),
        [0, 0]
    );
    assert!(
        world.stems[&SeatId(1)] >= 7 && world.stems[&SeatId(2)] >= 7,
        "{:?}",
        world.stems
    );
}

#[test]
fn a_microphone_was_heard_when_sound_has_come_from_it_and_not_before() {
    let mut world = World::new(5, LinkConfig::CLEAN);
    let from = "198.51.100.1:50001";
    world.join(1, 1, from, Direction::SendRecv, None, true);
    world.connect(&[1]);
    let sounded = |world: &mut World, ms: u64| {
        world.levels.clear();
        world.run_ms(ms);
        let windows = world.levels.iter().flat_map(|levels| &levels.seats);
        let sounds = windows.map(|seat| seat.sound).collect::<Vec<_>>();
        assert!(!sounds.is_empty());
        sounds.iter().filter(|sound| **sound).count()
    };
    assert_eq!(sounded(&mut world, 3_000), 0, "no packet has come");
    world.client(1).voice = Some(Voice::dead());
    assert_eq!(sounded(&mut world, 3_000), 0, "zeros");
    world.client(1).voice = None;
    assert_eq!(sounded(&mut world, 3_000), 0, "zeros have ended");
    world.client(1).voice = Some(Voice::new(11, 170.0));
    assert!(sounded(&mut world, 3_000) > 20);
}

#[test]
fn a_pages_sound_is_left_as_it_comes_where_that_is_asked_for() {
    let raised_db = |original| {
        let mut world = World::new(6, LinkConfig::CLEAN);
        world.joins_original = original;
        let voice = Some(Voice::new(11, 170.0).at(0.1));
        world.join(1, 1, "198.51.100.1:50001", Direction::SendRecv, voice, true);
        world.join(2, 2, "198.51.100.2:50002", Direction::SendRecv, None, true);
        world.connect(&[1, 2]);
        world.order(1, true, false, 1);
        world.order(2, true, true, 1);
        world.run_ms(15_000);
        let tail = |pcm: &[f32]| dbfs(&pcm[pcm.len() - 5 * SECOND..]);
        tail(&world.clients[&SessionId(2)].heard) - tail(&world.clients[&SessionId(1)].sent)
    };
    let (original, levelled) = (raised_db(true), raised_db(false));
    assert!(original.abs() < 3.0, "{original} dB");
    assert!(levelled > 10.0, "{levelled} dB");
}

#[test]
fn redundancy_carries_a_voice_through_loss() {
    let lossy = LinkConfig {
        loss: Loss::Random(0.2),
        jitter_us: 15_000,
        reorder: 0.02,
        ..LinkConfig::CLEAN
    };
    let run = |red| {
        let mut world = pair(7, lossy, red);
        world.run_ms(20_000);
        let (likeness, ..) = carried(&world, 1, 2, 15);
        (likeness, world.stats.seats[0].line, world.client(1).up.lost)
    };
    let (with, stats, lost) = run(true);
    let (without, bare, _) = run(false);
    assert!(lost > 150, "the network lost only {lost}");
    assert!(stats.red_recovered > 100, "{stats:?}");
    assert!(
        stats.concealed * 3 < bare.concealed + bare.fec_recovered,
        "{stats:?} against {bare:?}"
    );
    assert!(with > 0.8, "with RED {with}, without {without}");
}

#[test]
fn a_burst_is_survived() {
    let bursty = LinkConfig {
        loss: Loss::Burst {
            good_to_bad: 0.02,
            bad_to_good: 0.35,
        },
        jitter_us: 5_000,
        ..LinkConfig::CLEAN
    };
    let mut world = pair(3, bursty, true);
    world.run_ms(20_000);
    let (likeness, ..) = carried(&world, 1, 2, 15);
    assert!(likeness > 0.75, "{likeness}");
}

#[test]
fn after_a_stall_of_two_seconds_the_delay_comes_back() {
    let mut world = pair(5, LinkConfig::CLEAN, true);
    world.run_ms(5_000);
    let until = world.now_us + 2_000_000;
    world.client(1).up.stalled_until_us = until;
    world.run_ms(2_000 + 10_000);
    let host = world.stats.seats[0].line;
    assert!(host.buffer_ms < 100.0, "{host:?}");
    assert!(world.has_connected(1) && !is_over(&world, 1));
    world.run_ms(6_000);
    let (likeness, lag_ms, _) = carried(&world, 1, 2, 5);
    assert!(
        likeness > 0.85 && lag_ms <= 200,
        "{likeness} at {lag_ms} ms"
    );
}

#[test]
fn a_mute_is_in_the_state_once_it_is_applied_and_silences() {
    let mut world = pair(9, LinkConfig::CLEAN, true);
    world.run_ms(3_000);
    world.order(1, true, true, 2);
    let ordered = world.now_us;
    world.run_ms(100);
    let muted = AppliedMute {
        muted: true,
        version: 2,
    };
    let applied = world.changes.iter().find_map(|(at, change)| match change {
        RoomStatusChange::MuteApplied {
            seat: SeatId(1),
            applied,
            ..
        } if *applied == muted => Some(*at),
        _ => None,
    });
    let applied = applied.expect("the mute was not applied");
    assert!(
        applied - ordered <= 60_000,
        "applied after {} µs",
        applied - ordered
    );
    world.run_ms(200);
    let before = world.client(2).heard.len();
    world.run_ms(2_000);
    let heard = dbfs(&world.client(2).heard[before..]);
    assert!(heard < -60.0, "{heard} dBFS 300 ms after the mute");
    world.order(1, true, false, 3);
    world.run_ms(3_000);
    let (likeness, ..) = carried(&world, 1, 2, 2);
    assert!(likeness > 0.8, "{likeness} after the unmute");
}

#[test]
fn who_reconnects_is_muted_until_an_order_comes() {
    let mut world = pair(13, LinkConfig::CLEAN, true);
    world.run_ms(2_000);
    world.join(
        1,
        3,
        "198.51.100.3:50003",
        Direction::SendRecv,
        Some(Voice::new(33, 170.0)),
        true,
    );
    world.connect(&[3]);
    let (now, mut outputs) = (world.now(), Vec::new());
    let reason = stentor_studio::DisconnectReason::Requested;
    world.engine.close(SessionId(1), reason, &mut outputs);
    world.act(now, outputs);
    world.run_ms(500);
    let before = world.client(2).heard.len();
    world.run_ms(2_000);
    let heard = dbfs(&world.client(2).heard[before..]);
    assert!(
        heard < -60.0,
        "{heard} dBFS from a session that nobody has confirmed"
    );
    world.order(1, true, false, 2);
    world.run_ms(4_000);
    let (likeness, ..) = carried(&world, 3, 2, 3);
    assert!(likeness > 0.8, "{likeness} after the order");
}

#[test]
fn a_goodbye_is_heard_at_once_and_silence_after_a_while() {
    let mut world = pair(17, LinkConfig::CLEAN, true);
    world.run_ms(1_000);
    world.client(1).rtc.close().unwrap();
    world.client(1).voice = None;
    world.run_ms(500);
    assert!(is_over(&world, 1));
    world.clients.remove(&SessionId(2));
    let silent = u64::try_from(SILENT_TIME.as_millis()).unwrap();
    let interrupted = |world: &World| world.state.sessions[&SessionId(2)].interrupted;
    world.run_ms(5_500);
    assert!(!interrupted(&world), "it may be between two consent checks");
    world.run_ms(1_500);
    assert!(interrupted(&world), "its machine is gone");
    world.run_ms(silent - 8_000);
    assert!(!is_over(&world, 2));
    world.run_ms(2_500);
    assert!(is_over(&world, 2));
    assert!(world.peers.is_empty());
}

/// A line (session 1) whose sound flows.
fn line(seed: u64) -> World {
    let mut world = World::new(seed, LinkConfig::CLEAN);
    world.joins_lines = true;
    let voice = Some(Voice::new(11, 170.0));
    let from = "198.51.100.1:50001";
    world.join(1, 1, from, Direction::SendOnly, voice, false);
    world.connect(&[1]);
    world.run_ms(3_000);
    world
}

/// When a session was said to be interrupted, or no more, since a time.
fn interruptions(world: &World, since_us: u64) -> Vec<(u64, bool)> {
    let changes = world.changes.iter().filter(|(at_us, _)| *at_us > since_us);
    changes
        .filter_map(|(at_us, change)| match change {
            RoomStatusChange::Interrupted { on, .. } => Some(((at_us - since_us) / 1_000, *on)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_line_that_dies_is_shown_soon_and_one_that_comes_back_is_there() {
    let mut world = line(81);
    let died_us = world.now_us;
    world.client(1).up.stalled_until_us = died_us + 10_000_000;
    world.run_ms(9_000);
    let shown = interruptions(&world, died_us);
    assert!(matches!(shown[..], [(6_000..=6_700, true)]), "{shown:?}");
    world.run_ms(3_000);
    assert!(matches!(
        interruptions(&world, died_us)[..],
        [_, (_, false)]
    ));
}

#[test]
fn a_line_that_pauses_its_sound_and_is_checked_for_consent_is_there() {
    let mut world = line(82);
    let paused_us = world.now_us;
    world.client(1).voice = None;
    world.run_ms(60_000);
    assert_eq!(interruptions(&world, paused_us), []);
    // One that checks more rarely than it should is not away either: its sound was not flowing to the last.
    let rare_us = world.now_us;
    world.client(1).up.stalled_until_us = rare_us + 12_000_000;
    world.run_ms(13_000);
    assert_eq!(interruptions(&world, rare_us), []);
}

#[test]
fn a_page_that_has_closed_its_line_is_away_at_once_unless_something_comes() {
    let mut world = pair(83, LinkConfig::CLEAN, true);
    world.run_ms(3_000);
    let (crashed, alive) = (World::key(SessionId(1)), World::key(SessionId(2)));
    let since_us = world.now_us;
    let now = world.now();
    world.peers.doubt(now, crashed, true);
    world.peers.doubt(now, alive, true);
    world.client(1).up.stalled_until_us = u64::MAX;
    world.run_ms(3_000);
    let away = interruptions(&world, since_us);
    assert!(matches!(away[..], [(1_400..=1_700, true)]), "{away:?}");
    assert!(world.state.sessions[&SessionId(1)].interrupted);
    // A line that is there again says nothing of the sound.
    let now = world.now();
    world.peers.doubt(now, crashed, false);
    world.run_ms(3_000);
    assert!(world.state.sessions[&SessionId(1)].interrupted);
    // Without doubt, as before.
    let now = world.now();
    world.peers.doubt(now, alive, false);
    world.client(2).up.stalled_until_us = u64::MAX;
    world.run_ms(5_500);
    assert!(!world.state.sessions[&SessionId(2)].interrupted);
    world.run_ms(1_500);
    assert!(world.state.sessions[&SessionId(2)].interrupted);
}

#[test]
fn a_monitor_hears_the_programme_and_the_green_room_hears_it_coming() {
    let mut world = pair(19, LinkConfig::CLEAN, true);
    world.join(3, 3, "198.51.100.3:50003", Direction::RecvOnly, None, true);
    world.join(4, 4, "198.51.100.4:50004", Direction::SendRecv, None, true);
    world.connect(&[3, 4]);
    let sessions = world.state.sessions.values();
    let monitors = sessions.filter(|of| of.kind == SessionKind::Monitor && of.connected.is_some());
    assert_eq!(monitors.count(), 1);
    world.client(2).voice = None;
    world.run_ms(6_000);
    for to in [3, 4] {
        let (likeness, ..) = carried(&world, 1, to, 4);
        assert!(likeness > 0.8, "{to}: {likeness}");
    }
}

#[test]
fn loopback_in_the_green_room_comes_a_second_later() {
    let mut world = World::new(23, LinkConfig::CLEAN);
    world.join(
        1,
        1,
        "198.51.100.1:50001",
        Direction::SendRecv,
        Some(Voice::new(11, 170.0)),
        true,
    );
    world.connect(&[1]);
    world.engine.loopback(SeatId(1), true);
    world.run_ms(8_000);
    let client = world.client(1);
    let (sent, heard) = (
        &client.sent[client.sent.len() - 5 * SECOND..],
        &client.heard[client.heard.len() - 5 * SECOND..],
    );
    let (likeness, lag_ms) = likeness(sent, heard, 1_500);
    assert!(
        likeness > 0.8 && (1_000..1_300).contains(&lag_ms),
        "{likeness} after {lag_ms} ms"
    );
}

#[test]
fn the_same_seed_gives_the_same_conversation() {
    let lossy = LinkConfig {
        loss: Loss::Random(0.1),
        jitter_us: 30_000,
        reorder: 0.05,
        ..LinkConfig::CLEAN
    };
    let run = |seed| {
        let mut world = pair(seed, lossy, true);
        world.run_ms(5_000);
        let heard: Vec<u32> = world.client(2).heard.iter().map(|x| x.to_bits()).collect();
        (
            heard,
            world.stats.clone(),
            world.client(1).up.lost,
            world.now_us,
        )
    };
    let (one, same, other) = (run(41), run(41), run(42));
    assert_eq!((one.1, one.2, one.3), (same.1, same.2, same.3));
    assert!(one.0 == same.0, "the same seed was heard differently");
    assert!(one.0 != other.0, "another seed was heard the same");
}

pub(crate) fn is_over(world: &World, session: u64) -> bool {
    let session = SessionId(session);
    let gone = |c: &RoomStatusChange| matches!(c, RoomStatusChange::Disconnected { session: s, .. } if *s == session);
    world.changes.iter().any(|(_, change)| gone(change))
}
