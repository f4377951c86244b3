//! A room that nobody needs is suspended, and runs as soon as somebody comes.

use http::Request;
use stentor_core::limits::SUSPEND_AFTER_MS;
use stentor_core::schedule::{ANNOUNCED_VERSION, Act};
use stentor_edge::{CacheClass, Document};

use super::super::Call;
use super::phases::eventually;
use super::{GUEST, HOST, Ordered, Scene, lead};

impl Scene {
    /// What the room was told of the mixing, in order.
    async fn mixing(&self) -> Vec<Ordered> {
        assert!(self.director.settle().await);
        let about = |order: &Ordered| matches!(order, Ordered::Suspend | Ordered::Resume);
        self.ordered().into_iter().filter(about).collect()
    }

    /// Somebody asks for a document of the programme.
    fn ask(&self) {
        let playlist = Document::new("text/plain", CacheClass::NoStore, "");
        let documents = self.edge.documents();
        documents
            .put_marking("/playlist", playlist, &self.demand)
            .unwrap();
        let request = Request::get("/playlist").header("host", "x");
        let (head, ()) = request.body(()).unwrap().into_parts();
        let reply = stentor_edge::faces::answer(&self.edge, &head);
        assert!(matches!(reply, stentor_edge::faces::Reply::Whole(_)));
    }
}

#[tokio::test]
async fn a_room_is_suspended_until_a_page_is_opened_and_again_when_it_has_been_left() {
    let scene = Scene::new();
    assert_eq!(scene.mixing().await, [Ordered::Suspend]);
    let page = scene.join(HOST).await.joined.page;
    scene.pass(2 * SUSPEND_AFTER_MS).await;
    assert_eq!(scene.mixing().await, [Ordered::Suspend, Ordered::Resume]);
    scene.call(Call::Leave { page }).await;
    scene.pass(SUSPEND_AFTER_MS - 1).await;
    assert_eq!(scene.mixing().await.len(), 2);
    scene.pass(1).await;
    assert_eq!(scene.mixing().await.last(), Some(&Ordered::Suspend));
}

#[tokio::test]
async fn whoever_asks_for_the_programme_has_the_room_resumed_at_once() {
    let scene = Scene::new();
    assert_eq!(scene.mixing().await, [Ordered::Suspend]);
    scene.pass(1_000).await;
    scene.ask();
    eventually(|| scene.ordered().contains(&Ordered::Resume)).await;
    // The newcomer is told everything with the first sound.
    let orders = scene.ordered();
    let resumed = orders.iter().position(|order| *order == Ordered::Resume);
    let after = &orders[resumed.expect("it was resumed")..];
    assert!(
        after
            .iter()
            .any(|order| matches!(order, Ordered::Notice(_)))
    );
}

#[tokio::test]
async fn a_speaker_who_comes_has_the_room_resumed_before_the_offer_is_answered() {
    let scene = Scene::new();
    scene.reserve(GUEST, None).await.unwrap();
    assert_eq!(scene.mixing().await, [Ordered::Suspend, Ordered::Resume]);
}

#[tokio::test]
async fn on_air_the_room_runs_though_nobody_is_there() {
    let scene = Scene::new();
    scene
        .command(HOST, lead(Act::GoOnAir, ANNOUNCED_VERSION))
        .await;
    scene.pass(10 * SUSPEND_AFTER_MS).await;
    assert_eq!(scene.mixing().await, [Ordered::Suspend, Ordered::Resume]);
}
