//! Carries out what the conversation wants done: orders to the room, messages to the pages, documents for the public, the
//! snapshot for the store.
//!
//! It decides nothing: what to do comes as an [`Output`], what to say is read from the conversation's view.

use std::cell::OnceCell;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use stentor_core::conversation::{
    Command, Conversation, Notice, NoticeKind, Output, Refusal, SessionEndReason, View,
};
use stentor_core::stage::{Place, SessionKind};
use stentor_core::{Now, PageId, PageKey, SeatId, SessionId};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use super::call::{Acted, Joined, Reserved};
use super::evening::Evening;
use super::pages::{OfferingPage, PageMessage, PageSender, PageTable};
use super::room::{DirectedRoom, KeepSnapshot};
use super::sessions::SessionTable;
use crate::about::{About, AboutNow};
use crate::air::Air;
use crate::clock::unix_ms_now;
use crate::encode_once::EncodeOnce;
use crate::links::LiveLinks;
use crate::publisher::Publisher;
use crate::record::EventRecord;
use crate::recorder::Recorder;
use crate::replay::{ReplayIs, ReplayWishes};
use crate::reports::StageLevels;
use crate::{snapshot, status};

/// Milliseconds the room runs on after the end, so that the last words and the last notice reach everybody.
const AFTERGLOW_MS: u64 = 3_000;

/// How long what has happened may take to be written before everybody is told all the same.
const WRITTEN_WITHIN: Duration = Duration::from_millis(500);

/// How long a room may take to stop before what it published is taken away all the same.
const STOPS_WITHIN: Duration = Duration::from_secs(5);

/// Where outputs go.
pub(crate) struct Destinations {
    pub(crate) record: EventRecord,
    pub(crate) links: Arc<LiveLinks>,
    pub(crate) room: Option<Box<dyn DirectedRoom>>,
    pub(crate) publisher: Publisher,
    /// What the event says of itself, for whoever begins a file.
    pub(crate) about: AboutNow,
    pub(crate) air: Arc<Air>,
    pub(crate) snapshots: Box<dyn KeepSnapshot>,
    pub(crate) recorder: Option<Recorder>,
    /// Where it is said what is wanted of the replay.
    pub(crate) replay: ReplayWishes,
    /// To be set when the room has stopped.
    pub(crate) over: Arc<AtomicBool>,
    /// Closed when nothing of the programme can be published any more; `None` where there is no programme.
    pub(crate) published: Option<oneshot::Receiver<Infallible>>,
}

/// A page that waits to be told whether it is shown the stage.
pub(super) struct JoiningPage {
    pub(super) key: Option<PageKey>,
    pub(super) sender: PageSender,
    pub(super) reply: oneshot::Sender<Result<Joined, Refusal>>,
}

/// An offer that waits to be told whether it may be answered.
pub(super) struct OfferedSession {
    pub(super) page: Option<OfferingPage>,
    pub(super) reply: oneshot::Sender<Result<Reserved, Refusal>>,
}

/// The conversation after a step, with its view, which is made at most once.
pub(super) struct OutputContext<'a> {
    now: Now,
    conversation: &'a Conversation,
    view: OnceCell<Arc<EncodeOnce<View>>>,
}

impl<'a> OutputContext<'a> {
    pub(super) const fn new(now: Now, conversation: &'a Conversation) -> Self {
        Self {
            now,
            conversation,
            view: OnceCell::new(),
        }
    }

    fn view(&self) -> &Arc<EncodeOnce<View>> {
        self.view
            .get_or_init(|| Arc::new(EncodeOnce::new(self.conversation.view())))
    }
}

/// Carries outputs to their destinations, and keeps what only that needs.
pub(super) struct Outputs {
    to: Destinations,
    pub(super) pages: PageTable,
    pub(super) sessions: SessionTable,
    /// Of the call that is being handled: the answer comes with the outputs of its step.
    pub(super) joining: Option<JoiningPage>,
    /// Of the call that is being handled: the answer comes with the outputs of its step.
    pub(super) offered: Option<OfferedSession>,
    /// Of the call that is being handled: why it was refused is among the outputs of its step.
    pub(super) acting: Option<oneshot::Sender<Acted>>,
    refused: Option<Refusal>,
    /// What the log tells of it.
    pub(super) evening: Evening,
    state: watch::Sender<Arc<EncodeOnce<View>>>,
    levels: watch::Receiver<Arc<EncodeOnce<StageLevels>>>,
    /// When the room stops, after the end, in milliseconds on the clock that never goes back.
    stop_at_mono_ms: Option<u64>,
    /// When the event ends because everybody has left it, as it was known last.
    ends_unix_ms: Option<i64>,
}

