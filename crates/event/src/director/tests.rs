//! The director with a room, a store and a clock of the test's own.

mod closing;
mod green_room;
mod idle;
mod pages_anew;
mod phases;
mod starved;

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use stentor_core::admission::{OpeningRung, Rung};
use stentor_core::conversation::{Command, Conversation, FIRST_HOST, Refusal, SeatView, View};
use stentor_core::event::{ConditionKind, EventCommand};
use stentor_core::limits::{HOST_DROPPED_AFTER_MS, RESERVATION_MS};
use stentor_core::schedule::{ANNOUNCED_VERSION, Act, Correction, ScheduleCommand};
use stentor_core::stage::{AppliedMute, Role, SeatOrder, SessionKind, StageCommand};
use stentor_core::{Now, PageId, PageKey, SeatId, SessionId};
use stentor_edge::{Demand, Edge, EdgeConfig};
use stentor_studio::{RoomLevels, RoomStatus, SessionStatus};
use tokio::sync::mpsc;

use super::outputs::Destinations;
use super::room::{DirectedRoom, KeepSnapshot};
use super::run::DirectorParts;
use super::{
    Call, DirectorHandle, Joined, OfferingPage, PAGE_MESSAGES_MAX, PageMessage, Reserved, calls,
};
use crate::about::AboutNow;
use crate::air::Air;
use crate::links::{LinkKey, LiveLinks};
use crate::publisher::Publisher;
use crate::record::{EventRecord, NewEvent};
use crate::replay::ReplayWishes;
use crate::reports::{Reporter, reports};

const HOST: SeatId = FIRST_HOST;
const GUEST: SeatId = SeatId(2);
const LINE: SeatId = SeatId(3);
const STARTED: Now = Now {
    mono_ms: 5_000,
    unix_ms: 1_700_000_000_000,
};

#[derive(Clone, Debug, PartialEq)]
enum Ordered {
    Seat(SeatOrder),
    Close(SessionId),
    Doubt(SessionId, bool),
    Loopback(SeatId, bool),
    PreListen(SessionId, Option<SeatId>),
    Notice(String),
    Suspend,
    Resume,
    Stop,
}

/// What the director ordered and kept, in order.
#[derive(Clone, Default)]
struct Recorded {
    orders: Arc<Mutex<Vec<Ordered>>>,
    snapshots: Arc<Mutex<Vec<Vec<u8>>>>,
    /// Nothing that is kept is in the store any more.
    store_hangs: Arc<AtomicBool>,
}

impl Recorded {
    fn add(&self, order: Ordered) {
        self.orders.lock().unwrap().push(order);
    }
}

impl DirectedRoom for Recorded {
    fn order(&self, order: SeatOrder) {
        self.add(Ordered::Seat(order));
    }

    fn close(&self, session: SessionId) {
        self.add(Ordered::Close(session));
    }

    fn doubt(&self, session: SessionId, on: bool) {
        self.add(Ordered::Doubt(session, on));
    }

    fn loopback(&self, seat: SeatId, on: bool) {
        self.add(Ordered::Loopback(seat, on));
    }

    fn pre_listen(&self, by: SessionId, seat: Option<SeatId>) {
        self.add(Ordered::PreListen(by, seat));
    }

    fn notice(&self, text: String) {
        self.add(Ordered::Notice(text));
    }

    fn suspend(&self) {
        self.add(Ordered::Suspend);
    }

    fn resume(&self) {
        self.add(Ordered::Resume);
    }

    fn stop(&self) {
        self.add(Ordered::Stop);
    }
}

impl KeepSnapshot for Recorded {
    fn keep(&self, snapshot: Vec<u8>) {
        self.snapshots.lock().unwrap().push(snapshot);
    }

    fn kept(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        if self.store_hangs.load(Ordering::Relaxed) {
            Box::pin(std::future::pending())
        } else {
            Box::pin(std::future::ready(()))
        }
    }
}

/// A page that joined, and what it was told.
struct Page {
    joined: Joined,
    messages: mpsc::Receiver<PageMessage>,
}

impl Page {
    fn told(&mut self) -> Vec<PageMessage> {
        std::iter::from_fn(|| self.messages.try_recv().ok()).collect()
    }
}

struct Scene {
    record: EventRecord,
    director: DirectorHandle,
    reporter: Reporter,
    /// The state of the room, as it was reported last.
    room: Mutex<RoomStatus>,
    recorded: Recorded,
    now: Arc<Mutex<Now>>,
    air: Arc<Air>,
    over: Arc<AtomicBool>,
    demand: Arc<Demand>,
    edge: Edge,
}

impl Scene {
    /// An event with a host, a guest and a line, which has not begun.
    fn new() -> Self {
        let (scene, director, queue) = Self::before_it_begins();
        tokio::spawn(director.run(queue));
        scene
    }

