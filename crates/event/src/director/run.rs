//! One task per event: the only place where that event's conversation is stepped.
//!
//! What happens comes in as a [`Call`]; what the conversation wants done goes out to the room, the pages, the store and the
//! published documents. It decides nothing itself, and never waits for a page, a disk or a listener.

mod front;
mod pages;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::{Duration, Instant};

use stentor_core::admission::Doors;
use stentor_core::conversation::{
    Command, Conversation, Input, Notice, Outbox, Output, Refusal, SessionEndReason,
};
use stentor_core::event::{Alarm, Phase};
use stentor_core::stage::{Role, SeatLevel, StageCommand};
use stentor_core::{Now, SeatId, SessionId};
use stentor_studio::{Room, RoomEvent};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;

use crate::event::keeper::Keeper;
use crate::event::{EventRecord, HOST, unix_ms_now};
use crate::recorder::{Recorder, Report};
use crate::secret::LinkKey;
use crate::wire;

pub(crate) use front::Front;
use pages::PageTable;
pub(crate) use pages::{MAIL_MAX, Mail, Mailbox, PageId};

/// Calls waiting for one director. Past it pages and offers wait; what the room, the recorder and the keeper say is lost.
const CALLS_MAX: usize = 1024;
/// How often time is told to the conversation; it asks for at least every 500 ms.
const TICK: Duration = Duration::from_millis(200);
/// How often the listeners are counted.
const COUNT_EVERY: Duration = Duration::from_secs(1);
/// Ended sessions remembered: more than a room can have open.
const GONE_MAX: usize = 256;
/// How long the room runs on after the end, so that the last words and the last notice reach everybody.
const AFTERGLOW: Duration = Duration::from_secs(3);

/// Something for the director.
pub(crate) enum Call {
    /// A stage page says hello.
    Join {
        seat: SeatId,
        mailbox: Mailbox,
        reply: oneshot::Sender<Result<Joined, Refusal>>,
    },
    /// A stage page is gone.
    Leave { page: PageId },
    /// A stage page wants something.
    Command { by: SeatId, command: Command },
    /// A host wants to see the link of a seat again.
    Link { by: SeatId, seat: SeatId },
    /// Hear oneself in the green room.
    Loopback { by: SeatId, on: bool },
    /// Whether a seat may open a session of a kind; `Ok` reserves its number.
    MayConnect {
        seat: SeatId,
        reply: oneshot::Sender<Result<SessionId, Refusal>>,
    },
    /// A session was answered; which page it belongs to, if to a page.
    /// `alive` becomes false when it is gone.
    Opened {
        session: SessionId,
        page: Option<PageId>,
        alive: Arc<AtomicBool>,
    },
    /// From the room.
    Room(RoomEvent),
    /// From the recorder.
    Recorder(Report),
    /// The store fails or works again.
    StoreFailing(bool),
    /// Answered once every call before it has been carried out.
    Settled { reply: oneshot::Sender<()> },
}

/// What a page gets when it joins.
pub(crate) struct Joined {
    pub(crate) page: PageId,
    pub(crate) role: Role,
    pub(crate) title: String,
    pub(crate) state: watch::Receiver<Arc<str>>,
    pub(crate) levels: watch::Receiver<Arc<str>>,
}

/// Reaches one event's director.
#[derive(Clone)]
pub(crate) struct DirectorHandle {
    calls: mpsc::Sender<Call>,
}

impl DirectorHandle {
    /// Waits for room in the queue; `false` once the event is gone.
    pub(crate) async fn call(&self, call: Call) -> bool {
        self.calls.send(call).await.is_ok()
    }

    /// Waits until every call made before this one has been carried out; `false` once the event is gone.
    pub(crate) async fn settle(&self) -> bool {
        let (reply, settled) = oneshot::channel();
        self.call(Call::Settled { reply }).await && settled.await.is_ok()
    }

    /// For threads that must not wait; `false` when the queue is full and the call is lost. An event that is gone needs none.
    pub(crate) fn try_call(&self, call: Call) -> bool {
        !matches!(
            self.calls.try_send(call),
            Err(mpsc::error::TrySendError::Full(_))
        )
    }
}

/// A queue for calls, made before the director so that the room can already report into it.
pub(crate) fn calls() -> (DirectorHandle, mpsc::Receiver<Call>) {
    let (calls, queue) = mpsc::channel(CALLS_MAX);
    (DirectorHandle { calls }, queue)
}

