//! The event begins and ends: what follows it is published, recorded, kept, and stopped.

use std::sync::atomic::Ordering;
use std::time::Duration;

use stentor_core::event::Phase;
use stentor_core::schedule::{ANNOUNCED_VERSION, Act, Fact};

use super::{GUEST, HOST, Ordered, Scene, lead};
use crate::director::PageMessage;
use crate::snapshot;

#[tokio::test]
async fn a_change_of_phase_is_published_recorded_and_kept() {
    let scene = Scene::new();
    scene.view().await;
    assert_eq!(scene.edge.documents().len(), 1, "status.json");
    assert!(!scene.air.is_on());
    let before = scene.edge.documents().bytes();
    scene
        .command(HOST, lead(Act::GoOnAir, ANNOUNCED_VERSION))
        .await;
    assert!(scene.air.is_on());
    // "doors" has become "on_air": nobody else has said anything.
    assert_ne!(scene.edge.documents().bytes(), before);
    let kept = scene
        .recorded
        .snapshots
        .lock()
        .unwrap()
        .pop()
        .expect("it was kept");
    let history = snapshot::decode(&kept).unwrap().history;
    assert_eq!(
        history.last().map(|entry| &entry.fact),
        Some(&Fact::WentOnAir)
    );
}

/// Whoever kills the server now finds what listeners were told.
#[tokio::test]
async fn what_has_happened_is_in_the_store_before_anybody_is_told() {
    let scene = Scene::new();
    let host = scene.join(HOST).await;
    scene.recorded.store_hangs.store(true, Ordering::Relaxed);
    let before = scene.edge.documents().bytes();
    let told = || host.joined.state.borrow().value().phase();
    let go = lead(Act::GoOnAir, ANNOUNCED_VERSION);
    scene.want(HOST, go).await;
    eventually(|| !scene.recorded.snapshots.lock().unwrap().is_empty()).await;
    assert_eq!(told(), Phase::Doors);
    assert_eq!(scene.edge.documents().bytes(), before);
    // A store that does not answer keeps nobody from the evening.
    eventually(|| told() == Phase::OnAir).await;
}

#[tokio::test]
async fn after_the_end_pages_are_told_and_the_room_runs_on_for_the_last_words() {
    let scene = Scene::new();
    let mut guest = scene.join(GUEST).await;
    scene.command(HOST, lead(Act::End, ANNOUNCED_VERSION)).await;
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