    /// The same with a director that does not run yet.
    fn before_it_begins() -> (Self, DirectorParts, mpsc::Receiver<Call>) {
        let new = NewEvent {
            title: "Ilios".to_owned(),
            slug: None,
            lang: "en".to_owned(),
            told: Correction::default(),
            start: None,
            draft: false,
            host: "Homer".to_owned(),
            opens_at: 0,
            recorded: true,
            embedding: Default::default(),
        };
        let invited = [("Ada", Role::Guest), ("Stentor", Role::LineIn)];
        let seats = invited.map(|(name, role)| StageCommand::Invite {
            name: name.to_owned(),
            role,
        });
        let (record, conversation) = new.make(STARTED.unix_ms, &seats).unwrap();
        // As it is found in the store.
        let conversation = Conversation::restore(conversation.snapshot(), STARTED).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let recorded = Recorded::default();
        let air = Arc::new(Air::default());
        let over = Arc::new(AtomicBool::new(false));
        let edge = Edge::new(EdgeConfig::default());
        let demand = edge.open_demand().unwrap();
        let now = Arc::new(Mutex::new(STARTED));
        let clock = Arc::clone(&now);
        let publisher = Publisher::new(
            edge.clone(),
            None,
            &record.slug,
            Vec::new(),
            None,
            Arc::default(),
        );
        let (reporter, reports) = reports();
        let (replay, _) = ReplayWishes::new(&conversation.view().schedule, 0, false);
        let director = DirectorParts {
            conversation,
            doors: OpeningRung::new(Rung::REST),
            minimum_rung: Arc::new(AtomicU8::new(0)),
            clock: Box::new(move || *clock.lock().unwrap()),
            reports,
            counters: Arc::default(),
            demand: Some(Arc::clone(&demand)),
            destinations: Destinations {
                links: Arc::new(LiveLinks::new(
                    LinkKey::load_or_create(folder.path()).unwrap(),
                    "https://stentor.example".to_owned(),
                    record.slug.clone(),
                    record.links_generation,
                    30,
                )),
                record: record.clone(),
                room: Some(Box::new(recorded.clone())),
                publisher,
                about: AboutNow::default(),
                air: Arc::clone(&air),
                snapshots: Box::new(recorded.clone()),
                recorder: None,
                replay,
                over: Arc::clone(&over),
                published: None,
            },
        };
        let (handle, queue) = calls();
        let scene = Self {
            record,
            director: handle,
            reporter,
            room: Mutex::default(),
            recorded,
            now,
            air,
            over,
            demand,
            edge,
        };
        (scene, director, queue)
    }

    async fn call(&self, call: Call) {
        assert!(self.director.call(call).await);
        assert!(self.director.settle().await);
    }

    /// The same, without waiting until it is carried out.
    async fn want(&self, by: SeatId, command: impl Into<Command>) {
        let command = command.into();
        assert!(self.director.call(Call::Command { by, command }).await);
    }

    async fn command(&self, by: SeatId, command: impl Into<Command>) {
        let command = command.into();
        self.call(Call::Command { by, command }).await;
    }

    /// Changes the state of the room, and lets the director see it.
    async fn room(&self, change: impl FnOnce(&mut RoomStatus)) {
        let mut room = self.room.lock().unwrap().clone();
        change(&mut room);
        self.room.lock().unwrap().clone_from(&room);
        self.reporter.room(room);
        assert!(self.director.settle().await);
    }

    async fn try_join(&self, seat: SeatId) -> Result<Page, Refusal> {
        self.try_join_as(seat, None).await
    }

    /// As the page that has this number of its own.
    async fn try_join_as(&self, seat: SeatId, key: Option<PageKey>) -> Result<Page, Refusal> {
        let (sender, messages) = mpsc::channel(PAGE_MESSAGES_MAX);
        let joined = self.director.ask(|reply| Call::Join {
            seat,
            key,
            sender,
            reply,
        });
        let joined = joined.await.expect("the director answers")?;
        Ok(Page { joined, messages })
    }

    async fn join(&self, seat: SeatId) -> Page {
        self.try_join(seat).await.expect("the seat is there")
    }

    async fn reserve(&self, seat: SeatId, page: Option<OfferingPage>) -> Result<Reserved, Refusal> {
        let kind = SessionKind::Browser;
        let reserved = self.director.ask(|reply| Call::Reserve {
            seat,
            kind,
            page,
            reply,
        });
        reserved.await.expect("the director answers")
    }

    /// A session that is up and whose page knows the mute state.
    async fn connect(&self, seat: SeatId, page: Option<PageId>) -> Reserved {
        self.connect_for(seat, page.map(|id| OfferingPage { id, key: None }))
            .await
    }

