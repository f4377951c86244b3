//! The loop: reports, time and calls in, one step of the conversation each, its outputs carried out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use stentor_core::admission::OpeningRung;
use stentor_core::conversation::{Conversation, Input, Outbox, Output};
use stentor_core::event::Alarm;
use stentor_edge::Demand;
use stentor_studio::{RoomStatus, RoomStatusChange};
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior};

use super::call::Call;
use super::outputs::{Destinations, JoiningPage, OfferedSession, OutputContext, Outputs};
use super::room_changes::input_of;
use crate::clock::Clock;
use crate::counters::Counters;
use crate::encode_once::EncodeOnce;
use crate::recorder::RecorderState;
use crate::replay::ReplayState;
use crate::reports::Reports;

/// How often time is told to the conversation; it asks for at least every 500 ms.
const TICK: Duration = Duration::from_millis(200);
/// The same while nobody is there: nothing is shown to anybody but a status, which may be as old.
const IDLE_TICK: Duration = Duration::from_secs(1);
/// How often the listeners are counted.
const COUNT_EVERY: Duration = Duration::from_secs(1);

/// Everything the director of one event works with.
pub(crate) struct DirectorParts {
    pub(crate) conversation: Conversation,
    pub(crate) doors: OpeningRung,
    /// Where the doors' rung is put.
    pub(crate) minimum_rung: Arc<AtomicU8>,
    pub(crate) clock: Clock,
    pub(crate) reports: Reports,
    pub(crate) counters: Arc<Counters>,
    /// Marked by whoever asks for the programme; `None` where there is none.
    pub(crate) demand: Option<Arc<Demand>>,
    pub(crate) destinations: Destinations,
}

impl DirectorParts {
    /// Runs until every handle is gone.
    pub(crate) async fn run(self, queue: mpsc::Receiver<Call>) {
        let view = self.conversation.view();
        Director {
            outputs: Outputs::new(self.destinations, view, self.reports.levels.clone()),
            conversation: self.conversation,
            outbox: Outbox::new(),
            doors: self.doors,
            minimum_rung: self.minimum_rung,
            clock: self.clock,
            counters: self.counters,
            demand: self.demand,
            pages: 0,
            room: Arc::new(RoomStatus::default()),
            recorder: RecorderState::default(),
            replay: ReplayState::default(),
        }
        .run(queue, self.reports)
        .await;
    }
}

struct Director {
    conversation: Conversation,
    outbox: Outbox,
    outputs: Outputs,
    doors: OpeningRung,
    minimum_rung: Arc<AtomicU8>,
    clock: Clock,
    counters: Arc<Counters>,
    demand: Option<Arc<Demand>>,
    /// Pages that were open when the conversation was told last.
    pages: usize,
    /// The states by which the conversation was stepped last.
    room: Arc<RoomStatus>,
    recorder: RecorderState,
    replay: ReplayState,
}

impl Director {
    async fn run(mut self, mut queue: mpsc::Receiver<Call>, mut reports: Reports) {
        let demand = self.demand.clone();
        let mut idle = false;
        let mut ticks = ticks_of(idle);
        let mut count_at = Instant::now();
        self.outputs.follow_air(&self.conversation.view());
        self.watch_opening_rung();
        // Whether anybody is there at all is known before anybody comes.
        self.step(Input::Tick).await;
        self.outputs.publish_documents(&self.conversation.view());
        loop {
            // Reports and time first: they are bounded, and calls may come without end. A reporter that is gone reports
            // nothing more; its branch is left out.
            tokio::select! {
                biased;
                Ok(()) = reports.room.changed() => {
                    let state = Arc::clone(&reports.room.borrow_and_update());
                    self.follow_room(state).await;
                }
                Ok(()) = reports.recorder.changed() => {
                    let state = *reports.recorder.borrow_and_update();
                    self.follow_recorder(state).await;
                }
                Ok(()) = reports.replay.changed() => {
                    let state = reports.replay.borrow_and_update().clone();
                    self.follow_replay(state).await;
                }
                Ok(()) = reports.store_failing.changed() => {
                    let on = *reports.store_failing.borrow_and_update();
                    self.step(Input::Alarm { alarm: Alarm::Store, on }).await;
                }
                Ok(()) = reports.levels.changed() => {
                    let levels = Arc::clone(&reports.levels.borrow_and_update());
                    self.step(Input::Levels(&levels.value().seats)).await;
                }
                _ = ticks.tick() => {
                    if Instant::now() >= count_at {
                        count_at = Instant::now() + COUNT_EVERY;
                        let now = self.outputs.listeners();
                        self.step(Input::Listeners { now }).await;
                        self.tell_late(now);
                        self.outputs.follow_replay(&self.conversation);
                        self.follow_demand().await;
                        self.outputs.pages.sweep();
                        self.watch_opening_rung();
                    }
                    self.step(Input::Tick).await;
                    self.outputs.stop_when_due((self.clock)(), &self.conversation);
                }
                () = arisen(demand.as_deref()), if idle => self.follow_demand().await,
                call = queue.recv() => match call {
                    Some(Call::Close { reply }) => {
                        self.outputs.withdraw().await;
                        // Whoever waited may have gone.
                        let _ = reply.send(());
                        return;
                    }
                    Some(call) => self.handle(call).await,
                    None => return,
                },
            }
            self.follow_pages().await;
            if idle != self.conversation.mixer_suspended() {
                idle = !idle;
                ticks = ticks_of(idle);
            }
        }
    }

    async fn follow_demand(&mut self) {
        if self.demand.as_ref().is_some_and(|demand| demand.take()) {
            self.step(Input::Demand).await;
        }
    }