/// Everything the director of one event works with.
pub(crate) struct Director {
    pub(crate) conversation: Conversation,
    pub(crate) record: EventRecord,
    pub(crate) key: LinkKey,
    pub(crate) base_url: String,
    pub(crate) room: Option<Room>,
    pub(crate) front: Front,
    pub(crate) keeper: Keeper,
    pub(crate) recorder: Option<Recorder>,
    /// Seats the operator admitted beforehand: they need not wait for the host.
    pub(crate) admitted: Vec<SeatId>,
    /// To be set when the room has stopped.
    pub(crate) over: Arc<AtomicBool>,
    pub(crate) doors: Doors,
    /// Where the doors' rung is put.
    pub(crate) floor: Arc<AtomicU8>,
    pub(crate) started: Instant,
}

impl Director {
    /// Runs until every handle is gone.
    pub(crate) async fn run(self, queue: mpsc::Receiver<Call>) {
        let state = watch::Sender::new(Arc::from(wire::stage::state(&self.conversation.view())));
        let levels = watch::Sender::new(Arc::from(wire::stage::levels(
            &[],
            f32::NEG_INFINITY,
            f32::NEG_INFINITY,
        )));
        let next_session = self.started.elapsed().as_nanos() as u64;
        Running {
            director: self,
            outbox: Outbox::new(),
            pages: PageTable::default(),
            sessions: Vec::new(),
            gone: VecDeque::with_capacity(GONE_MAX),
            next_session,
            state,
            levels,
            meter: (f32::NEG_INFINITY, f32::NEG_INFINITY),
            stop_at: None,
        }
        .run(queue)
        .await;
    }
}

/// A session that was answered and not yet reported gone.
struct Session {
    id: SessionId,
    page: Option<PageId>,
    alive: Arc<AtomicBool>,
}

struct Running {
    director: Director,
    outbox: Outbox,
    pages: PageTable,
    /// Bounded by the room's own limit on peers: only answered offers are listed.
    sessions: Vec<Session>,
    /// Sessions that ended lately: one may be gone before its answer has been reported.
    gone: VecDeque<SessionId>,
    next_session: u64,
    state: watch::Sender<Arc<str>>,
    levels: watch::Sender<Arc<str>>,
    /// Momentary loudness (LUFS) and true peak (dBTP) of the programme.
    meter: (f32, f32),
    /// When the room stops, after the end.
    stop_at: Option<Instant>,
}