impl Outputs {
    pub(super) fn new(
        to: Destinations,
        view: View,
        levels: watch::Receiver<Arc<EncodeOnce<StageLevels>>>,
    ) -> Self {
        Self {
            evening: Evening::new(&to.record.slug, &view),
            to,
            pages: PageTable::default(),
            sessions: SessionTable::default(),
            joining: None,
            offered: None,
            acting: None,
            refused: None,
            state: watch::Sender::new(Arc::new(EncodeOnce::new(view))),
            levels,
            stop_at_mono_ms: None,
            ends_unix_ms: None,
        }
    }

    /// Says in the log who asked for what, before it is decided.
    pub(super) fn note_command(&self, by: SeatId, command: &Command) {
        let event = &self.to.record.slug;
        tracing::debug!(event, %by, command = command.code(), "commanded");
    }

    /// Listeners now, on all faces that hold a connection.
    pub(super) fn listeners(&self) -> u64 {
        self.to.publisher.listeners()
    }

    /// Of which generation the links are that live.
    pub(super) const fn links_generation(&self) -> u32 {
        self.to.record.links_generation
    }

    /// What is known of the event beside its conversation has changed.
    pub(super) fn follow_record(&mut self, record: EventRecord, view: &View) {
        self.to.record = record;
        self.to.publisher.render_anew();
        self.publish_documents(view);
    }

    /// Gives the public the replay, or the word that there will be none.
    pub(super) fn publish_replay(&mut self, made: ReplayIs, view: &View) {
        self.to.publisher.replay_made(made, unix_ms_now());
        self.publish_documents(view);
    }

    /// Nothing more is recorded: the replay is made.
    pub(super) fn recorded(&self) {
        self.to.replay.recorded();
    }

    /// The time at which a replay is to be published may have come.
    pub(super) fn follow_replay(&mut self, conversation: &Conversation) {
        if self.to.publisher.follow_replay(unix_ms_now()) {
            self.publish_documents(&conversation.view());
        }
    }

    /// The replay is not there any more; where there was none nothing changes.
    pub(super) fn forget_replay(&mut self, view: &View) {
        if self.to.publisher.forget_replay() {
            tracing::warn!(event = self.to.record.slug, "its replay was taken away");
            self.publish_documents(view);
        }
    }

    /// Does one thing the conversation wants done.
    pub(super) fn carry_out(&mut self, output: Output, after: &OutputContext<'_>) {
        match output {
            Output::Mixer(order) => self.order_room(|room| room.order(order)),
            Output::SuspendMixer => self.order_room(|room| room.suspend()),
            Output::ResumeMixer => self.order_room(|room| room.resume()),
            Output::Loopback { seat, on } => self.order_room(|room| room.loopback(seat, on)),
            Output::PreListen { by, seat } => self.order_room(|room| room.pre_listen(by, seat)),
            Output::CloseSession {
                seat,
                session,
                reason,
            } => self.close(seat, session, reason),
            Output::Joined { page, seat } => self.joined(page, seat, after.view().value()),
            Output::JoinRefused { reason, .. } => {
                if let Some(JoiningPage { reply, .. }) = self.joining.take() {
                    // A page that went away while joining needs no answer.
                    let _ = reply.send(Err(reason));
                }
            }
            Output::Reserved {
                seat,
                session,
                kind,
                staff,
            } => self.reserved(seat, session, kind, staff),
            Output::ReservationRefused { reason, .. } => {
                if let Some(OfferedSession { reply, .. }) = self.offered.take() {
                    // Whoever made the offer may have gone.
                    let _ = reply.send(Err(reason));
                }
            }
            Output::ReservationExpired { session, .. } => {
                // First, so that whoever is answering its offer finds it gone, if the room does not know it yet.
                self.sessions.remove(session);
                self.order_room(|room| room.close(session));
            }
            Output::Notice(notice) => self.tell_listeners(notice, after.view().value()),
            Output::Warn { seat, warning } => {
                let on = PageMessage::Warning {
                    seat,
                    warning,
                    on: true,
                };
                self.tell_seat_and_hosts(seat, &on, after.view().value());
            }
            Output::WarnCleared { seat, warning } => {
                let off = PageMessage::Warning {
                    seat,
                    warning,
                    on: false,
                };
                self.tell_seat_and_hosts(seat, &off, after.view().value());
            }
            Output::Alarm { alarm, on } => {
                tracing::warn!(
                    event = self.to.record.slug,
                    alarm = alarm.code(),
                    on,
                    "alarm"
                );
                let message = PageMessage::Alarm { alarm, on };
                self.tell_hosts_but(None, &message, after.view().value());
            }
            Output::DismissPages => self.pages.tell_all(&PageMessage::LinkRenewed),
            // Whoever waits for the answer has it, and no page of theirs.
            Output::Refused { reason, .. } if self.acting.is_some() => {
                self.refused = Some(reason);
            }
            Output::Refused { by, what, reason } => {
                self.pages.tell(by, &PageMessage::Refused { what, reason });
            }
            Output::Invited { by, seat } | Output::ShowLink { by, seat } => {
                self.tell_link(by, seat, after.view().value());
            }
            Output::StageChanged => self.show_stage(after.now, after.view()),
            Output::AmendmentRefused { what, reason } => {
                let event = &self.to.record.slug;
                tracing::warn!(event, what, %reason, "what the operator asked for was refused");
            }
            // It was, before any of these.
            Output::PersistFirst => {}
            Output::Persist => self.keep(after.conversation),
        }
    }