    /// Pages come and go by calls, and those that read nothing are forgotten by whatever tells them something.
    async fn follow_pages(&mut self) {
        self.outputs.follow_pages();
        let open = self.outputs.pages.len();
        if open != self.pages {
            self.pages = open;
            self.step(Input::Pages { open }).await;
        }
    }

    async fn handle(&mut self, call: Call) {
        match call {
            Call::Join {
                seat,
                key,
                sender,
                reply,
            } => {
                let page = self.outputs.pages.next();
                self.outputs.joining = Some(JoiningPage { key, sender, reply });
                self.step(Input::Join { page, seat }).await;
            }
            Call::Leave { page } => self.outputs.pages.remove(page),
            Call::Command { by, command } => {
                self.outputs.note_command(by, &command);
                self.step(Input::Command { by, command }).await;
            }
            Call::Act { by, command, reply } => {
                self.outputs.note_command(by, &command);
                self.outputs.acting = Some(reply);
                self.step(Input::Command { by, command }).await;
                self.outputs.acted(&self.conversation);
            }
            Call::Reserve {
                seat,
                kind,
                page,
                reply,
            } => {
                let session = self.outputs.sessions.next();
                self.outputs.offered = Some(OfferedSession { page, reply });
                self.step(Input::Reserve {
                    seat,
                    session,
                    kind,
                    page: page.and_then(|page| page.key),
                })
                .await;
            }
            Call::Flood { seat } => self.step(Input::Flood { seat }).await,
            Call::AdmitOnArrival { seat } => self.step(Input::AdmitOnArrival { seat }).await,
            Call::Record(record) => {
                let renewed = record.links_generation != self.outputs.links_generation();
                self.outputs
                    .follow_record(record, &self.conversation.view());
                if renewed {
                    self.step(Input::LinksRenewed).await;
                }
            }
            Call::Amend(amendment) => self.step(Input::Amend(amendment)).await,
            Call::Abandon { seat, session } => {
                self.outputs.sessions.remove(session);
                self.step(Input::SessionDown { seat, session }).await;
            }
            Call::ForgetReplay => self.outputs.forget_replay(&self.conversation.view()),
            // The loop ends with it.
            Call::Close { .. } => {}
            Call::View { reply } => {
                let view = self.conversation.view();
                // Whoever asked may have gone.
                let _ = reply.send(Arc::new(EncodeOnce::new(view)));
            }
            Call::Settled { reply } => {
                // Whoever waited may have gone.
                let _ = reply.send(());
            }
        }
    }

    /// Tells the conversation what has changed in the room since it was told last.
    ///
    /// A session that came and went meanwhile is in no change: its reservation expires.
    async fn follow_room(&mut self, state: Arc<RoomStatus>) {
        let changes = state.changes_since(&self.room);
        self.room = state;
        for change in changes {
            match change {
                RoomStatusChange::Disconnected { seat, session } => {
                    self.outputs.sessions.remove(session);
                    self.outputs.evening.left(seat);
                }
                RoomStatusChange::Connected { seat, kind, .. } => {
                    self.outputs.evening.came(seat, kind);
                }
                RoomStatusChange::ConnectFailed { seat, attempt } => {
                    self.outputs.evening.failed(seat, attempt.why);
                }
                _ => {}
            }
            if let Some(input) = input_of(change) {
                self.step(input).await;
            }
        }
    }

    /// What only time brings about: who listens at most, and that nobody begins.
    fn tell_late(&mut self, listeners: u64) {
        let now = (self.clock)();
        let starts = self.conversation.starts_unix_ms();
        self.outputs.evening.look(starts, listeners, now.unix_ms);
    }

    async fn follow_recorder(&mut self, state: RecorderState) {
        let before = std::mem::replace(&mut self.recorder, state);
        if state.failing != before.failing {
            self.step(Input::Alarm {
                alarm: Alarm::Recorder,
                on: state.failing,
            })
            .await;
        }
        if state.finished && !before.finished {
            self.outputs.recorded();
        }
    }

    async fn follow_replay(&mut self, state: ReplayState) {
        let before = std::mem::replace(&mut self.replay, state);
        if self.replay.failing != before.failing {
            let (alarm, on) = (Alarm::Replay, self.replay.failing);
            self.step(Input::Alarm { alarm, on }).await;
        }
        if self.replay.replay != before.replay {
            let view = self.conversation.view();
            self.outputs
                .publish_replay(self.replay.replay.clone(), &view);
        }
    }

    async fn step(&mut self, input: Input<'_>) {
        let now = (self.clock)();
        self.conversation.step(now, input, &mut self.outbox);
        if self.outbox.outputs().contains(&Output::PersistFirst) {
            self.outputs.keep_first(&self.conversation).await;
        }
        let after = OutputContext::new(now, &self.conversation);
        for output in self.outbox.drain() {
            self.outputs.carry_out(output, &after);
        }
        let dropped = self.outbox.dropped();
        self.counters
            .outputs_dropped
            .store(dropped, Ordering::Relaxed);
    }

    /// Says which rung this event wants while its doors open.
    fn watch_opening_rung(&mut self) {
        let phase = self.conversation.phase();
        let starts_unix_ms = self.conversation.starts_unix_ms();
        let wanted = self
            .doors
            .minimum_rung((self.clock)(), phase, starts_unix_ms);
        self.minimum_rung.store(wanted.number(), Ordering::Relaxed);
    }
}

fn ticks_of(idle: bool) -> Interval {
    let mut ticks = tokio::time::interval(if idle { IDLE_TICK } else { TICK });
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    ticks
}

async fn arisen(demand: Option<&Demand>) {
    match demand {
        Some(demand) => demand.arisen().await,
        None => std::future::pending().await,
    }
}
