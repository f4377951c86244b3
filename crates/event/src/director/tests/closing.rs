//! An event is taken from the server while its pages are open.

use tokio::sync::oneshot;

use super::super::Call;
use super::{GUEST, HOST, Ordered, Scene};
use crate::director::PageMessage;

#[tokio::test]
async fn an_event_that_goes_leaves_nothing_at_its_addresses_and_its_pages_are_closed() {
    let scene = Scene::new();
    let mut pages = [scene.join(HOST).await, scene.join(GUEST).await];
    assert!(!scene.edge.documents().is_empty());
    let closed = scene.director.ask(|reply| Call::Close { reply }).await;
    assert_eq!(closed, Some(()));
    assert_eq!(scene.edge.documents().len(), 0);
    assert_eq!(scene.ordered().last(), Some(&Ordered::Stop));
    for page in &mut pages {
        assert_eq!(page.told().last(), Some(&PageMessage::Removed));
        assert!(page.messages.is_closed());
    }
    // Nothing is done after it, and whoever asks is told so.
    let (reply, answer) = oneshot::channel();
    scene.director.call(Call::Settled { reply }).await;
    assert!(answer.await.is_err());
}
