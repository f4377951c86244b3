//! Before the stage: whether a microphone works is known, nobody is heard, and a host can listen.

use crate::scene::{HOST, Scene};
use stentor_core::conversation::{Output, Refusal, SeatWarning};
use stentor_core::limits::{NOT_READY_AFTER_MS, SILENT_MICROPHONE_AFTER_MS};
use stentor_core::stage::{Place, Role, SessionKind, StageCommand};
use stentor_core::{SeatId, SessionId};

fn plainly(seat: SeatId) -> StageCommand {
    let unheard = false;
    StageCommand::Admit { seat, unheard }
}

#[test]
fn nobody_is_brought_on_stage_of_whom_nothing_was_heard_without_saying_so() {
    for role in [Role::Guest, Role::CoHost, Role::LineIn] {
        let mut scene = Scene::on_air();
        let seat = scene.invite(role);
        scene.browser(seat);
        let refusal = Refusal::NotHeard { seat };
        assert_eq!(scene.refused(HOST, plainly(seat)), refusal);
        for _ in 0..30 {
            scene.hear(seat, false, true);
        }
        assert_eq!(
            scene.refused(HOST, plainly(seat)),
            refusal,
            "digital silence"
        );
        // Noise of a room is enough: the microphone works.
        scene.hear(seat, false, false);
        assert!(scene.seat(seat).heard);
        scene.command(HOST, plainly(seat));
        assert_eq!(scene.seat(seat).place, Place::OnStage, "{role:?}");
    }
}

#[test]
fn a_microphone_from_which_nothing_has_come_yet_was_not_heard() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Guest);
    scene.browser(seat);
    for _ in 0..100 {
        scene.hear_nothing(seat);
        assert!(!scene.seat(seat).heard);
    }
    let refusal = Refusal::NotHeard { seat };
    assert_eq!(scene.refused(HOST, plainly(seat)), refusal);
    scene.hear(seat, false, false);
    assert!(scene.seat(seat).heard);
}

#[test]
fn a_connection_that_is_new_must_be_heard_anew_and_a_place_on_stage_stays() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Guest);
    let first = scene.browser(seat);
    scene.hear(seat, true, false);
    scene.down(seat, first);
    scene.browser(seat);
    assert!(!scene.seat(seat).heard);
    let refusal = Refusal::NotHeard { seat };
    assert_eq!(scene.refused(HOST, plainly(seat)), refusal);
    scene.hear(seat, true, false);
    scene.command(HOST, plainly(seat));
    scene.up(seat, SessionKind::Browser);
    assert_eq!(scene.seat(seat).place, Place::OnStage);
}

#[test]
fn a_silent_microphone_in_the_green_room_is_told_though_it_is_muted() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Guest);
    scene.browser(seat);
    for _ in 0..=SILENT_MICROPHONE_AFTER_MS / 100 {
        scene.hear(seat, false, true);
    }
    let warning = SeatWarning::SilentMicrophone;
    assert_eq!(scene.seat(seat).warning, Some(warning));
    // Nobody learns from it who speaks there.
    scene.hear(seat, true, false);
    scene.hear(seat, true, false);
    assert!(!scene.seat(seat).speaking);
    assert_eq!(scene.seat(seat).warning, None);
}

#[test]
fn what_a_muted_microphone_on_stage_gives_is_not_told() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Guest);
    scene.bring_on_stage(seat);
    for _ in 0..100 {
        scene.hear(seat, true, false);
    }
    let shown = scene.seat(seat);
    assert!(!shown.heard && !shown.speaking, "{shown:?}");
}

#[test]
fn an_open_microphone_that_waits_for_its_page_is_told_after_two_seconds() {
    let mut scene = Scene::on_air();
    let (seat, _) = scene.guest_on_stage();
    scene.up(seat, SessionKind::Browser);
    scene.wait(NOT_READY_AFTER_MS - 100);
    assert_eq!(scene.seat(seat).warning, None);
    scene.wait(200);
    let warning = SeatWarning::NotReady;
    assert_eq!(scene.seat(seat).warning, Some(warning));
    assert!(scene.outputs.contains(&Output::Warn { seat, warning }));
    scene.ready(seat);
    assert_eq!(scene.seat(seat).warning, None);
}

