//! An event on air that everybody has left is ended after a time, which is told beforehand.

use crate::scene::{HOST, Scene};
use stentor_core::conversation::{Input, Output};
use stentor_core::event::Phase;
use stentor_core::limits::ABANDONED_SHOWN_AFTER_MS;
use stentor_core::stage::SessionKind;

const AFTER_MS: u64 = 3_600_000;

/// On air, and everybody has just gone.
fn left() -> Scene {
    let mut scene = Scene::new();
    scene.conversation.end_when_abandoned(Some(AFTER_MS));
    let session = scene.bring_on_stage(HOST);
    scene.phase(Phase::OnAir);
    scene.step(Input::Pages { open: 1 });
    scene.down(HOST, session);
    scene.step(Input::Pages { open: 0 });
    scene.forget();
    scene
}

fn at(scene: &mut Scene, ms: u64) {
    scene.advance(ms);
    scene.step(Input::Tick);
}

#[test]
fn it_is_told_when_it_ends_and_then_it_ends() {
    let mut scene = left();
    let ends = scene.now.unix_ms + AFTER_MS as i64;
    at(&mut scene, ABANDONED_SHOWN_AFTER_MS - 1);
    assert_eq!(scene.view().ends_unix_ms, None);
    at(&mut scene, 1);
    assert_eq!(scene.view().ends_unix_ms, Some(ends));
    assert!(scene.outputs.contains(&Output::StageChanged));
    at(&mut scene, AFTER_MS - ABANDONED_SHOWN_AFTER_MS - 1);
    assert_eq!(scene.view().phase(), Phase::OnAir);
    scene.forget();
    at(&mut scene, 1);
    assert_eq!(scene.view().phase(), Phase::Ended);
    assert_eq!(scene.view().ends_unix_ms, None);
    assert!(scene.outputs.contains(&Output::PersistFirst));
}

#[test]
fn whoever_comes_takes_it_back() {
    let comes: [fn(&mut Scene); 3] = [
        |scene| drop(scene.step(Input::Pages { open: 1 })),
        |scene| _ = scene.up(HOST, SessionKind::Browser),
        |scene| _ = scene.up(HOST, SessionKind::Monitor),
    ];
    for come in comes {
        let mut scene = left();
        at(&mut scene, AFTER_MS - 1);
        come(&mut scene);
        assert_eq!(scene.view().ends_unix_ms, None);
        at(&mut scene, 2 * AFTER_MS);
        assert_eq!(scene.view().phase(), Phase::OnAir);
    }
}

#[test]
fn listeners_do_not_keep_it_on_air_and_only_one_on_air_is_ended() {
    let mut scene = left();
    scene.step(Input::Listeners { now: 1_000 });
    at(&mut scene, AFTER_MS);
    assert_eq!(scene.view().phase(), Phase::Ended);

    let mut scene = Scene::new();
    scene.conversation.end_when_abandoned(Some(AFTER_MS));
    at(&mut scene, 100 * AFTER_MS);
    assert_eq!(scene.view().phase(), Phase::Doors);

    let mut scene = left();
    scene.conversation.end_when_abandoned(None);
    at(&mut scene, 100 * AFTER_MS);
    assert_eq!(
        scene.view().phase(),
        Phase::OnAir,
        "never, if so configured"
    );
}