impl Running {
    async fn run(mut self, mut queue: mpsc::Receiver<Call>) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut count_at = Instant::now();
        self.director.follow_phase();
        self.director.watch_doors();
        self.director.publish_documents();
        loop {
            tokio::select! {
                call = queue.recv() => match call {
                    Some(call) => self.handle(call),
                    None => return,
                },
                _ = ticks.tick() => {
                    if Instant::now() >= count_at {
                        count_at = Instant::now() + COUNT_EVERY;
                        let now = self.director.front.listeners();
                        self.step(Input::Listeners { now });
                        self.director.watch_doors();
                    }
                    self.step(Input::Tick);
                    self.stop_when_due();
                }
            }
        }
    }

    fn handle(&mut self, call: Call) {
        match call {
            Call::Join {
                seat,
                mailbox,
                reply,
            } => {
                let joined = self.join(seat, mailbox);
                // A page that went away while joining needs no answer; its mailbox is closed and swept.
                let _ = reply.send(joined);
            }
            Call::Leave { page } => self.pages.remove(page),
            Call::Command { by, command } => self.step(Input::Command { by, command }),
            Call::Link { by, seat } => self.tell_link(by, seat),
            Call::Loopback { by, on } => {
                if let Some(room) = &self.director.room {
                    room.loopback(by, on);
                }
            }
            Call::MayConnect { seat, reply } => {
                let _ = reply.send(self.may_connect(seat));
            }
            Call::Opened {
                session,
                page,
                alive,
            } => self.opened(Session {
                id: session,
                page,
                alive,
            }),
            Call::Room(event) => self.room_event(event),
            Call::Recorder(Report::Failing(on)) => self.step(Input::Alarm {
                alarm: Alarm::Recorder,
                on,
            }),
            Call::Recorder(Report::ReplayReady(file)) => {
                self.director.front.offer_replay(file);
                self.director.publish_documents();
            }
            Call::Recorder(Report::NoReplay) => {
                self.director.front.no_replay();
                self.director.publish_documents();
            }
            Call::StoreFailing(on) => self.step(Input::Alarm {
                alarm: Alarm::Store,
                on,
            }),
            Call::Settled { reply } => {
                // Whoever waited may have gone.
                let _ = reply.send(());
            }
        }
    }

    fn join(&mut self, seat: SeatId, mailbox: Mailbox) -> Result<Joined, Refusal> {
        let view = self.director.conversation.view();
        let place = view
            .seat(seat)
            .filter(|seat| seat.place != stentor_core::stage::Place::Removed);
        let role = place.ok_or(Refusal::NoSuchSender)?.role;
        Ok(Joined {
            page: self.pages.add(seat, mailbox),
            role,
            title: view.title,
            state: self.state.subscribe(),
            levels: self.levels.subscribe(),
        })
    }

    fn may_connect(&mut self, seat: SeatId) -> Result<SessionId, Refusal> {
        let view = self.director.conversation.view();
        if view.phase == Phase::Ended {
            return Err(Refusal::EventEnded);
        }
        view.seat(seat)
            .filter(|seat| seat.place != stentor_core::stage::Place::Removed)
            .ok_or(Refusal::NoSuchSender)?;
        self.next_session += 1;
        Ok(SessionId(self.next_session))
    }

    fn room_event(&mut self, event: RoomEvent) {
        match event {
            RoomEvent::Up {
                seat,
                session,
                kind,
            } => {
                self.step(Input::SessionUp {
                    seat,
                    session,
                    kind,
                });
                if self.director.admitted.contains(&seat) {
                    self.step(Input::Command {
                        by: HOST,
                        command: StageCommand::Admit { seat }.into(),
                    });
                }
            }
            RoomEvent::Down {
                seat,
                session,
                reason,
            } => {
                tracing::info!(%seat, %session, ?reason, "session down");
                self.forget(session);
                self.step(Input::SessionDown { seat, session });
            }
            RoomEvent::Levels(levels) => self.levels(&levels),
            RoomEvent::MuteApplied {
                seat,
                session,
                muted,
                version,
            } => {
                self.step(Input::MuteApplied {
                    seat,
                    session,
                    muted,
                    version,
                });
            }
            RoomEvent::Meter { lufs, true_peak } => self.meter = (lufs, true_peak),
            RoomEvent::Alarm { alarm, on } => self.step(Input::Alarm { alarm, on }),
            other => tracing::debug!(?other, "room"),
        }
    }

    fn opened(&mut self, session: Session) {
        if self.gone.contains(&session.id) {
            session.alive.store(false, Ordering::Relaxed);
        } else {
            self.sessions.push(session);
        }
    }

    fn forget(&mut self, session: SessionId) {
        if self.gone.len() == GONE_MAX {
            self.gone.pop_front();
        }
        self.gone.push_back(session);
        self.sessions.retain(|open| {
            if open.id == session {
                open.alive.store(false, Ordering::Relaxed);
            }
            open.id != session
        });
    }

    fn levels(&mut self, levels: &[SeatLevel]) {
        self.levels.send_replace(Arc::from(wire::stage::levels(
            levels,
            self.meter.0,
            self.meter.1,
        )));
        self.step(Input::Levels(levels));
    }

    fn step(&mut self, input: Input<'_>) {
        let now = self.director.now();
        self.director
            .conversation
            .step(now, input, &mut self.outbox);
        let mut outbox = std::mem::take(&mut self.outbox);
        for output in outbox.drain() {
            self.carry_out(output);
        }
        self.outbox = outbox;
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Mixer(order) => {
                if let Some(room) = &self.director.room {
                    room.order(order);
                }
            }
            Output::CloseSession {
                seat,
                session,
                reason,
            } => self.close(seat, session, reason),
            Output::Notice(notice) => self.director.tell_listeners(notice),
            Output::Warn { seat, warning } => {
                self.tell_seat_and_hosts(seat, &wire::stage::warning(seat, warning, true))
            }
            Output::WarnCleared { seat, warning } => {
                self.tell_seat_and_hosts(seat, &wire::stage::warning(seat, warning, false));
            }
            Output::Alarm { alarm, on } => {
                tracing::warn!(
                    event = self.director.record.slug,
                    alarm = alarm.code(),
                    on,
                    "alarm"
                );
                self.tell_hosts(&wire::stage::alarm(alarm, on));
            }
            Output::Refused { by, what, reason } => {
                self.pages.tell(by, &wire::stage::refused(what, reason))
            }
            Output::Invited { by, seat } => self.tell_link(by, seat),
            Output::StageChanged => {
                self.state.send_replace(Arc::from(wire::stage::state(
                    &self.director.conversation.view(),
                )));
                self.director.follow_phase();
                // Replacing a document costs nothing; only what rides in the sound waits for its notice.
                self.director.publish_documents();
                self.tell_removed();
                self.follow_end();
            }
            Output::Persist => {
                self.director.keeper.snapshot(wire::snapshot::encode(
                    &self.director.conversation.snapshot(),
                ));
            }
        }
    }

    /// The end: after a while the room stops, the streams end and the replay is made.
    fn follow_end(&mut self) {
        let ended = self.director.conversation.view().phase == Phase::Ended;
        if ended && self.stop_at.is_none() && self.director.room.is_some() {
            self.stop_at = Some(Instant::now() + AFTERGLOW);
            self.pages.tell_all(&wire::stage::ended());
        }
    }

    /// A removed seat has no rights any more, whether or not it has a session: its pages are closed with the reason.
    fn tell_removed(&mut self) {
        for seat in self.director.conversation.view().seats {
            if seat.place == stentor_core::stage::Place::Removed {
                self.pages
                    .tell_and_close(seat.seat, &wire::stage::removed());
            }
        }
    }

    fn stop_when_due(&mut self) {
        if self.stop_at.is_some_and(|at| Instant::now() >= at)
            && let Some(room) = self.director.room.take()
        {
            self.director.over.store(true, Ordering::Relaxed);
            room.stop();
            self.director.front.end_streams();
            match self.director.recorder.take() {
                Some(recorder) => {
                    tokio::task::spawn_blocking(move || recorder.finish());
                }
                None => self.director.front.no_replay(),
            }
            self.director.publish_documents();
        }
    }

    fn close(&mut self, seat: SeatId, session: SessionId, reason: SessionEndReason) {
        if let Some(room) = &self.director.room {
            room.close(session);
        }
        let page = self
            .sessions
            .iter()
            .find(|open| open.id == session)
            .and_then(|open| open.page);
        // Who was removed is told with the change of the stage, session or not.
        if let (SessionEndReason::Replaced, Some(page)) = (reason, page) {
            self.tell_replaced(seat, session, page);
        }
    }

    /// Only the page whose session was replaced is told: the newer one is the same seat. If its line was cut and came back it
    /// is another page to us; then every page of the seat is told but the one that has the newer session.
    fn tell_replaced(&mut self, seat: SeatId, session: SessionId, page: PageId) {
        let mail = Mail::Last(wire::stage::replaced());
        if self.pages.has(seat, page) {
            return self.pages.tell_page(seat, page, &mail);
        }
        let newer = self
            .sessions
            .iter()
            .filter(|open| open.id > session)
            .filter_map(|open| open.page)
            .find(|page| self.pages.has(seat, *page));
        self.pages.tell_seat_but(seat, newer, &mail);
    }

    fn tell_link(&mut self, by: SeatId, seat: SeatId) {
        let view = self.director.conversation.view();
        let by_host = view.seat(by).is_some_and(|seat| seat.role.hosts());
        let text = match view.seat(seat) {
            Some(found) if by_host => {
                let link = self.director.record.stage_link(
                    &self.director.key,
                    &self.director.base_url,
                    seat,
                );
                wire::stage::invited(seat, &found.name, &link)
            }
            Some(_) => wire::stage::refused("link", Refusal::NotAllowed),
            None => wire::stage::refused("link", Refusal::NoSuchSeat { seat }),
        };
        self.pages.tell(by, &text);
    }

    fn tell_seat_and_hosts(&mut self, seat: SeatId, text: &str) {
        self.pages.tell(seat, text);
        self.tell_hosts_but(Some(seat), text);
    }

    fn tell_hosts(&mut self, text: &str) {
        self.tell_hosts_but(None, text);
    }

    fn tell_hosts_but(&mut self, told: Option<SeatId>, text: &str) {
        for seat in self.director.conversation.view().seats {
            if seat.role.hosts() && Some(seat.seat) != told {
                self.pages.tell(seat.seat, text);
            }
        }
    }
}

