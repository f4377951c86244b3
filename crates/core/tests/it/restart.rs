//! `kill -9` and back: the same places, mutes and phase, with nobody connected.

use crate::scene::{HOST, Scene, message};
use stentor_core::conversation::{Conversation, Snapshot, SnapshotError};
use stentor_core::event::{ConditionKind, Phase};
use stentor_core::limits::{HOST_DROPPED_AFTER_MS, ON_STAGE_MAX, SEATS_MAX};
use stentor_core::stage::{Place, Role, StageCommand};
use stentor_core::{Now, SeatId};

fn restarted(scene: &Scene) -> Scene {
    // The monotonic clock of another boot has another origin.
    let now = Now {
        mono_ms: 17,
        unix_ms: scene.now.unix_ms + 4_000,
    };
    let restored = Conversation::restore(scene.conversation.snapshot(), now);
    Scene::with(restored.expect("the record is sound"), now)
}

#[test]
fn everything_but_connections_is_as_before() {
    let mut scene = Scene::on_air();
    let (guest, _) = scene.guest_on_stage();
    scene.co_host();
    let waiting = scene.invite(Role::LineIn);
    scene.command(HOST, StageCommand::Remove { seat: waiting });
    scene.set_muted(HOST, guest, true);
    scene.command(HOST, message("Bientôt", "Soon"));
    let after = restarted(&scene).view();
    let before = scene.view();
    assert_eq!(after.title().to_owned(), before.title().to_owned());
    assert_eq!(after.starts_unix_ms(), before.starts_unix_ms());
    assert_eq!(
        (
            after.phase(),
            after.schedule_version,
            after.schedule.since_unix_ms
        ),
        (
            before.phase(),
            before.schedule_version,
            before.schedule.since_unix_ms
        )
    );
    assert_eq!(after.message, before.message);
    for (after, before) in after.seats.iter().zip(&before.seats) {
        let mut expected = before.clone();
        expected.connected = false;
        expected.ready = false;
        expected.mixer_muted = true;
        assert_eq!(*after, expected);
    }
}

#[test]
fn whoever_comes_back_first_is_muted_until_ready_and_then_as_before() {
    let mut scene = restarted(&Scene::on_air());
    scene.up(HOST, stentor_core::stage::SessionKind::Browser);
    let order = scene.last_order(HOST);
    assert!(order.on_stage && order.muted);
    scene.ready(HOST);
    assert!(!scene.last_order(HOST).muted);
    assert_eq!(scene.seat(HOST).place, Place::OnStage);
}

#[test]
fn until_the_host_is_back_listeners_are_told() {
    let mut scene = restarted(&Scene::on_air());
    scene.wait(HOST_DROPPED_AFTER_MS + 100);
    assert_eq!(scene.view().phase(), Phase::OnAir);
    assert_eq!(scene.view().condition.kind, ConditionKind::HostDropped);
    scene.browser(HOST);
    assert_eq!(scene.view().condition.kind, ConditionKind::Ok);
}

#[test]
fn numbers_of_seats_go_on() {
    let mut scene = Scene::on_air();
    let last = scene.invite(Role::Guest);
    let mut scene = restarted(&scene);
    assert_eq!(scene.invite(Role::Guest), SeatId(last.0 + 1));
}

fn restore(change: impl FnOnce(&mut Snapshot)) -> Result<(), SnapshotError> {
    let mut scene = Scene::on_air();
    scene.guest_on_stage();
    let mut snapshot = scene.conversation.snapshot();
    change(&mut snapshot);
    Conversation::restore(snapshot, scene.now).map(|_| ())
}

#[test]
fn a_damaged_record_is_refused_with_what_is_wrong() {
    assert_eq!(restore(|_| ()), Ok(()));
    assert_eq!(
        restore(|snapshot| snapshot.seats[0].role = Role::Guest),
        Err(SnapshotError::Hosts { got: 0 })
    );
    assert_eq!(
        restore(|snapshot| snapshot.seats[1].role = Role::Host),
        Err(SnapshotError::Hosts { got: 2 })
    );
    assert_eq!(
        restore(|snapshot| snapshot.seats[1].seat = HOST),
        Err(SnapshotError::SeatNumber { seat: HOST })
    );
    assert_eq!(
        restore(|snapshot| snapshot.next_seat = 2),
        Err(SnapshotError::SeatNumber { seat: SeatId(2) })
    );
    assert_eq!(
        restore(|snapshot| snapshot.seats[0].place = Place::Removed),
        Err(SnapshotError::SeatPlace { seat: HOST })
    );
    assert_eq!(
        restore(|snapshot| snapshot.seats[1].role = Role::Monitor),
        Err(SnapshotError::SeatPlace { seat: SeatId(2) })
    );
    let crowd = |count: usize| {
        restore(|snapshot| {
            snapshot.next_seat = 1_000;
            while snapshot.seats.len() < count {
                let mut seat = snapshot.seats[1].clone();
                seat.seat = SeatId(snapshot.seats.len() as u32 + 1);
                snapshot.seats.push(seat);
            }
        })
    };
    assert_eq!(
        crowd(ON_STAGE_MAX + 1),
        Err(SnapshotError::TooManyOnStage {
            max: ON_STAGE_MAX,
            got: ON_STAGE_MAX + 1
        })
    );
    let error = crowd(SEATS_MAX + 1).expect_err("too many seats");
    assert_eq!(
        error.to_string(),
        "the stored state of the event is damaged: it has 65 seats, at most 64 are possible"
    );
}
