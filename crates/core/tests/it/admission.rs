//! Invited, green room, stage, removed.

use crate::scene::{HOST, Scene, admit};
use stentor_core::SeatId;
use stentor_core::conversation::{Input, Output, Refusal, SessionEndReason};
use stentor_core::limits::ON_STAGE_MAX;
use stentor_core::stage::{Place, Role, SessionKind, StageCommand};

#[test]
fn an_invited_person_comes_to_the_green_room_and_is_admitted() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Guest);
    assert_eq!(scene.seat(seat).place, Place::Invited);
    scene.browser(seat);
    assert_eq!(scene.seat(seat).place, Place::GreenRoom);
    assert!(!scene.last_order(seat).on_stage);
    scene.command(HOST, admit(seat));
    assert_eq!(scene.seat(seat).place, Place::OnStage);
    assert!(scene.last_order(seat).on_stage);
}

#[test]
fn a_person_comes_on_stage_muted_and_opens_the_microphone_themselves() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Guest);
    scene.bring_on_stage(seat);
    assert!(scene.last_order(seat).muted);
    scene.unmute(seat);
    assert!(!scene.last_order(seat).muted);
}

#[test]
fn the_host_comes_through_the_green_room_too_and_admits_themselves() {
    let mut scene = Scene::new();
    scene.browser(HOST);
    assert_eq!(scene.seat(HOST).place, Place::GreenRoom);
    scene.command(HOST, admit(HOST));
    assert_eq!(scene.seat(HOST).place, Place::OnStage);
}

#[test]
fn who_was_never_here_or_just_dropped_cannot_be_admitted() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Guest);
    assert_eq!(scene.refused(HOST, admit(seat)), Refusal::NotConnected);
    let session = scene.browser(seat);
    scene.down(seat, session);
    assert_eq!(scene.seat(seat).place, Place::GreenRoom);
    assert_eq!(scene.refused(HOST, admit(seat)), Refusal::NotConnected);
}

#[test]
fn a_line_is_admitted_like_a_person_and_is_then_heard_without_a_button() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::LineIn);
    scene.up(seat, SessionKind::LineIn);
    assert_eq!(scene.seat(seat).place, Place::GreenRoom);
    assert!(scene.last_order(seat).muted);
    scene.command(HOST, admit(seat));
    let order = scene.last_order(seat);
    assert!(order.on_stage && !order.muted);
}

#[test]
fn a_line_that_comes_back_is_heard_again_by_itself() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::LineIn);
    let session = scene.up(seat, SessionKind::LineIn);
    scene.command(HOST, admit(seat));
    scene.down(seat, session);
    assert!(scene.last_order(seat).muted);
    scene.up(seat, SessionKind::LineIn);
    let order = scene.last_order(seat);
    assert!(order.on_stage && !order.muted);
}

#[test]
fn sent_back_to_the_green_room_a_person_is_muted_and_stays_so_when_admitted_again() {
    let mut scene = Scene::on_air();
    let (seat, _) = scene.guest_on_stage();
    scene.command(HOST, StageCommand::ToGreenRoom { seat });
    assert!(!scene.last_order(seat).on_stage);
    scene.command(HOST, admit(seat));
    assert!(scene.last_order(seat).muted);
}

#[test]
fn a_guest_may_step_down_or_leave_by_themselves() {
    let mut scene = Scene::on_air();
    let (seat, session) = scene.guest_on_stage();
    scene.command(seat, StageCommand::ToGreenRoom { seat });
    assert_eq!(scene.seat(seat).place, Place::GreenRoom);
    assert_eq!(scene.refused(seat, admit(seat)), Refusal::NotAllowed);
    scene.command(seat, StageCommand::Remove { seat });
    assert!(scene.outputs.contains(&Output::CloseSession {
        seat,
        session,
        reason: SessionEndReason::Removed
    }));
}