impl Director {
    fn now(&self) -> Now {
        Now {
            mono_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            unix_ms: unix_ms_now(),
        }
    }

    /// Says which rung this event wants while its doors open.
    fn watch_doors(&mut self) {
        let view = self.conversation.view();
        let floor = self
            .doors
            .minimum_rung(self.now(), view.phase, view.starts_unix_ms);
        self.floor.store(floor.number(), Ordering::Relaxed);
    }

    /// The programme carries the stage, and is recorded, exactly while the event is on air.
    fn follow_phase(&self) {
        let on_air = self.conversation.view().phase == Phase::OnAir;
        self.front.recording(on_air);
    }

    fn tell_listeners(&mut self, notice: Notice) {
        let view = self.conversation.view();
        if let Some(room) = &self.room {
            let text = wire::status::notice(notice, &view, unix_ms_now(), self.front.replay());
            if let Err(error) = room.notice(text.into_bytes()) {
                tracing::error!(%error, "listeners were not told");
            }
        }
        match notice.kind {
            stentor_core::conversation::NoticeKind::Full => self.publish_documents(),
            // The number in status.json may be as old as its cache time; who speaks is only told in band.
            stentor_core::conversation::NoticeKind::Listeners => {
                self.front.publish_status(&view, unix_ms_now())
            }
            stentor_core::conversation::NoticeKind::Speaking => {}
        }
    }

    fn publish_documents(&mut self) {
        let view = self.conversation.view();
        self.front.publish_status(&view, unix_ms_now());
        self.front.publish_pages(&view, &self.record, unix_ms_now());
    }
}
