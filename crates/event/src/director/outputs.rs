//! Carries out what the conversation wants done: orders to the room, messages to the pages, documents for the public, the
//! snapshot for the store.
//!
//! It decides nothing: what to do comes as an [`Output`], what to say is read from the conversation's view.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use stentor_core::conversation::{
    Conversation, Notice, NoticeKind, Output, Refusal, SessionEndReason, View,
};
use stentor_core::event::Phase;
use stentor_core::stage::{Place, Role, SeatLevel};
use stentor_core::{SeatId, SessionId};
use stentor_studio::Room;
use tokio::sync::watch;

use super::call::{Joined, StageLevels};
use super::pages::{PageId, PageMessage, PageSender, PageTable};
use super::sessions::SessionTable;
use crate::clock::unix_ms_now;
use crate::encode_once::EncodeOnce;
use crate::links::LinkKey;
use crate::publisher::Publisher;
use crate::record::EventRecord;
use crate::recorder::Recorder;
use crate::snapshot_writer::SnapshotWriter;
use crate::{snapshot, status};

/// How long the room runs on after the end, so that the last words and the last notice reach everybody.
const AFTERGLOW: Duration = Duration::from_secs(3);

/// Where outputs go.
pub(crate) struct Destinations {
    pub(crate) record: EventRecord,
    pub(crate) key: LinkKey,
    pub(crate) base_url: String,
    pub(crate) room: Option<Room>,
    pub(crate) publisher: Publisher,
    pub(crate) snapshots: SnapshotWriter,
    pub(crate) recorder: Option<Recorder>,
    /// To be set when the room has stopped.
    pub(crate) over: Arc<AtomicBool>,
}

/// Carries outputs to their destinations, and keeps what only that needs.
pub(super) struct Outputs {
    to: Destinations,
    pub(super) pages: PageTable,
    pub(super) sessions: SessionTable,
    state: watch::Sender<Arc<EncodeOnce<View>>>,
    levels: watch::Sender<Arc<EncodeOnce<StageLevels>>>,
    /// Momentary loudness (LUFS) and true peak (dBTP) of the programme.
    meter: (f32, f32),
    /// When the room stops, after the end.
    stop_at: Option<Instant>,
}

impl Outputs {
    pub(super) fn new(to: Destinations, sessions: SessionTable, view: View) -> Self {
        Self {
            to,
            pages: PageTable::default(),
            sessions,
            state: watch::Sender::new(Arc::new(EncodeOnce::new(view))),
            levels: watch::Sender::new(Arc::new(EncodeOnce::new(StageLevels::SILENCE))),
            meter: (f32::NEG_INFINITY, f32::NEG_INFINITY),
            stop_at: None,
        }
    }

    /// Opens a page of a seat.
    pub(super) fn join(
        &mut self,
        seat: SeatId,
        sender: PageSender,
        role: Role,
        title: String,
    ) -> Joined {
        Joined {
            page: self.pages.add(seat, sender),
            role,
            title,
            state: self.state.subscribe(),
            levels: self.levels.subscribe(),
        }
    }

    /// Lets somebody in the green room hear themselves.
    pub(super) fn loopback(&self, by: SeatId, on: bool) {
        if let Some(room) = &self.to.room {
            room.loopback(by, on);
        }
    }

    /// How loud the programme is, to be shown with the next levels.
    pub(super) const fn set_meter(&mut self, lufs: f32, true_peak: f32) {
        self.meter = (lufs, true_peak);
    }

    /// Shows the pages how loud everybody is.
    pub(super) fn show_levels(&self, seats: &[SeatLevel]) {
        self.levels
            .send_replace(Arc::new(EncodeOnce::new(StageLevels {
                seats: seats.to_vec(),
                lufs: self.meter.0,
                true_peak: self.meter.1,
            })));
    }

    /// Listeners now, on all faces that hold a connection.
    pub(super) fn listeners(&self) -> u64 {
        self.to.publisher.listeners()
    }

    /// Gives the public the replay, or the word that there will be none.
    pub(super) fn publish_replay(&mut self, file: Option<std::path::PathBuf>, view: &View) {
        match file {
            Some(file) => self.to.publisher.offer_replay(file),
            None => self.to.publisher.no_replay(),
        }
        self.publish_documents(view);
    }

