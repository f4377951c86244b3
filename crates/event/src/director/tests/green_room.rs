//! Invitations, and what happens before somebody is on stage.

use stentor_core::SessionId;
use stentor_core::conversation::Refusal;
use stentor_core::stage::{Place, Role, SessionKind, StageCommand};

use super::{GUEST, HOST, LINE, Ordered, Scene, admit};
use crate::director::{Call, PageMessage};

#[tokio::test]
async fn who_invites_is_told_the_link_of_the_new_seat() {
    let scene = Scene::new();
    let mut host = scene.join(HOST).await;
    let invite = StageCommand::Invite {
        name: "Grace".to_owned(),
        role: Role::Guest,
    };
    scene.command(HOST, invite).await;
    let told = host.told();
    assert!(
        matches!(told.as_slice(), [PageMessage::Invited { name, .. }] if name == "Grace"),
        "{told:?}"
    );
}

#[tokio::test]
async fn loopback_is_ordered_in_the_green_room_and_ends_on_stage() {
    let scene = Scene::new();
    let mut guest = scene.join(GUEST).await;
    scene.connect(GUEST, None).await;
    let on = StageCommand::SetLoopback {
        seat: GUEST,
        on: true,
    };
    scene.command(GUEST, on.clone()).await;
    assert_eq!(scene.ordered().pop(), Some(Ordered::Loopback(GUEST, true)));
    scene.command(HOST, admit(GUEST)).await;
    assert!(scene.ordered().contains(&Ordered::Loopback(GUEST, false)));
    let before = scene.ordered();
    scene.command(GUEST, on).await;
    let (what, reason) = ("loopback", Refusal::NotInGreenRoom);
    assert_eq!(guest.told(), [PageMessage::Refused { what, reason }]);
    assert_eq!(scene.ordered(), before);
}

#[tokio::test]
async fn a_seat_admitted_beforehand_is_heard_when_it_comes_and_others_wait() {
    let scene = Scene::new();
    scene.call(Call::AdmitOnArrival { seat: LINE }).await;
    scene.up(LINE, SessionId(90), SessionKind::LineIn).await;
    scene.up(GUEST, SessionId(91), SessionKind::Browser).await;
    let order = scene.last_order(LINE);
    assert!(order.on_stage && !order.muted);
    assert_eq!(scene.seat(GUEST).await.place, Place::GreenRoom);
}
