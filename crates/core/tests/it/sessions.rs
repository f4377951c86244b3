//! Sessions come, go, and replace each other; the seat stays.

use crate::scene::{HOST, Scene};
use stentor_core::conversation::{Input, Output, SessionEndReason};
use stentor_core::limits::AWAY_MUTED_AFTER_MS;
use stentor_core::stage::{Place, Role, SessionKind};
use stentor_core::{SeatId, SessionId};

#[test]
fn a_second_session_of_the_same_seat_replaces_the_first_and_starts_muted() {
    let mut scene = Scene::on_air();
    let (guest, first) = scene.guest_on_stage();
    scene.forget();
    let second = scene.up(guest, SessionKind::Browser);
    let position = |wanted: &dyn Fn(&Output) -> bool| scene.outputs.iter().position(wanted);
    let closed = position(&|output| {
        *output
            == Output::CloseSession {
                seat: guest,
                session: first,
                reason: SessionEndReason::Replaced,
            }
    });
    let ordered = position(
        &|output| matches!(output, Output::Mixer(order) if order.seat == guest && order.muted),
    );
    assert!(closed.expect("the older is closed") < ordered.expect("the newer is silenced"));
    assert_eq!(scene.seat(guest).place, Place::OnStage);

    // The older session's end, whenever it comes, does not take the newer away.
    scene.down(guest, first);
    assert!(scene.seat(guest).connected);
    scene.down(guest, second);
    assert!(!scene.seat(guest).connected);
}

#[test]
fn the_same_session_told_twice_is_one_session() {
    let mut scene = Scene::on_air();
    let (guest, session) = scene.guest_on_stage();
    let outputs = scene.step(Input::SessionUp {
        seat: guest,
        session,
        kind: SessionKind::Browser,
    });
    assert!(outputs.is_empty(), "{outputs:?}");
    assert!(scene.seat(guest).ready);
}

#[test]
fn a_session_for_an_unknown_seat_is_closed() {
    let mut scene = Scene::on_air();
    let (seat, session) = (SeatId(999), SessionId(1));
    let outputs = scene.step(Input::SessionUp {
        seat,
        session,
        kind: SessionKind::Browser,
    });
    assert_eq!(
        outputs,
        [Output::CloseSession {
            seat,
            session,
            reason: SessionEndReason::Removed
        }]
    );
    assert!(scene.step(Input::SessionDown { seat, session }).is_empty());
}

#[test]
fn a_monitor_stands_beside_the_microphone_and_replaces_only_a_monitor() {
    let mut scene = Scene::on_air();
    let (guest, microphone) = scene.guest_on_stage();
    scene.forget();
    let first = scene.up(guest, SessionKind::Monitor);
    let second = scene.up(guest, SessionKind::Monitor);
    let closed: Vec<_> = scene
        .outputs
        .iter()
        .filter_map(|output| match output {
            Output::CloseSession {
                session, reason, ..
            } => Some((*session, *reason)),
            _ => None,
        })
        .collect();
    assert_eq!(closed, [(first, SessionEndReason::Replaced)]);
    scene.down(guest, second);
    assert!(scene.seat(guest).connected);
    scene.down(guest, microphone);
    assert!(!scene.seat(guest).connected);
}

#[test]
fn listening_to_the_monitor_does_not_bring_an_invited_guest_into_the_green_room() {
    let mut scene = Scene::on_air();
    let guest = scene.invite(Role::Guest);
    scene.up(guest, SessionKind::Monitor);
    assert_eq!(scene.seat(guest).place, Place::Invited);
    assert!(!scene.seat(guest).connected);
}

#[test]
fn a_line_can_take_the_seat_of_a_page_and_back() {
    let mut scene = Scene::on_air();
    let line = scene.up(HOST, SessionKind::LineIn);
    assert!(
        !scene.last_order(HOST).muted,
        "a line on stage needs no confirmation"
    );
    scene.up(HOST, SessionKind::Browser);
    assert!(scene.last_order(HOST).muted, "a page does");
    assert!(scene.outputs.contains(&Output::CloseSession {
        seat: HOST,
        session: line,
        reason: SessionEndReason::Replaced
    }));
}

#[test]
fn an_order_names_the_session_it_was_decided_for() {
    let mut scene = Scene::on_air();
    let (guest, first) = scene.guest_on_stage();
    assert_eq!(scene.last_order(guest).session, Some(first));
    let second = scene.up(guest, SessionKind::Browser);
    assert_eq!(scene.last_order(guest).session, Some(second));
}

#[test]
fn a_short_absence_restores_the_microphone_and_a_long_one_mutes_it() {
    for (away_ms, muted) in [
        (AWAY_MUTED_AFTER_MS - 1_000, false),
        (AWAY_MUTED_AFTER_MS, true),
    ] {
        let mut scene = Scene::on_air();
        let (guest, session) = scene.guest_on_stage();
        scene.unmute(guest);
        scene.down(guest, session);
        scene.wait(away_ms);
        scene.up(guest, SessionKind::Browser);
        scene.ready(guest);
        assert_eq!(scene.seat(guest).muted, muted, "after {away_ms} ms");
        assert_eq!(scene.last_order(guest).muted, muted);
    }
}

#[test]
fn renewed_links_end_every_session_and_offer_and_leave_everybody_their_place() {
    let mut scene = Scene::on_air();
    let (guest, session) = scene.guest_on_stage();
    let monitor = scene.invite(Role::Monitor);
    let listening = scene.up(monitor, SessionKind::Monitor);
    let offered = SessionId(777);
    scene.step(Input::Reserve {
        seat: guest,
        session: offered,
        kind: SessionKind::Browser,
        page: None,
    });
    let outputs = scene.step(Input::LinksRenewed);
    for (seat, session) in [(guest, session), (monitor, listening)] {
        assert!(outputs.contains(&Output::CloseSession {
            seat,
            session,
            reason: SessionEndReason::LinkRenewed,
        }));
        assert!(!scene.seat(seat).connected);
    }
    assert!(outputs.contains(&Output::ReservationExpired {
        seat: guest,
        session: offered,
    }));
    assert!(outputs.contains(&Output::DismissPages));
    assert!(scene.last_order(guest).muted);
    assert_eq!(scene.seat(guest).place, Place::OnStage);
    // Whoever comes by the new link is there again.
    scene.up(guest, SessionKind::Browser);
    assert!(scene.seat(guest).connected);
}
