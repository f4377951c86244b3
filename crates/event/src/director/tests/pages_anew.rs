//! What a page says of itself reaches the conversation, and what the operator says too.

use stentor_core::conversation::{Amendment, SeatWarning};
use stentor_core::stage::StageCommand;

use super::{GUEST, HOST, Ordered, Scene, admit, lead};
use crate::director::{Call, OfferingPage, PageMessage};
use stentor_core::Texts;
use stentor_core::schedule::{Act, Correction};
use stentor_core::{PageId, PageKey};

#[tokio::test]
async fn a_page_that_comes_back_is_known_by_its_own_number_before_its_line_is_there_again() {
    // The number that the server gives to a line may be anybody's by then, or that of a line before a restart.
    for (key, id, muted) in [(7, 1, false), (7, 99, false), (8, 1, true), (9, 99, true)] {
        let scene = Scene::new();
        let page = |id, key| OfferingPage {
            id: PageId(id),
            key: Some(PageKey(key)),
        };
        let first = scene.connect_for(GUEST, Some(page(1, 7))).await;
        scene.command(HOST, admit(GUEST)).await;
        let unmute = StageCommand::SetMuted {
            seat: GUEST,
            muted: false,
            version: scene.seat(GUEST).await.mute_version,
        };
        scene.command(GUEST, unmute).await;
        scene.down(first.session).await;
        scene.connect_for(GUEST, Some(page(id, key))).await;
        assert_eq!(scene.seat(GUEST).await.muted, muted, "{key} {id}");
        let kept = scene.recorded.snapshots.lock().unwrap().pop().unwrap();
        let kept = crate::snapshot::decode(&kept).unwrap();
        let of_guest = kept.seats.iter().find(|seat| seat.seat == GUEST);
        assert_eq!(of_guest.unwrap().page, Some(PageKey(key)));
    }
}

#[tokio::test]
async fn a_session_whose_page_has_closed_its_line_is_doubted_until_the_page_is_there_again() {
    let scene = Scene::new();
    let doubted = |scene: &Scene| {
        let orders = scene.ordered().into_iter();
        let doubts = orders.filter(|ordered| matches!(ordered, Ordered::Doubt(..)));
        doubts.collect::<Vec<_>>()
    };
    let key = Some(PageKey(7));
    let page = scene.try_join_as(GUEST, key).await.unwrap();
    let another = scene.try_join_as(GUEST, Some(PageKey(8))).await.unwrap();
    let id = page.joined.page;
    let offering = OfferingPage { id, key };
    let first = scene.connect_for(GUEST, Some(offering)).await.session;
    // Another page of the seat, and a line without a page, are no matter.
    let leave = |page| Call::Leave { page };
    scene.connect(HOST, None).await;
    scene.call(leave(another.joined.page)).await;
    assert_eq!(doubted(&scene), []);
    scene.call(leave(id)).await;
    assert_eq!(doubted(&scene), [Ordered::Doubt(first, true)]);
    // Another page of the same link is somebody else, for all that is known.
    let _another = scene.try_join_as(GUEST, Some(PageKey(8))).await.unwrap();
    assert_eq!(doubted(&scene).len(), 1);
    // The page's line is made anew, under another number.
    let anew = scene.try_join_as(GUEST, key).await.unwrap();
    assert_ne!(anew.joined.page, id);
    scene.pass(100).await;
    assert_eq!(doubted(&scene)[1..], [Ordered::Doubt(first, false)]);
    // Its sound may be made anew first, with the number that its line had.
    let session = scene.connect_for(GUEST, Some(offering)).await.session;
    scene.down(first).await;
    assert_eq!(doubted(&scene).len(), 2);
    scene.call(leave(anew.joined.page)).await;
    assert_eq!(doubted(&scene)[2..], [Ordered::Doubt(session, true)]);
}

#[tokio::test]
async fn hosts_are_told_whose_link_floods() {
    let scene = Scene::new();
    let (mut host, mut guest) = (scene.join(HOST).await, scene.join(GUEST).await);
    let mut refused = 0;
    for _ in 0..30 {
        refused += usize::from(scene.reserve(GUEST, None).await.is_err());
    }
    assert_eq!(refused, 20);
    let on = PageMessage::Warning {
        seat: GUEST,
        warning: SeatWarning::Flooding,
        on: true,
    };
    assert!(host.told().contains(&on) && guest.told().contains(&on));
    // The oldest of those that were granted gave way.
    let closed = |ordered: &Ordered| matches!(ordered, Ordered::Close(_));
    assert_eq!(scene.ordered().into_iter().filter(closed).count(), 8);
    assert!(scene.reserve(HOST, None).await.is_ok());
}

#[tokio::test]
async fn renewed_links_close_every_page_and_session_and_another_change_of_the_record_none() {
    let scene = Scene::new();
    let (mut host, mut guest) = (scene.join(HOST).await, scene.join(GUEST).await);
    let session = scene.connect(GUEST, Some(guest.joined.page)).await.session;
    let mut record = scene.record.clone();
    scene.call(Call::Record(record.clone())).await;
    assert_eq!((host.told(), guest.told()), (vec![], vec![]));
    record.links_generation += 1;
    scene.call(Call::Record(record.clone())).await;
    let dismissed = [PageMessage::LinkRenewed];
    assert!(PageMessage::LinkRenewed.is_last());
    assert_eq!(
        (host.told(), guest.told()),
        (dismissed.to_vec(), dismissed.to_vec())
    );
    assert!(scene.ordered().contains(&Ordered::Close(session)));
    // Those who came by the new link stay.
    let mut anew = scene.join(GUEST).await;
    scene.call(Call::Record(record)).await;
    assert_eq!(anew.told(), []);
}

#[tokio::test]
async fn what_the_operator_changes_is_shown_and_kept() {
    let scene = Scene::new();
    let correction = Correction {
        title: Some("Another".to_owned()),
        ..Correction::default()
    };
    let amendment = Amendment {
        recorded: Some(false),
        acts: vec![(Act::Correct(correction), Texts::new())],
    };
    scene.call(Call::Amend(amendment)).await;
    let view = scene.view().await;
    assert_eq!((view.title(), view.recorded), ("Another", false));
    scene
        .command(HOST, lead(Act::GoOnAir, view.schedule_version))
        .await;
    assert!(scene.air.is_on() && !scene.air.records());
}

#[tokio::test]
async fn a_page_whose_task_is_gone_keeps_nothing_running() {
    let scene = Scene::new();
    let page = scene.join(GUEST).await;
    drop(page);
    super::phases::eventually(|| scene.ordered().contains(&Ordered::Resume)).await;
    scene.pass(2 * stentor_core::limits::SUSPEND_AFTER_MS).await;
    // It is swept when the listeners are counted.
    let suspended = || {
        let orders = scene.ordered();
        orders
            .iter()
            .filter(|order| **order == Ordered::Suspend)
            .count()
    };
    for _ in 0..1_000 {
        if suspended() == 2 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        scene.pass(stentor_core::limits::SUSPEND_AFTER_MS).await;
    }
    panic!("it still counts as open");
}
