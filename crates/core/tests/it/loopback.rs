//! Hearing oneself in the green room.

use crate::scene::{HOST, Scene, admit};
use stentor_core::SeatId;
use stentor_core::conversation::{Input, Output, Refusal};
use stentor_core::event::Phase;
use stentor_core::stage::{Role, SessionKind, StageCommand};

fn set(seat: SeatId, on: bool) -> StageCommand {
    StageCommand::SetLoopback { seat, on }
}

fn switched(outputs: &[Output]) -> Vec<bool> {
    let on = |output: &Output| match output {
        Output::Loopback { on, .. } => Some(*on),
        _ => None,
    };
    outputs.iter().filter_map(on).collect()
}

#[test]
fn in_the_green_room_a_seat_hears_itself_when_it_asks() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Guest);
    scene.browser(seat);
    assert_eq!(switched(&scene.command(seat, set(seat, true))), [true]);
    assert!(switched(&scene.command(seat, set(seat, true))).is_empty());
    assert_eq!(switched(&scene.command(seat, set(seat, false))), [false]);
}

#[test]
fn on_stage_it_is_refused_and_going_on_stage_ends_it() {
    let mut scene = Scene::on_air();
    assert_eq!(
        scene.refused(HOST, set(HOST, true)),
        Refusal::NotInGreenRoom
    );
    let seat = scene.invite(Role::Guest);
    scene.browser(seat);
    scene.command(seat, set(seat, true));
    let admitted = scene.command(HOST, admit(seat));
    assert_eq!(switched(&admitted), [false]);
}

#[test]
fn nobody_switches_it_for_another_and_a_seat_without_a_microphone_not_at_all() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Guest);
    assert_eq!(scene.refused(HOST, set(seat, true)), Refusal::NotAllowed);
    let monitor = scene.invite(Role::Monitor);
    assert_eq!(
        scene.refused(monitor, set(monitor, true)),
        Refusal::ReceiveOnly
    );
}

#[test]
fn asked_for_while_connecting_it_begins_with_the_session() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Guest);
    scene.command(seat, set(seat, true));
    scene.forget();
    scene.up(seat, SessionKind::Browser);
    assert_eq!(switched(&scene.outputs), [true]);
}

#[test]
fn a_page_that_connects_anew_begins_without_it() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Guest);
    let session = scene.browser(seat);
    scene.command(seat, set(seat, true));
    let reserve = |session| Input::Reserve {
        seat,
        session,
        kind: SessionKind::Browser,
        page: None,
    };
    let again = stentor_core::SessionId(9_000);
    assert_eq!(switched(&scene.step(reserve(again))), [false]);
    scene.command(seat, set(seat, true));
    scene.down(seat, session);
    scene.forget();
    scene.up(seat, SessionKind::Browser);
    assert!(
        switched(&scene.outputs).is_empty(),
        "the session it was for is gone"
    );
}

#[test]
fn it_can_be_switched_off_also_after_the_end() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Guest);
    scene.phase(Phase::Ended);
    scene.command(seat, set(seat, false));
    assert_eq!(scene.refused(seat, set(seat, true)), Refusal::EventEnded);
}