#[test]
fn a_line_is_a_line_whatever_it_offers_and_waits_for_no_page() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::LineIn);
    let session = SessionId(1);
    let outputs = scene.step(stentor_core::conversation::Input::Reserve {
        seat,
        session,
        kind: SessionKind::Browser,
        page: None,
    });
    let granted = Output::Reserved {
        seat,
        session,
        kind: SessionKind::LineIn,
        staff: false,
    };
    assert_eq!(outputs, [granted]);
    scene.up(seat, SessionKind::LineIn);
    scene.wait(2 * NOT_READY_AFTER_MS);
    assert_eq!(scene.seat(seat).warning, None);
    scene.hear(seat, true, false);
    scene.command(HOST, plainly(seat));
    assert!(!scene.last_order(seat).muted);
}

fn pre_listen(seat: Option<SeatId>) -> StageCommand {
    StageCommand::PreListen { seat }
}

fn heard_alone(outputs: &[Output]) -> Vec<(SessionId, Option<SeatId>)> {
    let heard = |output: &Output| match output {
        Output::PreListen { by, seat } => Some((*by, *seat)),
        _ => None,
    };
    outputs.iter().filter_map(heard).collect()
}

#[test]
fn a_host_hears_one_who_waits_and_only_then() {
    let mut scene = Scene::new();
    let host = scene.browser(HOST);
    let seat = scene.invite(Role::Guest);
    let refused = scene.refused(HOST, pre_listen(Some(seat)));
    assert_eq!(refused, Refusal::NotInGreenRoom, "never here");
    let session = scene.browser(seat);
    let refused = scene.refused(seat, pre_listen(Some(HOST)));
    assert_eq!(refused, Refusal::NotAllowed);
    let refused = scene.refused(HOST, pre_listen(Some(HOST)));
    assert_eq!(refused, Refusal::NotInGreenRoom, "themselves");
    let outputs = scene.command(HOST, pre_listen(Some(seat)));
    assert_eq!(heard_alone(&outputs), [(host, Some(seat))]);
    assert_eq!(scene.seat(HOST).pre_listens, Some(seat));
    scene.down(seat, session);
    let refused = scene.refused(HOST, pre_listen(Some(seat)));
    assert_eq!(refused, Refusal::NotConnected);
}

#[test]
fn pre_listening_ends_when_either_side_is_gone_or_goes_on_stage() {
    let ends: [fn(&mut Scene, SeatId, SessionId); 5] = [
        |scene, seat, session| scene.down(seat, session),
        |scene, seat, _| drop(scene.command(HOST, crate::scene::admit(seat))),
        |scene, seat, _| drop(scene.command(HOST, StageCommand::Remove { seat })),
        |scene, seat, _| {
            scene.command(HOST, StageCommand::HandOver { seat });
            let role = Role::Guest;
            let seat = HOST;
            scene.command(SeatId(2), StageCommand::SetRole { seat, role });
        },
        |scene, _, _| drop(scene.command(HOST, pre_listen(None))),
    ];
    for (n, end) in ends.into_iter().enumerate() {
        let mut scene = Scene::new();
        let host = scene.browser(HOST);
        let seat = scene.invite(Role::Guest);
        let session = scene.browser(seat);
        scene.command(HOST, pre_listen(Some(seat)));
        scene.forget();
        end(&mut scene, seat, session);
        assert_eq!(heard_alone(&scene.outputs), [(host, None)], "{n}");
        assert_eq!(scene.seat(HOST).pre_listens, None, "{n}");
    }
}

#[test]
fn a_host_who_connects_anew_pre_listens_to_nobody() {
    let mut scene = Scene::new();
    let first = scene.browser(HOST);
    let seat = scene.invite(Role::Guest);
    scene.browser(seat);
    scene.command(HOST, pre_listen(Some(seat)));
    scene.down(HOST, first);
    scene.browser(HOST);
    assert_eq!(scene.seat(HOST).pre_listens, None);
}
