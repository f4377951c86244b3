//! Who is speaking is decided here, with hysteresis.

use crate::scene::{HOST, Scene};
use stentor_core::SeatId;
use stentor_core::conversation::NoticeKind;
use stentor_core::event::Phase;
use stentor_core::stage::StageCommand;

fn speaking(scene: &Scene) -> Vec<SeatId> {
    scene.view().speaking().collect()
}

#[test]
fn two_windows_of_four_with_voice_make_a_speaker() {
    let mut scene = Scene::on_air();
    scene.hear(HOST, true, false);
    assert!(speaking(&scene).is_empty());
    scene.hear(HOST, false, false);
    scene.hear(HOST, false, false);
    scene.hear(HOST, true, false);
    assert_eq!(speaking(&scene), [HOST]);
}

#[test]
fn a_single_click_now_and_then_does_not() {
    let mut scene = Scene::on_air();
    for window in 0..40 {
        scene.hear(HOST, window % 4 == 0, false);
        assert!(speaking(&scene).is_empty());
    }
}

#[test]
fn a_pause_between_words_does_not_end_it_600_ms_do() {
    let mut scene = Scene::on_air();
    scene.hear(HOST, true, false);
    scene.hear(HOST, true, false);
    for _ in 0..5 {
        scene.hear(HOST, false, false);
    }
    assert_eq!(speaking(&scene), [HOST]);
    scene.hear(HOST, false, false);
    assert!(speaking(&scene).is_empty());
}

#[test]
fn a_speaker_falls_silent_even_if_no_levels_come_any_more() {
    let mut scene = Scene::on_air();
    scene.hear(HOST, true, false);
    scene.hear(HOST, true, false);
    scene.wait(600);
    assert!(speaking(&scene).is_empty());
}

#[test]
fn muting_ends_it_at_once() {
    let mut scene = Scene::on_air();
    scene.hear(HOST, true, false);
    scene.hear(HOST, true, false);
    scene.mute(HOST);
    assert!(speaking(&scene).is_empty());
    scene.hear(HOST, true, false);
    scene.hear(HOST, true, false);
    assert!(speaking(&scene).is_empty());
}

#[test]
fn the_green_room_sees_its_own_voice_and_listeners_do_not() {
    let mut scene = Scene::on_air();
    let (guest, _) = scene.guest_on_stage();
    scene.command(guest, StageCommand::ToGreenRoom { seat: guest });
    scene.unmute(guest);
    scene.wait(1_000);
    scene.forget();
    scene.hear(guest, true, false);
    scene.hear(guest, true, false);
    assert!(scene.seat(guest).speaking);
    assert!(speaking(&scene).is_empty());
    scene.wait(500);
    assert_eq!(scene.notices(NoticeKind::Speaking), 0);
}

#[test]
fn before_the_event_is_on_air_listeners_see_nobody_speaking() {
    let mut scene = Scene::new();
    scene.bring_on_stage(HOST);
    scene.unmute(HOST);
    scene.hear(HOST, true, false);
    scene.hear(HOST, true, false);
    assert!(speaking(&scene).is_empty());
    scene.phase(Phase::OnAir);
    assert_eq!(speaking(&scene), [HOST]);
}