    /// Does one thing the conversation wants done.
    pub(super) fn carry_out(&mut self, output: Output, conversation: &Conversation) {
        match output {
            Output::Mixer(order) => {
                if let Some(room) = &self.to.room {
                    room.order(order);
                }
            }
            Output::CloseSession {
                seat,
                session,
                reason,
            } => self.close(seat, session, reason),
            Output::Notice(notice) => self.tell_listeners(notice, &conversation.view()),
            Output::Warn { seat, warning } => {
                let on = PageMessage::Warning {
                    seat,
                    warning,
                    on: true,
                };
                self.tell_seat_and_hosts(seat, &on, &conversation.view());
            }
            Output::WarnCleared { seat, warning } => {
                let off = PageMessage::Warning {
                    seat,
                    warning,
                    on: false,
                };
                self.tell_seat_and_hosts(seat, &off, &conversation.view());
            }
            Output::Alarm { alarm, on } => {
                tracing::warn!(
                    event = self.to.record.slug,
                    alarm = alarm.code(),
                    on,
                    "alarm"
                );
                let message = PageMessage::Alarm { alarm, on };
                self.tell_hosts_but(None, &message, &conversation.view());
            }
            Output::Refused { by, what, reason } => {
                self.pages.tell(by, &PageMessage::Refused { what, reason });
            }
            Output::Invited { by, seat } => self.tell_link(by, seat, &conversation.view()),
            Output::StageChanged => self.show_stage(conversation.view()),
            Output::Persist => {
                self.to
                    .snapshots
                    .snapshot(snapshot::encode(&conversation.snapshot()));
            }
        }
    }

    fn show_stage(&mut self, view: View) {
        let view = Arc::new(EncodeOnce::new(view));
        self.state.send_replace(Arc::clone(&view));
        let view = view.value();
        self.follow_phase(view);
        // Replacing a document costs nothing; only what rides in the sound waits for its notice.
        self.publish_documents(view);
        self.tell_removed(view);
        self.follow_end(view);
    }

    /// The programme carries the stage, and is recorded, exactly while the event is on air.
    pub(super) fn follow_phase(&self, view: &View) {
        self.to.publisher.recording(view.phase == Phase::OnAir);
    }

    /// The end: after a while the room stops, the streams end and the replay is made.
    fn follow_end(&mut self, view: &View) {
        let ended = view.phase == Phase::Ended;
        if ended && self.stop_at.is_none() && self.to.room.is_some() {
            self.stop_at = Some(Instant::now() + AFTERGLOW);
            self.pages.tell_all(&PageMessage::Ended);
        }
    }

    /// Stops the room of an event that has ended, once its last words are out.
    pub(super) fn stop_when_due(&mut self, conversation: &Conversation) {
        if self.stop_at.is_some_and(|at| Instant::now() >= at)
            && let Some(room) = self.to.room.take()
        {
            self.to.over.store(true, Ordering::Relaxed);
            room.stop();
            self.to.publisher.end_streams();
            match self.to.recorder.take() {
                Some(recorder) => {
                    tokio::task::spawn_blocking(move || recorder.finish());
                }
                None => self.to.publisher.no_replay(),
            }
            self.publish_documents(&conversation.view());
        }
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
        if let Some(room) = &self.to.room {
            room.close(session);
        }
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

    /// Tells a host the link of a seat.
    pub(super) fn tell_link(&mut self, by: SeatId, seat: SeatId, view: &View) {
        let by_host = view.seat(by).is_some_and(|seat| seat.role.hosts());
        let refused = |reason| PageMessage::Refused {
            what: "link",
            reason,
        };
        let message = match view.seat(seat) {
            Some(found) if by_host => PageMessage::Invited {
                seat,
                name: found.name.clone(),
                link: self
                    .to
                    .record
                    .stage_link(&self.to.key, &self.to.base_url, seat),
            },
            Some(_) => refused(Refusal::NotAllowed),
            None => refused(Refusal::NoSuchSeat { seat }),
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
            let text = status::notice(notice, view, unix_ms_now(), self.to.publisher.replay());
            if let Err(error) = room.notice(text.into_bytes()) {
                tracing::error!(%error, "listeners were not told");
            }
        }
        match notice.kind {
            NoticeKind::Full => self.publish_documents(view),
            // The number in status.json may be as old as its cache time; who speaks is only told in band.
            NoticeKind::Listeners => self.to.publisher.publish_status(view, unix_ms_now()),
            NoticeKind::Speaking => {}
        }
    }

    /// Puts the status and the pages where the public finds them.
    pub(super) fn publish_documents(&mut self, view: &View) {
        self.to.publisher.publish_status(view, unix_ms_now());
        self.to
            .publisher
            .publish_pages(view, &self.to.record, unix_ms_now());
    }
}
