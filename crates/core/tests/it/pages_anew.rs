//! A page that is reloaded comes back as it was; a link that is opened anew comes up muted.

use crate::scene::{HOST, Scene};
use stentor_core::conversation::{Conversation, Input};
use stentor_core::stage::{Role, SessionKind, StageCommand};
use stentor_core::{PageKey, SeatId, SessionId};

/// A session of a page, which knows the mute state.
fn connect(scene: &mut Scene, seat: SeatId, session: u64, page: Option<u128>) {
    let session = SessionId(session);
    let kind = SessionKind::Browser;
    let page = page.map(PageKey);
    scene.step(Input::Reserve {
        seat,
        session,
        kind,
        page,
    });
    scene.step(Input::SessionUp {
        seat,
        session,
        kind,
    });
    scene.ready(seat);
}

/// A guest who is live on a page.
fn live(page: Option<u128>) -> (Scene, SeatId) {
    let mut scene = Scene::on_air();
    let seat = scene.invite(Role::Guest);
    connect(&mut scene, seat, 1, page);
    scene.command(HOST, crate::scene::admit(seat));
    scene.unmute(seat);
    (scene, seat)
}

#[test]
fn only_the_page_that_was_live_comes_back_live() {
    for (was, comes, muted) in [
        (Some(7), Some(7), false),
        (Some(7), Some(8), true),
        (Some(7), None, true),
        (None, Some(7), true),
        // A client that numbers no pages is believed to be the same.
        (None, None, false),
    ] {
        let (mut scene, seat) = live(was);
        scene.down(seat, SessionId(1));
        scene.advance(1_000);
        connect(&mut scene, seat, 2, comes);
        assert_eq!(scene.seat(seat).muted, muted, "{was:?} {comes:?}");
    }
}

#[test]
fn a_second_page_that_takes_over_is_muted_and_the_first_one_after_it_too() {
    let (mut scene, seat) = live(Some(7));
    connect(&mut scene, seat, 2, Some(8));
    assert!(scene.seat(seat).muted);
    scene.unmute(seat);
    connect(&mut scene, seat, 3, Some(7));
    assert!(scene.seat(seat).muted);
}

#[test]
fn the_page_that_was_live_is_known_after_a_restart() {
    for (comes, muted) in [(7, false), (8, true)] {
        let (scene, seat) = live(Some(7));
        let restored = Conversation::restore(scene.conversation.snapshot(), scene.now);
        let mut scene = Scene::with(restored.unwrap(), scene.now);
        connect(&mut scene, seat, 2, Some(comes));
        assert_eq!(scene.seat(seat).muted, muted);
    }
}

#[test]
fn who_muted_whom_is_kept_until_the_microphone_is_opened_again() {
    let (mut scene, seat) = live(Some(7));
    scene.mute(seat);
    assert!(!scene.seat(seat).muted_by_host, "by themselves");
    scene.unmute(seat);
    scene.set_muted(HOST, seat, true);
    assert!(scene.seat(seat).muted_by_host);
    // Over a reload, and over a restart.
    scene.down(seat, SessionId(1));
    connect(&mut scene, seat, 2, Some(7));
    let restored = Conversation::restore(scene.conversation.snapshot(), scene.now);
    let mut scene = Scene::with(restored.unwrap(), scene.now);
    connect(&mut scene, seat, 3, Some(7));
    assert!(scene.seat(seat).muted_by_host);
    scene.unmute(seat);
    assert!(!scene.seat(seat).muted_by_host);
    // To the green room is another thing than muted by the host.
    scene.command(HOST, StageCommand::ToGreenRoom { seat });
    assert!(scene.seat(seat).muted && !scene.seat(seat).muted_by_host);
}
