//! Stage pages: who is shown the stage, who sees links.

use crate::scene::{HOST, Scene};
use stentor_core::conversation::{Input, Output, Refusal};
use stentor_core::event::Phase;
use stentor_core::stage::{Role, StageCommand};
use stentor_core::{PageId, SeatId};

fn join(scene: &mut Scene, seat: SeatId) -> Vec<Output> {
    let page = PageId(7);
    scene.step(Input::Join { page, seat })
}

#[test]
fn a_page_of_a_seat_is_shown_the_stage_before_during_and_after() {
    let mut scene = Scene::new();
    scene.step(Input::Tick);
    let joined = [Output::Joined {
        page: PageId(7),
        seat: HOST,
    }];
    assert_eq!(join(&mut scene, HOST), joined);
    scene.phase(Phase::OnAir);
    assert_eq!(join(&mut scene, HOST), joined);
    scene.phase(Phase::Ended);
    assert_eq!(join(&mut scene, HOST), joined);
}

#[test]
fn a_page_of_a_removed_or_unknown_seat_is_not() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Guest);
    scene.command(HOST, StageCommand::Remove { seat });
    let refused = [Output::JoinRefused {
        page: PageId(7),
        reason: Refusal::NoSuchSender,
    }];
    assert_eq!(join(&mut scene, seat), refused);
    assert_eq!(join(&mut scene, SeatId(99)), refused);
}

#[test]
fn a_host_is_shown_the_link_of_a_seat_also_after_the_end() {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Guest);
    let shown = [Output::ShowLink { by: HOST, seat }];
    let show = StageCommand::ShowLink { seat };
    assert_eq!(scene.command(HOST, show.clone()), shown);
    scene.phase(Phase::Ended);
    assert_eq!(scene.command(HOST, show), shown);
}

#[test]
fn a_co_host_is_shown_every_link_but_the_hosts() {
    let mut scene = Scene::on_air();
    let co_host = scene.invite(Role::CoHost);
    let guest = scene.invite(Role::Guest);
    let show = |seat| StageCommand::ShowLink { seat };
    assert_eq!(scene.refused(co_host, show(HOST)), Refusal::NotAllowed);
    for (by, seat) in [
        (co_host, guest),
        (co_host, co_host),
        (HOST, HOST),
        (HOST, co_host),
    ] {
        let shown = [Output::ShowLink { by, seat }];
        assert_eq!(scene.command(by, show(seat)), shown);
    }
}

#[test]
fn a_guest_is_shown_no_link_and_a_removed_seat_has_none() {
    let mut scene = Scene::on_air();
    let (guest, _) = scene.guest_on_stage();
    let own = StageCommand::ShowLink { seat: guest };
    assert_eq!(scene.refused(guest, own.clone()), Refusal::NotAllowed);
    scene.command(HOST, StageCommand::Remove { seat: guest });
    assert_eq!(
        scene.refused(HOST, own),
        Refusal::NoSuchSeat { seat: guest }
    );
}
