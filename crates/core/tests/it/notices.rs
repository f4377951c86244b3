//! What listeners are told, and how often at most.

use crate::scene::{HOST, Scene};
use stentor_core::conversation::{Input, NoticeKind, Output};
use stentor_core::limits::{
    NOTICE_FULL_MS_MAX, NOTICE_FULL_MS_MIN, NOTICE_LISTENERS_MS_MIN, NOTICE_SPEAKING_MS_MIN,
};
use stentor_core::stage::{SeatLevel, StageCommand};

fn rename(scene: &mut Scene, name: &str) {
    let name = name.to_string();
    scene.command(HOST, StageCommand::Rename { seat: HOST, name });
}

fn ids(scene: &Scene) -> Vec<u64> {
    scene
        .outputs
        .iter()
        .filter_map(|output| match output {
            Output::Notice(notice) => Some(notice.id),
            _ => None,
        })
        .collect()
}

#[test]
fn a_change_is_told_at_once_and_a_storm_of_changes_at_a_bounded_rate() {
    let mut scene = Scene::on_air();
    for change in 0..1_000 {
        rename(&mut scene, &format!("Homer {change}"));
        scene.advance(1);
    }
    let full = scene.notices(NoticeKind::Full) as u64;
    assert_eq!(full, 1_000 / NOTICE_FULL_MS_MIN);
    scene.forget();
    scene.wait(NOTICE_FULL_MS_MIN);
    assert_eq!(
        scene.notices(NoticeKind::Full),
        1,
        "the last change is told too"
    );
}

#[test]
fn a_newcomer_knows_everything_within_ten_seconds_when_nothing_happens() {
    let mut scene = Scene::on_air();
    scene.wait(10 * NOTICE_FULL_MS_MAX);
    assert_eq!(scene.notices(NoticeKind::Full), 10);
}

#[test]
fn who_is_speaking_is_told_as_a_delta() {
    let mut scene = Scene::on_air();
    scene.hear(HOST, true, false);
    scene.hear(HOST, true, false);
    assert_eq!(scene.notices(NoticeKind::Speaking), 1);
    assert_eq!(scene.notices(NoticeKind::Full), 0);
}

#[test]
fn a_quarrel_is_told_at_a_bounded_rate() {
    let mut scene = Scene::on_air();
    let (guest, _) = scene.guest_on_stage();
    scene.wait(1_000);
    scene.forget();
    for window in 0..100 {
        let voice = window / 7 % 2 == 0;
        let level = |seat, voice| SeatLevel {
            seat,
            dbfs_tenths: -300,
            voice,
            digital_silence: false,
            sound: true,
        };
        scene.advance(100);
        scene.step(Input::Levels(&[level(HOST, voice), level(guest, !voice)]));
    }
    let deltas = scene.notices(NoticeKind::Speaking) as u64;
    assert!(
        (10..=10_000 / NOTICE_SPEAKING_MS_MIN).contains(&deltas),
        "{deltas}"
    );
}

#[test]
fn the_number_of_listeners_is_told_when_it_changes_at_a_bounded_rate() {
    let mut scene = Scene::on_air();
    for listeners in 0..75 {
        scene.advance(100);
        scene.step(Input::Listeners { now: listeners });
    }
    let deltas = scene.notices(NoticeKind::Listeners) as u64;
    assert!(
        (2..=8_000 / NOTICE_LISTENERS_MS_MIN).contains(&deltas),
        "{deltas}"
    );
    scene.forget();
    scene.wait(5_000);
    // The last number is told once more, in a notice of its own or in a full one that was due anyway.
    assert_eq!(
        scene.notices(NoticeKind::Listeners) + scene.notices(NoticeKind::Full),
        1
    );
    assert_eq!(scene.view().listeners, 74);
}

#[test]
fn numbers_of_notices_grow_over_a_lost_record_and_a_restart() {
    use stentor_core::conversation::Conversation;
    let mut scene = Scene::on_air();
    let written_long_ago = scene.conversation.snapshot();
    scene.wait(60_000);
    let sent = ids(&scene);
    assert!(sent.is_sorted_by(|earlier, later| earlier < later));

    let restored = Conversation::restore(written_long_ago, scene.now).expect("the record is sound");
    let mut scene = Scene::with(restored, scene.now);
    scene.wait(100);
    assert!(ids(&scene)[0] > sent[sent.len() - 1]);
}

#[test]
fn what_happens_in_the_green_room_is_not_told_to_listeners() {
    let mut scene = Scene::on_air();
    let guest = scene.invite(stentor_core::stage::Role::Guest);
    scene.browser(guest);
    scene.unmute(guest);
    scene.wait(1_000);
    assert_eq!(scene.notices(NoticeKind::Full), 0);
}
