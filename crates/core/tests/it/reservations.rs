//! A session is reserved before its offer is answered: in one step, with a bound, and never for ever.

use crate::scene::{HOST, Scene};
use stentor_core::conversation::{Input, Output, Refusal};
use stentor_core::event::Phase;
use stentor_core::limits::{RESERVATION_MS, RESERVATIONS_MAX, SEAT_RESERVATIONS_MAX, SEATS_MAX};
use stentor_core::stage::{Role, SessionKind, StageCommand};
use stentor_core::{SeatId, SessionId};

fn reserve(scene: &mut Scene, seat: SeatId, session: u64) -> Vec<Output> {
    scene.step(Input::Reserve {
        seat,
        session: SessionId(session),
        kind: SessionKind::Browser,
        page: None,
    })
}

fn refused(session: u64, reason: Refusal) -> [Output; 1] {
    [Output::ReservationRefused {
        session: SessionId(session),
        reason,
    }]
}

fn reserved(seat: SeatId, session: u64) -> Output {
    Output::Reserved {
        seat,
        session: SessionId(session),
        kind: SessionKind::Browser,
        staff: seat == HOST,
    }
}

fn expired(outputs: &[Output]) -> Vec<SessionId> {
    let session = |output: &Output| match output {
        Output::ReservationExpired { session, .. } => Some(*session),
        _ => None,
    };
    outputs.iter().filter_map(session).collect()
}

#[test]
fn a_seat_of_the_event_is_granted_a_session() {
    let mut scene = Scene::on_air();
    assert_eq!(reserve(&mut scene, HOST, 1), [reserved(HOST, 1)]);
}

#[test]
fn nobody_is_granted_a_session_for_an_unknown_or_removed_seat_or_after_the_end() {
    let mut scene = Scene::on_air();
    let gone = scene.invite(Role::Guest);
    scene.command(HOST, StageCommand::Remove { seat: gone });
    for seat in [gone, SeatId(99)] {
        assert_eq!(
            reserve(&mut scene, seat, 1),
            refused(1, Refusal::NoSuchSender)
        );
    }
    scene.phase(Phase::Ended);
    assert_eq!(
        reserve(&mut scene, HOST, 2),
        refused(2, Refusal::EventEnded)
    );
}

#[test]
fn a_seat_that_only_hears_is_granted_no_session_that_sends() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Monitor);
    assert_eq!(
        reserve(&mut scene, seat, 1),
        refused(1, Refusal::ReceiveOnly)
    );
    let hears = Input::Reserve {
        seat,
        session: SessionId(2),
        kind: SessionKind::Monitor,
        page: None,
    };
    let granted = Output::Reserved {
        seat,
        session: SessionId(2),
        kind: SessionKind::Monitor,
        staff: false,
    };
    assert_eq!(scene.step(hears), [granted]);
}

#[test]
fn a_session_that_does_not_come_up_in_time_is_given_up_once() {
    let mut scene = Scene::on_air();
    reserve(&mut scene, HOST, 1);
    scene.advance(RESERVATION_MS - 1);
    assert!(expired(&scene.step(Input::Tick)).is_empty());
    scene.advance(1);
    assert_eq!(expired(&scene.step(Input::Tick)), [SessionId(1)]);
    scene.advance(RESERVATION_MS);
    assert!(expired(&scene.step(Input::Tick)).is_empty());
}

#[test]
fn a_session_that_came_up_or_came_to_nothing_does_not_expire() {
    let mut scene = Scene::on_air();
    reserve(&mut scene, HOST, 1);
    reserve(&mut scene, HOST, 2);
    scene.step(Input::SessionUp {
        seat: HOST,
        session: SessionId(1),
        kind: SessionKind::Browser,
    });
    scene.down(HOST, SessionId(2));
    scene.forget();
    scene.wait(2 * RESERVATION_MS);
    assert!(expired(&scene.outputs).is_empty());
}

#[test]
fn a_seat_that_tries_too_often_at_once_gives_up_its_oldest_attempt() {
    let mut scene = Scene::on_air();
    for session in 0..SEAT_RESERVATIONS_MAX as u64 {
        assert_eq!(
            reserve(&mut scene, HOST, session),
            [reserved(HOST, session)]
        );
    }
    let outputs = reserve(&mut scene, HOST, 100);
    assert_eq!(expired(&outputs), [SessionId(0)]);
    assert!(outputs.contains(&reserved(HOST, 100)));
}

/// Every seat of a full event, the host's first.
fn full(scene: &mut Scene) -> Vec<SeatId> {
    let mut seats = vec![HOST];
    while seats.len() < SEATS_MAX {
        seats.push(scene.invite(Role::Guest));
    }
    seats
}

#[test]
fn however_many_guests_offer_without_end_a_host_is_granted_a_session() {
    let mut scene = Scene::on_air();
    let seats = full(&mut scene);
    let mut session = 1_000;
    for _ in 0..20 {
        for &seat in &seats[1..] {
            session += 1;
            reserve(&mut scene, seat, session);
        }
    }
    assert_eq!(reserve(&mut scene, HOST, 1), [reserved(HOST, 1)]);
    assert_eq!(reserve(&mut scene, HOST, 2), [reserved(HOST, 2)]);
}

#[test]
fn a_seat_that_is_removed_gives_up_what_it_had_reserved() {
    let mut scene = Scene::on_air();
    let guest = scene.invite(Role::Guest);
    for session in [1, 2] {
        reserve(&mut scene, guest, session);
    }
    scene.forget();
    scene.command(HOST, StageCommand::Remove { seat: guest });
    assert_eq!(expired(&scene.outputs), [SessionId(1), SessionId(2)]);
}

#[test]
fn co_hosts_have_the_places_of_staff_and_nobody_else() {
    let mut scene = Scene::on_air();
    let co_host = scene.co_host();
    let others = [Role::Guest, Role::LineIn].map(|role| scene.invite(role));
    let mut staff = |seat| {
        let outputs = reserve(&mut scene, seat, 50 + u64::from(seat.0));
        outputs
            .iter()
            .any(|output| matches!(output, Output::Reserved { staff: true, .. }))
    };
    assert!(staff(HOST) && staff(co_host));
    assert!(!others.into_iter().any(&mut staff));
}

#[test]
fn all_reservations_of_a_full_event_can_expire_in_the_step_that_ends_it() {
    let mut scene = Scene::on_air();
    let seats = full(&mut scene);
    for (n, &seat) in seats.iter().cycle().take(RESERVATIONS_MAX).enumerate() {
        reserve(&mut scene, seat, 10_000 + n as u64);
    }
    for &seat in &seats {
        scene.up(seat, SessionKind::Browser);
        scene.up(seat, SessionKind::Monitor);
    }
    scene.advance(RESERVATION_MS);
    scene.forget();
    // The scene fails if the outbox drops anything.
    scene.phase(Phase::Ended);
    assert_eq!(expired(&scene.outputs).len(), RESERVATIONS_MAX);
}