    /// Answers whoever waits for what came of the step.
    pub(super) fn acted(&mut self, conversation: &Conversation) {
        let refused = self.refused.take();
        if let Some(reply) = self.acting.take() {
            let view = Arc::new(EncodeOnce::new(conversation.view()));
            // Whoever asked may have gone.
            let _ = reply.send(Acted { refused, view });
        }
    }

    /// What a restart should find.
    fn keep(&self, conversation: &Conversation) {
        self.to
            .snapshots
            .keep(snapshot::encode(&conversation.snapshot()));
    }

    /// The same, written before this returns, if the store answers at all: an evening does not wait for a broken disk, and hosts are
    /// shown that a restart would lose what they do.
    pub(super) async fn keep_first(&mut self, conversation: &Conversation) {
        self.keep(conversation);
        let kept = self.to.snapshots.kept();
        if timeout(WRITTEN_WITHIN, kept).await.is_err() {
            let event = &self.to.record.slug;
            tracing::error!(event, "told to everybody before the store has it");
        }
    }

    fn order_room(&self, order: impl FnOnce(&dyn DirectedRoom)) {
        if let Some(room) = &self.to.room {
            order(&**room);
        }
    }

    /// Whoever's page has closed its line has most likely gone: the room waits less long for their sound.
    pub(super) fn follow_pages(&mut self) {
        let pages = &self.pages;
        let changed = self
            .sessions
            .follow_pages(|seat, page| pages.is_open(seat, page));
        for (session, open) in changed {
            self.order_room(|room| room.doubt(session, !open));
        }
    }

    fn joined(&mut self, page: PageId, seat: SeatId, view: &View) {
        let (Some(joining), Some(seat)) = (self.joining.take(), view.seat(seat)) else {
            return;
        };
        self.pages.add(page, seat.seat, joining.key, joining.sender);
        let joined = Joined {
            page,
            role: seat.role,
            title: view.title().to_owned(),
            lang: self.to.record.lang,
            state: self.state.subscribe(),
            levels: self.levels.clone(),
        };
        // A page that went away while joining needs no answer; its queue is closed and swept.
        let _ = joining.reply.send(Ok(joined));
    }

    fn reserved(&mut self, seat: SeatId, session: SessionId, kind: SessionKind, staff: bool) {
        if let Some(OfferedSession { page, reply }) = self.offered.take() {
            let alive = self.sessions.add(session, seat, page);
            // If whoever made the offer has gone, the reservation expires.
            let _ = reply.send(Ok(Reserved {
                session,
                kind,
                staff,
                alive,
            }));
        }
    }

    fn show_stage(&mut self, now: Now, view: &Arc<EncodeOnce<View>>) {
        self.state.send_replace(Arc::clone(view));
        let view = view.value();
        self.evening.follow(view);
        self.follow_air(view);
        self.follow_about(view);
        self.follow_abandoned(view);
        // First nobody hears any more what is taken away then.
        self.to.publisher.follow_schedule(view, unix_ms_now());
        self.to.replay.follow(&view.schedule);
        // Replacing a document costs nothing; only what rides in the sound waits for its notice.
        self.publish_documents(view);
        self.tell_removed(view);
        self.follow_end(now, view);
    }

    /// The programme carries the stage exactly while the event is on air, and is recorded if that is wanted.
    pub(super) fn follow_air(&self, view: &View) {
        self.to.air.set(view.phase(), view.recorded);
        self.to
            .links
            .follow(view.phase(), view.schedule.since_unix_ms);
    }

    fn follow_about(&mut self, view: &View) {
        let known = self.to.about.get();
        let about = About::of(view, self.to.record.epoch_unix_ms, self.to.links.base_url());
        if about != *known {
            self.to.publisher.describe(&about);
            self.to.about.set(Arc::new(about));
        }
    }

    /// Says in the log, once, that the event will be ended because everybody has left it.
    fn follow_abandoned(&mut self, view: &View) {
        let known = std::mem::replace(&mut self.ends_unix_ms, view.ends_unix_ms);
        if let (Some(ends_unix_ms), None) = (view.ends_unix_ms, known) {
            tracing::warn!(
                event = self.to.record.slug,
                ends_unix_ms,
                "on air without anybody on its stage: it is ended by itself unless somebody comes"
            );
        }
    }

