//! Listeners who move up and down the ladder, as a player hears it.

use stentor_core::admission::{Rung, StepReason};

use super::scene::{Player, STEP_MS, scene, scene_without_announcements};
use crate::edge::NodeRungs;

#[test]
fn up_the_whole_ladder_and_down_again_nobody_misses_a_moment_and_no_buffer_runs_dry() {
    let mut scene = scene();
    scene.pass(5_000, &mut []);
    let mut players: Vec<Player> = (0..3)
        .map(|_| {
            scene.pass(70, &mut []);
            scene.listen()
        })
        .collect();
    scene.pass(20_000, &mut players);
    scene.edge.set_rungs(NodeRungs::at(Rung::CHEAPEST));
    scene.pass(450_000, &mut players);
    let up = ["1", "2", "3"];
    for player in &players {
        assert_eq!(player.renditions(), ["48", "24", "12"]);
        assert_eq!(player.rungs(), up);
        assert!(player.lowest_ms > 0.0, "{} ms", player.lowest_ms);
        // Of rungs 2 and 3 before their renditions come, and long enough to gather what they ask for.
        for (rung, moved_ms) in [2, 3].into_iter().zip(&player.moved_ms[1..]) {
            let told_ms = player.told[rung - 1].0;
            let before = Rung::ALL[rung - 1];
            // The word itself takes up to two turns.
            let gathers_ms = before.warning_ms(Rung::ALL[rung]) - 2 * u64::from(before.flush_ms());
            assert!(
                told_ms + gathers_ms <= *moved_ms,
                "rung {rung}: told {told_ms}, moved {moved_ms}"
            );
        }
    }
    assert_eq!(scene.streams[2].listeners(), 3);
    for rung in [2, 1, 0] {
        scene.edge.set_rungs(NodeRungs::at(Rung::ALL[rung]));
        scene.pass(60_000, &mut players);
    }
    scene.pass(300_000, &mut players);
    for player in &players {
        assert_eq!(player.renditions(), ["48", "24", "12", "24", "48"]);
        assert_eq!(player.rungs(), [&up[..], &["2", "1", "0"]].concat());
        assert!(player.lowest_ms > 0.0, "{} ms", player.lowest_ms);
        assert!(
            player.holds_ms < 1_000.0,
            "close to live again: {} ms",
            player.holds_ms
        );
        // Where the chunks of both begin together.
        for pair in player.heard.windows(2) {
            let with_the_least = pair.iter().any(|(name, _)| name == "12");
            let step_ms = if with_the_least { 1_200 } else { 400 };
            assert!(pair[1].1.is_multiple_of(step_ms), "{pair:?}");
        }
    }
    let counted: u64 = scene.streams.iter().map(|stream| stream.listeners()).sum();
    assert_eq!((counted, scene.streams[0].listeners()), (3, 3));
}

#[test]
fn a_player_that_joins_at_a_higher_rung_has_enough_in_its_buffer_from_the_first_moment() {
    for rung in Rung::ALL.into_iter().filter(|rung| rung.admits()) {
        let mut scene = scene();
        scene.pass(20_000, &mut []);
        scene.edge.set_rungs(NodeRungs::at(rung));
        for _ in 0..7 {
            scene.pass(190, &mut []);
            let mut player = [scene.listen()];
            scene.pass(25_000, &mut player);
            assert!(
                player[0].lowest_ms > 0.0,
                "{rung:?}: {} ms",
                player[0].lowest_ms
            );
        }
    }
}

#[test]
fn a_player_that_joins_before_there_is_enough_sound_for_its_rung_is_sent_to_more_often_until_there_is()
 {
    for waited_ms in [0, 1_300, 2_500, 6_000] {
        let mut scene = scene();
        scene.edge.set_rungs(NodeRungs::at(Rung::CHEAPEST));
        scene.pass(waited_ms, &mut []);
        let mut players = [scene.listen()];
        scene.pass(400_000, &mut players);
        let player = &players[0];
        assert!(
            player.lowest_ms > 0.0,
            "{waited_ms}: {} ms",
            player.lowest_ms
        );
        assert_eq!(player.renditions(), ["12"], "{waited_ms}");
        assert_eq!(player.rungs().last(), Some(&"3"), "{waited_ms}");
    }
}