    async fn connect_for(&self, seat: SeatId, page: Option<OfferingPage>) -> Reserved {
        let reserved = self.reserve(seat, page).await;
        let reserved = reserved.expect("the seat is there");
        self.up(seat, reserved.session, SessionKind::Browser).await;
        let muted_version = self.seat(seat).await.mute_version;
        let ready = StageCommand::Ready {
            seat,
            muted_version,
        };
        self.command(seat, ready).await;
        reserved
    }

    /// The room expects a session whose offer it answers.
    async fn expect(&self, seat: SeatId, session: SessionId) {
        self.room(|room| {
            let state = SessionStatus {
                seat,
                kind: SessionKind::Browser,
                connected: None,
                interrupted: false,
                mute: None,
                out_of_reach: false,
            };
            room.sessions.insert(session, state);
        })
        .await;
    }

    async fn up(&self, seat: SeatId, session: SessionId, kind: SessionKind) {
        self.room(|room| {
            let state = SessionStatus {
                seat,
                kind,
                connected: Some(session.0),
                interrupted: false,
                mute: None,
                out_of_reach: false,
            };
            room.sessions.insert(session, state);
        })
        .await;
    }

    async fn down(&self, session: SessionId) {
        self.room(|room| {
            room.sessions.remove(&session);
        })
        .await;
    }

    /// Lets time pass, and lets the director see it.
    async fn pass(&self, ms: u64) {
        {
            let mut now = self.now.lock().unwrap();
            now.mono_ms += ms;
            now.unix_ms += ms as i64;
        }
        self.reporter.levels(RoomLevels {
            seats: Vec::new(),
            lufs: -18.0,
            true_peak: -1.0,
        });
        assert!(self.director.settle().await);
    }

    /// The stage as pages are shown it.
    async fn view(&self) -> View {
        let page = self.join(HOST).await;
        self.call(Call::Leave {
            page: page.joined.page,
        })
        .await;
        page.joined.state.borrow().value().clone()
    }

    async fn seat(&self, seat: SeatId) -> SeatView {
        self.view().await.seat(seat).expect("it is there").clone()
    }

    fn ordered(&self) -> Vec<Ordered> {
        self.recorded.orders.lock().unwrap().clone()
    }

    fn last_order(&self, seat: SeatId) -> SeatOrder {
        let orders = self.ordered();
        let of_seat = orders.iter().rev().find_map(|ordered| match ordered {
            Ordered::Seat(order) if order.seat == seat => Some(*order),
            _ => None,
        });
        of_seat.expect("the room was told about this seat")
    }

    fn notices(&self) -> Vec<serde_json::Value> {
        let text = |ordered: Ordered| match ordered {
            Ordered::Notice(text) => Some(serde_json::from_str(&text).unwrap()),
            _ => None,
        };
        self.ordered().into_iter().filter_map(text).collect()
    }
}

fn alive(reserved: &Reserved) -> bool {
    reserved.alive.load(Ordering::Relaxed)
}

/// From the green room to the stage, whether or not anything was heard there.
const fn admit(seat: SeatId) -> StageCommand {
    StageCommand::Admit {
        seat,
        unheard: true,
    }
}

fn lead(act: Act, version: u64) -> EventCommand {
    EventCommand::Schedule(ScheduleCommand::new(act, version))
}

#[tokio::test]
async fn a_page_of_a_removed_seat_is_refused_and_those_it_had_are_told_and_closed() {
    let scene = Scene::new();
    let mut page = scene.join(GUEST).await;
    assert_eq!(
        (page.joined.role, page.joined.title.as_str()),
        (Role::Guest, "Ilios")
    );
    scene
        .command(HOST, StageCommand::Remove { seat: GUEST })
        .await;
    assert_eq!(page.told(), [PageMessage::Removed]);
    let refused = scene.try_join(GUEST).await.map(|_| ());
    assert_eq!(refused, Err(Refusal::NoSuchSender));
}

#[tokio::test]
async fn a_session_is_alive_from_its_reservation_until_it_is_gone() {
    let scene = Scene::new();
    let first = scene.reserve(GUEST, None).await.unwrap();
    let second = scene.reserve(GUEST, None).await.unwrap();
    assert_ne!(first.session, second.session);
    assert!(alive(&first) && alive(&second));
    // It may be over before its offer's answer has reached anybody.
    scene.expect(GUEST, first.session).await;
    scene.down(first.session).await;
    assert!(!alive(&first) && alive(&second));
    scene.up(GUEST, second.session, SessionKind::Browser).await;
    scene.down(second.session).await;
    assert!(!alive(&second));
}

