//! One listener: a cursor into the stream, and at most the rest of one chunk that its socket did not take.
//!
//! It owns no queue and no timer. When it is flushed it sends what the socket takes, and otherwise waits to be flushed again; one that
//! falls out of the ring is moved to the live edge, and the chunks it misses are counted.

use std::io::{self, IoSlice};

use bytes::{Buf, Bytes};

use super::lag::Lag;
use super::nonblocking_write::{CloseCause, NonblockingWrite};
use super::stream_buffer::{HttpChunk, LAST_CHUNK, StreamBuffer};
use crate::family::CadenceChange;
use crate::gate::{Ask, Attempt, Outcome, ResourceUsage, judge};

/// What came of a flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flushed {
    /// It was sent everything there is.
    CaughtUp,
    /// The socket takes no more for now.
    Blocked,
    /// The answer is over.
    Closed(CloseCause),
}

/// How slow a listener may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct SlowLimits {
    /// Without taking a byte although there is something to send, ms.
    pub(super) stall_ms: u64,
    /// Times it may be overtaken within one ring's length.
    pub(super) overtaken_max: u32,
}

/// What a listener is flushed with.
#[derive(Clone, Copy)]
pub(super) struct FlushContext<'a> {
    pub(super) buffer: &'a StreamBuffer,
    /// How it is to be served, and the announcement of it that it is sent unless it knows; `None` where nothing can be announced.
    pub(super) cadence: Option<(CadenceChange, &'a HttpChunk)>,
    /// What it is sent at once at the live edge, ms.
    pub(super) burst_ms: u32,
    /// It is sent no chunk from this ordinal on: there it changes to another stream.
    pub(super) until: u64,
    pub(super) slow_limits: SlowLimits,
    pub(super) now_ms: u64,
}

/// How far a listener is in its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ResponsePosition {
    /// The stream has no head yet.
    AwaitingHead,
    /// Chunk by chunk; the ordinal of the next.
    Chunks(u64),
    /// The end of the body is in `unsent`.
    Ending,
}

/// See the module.
pub(super) struct Listener {
    position: ResponsePosition,
    /// What is left of something that was begun: it must be finished, or the framing breaks.
    unsent: Bytes,
    chunked: bool,
    /// The cadence that its player knows of.
    known: CadenceChange,
    overtaken: u32,
    /// The ordinal from which on it is forgiven for having been overtaken.
    forgive_at: u64,
    pub(super) lag: Lag,
}

impl Listener {
    /// A new listener that is first sent `head`, the head of the HTTP answer. `chunked` is false for HTTP/1.0. `known` is the cadence
    /// that every player takes for granted.
    pub(super) fn new(head: Bytes, chunked: bool, known: CadenceChange) -> Self {
        Self {
            position: ResponsePosition::AwaitingHead,
            unsent: head,
            chunked,
            known,
            overtaken: 0,
            forgive_at: 0,
            lag: Lag::new(),
        }
    }