#[test]
fn removal_closes_the_session_and_the_link_is_dead() {
    let mut scene = Scene::on_air();
    let (seat, session) = scene.guest_on_stage();
    scene.command(HOST, StageCommand::Remove { seat });
    assert!(scene.outputs.contains(&Output::CloseSession {
        seat,
        session,
        reason: SessionEndReason::Removed
    }));
    let order = scene.last_order(seat);
    assert!(!order.on_stage && order.muted);

    let again = scene.up(seat, SessionKind::Browser);
    assert!(scene.outputs.contains(&Output::CloseSession {
        seat,
        session: again,
        reason: SessionEndReason::Removed
    }));
    let rename = StageCommand::Rename {
        seat,
        name: "Me".into(),
    };
    assert_eq!(scene.refused(seat, rename), Refusal::NoSuchSender);
    assert_eq!(
        scene.refused(HOST, admit(seat)),
        Refusal::NoSuchSeat { seat }
    );
}

#[test]
fn whoever_drops_keeps_the_place_and_listeners_see_both() {
    let mut scene = Scene::on_air();
    let (seat, session) = scene.guest_on_stage();
    scene.wait(1_000);
    scene.down(seat, session);
    let view = scene.view();
    let on_stage = view
        .on_stage()
        .find(|held| held.seat == seat)
        .expect("the place is kept");
    assert!(!on_stage.connected);
    scene.browser(seat);
    assert_eq!(scene.seat(seat).place, Place::OnStage);
    assert!(!scene.last_order(seat).muted);
}

#[test]
fn a_monitor_hears_and_never_comes_on_stage() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Monitor);
    scene.up(seat, SessionKind::Monitor);
    assert!(scene.seat(seat).connected);
    assert_eq!(scene.refused(HOST, admit(seat)), Refusal::ReceiveOnly);
    let session = scene.up(seat, SessionKind::Browser);
    assert!(scene.outputs.contains(&Output::CloseSession {
        seat,
        session,
        reason: SessionEndReason::ReceiveOnly
    }));
}

fn admit_beforehand(scene: &mut Scene, seat: SeatId) {
    scene.step(Input::AdmitOnArrival { seat });
}

#[test]
fn a_seat_admitted_beforehand_goes_on_stage_when_it_comes_and_a_line_is_heard_at_once() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::LineIn);
    admit_beforehand(&mut scene, seat);
    assert_eq!(scene.seat(seat).place, Place::Invited);
    scene.up(seat, SessionKind::LineIn);
    assert_eq!(scene.seat(seat).place, Place::OnStage);
    let order = scene.last_order(seat);
    assert!(order.on_stage && !order.muted);
}

#[test]
fn a_seat_that_is_already_there_goes_on_stage_when_it_is_admitted_beforehand() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Guest);
    scene.browser(seat);
    admit_beforehand(&mut scene, seat);
    assert_eq!(scene.seat(seat).place, Place::OnStage);
    assert!(
        scene.last_order(seat).muted,
        "a person opens the microphone"
    );
}

#[test]
fn who_was_sent_to_the_green_room_by_a_host_is_not_admitted_by_coming_back() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::LineIn);
    admit_beforehand(&mut scene, seat);
    let session = scene.up(seat, SessionKind::LineIn);
    scene.command(HOST, StageCommand::ToGreenRoom { seat });
    scene.down(seat, session);
    scene.up(seat, SessionKind::LineIn);
    assert_eq!(scene.seat(seat).place, Place::GreenRoom);
}

#[test]
fn on_a_full_stage_a_seat_admitted_beforehand_waits_in_the_green_room() {
    let mut scene = Scene::on_air();
    for _ in 1..ON_STAGE_MAX {
        scene.guest_on_stage();
    }
    let seat = scene.invite(Role::LineIn);
    admit_beforehand(&mut scene, seat);
    scene.up(seat, SessionKind::LineIn);
    assert_eq!(scene.seat(seat).place, Place::GreenRoom);
}

#[test]
fn a_monitor_a_removed_seat_and_an_unknown_one_are_not_admitted_beforehand() {
    let mut scene = Scene::on_air();
    let monitor = scene.invite(Role::Monitor);
    admit_beforehand(&mut scene, monitor);
    scene.up(monitor, SessionKind::Monitor);
    assert_eq!(scene.seat(monitor).place, Place::GreenRoom);
    let removed = scene.invite(Role::LineIn);
    scene.command(HOST, StageCommand::Remove { seat: removed });
    for seat in [removed, SeatId(99)] {
        assert!(scene.step(Input::AdmitOnArrival { seat }).is_empty());
    }
}
