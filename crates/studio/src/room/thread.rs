//! The thread that runs one room: every 20 ms, on a monotonic clock, with absolute deadlines.
//!
//! Between two ticks it takes what has arrived. A late tick is followed by the next at once, so the programme loses no
//! sample; only when the machine has stopped us for longer than
//! [`CATCH_UP_TICKS_MAX`](crate::limits::CATCH_UP_TICKS_MAX) ticks is the clock set anew.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossbeam_channel::RecvTimeoutError;
use stentor_core::timeline::Timeline;

use super::engine::Engine;
use super::output::RoomOutput;
use super::sink::{RoomConfig, RoomSink};
use super::stats::RoomStats;
use super::tick::TickTiming;
use crate::clock::{Clock, micros};
use crate::error::{StudioError, StudioFault};
use crate::latest::Latest;
use crate::limits::CATCH_UP_TICKS_MAX;
use crate::peer::{DisconnectReason, PeerKey, ReturnPacket};
use crate::ports::net::{NetCommand, NetPort};
use crate::ports::room::{RoomInbox, RoomMessage};

/// 960 samples at 48 kHz.
const TICK: Duration = Duration::from_millis(20);

/// A room, and what it needs to reach everybody else.
pub(crate) struct RoomThread {
    id: u64,
    engine: Engine,
    sink: Box<dyn RoomSink>,
    inbox: RoomInbox,
    net: NetPort,
    clock: Clock,
    stats: Latest<RoomStats>,
    outputs: Vec<RoomOutput>,
    /// Goodbyes to be given to the network thread.
    closes: Vec<(PeerKey, DisconnectReason)>,
    running: bool,
}

impl RoomThread {
    pub(crate) fn new(
        id: u64,
        config: RoomConfig,
        inbox: RoomInbox,
        net: NetPort,
        clock: Clock,
        stats: Latest<RoomStats>,
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
            stats,
            outputs: Vec::new(),
            closes: Vec::new(),
            running: true,
        })
    }

    pub(crate) fn run(mut self) {
        let mut due = Instant::now() + TICK;
        let mut work_us = 0;
        let mut resets = 0;
        while self.running {
            self.receive_until(due);
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
            let timing = TickTiming {
                // The time it was due: a tick that comes late for once must not look like delay to the jitter buffers.
                now_us: self.clock.us(due),
                unix_us: unix_us(),
                late_us: micros(late),
                last_work_us: work_us,
                clock_resets: resets,
                packets_dropped: self.inbox.packets_dropped(),
            };
            let (engine, outputs) = (&mut self.engine, &mut self.outputs);
            // The programme never stops: a panic outside the mixer costs this tick, not the room.
            if catch_unwind(AssertUnwindSafe(|| engine.tick(timing, outputs))).is_err() {
                tracing::error!(room = self.id, "a tick of the room panicked");
            }
            self.deliver();
            work_us = micros(now.elapsed());
            due += TICK;
        }
        self.engine.stop(&mut self.outputs);
        self.deliver();
    }

    /// Takes what arrives until it is time for the next tick.
    fn receive_until(&mut self, due: Instant) {
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

    fn take(&mut self, message: RoomMessage) {
        let outputs = &mut self.outputs;
        match message {
            RoomMessage::Peer(session, event) => self.engine.peer(session, event, outputs),
            RoomMessage::Expect {
                session,
                seat,
                kind,
                sends,
                hears,
                reply,
            } => {
                let engine = &mut self.engine;
                let expected = engine.expect(session, seat, kind, sends, hears, outputs);
                // Who asked finds the session in the room's state from here on, until it is over.
                self.deliver();
                // They may have stopped waiting.
                let _ = reply.try_send(expected);
                return;
            }
            RoomMessage::Close(session, reason) => self.engine.close(session, reason, outputs),
            RoomMessage::Order(order) => self.engine.order(order),
            RoomMessage::Loopback(seat, on) => self.engine.loopback(seat, on),
            RoomMessage::Notice(notice) => self.engine.notice(&notice),
            RoomMessage::Line { seat, session, pcm } => {
                self.engine.line(seat, session, pcm, outputs);
            }
            RoomMessage::Stop => self.running = false,
        }
        self.deliver();
    }

    fn deliver(&mut self) {
        let mut packets: Vec<(PeerKey, ReturnPacket)> = Vec::new();
        let room = self.id;
        let key = |session| PeerKey { room, session };
        for output in self.outputs.drain(..) {
            let sink = &mut self.sink;
            // A sink that panics must not take the programme with it.
            let sunk = catch_unwind(AssertUnwindSafe(|| match output {
                RoomOutput::Send(session, packet) => packets.push((key(session), packet)),
                RoomOutput::Close(session, reason) => self.closes.push((key(session), reason)),
                RoomOutput::Programme(published) => sink.published(published),
                RoomOutput::Stem(seat, chunk) => sink.stem(seat, chunk),
                RoomOutput::State(state) => sink.state(state),
                RoomOutput::Levels(levels) => sink.levels(levels),
                RoomOutput::Stats(stats) => self.stats.put(stats),
            }));
            if sunk.is_err() {
                tracing::error!(room, "what a room gave out made its receiver panic");
            }
        }
        // A goodbye must arrive: what the network thread's queue has no place for is sent again.
        let net = &self.net;
        self.closes.retain(|&(key, reason)| {
            net.send(NetCommand::Close { key, reason }) == Err(StudioFault::Busy)
        });
        if !packets.is_empty()
            && let Err(fault) = self.net.send(NetCommand::Send(packets))
        {
            tracing::debug!(%fault, "a tick of the returns was not sent");
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
