//! Whoever asks for more than anybody needs is refused, named to the hosts, and costs the others nothing.

use crate::scene::{HOST, Scene};
use stentor_core::conversation::{Input, Output, Refusal, SeatWarning};
use stentor_core::limits::{FLOODING_SHOWN_MS, OFFER_EACH_MS, OFFERS_BURST};
use stentor_core::stage::{ConnectFailure, Role, SessionKind, StageCommand};
use stentor_core::{SeatId, SessionId};

/// Offers in a row until one is refused.
fn flood(scene: &mut Scene, seat: SeatId, kind: SessionKind) -> Refusal {
    for n in 0.. {
        let session = SessionId(5_000 + n);
        let page = None;
        let outputs = scene.step(Input::Reserve {
            seat,
            session,
            kind,
            page,
        });
        for output in outputs {
            if let Output::ReservationRefused { reason, .. } = output {
                assert_eq!(n, u64::from(OFFERS_BURST));
                return reason;
            }
        }
    }
    unreachable!("it is refused at last");
}

#[test]
fn offers_without_end_are_refused_whatever_they_are_for_and_named_to_the_hosts() {
    for (role, kind) in [
        (Role::Guest, SessionKind::Browser),
        (Role::LineIn, SessionKind::LineIn),
        (Role::Monitor, SessionKind::Monitor),
        (Role::CoHost, SessionKind::Monitor),
    ] {
        let mut scene = Scene::on_air();
        let seat = scene.invite(role);
        assert_eq!(flood(&mut scene, seat, kind), Refusal::TooManyOffers);
        let warning = SeatWarning::Flooding;
        assert!(scene.outputs.contains(&Output::Warn { seat, warning }));
        assert_eq!(scene.seat(seat).warning, Some(warning), "{role:?}");
        assert_eq!(scene.seat(HOST).warning, None);
    }
}

#[test]
fn a_seat_that_waits_may_offer_again_and_is_no_longer_named_after_a_while() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Guest);
    flood(&mut scene, seat, SessionKind::Browser);
    scene.advance(OFFER_EACH_MS);
    let outputs = scene.step(Input::Reserve {
        seat,
        session: SessionId(1),
        kind: SessionKind::Browser,
        page: None,
    });
    let granted = |output: &Output| matches!(output, Output::Reserved { .. });
    assert!(outputs.iter().any(granted), "{outputs:?}");
    scene.wait(FLOODING_SHOWN_MS);
    let warning = SeatWarning::Flooding;
    assert!(
        scene
            .outputs
            .contains(&Output::WarnCleared { seat, warning })
    );
    assert_eq!(scene.seat(seat).warning, None);
}

#[test]
fn what_a_page_sends_too_much_of_is_told_like_offers_and_a_removed_seat_is_told_of_no_more() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Guest);
    scene.step(Input::Flood { seat });
    assert_eq!(scene.seat(seat).warning, Some(SeatWarning::Flooding));
    scene.command(HOST, StageCommand::Remove { seat });
    assert_eq!(scene.seat(seat).warning, None);
    assert!(scene.step(Input::Flood { seat: SeatId(99) }).is_empty());
}

#[test]
fn who_tries_to_connect_and_cannot_is_shown_until_a_session_is_up() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Guest);
    for (why, warning) in [
        (ConnectFailure::NeverReached, SeatWarning::NotReached),
        (ConnectFailure::Handshake, SeatWarning::HandshakeFailed),
        (ConnectFailure::NeverReached, SeatWarning::NotReached),
    ] {
        scene.step(Input::ConnectFailed { seat, why });
        assert_eq!(scene.seat(seat).warning, Some(warning));
    }
    scene.up(seat, SessionKind::Browser);
    assert_eq!(scene.seat(seat).warning, None);
    // An attempt beside a connection that works is nobody's trouble.
    let why = ConnectFailure::Handshake;
    scene.step(Input::ConnectFailed { seat, why });
    assert_eq!(scene.seat(seat).warning, None);
}