    /// Sends what there is, as far as the socket takes it.
    pub(super) fn flush(
        &mut self,
        cx: FlushContext<'_>,
        socket: &mut impl NonblockingWrite,
    ) -> Flushed {
        let mut sent = 0;
        let flushed = match self.write_available(cx, socket, &mut sent) {
            Ok(flushed) => flushed,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Flushed::Blocked,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                Flushed::Closed(CloseCause::stalled())
            }
            Err(_) => Flushed::Closed(CloseCause::Disconnected),
        };
        if flushed != Flushed::Blocked {
            self.lag.caught_up(cx.now_ms);
            return flushed;
        }
        if self.lag.blocked(cx.now_ms, sent > 0) >= cx.slow_limits.stall_ms {
            return Flushed::Closed(CloseCause::stalled());
        }
        flushed
    }

    /// The ordinal of its next chunk, between two chunks.
    pub(super) fn cursor(&self) -> Option<u64> {
        match self.position {
            ResponsePosition::Chunks(next) if self.unsent.is_empty() => Some(next),
            _ => None,
        }
    }

    /// Goes on with that chunk of another stream. Between two chunks only.
    pub(super) fn resume_at(&mut self, ordinal: u64) {
        self.position = ResponsePosition::Chunks(ordinal);
        self.forgive_at = 0;
    }

    fn write_available(
        &mut self,
        cx: FlushContext<'_>,
        socket: &mut impl NonblockingWrite,
        sent: &mut u64,
    ) -> io::Result<Flushed> {
        let buffer = cx.buffer;
        loop {
            while !self.unsent.is_empty() {
                let taken = socket.write_vectored(&[IoSlice::new(&self.unsent)])?;
                self.unsent.advance(taken);
                *sent += taken as u64;
            }
            // A listener that was sent everything holds on to no chunk.
            self.unsent = Bytes::new();
            match self.position {
                ResponsePosition::AwaitingHead => {
                    if buffer.closing() {
                        self.break_off();
                    } else if let Some(head) = buffer.head(self.chunked) {
                        self.unsent = head;
                        self.position = ResponsePosition::Chunks(buffer.burst_start(cx.burst_ms));
                    } else if buffer.ended() {
                        self.end_body();
                    } else {
                        return socket.flush().map(|()| Flushed::CaughtUp);
                    }
                }
                ResponsePosition::Chunks(_) if buffer.closing() && !buffer.ended() => {
                    self.break_off();
                }
                ResponsePosition::Chunks(_)
                    if let Some((cadence, announcement)) = cx.cadence
                        && self.known != cadence =>
                {
                    self.known = cadence;
                    self.unsent = announcement.bytes_from(self.chunked, 0);
                }
                ResponsePosition::Chunks(next) if next < buffer.first() => {
                    if let Err(outcome) = self.skip_to_live(next, cx) {
                        return Ok(Flushed::Closed(CloseCause::Refused(outcome)));
                    }
                }
                ResponsePosition::Chunks(next) if next >= buffer.end().min(cx.until) => {
                    if !buffer.ended() || next < buffer.end() {
                        return socket.flush().map(|()| Flushed::CaughtUp);
                    }
                    self.end_body();
                }
                ResponsePosition::Chunks(next) => self.write_chunks(next, cx, socket, sent)?,
                ResponsePosition::Ending => {
                    return socket.flush().map(|()| Flushed::Closed(CloseCause::Ended));
                }
            }
        }
    }

    fn write_chunks(
        &mut self,
        next: u64,
        cx: FlushContext<'_>,
        socket: &mut impl NonblockingWrite,
        sent: &mut u64,
    ) -> io::Result<()> {
        let (batch, behind) = cx.buffer.batch(next, cx.until, self.chunked);
        let taken = socket.write_vectored(&[IoSlice::new(&batch)])?;
        *sent += taken as u64;
        self.position = ResponsePosition::Chunks(behind);
        if taken < batch.len() {
            let (ordinal, within) = cx.buffer.locate(next, self.chunked, taken);
            self.position = ResponsePosition::Chunks(ordinal);
            if within > 0 {
                self.unsent = cx.buffer.rest(ordinal, self.chunked, within);
                self.position = ResponsePosition::Chunks(ordinal + 1);
            }
        }
        Ok(())
    }

    /// To the live edge, with the burst of a new listener, because its buffer has run empty. The error is the outcome when that was too
    /// often.
    fn skip_to_live(&mut self, next: u64, cx: FlushContext<'_>) -> Result<(), Outcome> {
        let stream = cx.buffer.stream();
        if next >= self.forgive_at {
            self.overtaken = 0;
        }
        let overtaken = ResourceUsage {
            used: self.overtaken.into(),
            max: cx.slow_limits.overtaken_max.into(),
        };
        self.overtaken += 1;
        let live = cx.buffer.burst_start(cx.burst_ms);
        stream.count_overtaken(live - next);
        judge(&Attempt::new(Ask::Slow { overtaken }))
            .allowed()
            .inspect_err(|_| stream.count_dropped_slow())?;
        self.forgive_at = live + stream.spec().ring_chunks as u64;
        self.position = ResponsePosition::Chunks(live);
        Ok(())
    }

    /// This server leaves and the programme goes on elsewhere: without its last chunk a message is incomplete (RFC 9112 section 8), and so
    /// players know that it is not over.
    fn break_off(&mut self) {
        self.position = ResponsePosition::Ending;
    }

    fn end_body(&mut self) {
        self.unsent = if self.chunked {
            Bytes::from_static(LAST_CHUNK)
        } else {
            Bytes::new()
        };
        self.position = ResponsePosition::Ending;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use stentor_core::admission::Rung;

    use super::*;
    use crate::counters::RefusalReason;
    use crate::stream::{Stream, StreamSpec};

    const SLOW_LIMITS: SlowLimits = SlowLimits {
        stall_ms: 1_000,
        overtaken_max: 2,
    };

    const AT_REST: CadenceChange = CadenceChange {
        rung: Rung::REST,
        flush_ms: 200,
        hold_ms: 400,
        leaves_in_ms: None,
    };

    /// A socket with room for so many bytes.
    #[derive(Default)]
    struct Socket {
        room: usize,
        got: Vec<u8>,
        calls: usize,
    }

    impl NonblockingWrite for Socket {
        fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
            self.calls += 1;
            let before = self.got.len();
            for slice in slices {
                let taken = slice.len().min(self.room);
                self.got.extend_from_slice(&slice[..taken]);
                self.room -= taken;
            }
            match self.got.len() - before {
                0 => Err(io::ErrorKind::WouldBlock.into()),
                taken => Ok(taken),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Scene {
        stream: Arc<Stream>,
        buffer: StreamBuffer,
        listener: Listener,
        socket: Socket,
        next: u64,
        now_ms: u64,
        cadence: CadenceChange,
        announcement: Option<HttpChunk>,
        until: u64,
    }

    /// A ring of six chunks of which a new listener gets two.
    fn scene(chunked: bool) -> Scene {
        let stream = Arc::new(
            Stream::new(StreamSpec {
                path: "/e/demo/48".into(),
                live_name: Some("live.mp4".into()),
                chunk_ext: None,
                head_name: None,
                content_type: "audio/mp4".into(),
                chunk_ms: 200,
                flush_ms: 200,
                burst_ms: 400,
                ring_chunks: 6,
                listeners_max: 10,
            })
            .unwrap(),
        );
        stream.set_head(Bytes::from_static(b"head"));
        Scene {
            buffer: StreamBuffer::new(stream.clone()),
            stream,
            listener: Listener::new(Bytes::from_static(b"answer"), chunked, AT_REST),
            socket: Socket {
                room: usize::MAX,
                ..Socket::default()
            },
            next: 0,
            now_ms: 0,
            cadence: AT_REST,
            announcement: None,
            until: u64::MAX,
        }
    }

    impl Scene {
        fn publish(&mut self, chunks: u64) {
            for _ in 0..chunks {
                let text = format!("<{}>", self.next);
                self.stream.publish(self.next, Bytes::from(text)).unwrap();
                self.next += 1;
            }
        }

        fn flush(&mut self) -> Flushed {
            self.buffer.sync();
            let cx = FlushContext {
                buffer: &self.buffer,
                cadence: self
                    .announcement
                    .as_ref()
                    .map(|chunk| (self.cadence, chunk)),
                burst_ms: 400,
                until: self.until,
                slow_limits: SLOW_LIMITS,
                now_ms: self.now_ms,
            };
            self.listener.flush(cx, &mut self.socket)
        }

        fn heard(&mut self) -> String {
            String::from_utf8(std::mem::take(&mut self.socket.got)).unwrap()
        }
    }

    #[test]
    fn a_new_listener_gets_head_and_burst_at_once_and_then_all_that_follows_in_one_call() {
        let mut scene = scene(true);
        scene.publish(5);
        assert_eq!(scene.flush(), Flushed::CaughtUp);
        assert_eq!(scene.heard(), "answer4\r\nhead\r\n3\r\n<3>\r\n3\r\n<4>\r\n");
        scene.publish(3);
        scene.socket.calls = 0;
        assert_eq!(scene.flush(), Flushed::CaughtUp);
        assert_eq!(scene.heard(), "3\r\n<5>\r\n3\r\n<6>\r\n3\r\n<7>\r\n");
        assert_eq!(scene.socket.calls, 1);
    }

    #[test]
    fn an_announcement_comes_once_and_between_two_chunks_only() {
        let mut scene = scene(true);
        scene.announcement = Some(HttpChunk::new(b"[1]"));
        scene.publish(1);
        scene.socket.room = 6 + 9 + 4;
        assert_eq!(scene.flush(), Flushed::Blocked, "in the middle of <0>");
        scene.cadence.leaves_in_ms = Some(1);
        scene.publish(1);
        scene.socket.room = usize::MAX;
        assert_eq!(scene.flush(), Flushed::CaughtUp);
        assert_eq!(
            scene.heard(),
            "answer4\r\nhead\r\n3\r\n<0>\r\n3\r\n[1]\r\n3\r\n<1>\r\n"
        );
        scene.publish(1);
        scene.flush();
        assert_eq!(scene.heard(), "3\r\n<2>\r\n");
        scene.cadence = AT_REST;
        scene.announcement = Some(HttpChunk::new(b"[0]"));
        scene.flush();
        assert_eq!(scene.heard(), "3\r\n[0]\r\n");
    }

    #[test]
    fn a_new_listener_above_rest_is_told_before_its_first_chunk() {
        let mut scene = scene(true);
        scene.cadence.rung = Rung::CHEAPEST;
        scene.announcement = Some(HttpChunk::new(b"[3]"));
        scene.publish(1);
        scene.flush();
        assert_eq!(scene.heard(), "answer4\r\nhead\r\n3\r\n[3]\r\n3\r\n<0>\r\n");
    }

    #[test]
    fn a_listener_that_changes_streams_stops_at_the_boundary_and_goes_on_behind_it() {
        let mut scene = scene(true);
        scene.publish(1);
        scene.until = 3;
        scene.flush();
        scene.publish(4);
        scene.heard();
        assert_eq!(scene.flush(), Flushed::CaughtUp);
        assert_eq!(scene.heard(), "3\r\n<1>\r\n3\r\n<2>\r\n");
        assert_eq!(scene.listener.cursor(), Some(3));
        scene.listener.resume_at(4);
        scene.until = u64::MAX;
        scene.flush();
        assert_eq!(scene.heard(), "3\r\n<4>\r\n");
    }

    #[test]
    fn an_http_1_0_client_gets_the_sound_without_framing() {
        let mut scene = scene(false);
        scene.publish(2);
        assert_eq!(scene.flush(), Flushed::CaughtUp);
        assert_eq!(scene.heard(), "answerhead<0><1>");
        scene.stream.end();
        assert_eq!(scene.flush(), Flushed::Closed(CloseCause::Ended));
        assert_eq!(scene.heard(), "");
    }

    #[test]
    fn whatever_room_the_socket_has_the_bytes_are_whole_and_in_order() {
        let mut whole = scene(true);
        whole.publish(2);
        whole.flush();
        whole.publish(4);
        whole.flush();
        let expected = whole.heard();
        for room in 1..40 {
            let mut scene = scene(true);
            scene.publish(2);
            scene.socket.room = room;
            while scene.flush() == Flushed::Blocked {
                scene.socket.room = room;
            }
            scene.publish(4);
            while scene.flush() == Flushed::Blocked {
                scene.socket.room = room;
            }
            assert_eq!(scene.heard(), expected, "room for {room}");
        }
    }

    #[test]
    fn a_listener_that_is_overtaken_finishes_its_chunk_and_skips_to_live_and_what_it_missed_is_counted_exactly()
     {
        let mut scene = scene(true);
        scene.publish(2);
        scene.flush();
        scene.heard();
        scene.publish(1);
        scene.socket.room = 4;
        assert_eq!(scene.flush(), Flushed::Blocked);
        scene.publish(20);
        scene.socket.room = usize::MAX;
        assert_eq!(scene.flush(), Flushed::CaughtUp);
        // Had 0..=2; live is 21 and 22.
        assert_eq!(scene.heard(), "3\r\n<2>\r\n4\r\n<21>\r\n4\r\n<22>\r\n");
        let counters = scene.stream.counters();
        assert_eq!((counters.overtaken, counters.chunks_skipped), (1, 18));
    }

    #[test]
    fn a_listener_that_is_overtaken_again_and_again_is_closed_and_forgiven_after_a_ring_in_time() {
        let mut often = scene(true);
        often.flush();
        for round in 0..3 {
            often.publish(20);
            let why = match often.flush() {
                Flushed::Closed(CloseCause::Refused(outcome)) => outcome.reason(),
                _ => None,
            };
            assert_eq!(why, (round == 2).then_some(RefusalReason::Overtaken));
        }
        assert_eq!(often.stream.counters().dropped_slow, 1);
        let mut seldom = scene(true);
        seldom.flush();
        for _ in 0..10 {
            seldom.publish(20);
            assert_eq!(seldom.flush(), Flushed::CaughtUp);
            for _ in 0..7 {
                seldom.publish(1);
                assert_eq!(seldom.flush(), Flushed::CaughtUp);
            }
        }
        assert_eq!(seldom.stream.counters().dropped_slow, 0);
    }

    #[test]
    fn a_listener_that_takes_nothing_is_closed_after_its_time_and_one_that_takes_a_byte_is_not() {
        let mut scene = scene(true);
        scene.publish(2);
        scene.socket.room = 0;
        for now_ms in [0, 500, 999] {
            scene.now_ms = now_ms;
            assert_eq!(scene.flush(), Flushed::Blocked);
        }
        scene.socket.room = 1;
        scene.now_ms = 1_000;
        assert_eq!(scene.flush(), Flushed::Blocked);
        scene.now_ms = 1_999;
        assert_eq!(scene.flush(), Flushed::Blocked);
        scene.now_ms = 2_000;
        let stalled = CloseCause::Refused(Outcome::Reset {
            reason: RefusalReason::WriteStall,
        });
        assert_eq!(scene.flush(), Flushed::Closed(stalled));
    }

    #[test]
    fn the_end_of_the_body_is_said_after_a_whole_chunk_when_the_programme_is_over_and_not_when_the_server_leaves()
     {
        for leaving in [false, true] {
            let mut scene = scene(true);
            scene.publish(2);
            scene.flush();
            scene.heard();
            scene.publish(1);
            if leaving {
                scene.stream.close();
            } else {
                scene.stream.end();
            }
            assert_eq!(scene.flush(), Flushed::Closed(CloseCause::Ended));
            let expected = if leaving { "" } else { "3\r\n<2>\r\n0\r\n\r\n" };
            assert_eq!(scene.heard(), expected);
        }
    }

    #[test]
    fn a_listener_is_a_few_words() {
        assert!(size_of::<Listener>() <= 104, "{}", size_of::<Listener>());
    }
}
