//! The mixer of an event that nobody needs is suspended, and runs as soon as anybody is there.

use crate::scene::{HOST, Scene};
use stentor_core::conversation::{Conversation, Input, NoticeKind, Output};
use stentor_core::event::Phase;
use stentor_core::limits::{RESERVATION_MS, SUSPEND_AFTER_MS};
use stentor_core::stage::{Role, SessionKind};
use stentor_core::{Now, SessionId};

/// Somebody's coming or going.
type Move = fn(&mut Scene);

fn listeners(scene: &mut Scene, now: u64) {
    scene.step(Input::Listeners { now });
}

fn pages(scene: &mut Scene, open: usize) {
    scene.step(Input::Pages { open });
}

fn reserve(scene: &mut Scene) {
    scene.step(Input::Reserve {
        seat: HOST,
        session: SessionId(1),
        kind: SessionKind::LineIn,
        page: None,
    });
}

/// An event without anybody, whose mixer is suspended.
fn suspended() -> Scene {
    let mut scene = Scene::new();
    scene.step(Input::Tick);
    assert!(scene.conversation.mixer_suspended());
    scene.forget();
    scene
}

/// The orders to the mixer as a whole, and the full notices, in order.
fn told(scene: &Scene) -> Vec<&Output> {
    let about = |output: &&Output| match output {
        Output::SuspendMixer | Output::ResumeMixer => true,
        Output::Notice(notice) => notice.kind == NoticeKind::Full,
        _ => false,
    };
    scene.outputs.iter().filter(about).collect()
}

#[test]
fn an_event_that_was_just_made_or_restored_has_nobody_and_need_not_wait() {
    let scene = suspended();
    let now = Now {
        mono_ms: 17,
        ..scene.now
    };
    let restored = Conversation::restore(scene.conversation.snapshot(), now).unwrap();
    let mut scene = Scene::with(restored, now);
    assert_eq!(scene.step(Input::Tick)[0], Output::SuspendMixer);
}

#[test]
fn whoever_comes_has_it_resumed_at_once_and_when_the_last_is_gone_it_is_suspended_after_a_while() {
    let ways: [(&str, Move, Move); 5] = [
        ("a page", |s| pages(s, 1), |s| pages(s, 0)),
        ("a listener", |s| listeners(s, 1), |s| listeners(s, 0)),
        (
            "a speaker",
            |s| {
                let session = s.up(HOST, SessionKind::Browser);
                assert_eq!(session, SessionId(101));
            },
            |s| s.down(HOST, SessionId(101)),
        ),
        (
            "a monitor",
            |s| {
                s.up(HOST, SessionKind::Monitor);
            },
            |s| s.down(HOST, SessionId(101)),
        ),
        ("an offer", reserve, |s| s.down(HOST, SessionId(1))),
    ];
    for (who, comes, goes) in ways {
        let mut scene = suspended();
        scene.wait(1_000);
        comes(&mut scene);
        let orders = told(&scene);
        assert!(
            matches!(orders[..], [Output::ResumeMixer, Output::Notice(_)]),
            "{who}: {orders:?}"
        );
        scene.wait(RESERVATION_MS - 1_000);
        scene.wait(1_000 - 100);
        assert!(!scene.conversation.mixer_suspended(), "{who} stays");
        goes(&mut scene);
        scene.forget();
        scene.wait(SUSPEND_AFTER_MS - 100);
        assert!(!scene.conversation.mixer_suspended(), "{who} has just left");
        scene.wait(200);
        assert!(told(&scene).contains(&&Output::SuspendMixer), "{who}");
    }
}

#[test]
fn whoever_asks_for_the_programme_again_and_again_is_there() {
    let mut scene = suspended();
    for _ in 0..5 {
        scene.step(Input::Demand);
        scene.wait(SUSPEND_AFTER_MS - 1_000);
        assert!(!scene.conversation.mixer_suspended());
    }
    scene.wait(1_000);
    assert!(scene.conversation.mixer_suspended());
}

#[test]
fn an_offer_that_is_forgotten_holds_it_no_longer_than_its_reservation() {
    let mut scene = suspended();
    reserve(&mut scene);
    scene.wait(RESERVATION_MS + SUSPEND_AFTER_MS - 1_000);
    assert!(!scene.conversation.mixer_suspended());
    scene.wait(1_000);
    assert!(scene.conversation.mixer_suspended());
}

#[test]
fn on_air_it_is_never_suspended_whoever_is_there() {
    let mut scene = suspended();
    scene.phase(Phase::OnAir);
    assert!(matches!(told(&scene)[0], Output::ResumeMixer));
    scene.wait(10 * SUSPEND_AFTER_MS);
    assert!(!scene.conversation.mixer_suspended());
    let restored = Conversation::restore(scene.conversation.snapshot(), scene.now).unwrap();
    let mut scene = Scene::with(restored, scene.now);
    scene.wait(2 * SUSPEND_AFTER_MS);
    assert!(!scene.outputs.contains(&Output::SuspendMixer));
}

#[test]
fn a_seat_that_is_empty_is_nobody() {
    let mut scene = suspended();
    scene.invite(Role::Guest);
    assert!(scene.conversation.mixer_suspended());
}
