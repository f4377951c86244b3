//! The event begins and ends: what follows it is published, recorded, kept, and stopped.

use std::sync::atomic::Ordering;
use std::time::Duration;

use stentor_core::event::Phase;

use super::{GUEST, HOST, Ordered, Scene, set_phase};
use crate::director::PageMessage;
use crate::snapshot;

#[tokio::test]
async fn a_change_of_phase_is_published_recorded_and_kept() {
    let scene = Scene::new();
    scene.view().await;
    assert_eq!(scene.edge.documents().len(), 1, "status.json");
    assert!(!scene.air.is_on());
    let before = scene.edge.documents().bytes();
    scene.command(HOST, set_phase(Phase::OnAir, 1)).await;
    assert!(scene.air.is_on());
    // "scheduled" has become "on_air": 9 letters, 6 letters; nobody else has said anything.
    assert_ne!(scene.edge.documents().bytes(), before);
    let kept = scene
        .recorded
        .snapshots
        .lock()
        .unwrap()
        .pop()
        .expect("it was kept");
    assert_eq!(snapshot::decode(&kept).unwrap().phase, Phase::OnAir);
}

#[tokio::test]
async fn after_the_end_pages_are_told_and_the_room_runs_on_for_the_last_words() {
    let scene = Scene::new();
    let mut guest = scene.join(GUEST).await;
    scene.command(HOST, set_phase(Phase::Ended, 1)).await;
    assert_eq!(guest.told(), [PageMessage::Ended]);
    assert!(!scene.air.is_on());
    assert!(!scene.ordered().contains(&Ordered::Stop));
    scene.pass(3_000).await;
    // The room is stopped at the director's own tick.
    eventually(|| scene.ordered().contains(&Ordered::Stop)).await;
    assert!(scene.over.load(Ordering::Relaxed));
}

/// Waits until something holds, for at most ten seconds.
pub(super) async fn eventually(holds: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came to hold");
}
