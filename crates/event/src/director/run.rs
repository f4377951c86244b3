//! The loop: calls and time in, one step of the conversation each, its outputs carried out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use stentor_core::SeatId;
use stentor_core::admission::Doors;
use stentor_core::conversation::{Conversation, Input, Outbox};
use stentor_core::event::Alarm;
use stentor_studio::RoomEvent;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::call::Call;
use super::outputs::{AfterStep, Destinations, JoiningPage, OfferedSession, Outputs};
use super::room_events::input_of;
use crate::clock::Clock;
use crate::recorder::RecorderEvent;

/// How often time is told to the conversation; it asks for at least every 500 ms.
const TICK: Duration = Duration::from_millis(200);
/// How often the listeners are counted.
const COUNT_EVERY: Duration = Duration::from_secs(1);

/// Everything the director of one event works with.
pub(crate) struct Director {
    pub(crate) conversation: Conversation,
    /// Seats the operator admitted beforehand: they need not wait for the host.
    pub(crate) admitted: Vec<SeatId>,
    pub(crate) doors: Doors,
    /// Where the doors' rung is put.
    pub(crate) floor: Arc<AtomicU8>,
    pub(crate) clock: Clock,
    pub(crate) destinations: Destinations,
}

impl Director {
    /// Runs until every handle is gone.
    pub(crate) async fn run(self, queue: mpsc::Receiver<Call>) {
        let view = self.conversation.view();
        DirectorLoop {
            starts_unix_ms: view.starts_unix_ms,
            outputs: Outputs::new(self.destinations, view),
            conversation: self.conversation,
            outbox: Outbox::new(),
            admitted: self.admitted,
            doors: self.doors,
            floor: self.floor,
            clock: self.clock,
        }
        .run(queue)
        .await;
    }
}

struct DirectorLoop {
    conversation: Conversation,
    outbox: Outbox,
    outputs: Outputs,
    /// The announced beginning; it never changes.
    starts_unix_ms: Option<i64>,
    admitted: Vec<SeatId>,
    doors: Doors,
    floor: Arc<AtomicU8>,
    clock: Clock,
}

impl DirectorLoop {
    async fn run(mut self, mut queue: mpsc::Receiver<Call>) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut count_at = Instant::now();
        for seat in std::mem::take(&mut self.admitted) {
            self.step(Input::AdmitOnArrival { seat });
        }
        self.outputs.follow_phase(self.conversation.phase());
        self.watch_doors();
        self.outputs.publish_documents(&self.conversation.view());
        loop {
            tokio::select! {
                call = queue.recv() => match call {
                    Some(call) => self.handle(call),
                    None => return,
                },
                _ = ticks.tick() => {
                    if Instant::now() >= count_at {
                        count_at = Instant::now() + COUNT_EVERY;
                        let now = self.outputs.listeners();
                        self.step(Input::Listeners { now });
                        self.watch_doors();
                    }
                    self.step(Input::Tick);
                    self.outputs.stop_when_due((self.clock)(), &self.conversation);
                }
            }
        }
    }

    fn handle(&mut self, call: Call) {
        match call {
            Call::Join {
                seat,
                sender,
                reply,
            } => {
                let page = self.outputs.pages.next();
                self.outputs.joining = Some(JoiningPage { sender, reply });
                self.step(Input::Join { page, seat });
            }
            Call::Leave { page } => self.outputs.pages.remove(page),
            Call::Command { by, command } => self.step(Input::Command { by, command }),
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
                });
            }
            Call::Abandon { seat, session } => {
                self.outputs.sessions.remove(session);
                self.step(Input::SessionDown { seat, session });
            }
            Call::Room(event) => self.room_event(&event),
            Call::Recorder(event) => self.recorder_event(event),
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

    fn room_event(&mut self, event: &RoomEvent) {
        match *event {
            RoomEvent::Down {
                seat,
                session,
                reason,
            } => {
                tracing::info!(%seat, %session, ?reason, "session down");
                self.outputs.sessions.remove(session);
            }
            RoomEvent::Levels(ref levels) => self.outputs.show_levels(levels),
            RoomEvent::Meter { lufs, true_peak } => self.outputs.set_meter(lufs, true_peak),
            RoomEvent::PeerPanicked { .. } | RoomEvent::Stats(_) => {
                tracing::debug!(?event, "room");
            }
            _ => {}
        }
        if let Some(input) = input_of(event) {
            self.step(input);
        }
    }

    fn recorder_event(&mut self, event: RecorderEvent) {
        match event {
            RecorderEvent::Failing(on) => self.step(Input::Alarm {
                alarm: Alarm::Recorder,
                on,
            }),
            RecorderEvent::ReplayReady(file) => self
                .outputs
                .publish_replay(Some(file), &self.conversation.view()),
            RecorderEvent::NoReplay => {
                self.outputs.publish_replay(None, &self.conversation.view());
            }
        }
    }

    fn step(&mut self, input: Input<'_>) {
        let now = (self.clock)();
        self.conversation.step(now, input, &mut self.outbox);
        let after = AfterStep::new(now, &self.conversation);
        for output in self.outbox.drain() {
            self.outputs.carry_out(output, &after);
        }
    }

    /// Says which rung this event wants while its doors open.
    fn watch_doors(&mut self) {
        let (phase, starts_unix_ms) = (self.conversation.phase(), self.starts_unix_ms);
        let floor = self
            .doors
            .minimum_rung((self.clock)(), phase, starts_unix_ms);
        self.floor.store(floor.number(), Ordering::Relaxed);
    }
}