    /// The end: after a while the room stops, the streams end and the replay is made.
    fn follow_end(&mut self, now: Now, view: &View) {
        let ended = view.phase().is_over();
        if ended && self.stop_at_mono_ms.is_none() && self.to.room.is_some() {
            self.stop_at_mono_ms = Some(now.mono_ms + AFTERGLOW_MS);
            self.pages.tell_all(&PageMessage::Ended);
        }
    }

    /// Stops the room of an event that has ended, once its last words are out.
    pub(super) fn stop_when_due(&mut self, now: Now, conversation: &Conversation) {
        if self.stop_at_mono_ms.is_some_and(|at| now.mono_ms >= at)
            && let Some(room) = self.to.room.take()
        {
            self.to.over.store(true, Ordering::Relaxed);
            room.stop();
            match self.to.recorder.take() {
                Some(recorder) => recorder.finish(),
                None => self.to.replay.recorded(),
            }
            self.publish_documents(&conversation.view());
        }
    }

    /// Stops the room and takes everything away that the public could find: the event goes from this server.
    pub(super) async fn withdraw(&mut self) {
        self.pages.tell_all(&PageMessage::Removed);
        if let Some(room) = self.to.room.take() {
            room.stop();
        }
        if let Some(published) = self.to.published.take()
            && timeout(STOPS_WITHIN, published).await.is_err()
        {
            tracing::error!(event = self.to.record.slug, "its room does not stop");
        }
        self.to.publisher.withdraw();
    }

    /// A removed seat has no rights any more, whether or not it has a session: its pages are closed with the reason.
    fn tell_removed(&mut self, view: &View) {
        for seat in view
            .seats
            .iter()
            .filter(|seat| seat.place == Place::Removed)
        {
            self.pages.tell(seat.seat, &PageMessage::Removed);
        }
    }

    fn close(&mut self, seat: SeatId, session: SessionId, reason: SessionEndReason) {
        self.order_room(|room| room.close(session));
        // Who was removed is told with the change of the stage, session or not.
        if let (SessionEndReason::Replaced, Some(page)) = (reason, self.sessions.page_of(session)) {
            self.tell_replaced(seat, session, page);
        }
    }

    /// Only the page whose session was replaced is told: the newer one is the same seat. If its line was cut and came back it
    /// is another page to us; then every page of the seat is told but the one that has the newer session.
    fn tell_replaced(&mut self, seat: SeatId, session: SessionId, page: PageId) {
        if self.pages.has(seat, page) {
            return self.pages.tell_page(seat, page, &PageMessage::Replaced);
        }
        let newer = self
            .sessions
            .newer_pages(session)
            .find(|page| self.pages.has(seat, *page));
        self.pages
            .tell_seat_but(seat, newer, &PageMessage::Replaced);
    }

    fn tell_link(&mut self, by: SeatId, seat: SeatId, view: &View) {
        let Some(found) = view.seat(seat) else {
            return;
        };
        let link = self.to.links.stage_link(seat);
        let message = PageMessage::Invited {
            seat,
            name: found.name.clone(),
            link,
        };
        self.pages.tell(by, &message);
    }

    fn tell_seat_and_hosts(&mut self, seat: SeatId, message: &PageMessage, view: &View) {
        self.pages.tell(seat, message);
        self.tell_hosts_but(Some(seat), message, view);
    }

    fn tell_hosts_but(&mut self, but: Option<SeatId>, message: &PageMessage, view: &View) {
        for seat in &view.seats {
            if seat.role.hosts() && Some(seat.seat) != but {
                self.pages.tell(seat.seat, message);
            }
        }
    }

    fn tell_listeners(&mut self, notice: Notice, view: &View) {
        if let Some(room) = &self.to.room {
            room.notice(status::notice(
                notice,
                view,
                self.to.record.lang,
                unix_ms_now(),
                self.to.publisher.replay(),
            ));
        }
        match notice.kind {
            NoticeKind::Full => self.publish_documents(view),
            // The number in status.json may be as old as its cache time; who speaks is only told in band.
            NoticeKind::Listeners => self.publish_status(view),
            NoticeKind::Speaking => {}
        }
    }

    fn publish_status(&self, view: &View) {
        let lang = self.to.record.lang;
        self.to.publisher.publish_status(view, lang, unix_ms_now());
    }

    /// Puts the status and the pages where the public finds them.
    pub(super) fn publish_documents(&mut self, view: &View) {
        self.publish_status(view);
        self.to
            .publisher
            .publish_pages(view, &self.to.record, unix_ms_now());
    }
}
