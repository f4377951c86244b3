//! A microphone that gives nothing for 3 s, or too little, is told to that person and to the hosts.

use crate::scene::{HOST, Scene};
use stentor_core::conversation::{Input, Output, SeatWarning};
use stentor_core::limits::SILENT_MICROPHONE_AFTER_MS;
use stentor_core::stage::Role;

const WARNING: SeatWarning = SeatWarning::SilentMicrophone;

/// Windows of 100 ms until the warning: the first begins the silence.
const WINDOWS: u64 = SILENT_MICROPHONE_AFTER_MS / 100 + 1;

fn warned() -> Scene {
    let mut scene = Scene::on_air();
    for window in 0..WINDOWS {
        assert!(scene.seat(HOST).warning.is_none(), "window {window}");
        scene.hear(HOST, false, true);
    }
    assert!(scene.outputs.contains(&Output::Warn {
        seat: HOST,
        warning: WARNING
    }));
    assert!(scene.seat(HOST).warning == Some(WARNING));
    scene.forget();
    scene
}

fn cleared(scene: &Scene) -> bool {
    scene.outputs.contains(&Output::WarnCleared {
        seat: HOST,
        warning: WARNING,
    })
}

#[test]
fn an_open_microphone_with_digital_silence_is_warned_of_once() {
    let mut scene = warned();
    for _ in 0..100 {
        scene.hear(HOST, false, true);
    }
    assert!(
        !scene
            .outputs
            .iter()
            .any(|output| matches!(output, Output::Warn { .. }))
    );
}

#[test]
fn the_first_sound_clears_it() {
    let mut scene = warned();
    scene.hear(HOST, false, false);
    assert!(cleared(&scene));
    assert!(scene.seat(HOST).warning.is_none());
}

#[test]
fn muting_clears_it() {
    let mut scene = warned();
    scene.mute(HOST);
    assert!(cleared(&scene));
}

#[test]
fn losing_the_session_clears_it() {
    let mut scene = warned();
    let newer = scene.browser(HOST);
    assert!(cleared(&scene));
    scene.forget();
    scene.down(HOST, newer);
    assert!(!cleared(&scene), "only once");
}

#[test]
fn a_quiet_room_is_not_a_silent_microphone() {
    let mut scene = Scene::on_air();
    for _ in 0..WINDOWS * 3 {
        scene.hear(HOST, false, false);
    }
    assert!(scene.seat(HOST).warning.is_none());
}

#[test]
fn a_muted_microphone_is_silent_rightly() {
    let mut scene = Scene::on_air();
    scene.mute(HOST);
    for _ in 0..WINDOWS * 3 {
        scene.hear(HOST, false, true);
    }
    assert!(scene.seat(HOST).warning.is_none());
}

#[test]
fn a_voice_that_cannot_be_raised_is_warned_of_until_it_can_or_another_session_comes() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Guest);
    let first = scene.browser(seat);
    let report = |scene: &mut Scene, session, on| {
        scene.step(Input::OutOfReach { seat, session, on });
        scene.seat(seat).warning
    };
    let too_quiet = Some(SeatWarning::TooQuiet);
    assert_eq!(report(&mut scene, first, true), too_quiet);
    assert_eq!(report(&mut scene, first, false), None);
    assert_eq!(report(&mut scene, first, true), too_quiet);
    let second = scene.browser(seat);
    assert_eq!(scene.seat(seat).warning, None);
    assert_eq!(report(&mut scene, first, true), None, "a late report");
    assert_eq!(report(&mut scene, second, true), too_quiet);
}

#[test]
fn a_muted_voice_on_stage_is_not_called_too_quiet_until_it_is_again() {
    let mut scene = Scene::on_air();
    let (seat, session) = scene.guest_on_stage();
    let report = |scene: &mut Scene, on| {
        scene.step(Input::OutOfReach { seat, session, on });
        scene.seat(seat).warning
    };
    let too_quiet = Some(SeatWarning::TooQuiet);
    assert_eq!(report(&mut scene, true), too_quiet);
    scene.mute(seat);
    assert_eq!(scene.seat(seat).warning, None);
    assert_eq!(report(&mut scene, true), None, "a late report");
    assert_eq!(report(&mut scene, false), None);
    scene.unmute(seat);
    assert_eq!(scene.seat(seat).warning, None, "nothing was said since");
    assert_eq!(report(&mut scene, true), too_quiet);
}
