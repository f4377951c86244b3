//! The thread that runs one room: every 20 ms, on a monotonic clock, with absolute deadlines.
//!
//! Before each tick it takes what has arrived; nobody wakes it for that, for who wakes a thread above its own holds the queue's lock
//! at that moment and is interrupted by it, and then it waits for that lock. A late tick is followed by the next at once, so the
//! programme loses no sample; only when the machine has stopped us for longer than
//! [`CATCH_UP_TICKS_MAX`](crate::limits::CATCH_UP_TICKS_MAX) ticks is the clock set anew. A room that is suspended waits for messages
//! only, without a timer.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossbeam_channel::RecvTimeoutError;
use stentor_core::timeline::{BOUNDARY_SAMPLES, Timeline};
use stentor_media::rendition::TICK_SAMPLES;

use super::engine::Engine;
use super::output::EngineOutput;
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

/// How long a suspended room with a goodbye that the network thread had no place for waits before it sends that again.
const GOODBYE_AGAIN: Duration = Duration::from_secs(1);

/// Ticks between two boundaries of all renditions.
const BOUNDARY_TICKS: u32 = (BOUNDARY_SAMPLES / TICK_SAMPLES as u64) as u32;

/// A room, and what it needs to reach everybody else.
pub(crate) struct RoomThread {
    id: u64,
    engine: Engine,
    sink: Box<dyn RoomSink>,
    inbox: RoomInbox,
    /// Taken out of the inbox and not yet acted on; at most what the inbox holds.
    waiting: VecDeque<RoomMessage>,
    net: NetPort,
    clock: Clock,
    stats: Latest<RoomStats>,
    timeline: Timeline,
    outputs: Vec<EngineOutput>,
    /// Goodbyes to be given to the network thread.
    closes: Vec<(PeerKey, DisconnectReason)>,
    running: bool,
    /// Nobody is there: it is to be suspended as soon as it can be.
    idle: bool,
    /// How long the last tick took, in microseconds.
    work_us: u64,
    clock_resets: u64,
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
        let mut engine = Engine::new(first, config.epoch_unix_ms)?;
        engine.go_on_from(config.playlists);
        Ok(Self {
            id,
            engine,
            sink: config.sink,
            inbox,
            waiting: VecDeque::new(),
            net,
            clock,
            stats,
            timeline,
            outputs: Vec::new(),
            closes: Vec::new(),
            running: true,
            idle: false,
            work_us: 0,
            clock_resets: 0,
        })
    }

    pub(crate) fn run(mut self) {
        let mut due = Instant::now() + TICK;
        while self.running {
            if self.idle && self.engine.can_suspend() {
                due = self.wait_suspended();
                continue;
            }
            self.receive_until(due);
            let late = due.elapsed();
            if late > TICK * CATCH_UP_TICKS_MAX {
                tracing::warn!(
                    late_ms = late.as_millis(),
                    "the room was stopped for too long; its clock is set anew"
                );
                due += late;
                self.clock_resets += 1;
            }
            self.tick(due, late);
            due += TICK;
        }
        self.engine.stop(&mut self.outputs);
        self.deliver();
    }

    /// Makes the tick that was due at a moment, and counts it as that late.
    fn tick(&mut self, due: Instant, late: Duration) {
        let now = Instant::now();
        let timing = TickTiming {
            // The time it was due: a tick that comes late for once must not look like delay to the jitter buffers.
            now_us: self.clock.us(due),
            unix_us: unix_us() - signed_micros(now.saturating_duration_since(due + late)),
            late_us: micros(late),
            last_work_us: self.work_us,
            clock_resets: self.clock_resets,
            packets_dropped: self.inbox.packets_dropped(),
        };
        let (engine, outputs) = (&mut self.engine, &mut self.outputs);
        // The programme never stops: a panic outside the mixer costs this tick, not the room.
        if catch_unwind(AssertUnwindSafe(|| engine.tick(timing, outputs))).is_err() {
            tracing::error!(room = self.id, "a tick of the room panicked");
        }
        self.deliver();
        self.work_us = micros(now.elapsed());
    }

    /// Mixes nothing until somebody is there. Returns when the next tick is due.
    fn wait_suspended(&mut self) -> Instant {
        self.engine.suspend(&mut self.outputs);
        self.deliver();
        tracing::debug!(room = self.id, "suspended: nobody is there");
        while self.running && self.idle {
            self.wait_for_message();
            self.look_into_inbox();
            // What follows the order to mix again is for a room that mixes: it is taken there.
            while self.idle
                && let Some(message) = self.waiting.pop_front()
            {
                self.take(message);
            }
        }
        if self.running {
            self.resume()
        } else {
            Instant::now()
        }
    }

    /// Sleeps until there is a message.
    fn wait_for_message(&mut self) {
        let received = if self.closes.is_empty() {
            let received = self.inbox.recv();
            received.map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            self.inbox.recv_timeout(GOODBYE_AGAIN)
        };
        match received {
            Ok(message) => self.waiting.push_back(message),
            Err(RecvTimeoutError::Timeout) => self.deliver(),
            Err(RecvTimeoutError::Disconnected) => self.running = false,
        }
    }

    /// Goes on as if it had run all the time. Returns when the next tick is due.
    fn resume(&mut self) -> Instant {
        let (now, unix_us) = (Instant::now(), unix_us());
        let end = self.engine.position();
        let position = self.timeline.resume_suspended(unix_us / 1_000, end);
        let elapsed = self.timeline.position_at(unix_us / 1_000);
        // Since the boundary: less than 60, and none if the clock was set back.
        let ticks = elapsed.saturating_sub(position) / TICK_SAMPLES as u64;
        let since = TICK * u32::try_from(ticks).unwrap_or(0).min(BOUNDARY_TICKS);
        let captured = unix_us - signed_micros(since);
        let (engine, outputs) = (&mut self.engine, &mut self.outputs);
        let resumed = catch_unwind(AssertUnwindSafe(|| {
            engine.resume(position, captured, outputs);
        }));
        if resumed.is_err() {
            tracing::error!(room = self.id, "what leads up to the programme panicked");
        }
        // Now, not when it has caught up: on a busy machine that takes longer than anybody wants to wait.
        self.outputs.push(EngineOutput::Resumed);
        self.deliver();
        let mut due = now.checked_sub(since).unwrap_or(now) + TICK;
        // Those that become due meanwhile, too; none of them is late, since nobody waited for it.
        for _ in 0..BOUNDARY_TICKS + CATCH_UP_TICKS_MAX {
            // Whoever comes is answered meanwhile.
            self.take_waiting();
            if !self.running || due > Instant::now() {
                break;
            }
            self.tick(due, Duration::ZERO);
            due += TICK;
            // Rooms on the air stand no higher than this one: let those go on whose tick is due.
            thread::yield_now();
        }
        tracing::debug!(
            room = self.id,
            took_ms = now.elapsed().as_millis(),
            "resumed: somebody is there"
        );
        due
    }

    /// Waits until it is time for the next tick, and takes what has arrived.
    fn receive_until(&mut self, due: Instant) {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        // Also when the tick is late: else a room that catches up would starve its speakers.
        self.take_waiting();
    }

    fn take_waiting(&mut self) {
        self.look_into_inbox();
        while let Some(message) = self.waiting.pop_front() {
            self.take(message);
        }
    }

    fn look_into_inbox(&mut self) {
        let waiting = &mut self.waiting;
        self.running &= self.inbox.drain(|message| waiting.push_back(message));
    }

    fn take(&mut self, message: RoomMessage) {
        let outputs = &mut self.outputs;
        match message {
            RoomMessage::Peer(session, event) => self.engine.peer(session, event, outputs),
            RoomMessage::Expect {
                session,
                expected,
                reply,
            } => {
                let expected = self.engine.expect(session, expected, outputs);
                // Who asked finds the session in the room's state from here on, until it is over.
                self.deliver();
                // They may have stopped waiting.
                let _ = reply.try_send(expected);
                return;
            }
            RoomMessage::Close(session, reason) => self.engine.close(session, reason, outputs),
            RoomMessage::Order(order) => self.engine.order(order),
            RoomMessage::Loopback(seat, on) => self.engine.loopback(seat, on),
            RoomMessage::PreListen(session, seat) => self.engine.pre_listen(session, seat),
            RoomMessage::Notice(notice) => self.engine.notice(&notice),
            RoomMessage::PlayVoice { seat, session, pcm } => {
                self.engine.play_voice(seat, session, pcm, outputs);
            }
            RoomMessage::Suspend => self.idle = true,
            RoomMessage::Resume => self.idle = false,
            RoomMessage::Stop => self.running = false,
            RoomMessage::Look => {}
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
                EngineOutput::Send(session, packet) => packets.push((key(session), packet)),
                EngineOutput::Close(session, reason) => self.closes.push((key(session), reason)),
                EngineOutput::Programme(published) => sink.published(published),
                EngineOutput::Suspended => sink.suspended(),
                EngineOutput::Resumed => sink.resumed(),
                EngineOutput::Stem(seat, chunk) => sink.stem(seat, chunk),
                EngineOutput::State(state) => sink.state(state),
                EngineOutput::Levels(levels) => sink.levels(levels),
                EngineOutput::Stats(stats) => self.stats.put(stats),
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

fn signed_micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// The wall clock, in microseconds since 1970.
fn unix_us() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |us| -us),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, PoisonError};

    use mio::{Poll, Token, Waker};
    use stentor_core::SeatId;
    use stentor_media::package::{LEAD_IN_MS, Published, StemChunk};

    use super::*;
    use crate::ports::room::RoomPort;
    use crate::room::levels::RoomLevels;
    use crate::room::state::RoomStatus;

    /// Keeps the bytes of all chunks.
    #[derive(Clone, Default)]
    struct Chunks(Arc<Mutex<Vec<u8>>>);

    impl Chunks {
        fn contain(&self, bytes: &[u8]) -> bool {
            let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.windows(bytes.len()).any(|window| window == bytes)
        }
    }

    impl RoomSink for Chunks {
        fn published(&mut self, published: Published) {
            if let Published::Chunk(chunk) = published {
                let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                all.extend_from_slice(&chunk.bytes);
            }
        }
        fn suspended(&mut self) {}
        fn resumed(&mut self) {}
        fn stem(&mut self, _: SeatId, _: StemChunk) {}
        fn state(&mut self, _: RoomStatus) {}
        fn levels(&mut self, _: RoomLevels) {}
    }

    #[test]
    fn a_notice_that_follows_the_order_to_resume_is_in_the_programme() {
        let chunks = Chunks::default();
        let (port, inbox) = RoomPort::new();
        let poll = Poll::new().unwrap();
        let waker = Arc::new(Waker::new(poll.registry(), Token(0)).unwrap());
        let config = RoomConfig {
            event: "talk".to_owned(),
            epoch_unix_ms: 0,
            resume_after_position: 0,
            playlists: stentor_media::package::hls::PlaylistCounts::default(),
            sink: Box::new(chunks.clone()),
        };
        let (net, _inbox) = NetPort::new(waker);
        let clock = Clock::new(Instant::now());
        let mut room = RoomThread::new(1, config, inbox, net, clock, Latest::default()).unwrap();
        for _ in 0..LEAD_IN_MS / 20 {
            room.tick(Instant::now(), Duration::ZERO);
        }
        assert!(room.engine.can_suspend());
        room.idle = true;
        port.send(RoomMessage::Resume).unwrap();
        port.send(RoomMessage::Notice(b"doors are open".to_vec()))
            .unwrap();
        room.wait_suspended();
        assert!(!room.idle);
        // The longest chunk and one tick more, wherever it is in one.
        for _ in 0..61 {
            room.take_waiting();
            room.tick(Instant::now(), Duration::ZERO);
        }
        assert!(chunks.contain(b"doors are open"));
    }
}