#[tokio::test]
async fn an_offer_that_came_to_nothing_leaves_nothing_behind() {
    let scene = Scene::new();
    let reserved = scene.reserve(GUEST, None).await.unwrap();
    let (seat, session) = (GUEST, reserved.session);
    scene.call(Call::Abandon { seat, session }).await;
    assert!(!alive(&reserved));
    scene.pass(2 * RESERVATION_MS).await;
    assert!(!scene.ordered().contains(&Ordered::Close(session)));
}

#[tokio::test]
async fn a_reservation_that_is_forgotten_expires_and_the_room_is_told() {
    let scene = Scene::new();
    let reserved = scene.reserve(GUEST, None).await.unwrap();
    scene.pass(RESERVATION_MS).await;
    assert!(!alive(&reserved));
    assert!(scene.ordered().contains(&Ordered::Close(reserved.session)));
}

#[tokio::test]
async fn a_removed_seat_and_an_ended_event_get_no_session() {
    let scene = Scene::new();
    scene
        .command(HOST, StageCommand::Remove { seat: GUEST })
        .await;
    let refused = scene.reserve(GUEST, None).await.map(|_| ());
    assert_eq!(refused, Err(Refusal::NoSuchSender));
    scene.command(HOST, lead(Act::End, ANNOUNCED_VERSION)).await;
    let refused = scene.reserve(HOST, None).await.map(|_| ());
    assert_eq!(refused, Err(Refusal::EventEnded));
}

#[tokio::test]
async fn the_page_whose_session_was_replaced_is_told_and_the_newer_is_not() {
    let scene = Scene::new();
    let mut older = scene.join(GUEST).await;
    let mut newer = scene.join(GUEST).await;
    let first = scene.connect(GUEST, Some(older.joined.page)).await;
    scene.connect(GUEST, Some(newer.joined.page)).await;
    assert!(scene.ordered().contains(&Ordered::Close(first.session)));
    assert_eq!(older.told(), [PageMessage::Replaced]);
    assert!(newer.told().is_empty());
}

#[tokio::test]
async fn a_mute_goes_out_with_its_version_and_is_shown_when_the_mixer_has_done_it() {
    let scene = Scene::new();
    let session = scene.connect(GUEST, None).await.session;
    let unmute = StageCommand::SetMuted {
        seat: GUEST,
        muted: false,
        version: 1,
    };
    scene.command(GUEST, unmute).await;
    let order = scene.last_order(GUEST);
    assert_eq!(
        (order.session, order.muted, order.version),
        (Some(session), false, 2)
    );
    assert!(
        scene.seat(GUEST).await.mixer_muted,
        "the mixer has not said so"
    );
    scene
        .room(|room| {
            let state = room.sessions.get_mut(&session).expect("it is up");
            state.mute = Some(AppliedMute {
                muted: false,
                version: 2,
            });
        })
        .await;
    assert!(!scene.seat(GUEST).await.mixer_muted);
}

#[tokio::test]
async fn a_command_with_an_old_version_is_refused_to_its_sender_alone() {
    let scene = Scene::new();
    let (mut host, mut guest) = (scene.join(HOST).await, scene.join(GUEST).await);
    let mute = StageCommand::SetMuted {
        seat: GUEST,
        muted: false,
        version: 9,
    };
    scene.command(GUEST, mute).await;
    let reason = Refusal::StaleVersion {
        expected: 1,
        got: 9,
    };
    let what = "mute";
    assert_eq!(guest.told(), [PageMessage::Refused { what, reason }]);
    assert!(host.told().is_empty());
}

#[tokio::test]
async fn listeners_are_told_when_the_last_host_has_dropped() {
    let scene = Scene::new();
    let session = scene.connect(HOST, None).await.session;
    scene.command(HOST, admit(HOST)).await;
    scene
        .command(HOST, lead(Act::GoOnAir, ANNOUNCED_VERSION))
        .await;
    scene.pass(1_000).await;
    scene.down(session).await;
    scene.pass(HOST_DROPPED_AFTER_MS).await;
    assert_eq!(
        scene.view().await.condition.kind,
        ConditionKind::HostDropped
    );
    let last = scene.notices().pop().expect("there was a notice");
    assert_eq!(last["condition"], "host_dropped");
}

#[tokio::test]
async fn a_link_is_shown_to_hosts_only() {
    let scene = Scene::new();
    let (mut host, mut guest) = (scene.join(HOST).await, scene.join(GUEST).await);
    let show = StageCommand::ShowLink { seat: GUEST };
    scene.command(GUEST, show.clone()).await;
    let (what, reason) = ("link", Refusal::NotAllowed);
    assert_eq!(guest.told(), [PageMessage::Refused { what, reason }]);
    scene.command(HOST, show).await;
    let told = host.told();
    let [PageMessage::Invited { seat, name, link }] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!((*seat, name.as_str()), (GUEST, "Ada"));
    assert!(link.starts_with("https://stentor.example/"), "{link}");
    assert!(guest.told().is_empty());
}