#[test]
fn who_changes_over_is_given_what_there_is_at_once_wherever_its_new_seat_is() {
    let mut scene = scene();
    scene.edge.set_rungs(NodeRungs::at(Rung::CHEAPEST));
    scene.pass(20_000, &mut []);
    let mut players = [scene.listen()];
    scene.pass(25_000, &mut players);
    // A crowd before it: its slot is far behind the first.
    scene.crowd(1, Rung::ALL[2], 32 * 150);
    scene.edge.set_rungs(NodeRungs::at(Rung::ALL[2]));
    while scene.streams[1].listeners() == 0 {
        scene.pass(STEP_MS, &mut players);
    }
    let heard_ms = players[0].ends_ms.unwrap();
    assert!(
        scene.published_ms - heard_ms <= 400,
        "{heard_ms} of {}",
        scene.published_ms
    );
}

#[test]
fn a_player_that_joined_on_a_cheaper_rendition_gets_the_one_it_asked_for_when_the_crowd_has_gone() {
    let mut scene = scene();
    scene.edge.set_rungs(NodeRungs::at(Rung::CHEAPEST));
    scene.pass(2_600, &mut []);
    let mut players = [scene.listen()];
    scene.pass(3_000, &mut players);
    scene.edge.set_rungs(NodeRungs::at(Rung::REST));
    scene.pass(5_000, &mut players);
    assert_eq!(players[0].renditions(), ["12", "48"]);
    assert!(players[0].lowest_ms > 0.0);
}

#[test]
fn a_listener_stays_where_it_is_when_the_crowd_is_gone_before_its_buffer_has_grown() {
    let mut scene = scene();
    scene.pass(5_000, &mut []);
    let mut players = [scene.listen()];
    scene.edge.set_rungs(NodeRungs::at(Rung::CHEAPEST));
    scene.pass(5_000, &mut players);
    scene.edge.set_rungs(NodeRungs::at(Rung::REST));
    scene.pass(60_000, &mut players);
    assert_eq!(players[0].rungs(), ["1", "0"]);
    assert_eq!(players[0].renditions(), ["48"]);
    assert!(players[0].lowest_ms > 0.0);
}

#[test]
fn listeners_of_a_server_that_leaves_are_told_within_a_flush_interval_and_hear_on_meanwhile() {
    for rung in [Rung::REST, Rung::CHEAPEST] {
        let mut scene = scene();
        scene.pass(20_000, &mut []);
        scene.edge.set_rungs(NodeRungs::at(rung));
        let mut players = [scene.listen(), scene.listen()];
        scene.pass(15_000, &mut players);
        scene.edge.announce_shutdown(20_000);
        let flush_ms = u64::from(rung.flush_ms());
        scene.pass(flush_ms + STEP_MS, &mut players);
        let said = format!("{}!", rung.number());
        for player in &players {
            assert_eq!(player.rungs().last(), Some(&&said[..]));
        }
        scene.pass(20_000, &mut players);
        assert!(players.iter().all(|player| player.lowest_ms > 0.0));
    }
}

#[test]
fn while_nobody_new_is_let_in_current_listeners_stay_as_they_are_until_they_are_moved() {
    let mut scene = scene();
    scene.pass(5_000, &mut []);
    let mut players = [scene.listen()];
    scene.edge.set_rungs(NodeRungs {
        joins: Rung::CLOSED,
        served: Rung::REST,
        why: StepReason::Pinned,
    });
    scene.pass(120_000, &mut players);
    assert!(players[0].told.is_empty(), "{:?}", players[0].told);
    assert_eq!(players[0].renditions(), ["48"]);
    scene.edge.set_rungs(NodeRungs {
        joins: Rung::CLOSED,
        served: Rung::ALL[2],
        why: StepReason::Pinned,
    });
    scene.pass(150_000, &mut players);
    assert_eq!(players[0].rungs(), ["1", "2"]);
    assert_eq!(players[0].renditions(), ["48", "24"]);
    assert!(players[0].lowest_ms > 0.0);
}

#[test]
fn where_nothing_can_be_announced_current_listeners_stay_as_they_are() {
    let mut scene = scene_without_announcements();
    scene.pass(5_000, &mut []);
    let mut players = [scene.listen()];
    scene.edge.set_rungs(NodeRungs::at(Rung::CHEAPEST));
    scene.pass(120_000, &mut players);
    assert!(players[0].lowest_ms > 0.0 && players[0].told.is_empty());
    assert_eq!(players[0].renditions(), ["48"]);
}
