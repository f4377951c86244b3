//! The loop: calls and time in, one step of the conversation each, its outputs carried out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use stentor_core::admission::Doors;
use stentor_core::conversation::{Conversation, FIRST_HOST, Input, Outbox, Refusal};
use stentor_core::event::{Alarm, Phase};
use stentor_core::stage::{Place, StageCommand};
use stentor_core::{Now, SeatId, SessionId};
use stentor_studio::RoomEvent;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::call::{Call, Joined};
use super::outputs::{Destinations, Outputs};
use super::pages::PageSender;
use super::room_events::input_of;
use super::sessions::{Session, SessionTable};
use crate::clock::unix_ms_now;
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
    pub(crate) started: Instant,
    pub(crate) destinations: Destinations,
}

impl Director {
    /// Runs until every handle is gone.
    pub(crate) async fn run(self, queue: mpsc::Receiver<Call>) {
        let sessions = SessionTable::new(self.started.elapsed().as_nanos() as u64);
        let view = self.conversation.view();
        DirectorLoop {
            outputs: Outputs::new(self.destinations, sessions, view),
            conversation: self.conversation,
            outbox: Outbox::new(),
            admitted: self.admitted,
            doors: self.doors,
            floor: self.floor,
            started: self.started,
        }
        .run(queue)
        .await;
    }
}

struct DirectorLoop {
    conversation: Conversation,
    outbox: Outbox,
    outputs: Outputs,
    admitted: Vec<SeatId>,
    doors: Doors,
    floor: Arc<AtomicU8>,
    started: Instant,
}

impl DirectorLoop {
    async fn run(mut self, mut queue: mpsc::Receiver<Call>) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut count_at = Instant::now();
        let view = self.conversation.view();
        self.outputs.follow_phase(&view);
        self.watch_doors();
        self.outputs.publish_documents(&view);
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
                    self.outputs.stop_when_due(&self.conversation);
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
                let joined = self.join(seat, sender);
                // A page that went away while joining needs no answer; its queue is closed and swept.
                let _ = reply.send(joined);
            }
            Call::Leave { page } => self.outputs.pages.remove(page),
            Call::Command { by, command } => self.step(Input::Command { by, command }),
            Call::Link { by, seat } => {
                self.outputs.tell_link(by, seat, &self.conversation.view());
            }
            Call::Loopback { by, on } => self.outputs.loopback(by, on),
            Call::MayConnect { seat, reply } => {
                let _ = reply.send(self.may_connect(seat));
            }
            Call::Opened {
                session,
                page,
                alive,
            } => self.outputs.sessions.opened(Session {
                id: session,
                page,
                alive,
            }),
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

    fn join(&mut self, seat: SeatId, sender: PageSender) -> Result<Joined, Refusal> {
        let view = self.conversation.view();
        let place = view.seat(seat).filter(|seat| seat.place != Place::Removed);
        let role = place.ok_or(Refusal::NoSuchSender)?.role;
        Ok(self.outputs.join(seat, sender, role, view.title))
    }

    fn may_connect(&mut self, seat: SeatId) -> Result<SessionId, Refusal> {
        let view = self.conversation.view();
        if view.phase == Phase::Ended {
            return Err(Refusal::EventEnded);
        }
        view.seat(seat)
            .filter(|seat| seat.place != Place::Removed)
            .ok_or(Refusal::NoSuchSender)?;
        Ok(self.outputs.sessions.reserve())
    }

    fn room_event(&mut self, event: &RoomEvent) {
        match *event {
            RoomEvent::Down {
                seat,
                session,
                reason,
            } => {
                tracing::info!(%seat, %session, ?reason, "session down");
                self.outputs.sessions.ended(session);
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
        if let RoomEvent::Up { seat, .. } = *event
            && self.admitted.contains(&seat)
        {
            self.step(Input::Command {
                by: FIRST_HOST,
                command: StageCommand::Admit { seat }.into(),
            });
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
        let now = self.now();
        self.conversation.step(now, input, &mut self.outbox);
        for output in self.outbox.drain() {
            self.outputs.carry_out(output, &self.conversation);
        }
    }

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
}
