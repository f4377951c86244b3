//! The thread that moves one room: every 20 ms, on a monotonic clock, with absolute deadlines.
//!
//! Between two ticks it takes what has arrived. A late tick is followed by the next at once, so the programme loses no
//! sample; only when the machine has stopped us for longer than
//! [`CATCH_UP_TICKS_MAX`](crate::limits::CATCH_UP_TICKS_MAX) ticks is the clock set anew.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossbeam_channel::RecvTimeoutError;
use stentor_core::timeline::Timeline;

use super::engine::{Action, Engine, TickTime};
use super::port::{Message, RoomInbox};
use super::{RoomConfig, RoomSink};
use crate::clock::{Clock, micros};
use crate::error::{StudioError, StudioFault};
use crate::limits::CATCH_UP_TICKS_MAX;
use crate::net::peers::PeerKey;
use crate::net::thread::{Command, NetPort};
use crate::peer::{CloseReason, Frame};

/// 960 samples at 48 kHz.
const TICK: Duration = Duration::from_millis(20);

/// A room and its way to the world.
pub(crate) struct RoomThread {
    id: u64,
    engine: Engine,
    sink: Box<dyn RoomSink>,
    inbox: RoomInbox,
    net: NetPort,
    clock: Clock,
    actions: Vec<Action>,
    /// Goodbyes to be given to the network thread.
    closes: Vec<(PeerKey, CloseReason)>,
    running: bool,
}

impl RoomThread {
    pub(crate) fn new(
        id: u64,
        config: RoomConfig,
        inbox: RoomInbox,
        net: NetPort,
        clock: Clock,
    ) -> Result<Self, StudioError> {
        let timeline = Timeline::new(config.epoch_unix_ms);
        let first = timeline.resume_after(unix_us() / 1_000, config.resume_after_position);
        Ok(Self {
            id,
            engine: Engine::new(first, config.epoch_unix_ms)?,
            sink: config.sink,
            inbox,
            net,
            clock,
            actions: Vec::new(),
            closes: Vec::new(),
            running: true,
        })
    }

    pub(crate) fn run(mut self) {
        let mut due = Instant::now() + TICK;
        let mut work_us = 0;
        let mut resets = 0;
        while self.running {
            self.listen_until(due);
            let now = Instant::now();
            let late = now.saturating_duration_since(due);
            if late > TICK * CATCH_UP_TICKS_MAX {
                tracing::warn!(
                    late_ms = late.as_millis(),
                    "the room was stopped for too long; its clock is set anew"
                );
                due = now;
                resets += 1;
            }
            let time = TickTime {
                // The time it was due: a tick that comes late for once must not look like delay to the jitter buffers.
                now_us: self.clock.us(due),
                unix_us: unix_us(),
                late_us: micros(late),
                last_work_us: work_us,
                clock_resets: resets,
                sound_dropped: self.inbox.sound_dropped(),
            };
            let (engine, actions) = (&mut self.engine, &mut self.actions);
            // The programme never stops: what panics beside the desk costs this tick, not the room.
            if catch_unwind(AssertUnwindSafe(|| engine.tick(time, actions))).is_err() {
                tracing::error!(room = self.id, "a tick of the room panicked");
            }
            self.act();
            work_us = micros(now.elapsed());
            due += TICK;
        }
        self.engine.stop(&mut self.actions);
        self.act();
    }

    /// Takes what arrives until it is time for the next tick.
    fn listen_until(&mut self, due: Instant) {
        // What waits already is taken even when the tick is late: else a room that catches up would starve its speakers.
        let mut waiting = Vec::new();
        self.inbox.drain(|message| waiting.push(message));
        for message in waiting {
            self.take(message);
        }
        while self.running && Instant::now() < due {
            match self.inbox.recv_deadline(due) {
                Ok(message) => self.take(message),
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => self.running = false,
            }
        }
    }

    fn take(&mut self, message: Message) {
        let actions = &mut self.actions;
        match message {
            Message::Peer(session, event) => self.engine.peer(session, event, actions),
            Message::Expect {
                session,
                seat,
                kind,
                sends,
                hears,
                reply,
            } => {
                // Who asked may have stopped waiting.
                let _ = reply.try_send(self.engine.expect(session, seat, kind, sends, hears));
            }
            Message::Close(session, reason) => self.engine.close(session, reason, actions),
            Message::Order(order) => self.engine.order(order),
            Message::Loopback(seat, on) => self.engine.loopback(seat, on),
            Message::Notice(notice) => self.engine.notice(&notice),
            Message::Line { seat, session, pcm } => self.engine.line(seat, session, pcm, actions),
            Message::Stop => self.running = false,
        }
        self.act();
    }

    fn act(&mut self) {
        let mut frames: Vec<(PeerKey, Frame)> = Vec::new();
        for action in self.actions.drain(..) {
            let sink = &mut self.sink;
            // A sink that panics must not take the programme with it.
            let sunk = catch_unwind(AssertUnwindSafe(|| match action {
                Action::Send(session, frame) => frames.push((
                    PeerKey {
                        room: self.id,
                        session,
                    },
                    frame,
                )),
                Action::Close(session, reason) => {
                    let key = PeerKey {
                        room: self.id,
                        session,
                    };
                    self.closes.push((key, reason));
                }
                Action::Published(published) => sink.published(published),
                Action::Stem(seat, chunk) => sink.stem(seat, chunk),
                Action::Event(event) => sink.event(event),
            }));
            if sunk.is_err() {
                tracing::error!(
                    room = self.id,
                    "what a room gave out made its receiver panic"
                );
            }
        }
        // A goodbye must arrive: what the network thread has no place for is given again.
        let net = &self.net;
        self.closes.retain(|&(key, reason)| {
            net.give(Command::Close { key, reason }) == Err(StudioFault::Busy)
        });
        if !frames.is_empty()
            && let Err(fault) = self.net.give(Command::Send(frames))
        {
            tracing::debug!(%fault, "a tick of sound was not sent");
        }
    }
}

/// The wall clock, in microseconds since 1970.
fn unix_us() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |us| -us),
    }
}
