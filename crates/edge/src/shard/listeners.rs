//! The listeners of a shard: who is flushed now, and who moves to another rung or rendition.
//!
//! The listeners of one stream that are served at one rung are a cohort, with a wheel of their own. When a cohort moves to another rung,
//! each listener moves when it is flushed next, so that the load moves as evenly as it is spread; and from one rendition to another only
//! where chunks of both start together, so that what was sent and what follows is one programme without a gap.
//!
//! It knows nothing of clients. Nothing here allocates for each listener that is flushed.

use std::sync::Arc;

use mio::Interest;
use slab::Slab;
use stentor_core::admission::Rung;

use super::blocked_look::BlockedLook;
use super::context::{PollToken, ShardContext};
use super::effect::NewListener;
use super::listener::{FlushContext, Flushed, Listener, SlowLimits};
use super::nonblocking_write::CloseCause;
use super::shard_stream::ShardStream;
use super::socket::Socket;
use super::wheel::{Slot, TICK_MS};
use crate::counters::add;
use crate::family::{Cadence, CadenceChange, StreamSubscription};
use crate::gate::{Outcome, Permit, stream_has_room};
use crate::stream::Stream;

/// A slot that is flushed later than this counts as late, ms.
const LATE_MS: u64 = 2 * TICK_MS;

/// One listener with everything it holds.
struct Entry {
    socket: Socket,
    listener: Listener,
    /// Key of its stream.
    stream: u32,
    /// Index of its wheel in that stream.
    wheel: u32,
    slot: Slot,
    subscription: StreamSubscription,
    permit: Permit,
}

/// User memory of one listener on a plain socket, bytes: its entry, and its key in a slot of a wheel whose vector has grown.
#[cfg(test)]
pub(super) fn listener_bytes() -> usize {
    size_of::<Entry>() + 2 * size_of::<u32>()
}

/// See the module.
pub(super) struct Listeners {
    table: Slab<Entry>,
    streams: Slab<ShardStream>,
    /// The keys of the streams while they are gone through; kept for its memory.
    keys: Vec<usize>,
    blocked: BlockedLook,
    slow_limits: SlowLimits,
}

impl Listeners {
    pub(super) fn new(slow_limits: SlowLimits) -> Self {
        Self {
            table: Slab::new(),
            streams: Slab::new(),
            keys: Vec::new(),
            blocked: BlockedLook::default(),
            slow_limits,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Takes a listener in, and sends it what there is.
    pub(super) fn insert(&mut self, cx: &ShardContext, new: NewListener) {
        let NewListener {
            mut socket,
            permit,
            response,
        } = new;
        let subscription = &response.subscription;
        let stream = self.stream_key(cx, subscription.stream(), subscription.announces());
        let rung = self.streams[stream].entry_rung(response.rung);
        let wheel = self.streams[stream].wheel_at(rung);
        let known = CadenceChange::of(&response.subscription.asked(), Rung::REST, None);
        let now_ms = cx.clock.now_ms();
        let vacant = self.table.vacant_entry();
        let key = vacant.key();
        let watched = cx.watch(
            &mut socket.tcp,
            PollToken::Listener(key),
            Interest::READABLE,
        );
        if watched.is_err() {
            return cx.release_socket();
        }
        let slot = self.streams[stream].wheels[wheel].insert(key as u32, now_ms);
        vacant.insert(Entry {
            socket,
            listener: Listener::new(response.head, response.chunked, known),
            stream: stream as u32,
            wheel: wheel as u32,
            slot,
            subscription: response.subscription,
            permit,
        });
        // It hears at once, whenever its slot is due.
        self.flush_one(cx, key, now_ms);
    }

    /// Flushes all whose slots are due.
    pub(super) fn flush_due(&mut self, cx: &ShardContext) {
        let now_ms = cx.clock.now_ms();
        self.blocked
            .turn(now_ms, self.table.len(), &cx.status.gauge);
        let mut keys = std::mem::take(&mut self.keys);
        keys.extend(self.streams.iter().map(|(key, _)| key));
        for stream in keys.drain(..) {
            let urgent = self.streams[stream].sync(&cx.edge, now_ms);
            self.flush_stream(cx, stream, urgent, now_ms);
            if self.streams[stream].is_unheard() {
                self.streams.remove(stream);
            }
        }
        self.keys = keys;
    }

    /// Throws away what a listener sent, and notices when it is gone.
    pub(super) fn drain_input(&mut self, cx: &ShardContext, key: usize) {
        let Some(entry) = self.table.get_mut(key) else {
            return;
        };
        let mut received = 0;
        let cause = entry.socket.drain_input(&mut received);
        add(&cx.edge.count().bytes_received, received);
        if let Some(cause) = cause {
            self.close(cx, key, cause);
        }
    }

    /// Flushes the listeners of a stream: all if it is `urgent`, and those whose slots are due.
    fn flush_stream(&mut self, cx: &ShardContext, stream: usize, urgent: bool, now_ms: u64) {
        for wheel in 0..self.streams[stream].wheels.len() {
            if urgent {
                for slot in 0..self.streams[stream].wheels[wheel].slot_count() {
                    self.flush_slot(cx, stream, wheel, slot);
                }
            }
            while let Some((slot, late_ms)) = self.streams[stream].wheels[wheel].next_due(now_ms) {
                add(&cx.edge.count().turns, 1);
                if late_ms > LATE_MS {
                    add(&cx.edge.count().turns_late, 1);
                }
                self.flush_slot(cx, stream, wheel, slot);
            }
        }
    }

    fn flush_slot(&mut self, cx: &ShardContext, stream: usize, wheel: usize, slot: usize) {
        // The clock is read once for all of them: a read costs a tenth of a send.
        let now_ms = cx.clock.now_ms();
        // Backwards: when one leaves, the last of the slot, which was flushed already, takes its position.
        for index in (0..self.streams[stream].wheels[wheel].listeners(slot).len()).rev() {
            let key = self.streams[stream].wheels[wheel].listeners(slot)[index];
            self.flush_one(cx, key as usize, now_ms);
        }
    }

    fn flush_one(&mut self, cx: &ShardContext, key: usize, now_ms: u64) {
        let destination = self.destination(cx, key, now_ms);
        self.flush_towards(cx, key, destination, now_ms);
    }

    /// Flushes one listener; one that has a `destination` up to where it changes over, and then with what there is on the other side.
    fn flush_towards(
        &mut self,
        cx: &ShardContext,
        key: usize,
        destination: Option<Rung>,
        now_ms: u64,
    ) {
        let Some((stream, wheel)) = self
            .table
            .get(key)
            .map(|entry| (entry.stream, entry.wheel as usize))
        else {
            return;
        };
        let until = self.splice_point(cx, key, destination);
        let listeners = self.table.len();
        let entry = &mut self.table[key];
        let stream = &mut self.streams[stream as usize];
        let rung = stream.wheels[wheel].announced_rung();
        let flushing = FlushContext {
            buffer: &stream.buffer,
            cadence: stream.cadences.at(rung),
            burst_ms: Cadence::of(stream.buffer.stream(), rung).burst_ms,
            until,
            slow_limits: self.slow_limits,
            now_ms,
        };
        let mut taken = 0;
        let mut socket = entry.socket.counted(&mut taken);
        let flushed = entry.listener.flush(flushing, &mut socket);
        add(&cx.edge.count().visits, 1);
        if taken > 0 {
            add(&cx.edge.count().bytes_sent, taken);
        }
        match flushed {
            Flushed::CaughtUp => {
                if let Some(to) = destination {
                    // What there is behind the boundary it is sent now, and not after a whole interval.
                    self.move_to(cx, key, to);
                    self.flush_towards(cx, key, None, now_ms);
                }
            }
            Flushed::Blocked => {
                add(&cx.edge.count().blocked, 1);
                let lag = &mut entry.listener.lag;
                if lag.counts_as_blocked(self.blocked.number(), now_ms) {
                    self.blocked.count(entry.permit.prefix(), listeners);
                }
                // It is flushed again even if nothing more is published.
                stream.wheels[entry.wheel as usize].request_flush();
            }
            Flushed::Closed(cause) => self.close(cx, key, cause),
        }
    }

    /// The rung that a listener is to move to now: that of its cohort, or its own rung, to be served there with another rendition.
    fn destination(&self, cx: &ShardContext, key: usize, now_ms: u64) -> Option<Rung> {
        let entry = self.table.get(key)?;
        let wheel = &self.streams[entry.stream as usize].wheels[entry.wheel as usize];
        wheel
            .destination(now_ms)
            .or_else(|| Self::overdue_rendition(cx, entry, wheel.rung()))
    }

    /// The rung it is on, where that has another rendition than it is served. So it is for one that came while the stream of its rung
    /// held too little sound to begin with, and was given that of a lower one. While the cohort is to move it waits for that.
    fn overdue_rendition(cx: &ShardContext, entry: &Entry, rung: Rung) -> Option<Rung> {
        let cohort_stays = cx.edge.served_rung() == rung;
        (cohort_stays && !entry.subscription.belongs_at(rung)).then_some(rung)
    }

    /// The ordinal at which a listener leaves its stream when it moves to `to`: where a chunk of the other stream starts together with
    /// its next one. `u64::MAX` where it stays.
    fn splice_point(&mut self, cx: &ShardContext, key: usize, to: Option<Rung>) -> u64 {
        let stays = u64::MAX;
        let Some((entry, to)) = self.table.get(key).zip(to) else {
            return stays;
        };
        let target = entry.subscription.stream_at(self.rung_of(entry), to);
        if Arc::ptr_eq(&target, entry.subscription.stream()) {
            return stays;
        }
        let (here, cursor) = (entry.stream as usize, entry.listener.cursor());
        let announces = entry.subscription.announces();
        let there = self.stream_key(cx, &target, announces);
        let (here, there) = (&self.streams[here].buffer, &self.streams[there].buffer);
        let from = cursor.unwrap_or_else(|| here.end());
        let meets = |ordinal: &u64| {
            let starts = here.starts_at_ms(*ordinal);
            starts.is_some_and(|ms| there.starting_at(ms).is_some())
        };
        (from.max(here.first())..=here.end())
            .find(meets)
            .unwrap_or(stays)
    }

    /// Moves a listener that was sent everything up to where two streams meet to the cohort of another rung. If that cannot be just
    /// now, it stays where it is.
    fn move_to(&mut self, cx: &ShardContext, key: usize, to: Rung) {
        let Some((target, here, cursor)) = self.table.get(key).and_then(|entry| {
            let cursor = entry.listener.cursor()?;
            let target = entry.subscription.stream_at(self.rung_of(entry), to);
            Some((target, entry.stream as usize, cursor))
        }) else {
            return;
        };
        let mut there = here;
        let mut other = None;
        if !self.streams[here].is_of(&target) {
            let announces = self.table[key].subscription.announces();
            there = self.stream_key(cx, &target, announces);
            let starts = self.streams[here].buffer.starts_at_ms(cursor);
            let meets = starts.and_then(|ms| self.streams[there].buffer.starting_at(ms));
            let Some(ordinal) = meets else { return };
            let entry = &self.table[key];
            let from = self.rung_of(entry);
            let Ok(moved) = entry.subscription.moved(from, to, stream_has_room) else {
                return;
            };
            other = Some((moved, ordinal));
        }
        self.leave_wheel(key);
        let wheel = self.streams[there].wheel_at(to);
        let joined = &mut self.streams[there].wheels[wheel];
        let slot = joined.insert(key as u32, cx.clock.now_ms());
        // What has been published since the last cycle of the new cohort is sent in the next one.
        joined.request_flush();
        let entry = &mut self.table[key];
        (entry.stream, entry.wheel, entry.slot) = (there as u32, wheel as u32, slot);
        if let Some((moved, ordinal)) = other {
            entry.subscription = moved;
            entry.listener.resume_at(ordinal);
        }
    }

    fn rung_of(&self, entry: &Entry) -> Rung {
        self.streams[entry.stream as usize].wheels[entry.wheel as usize].rung()
    }

    /// The key of a stream, which is taken in when it is first needed.
    fn stream_key(&mut self, cx: &ShardContext, stream: &Arc<Stream>, announces: bool) -> usize {
        let known = self.streams.iter().find(|(_, known)| known.is_of(stream));
        if let Some((key, _)) = known {
            return key;
        }
        self.streams
            .insert(ShardStream::new(&cx.edge, stream, announces))
    }

    fn leave_wheel(&mut self, key: usize) {
        let entry = &self.table[key];
        let (slot, wheel) = (entry.slot, entry.wheel as usize);
        let wheel = &mut self.streams[entry.stream as usize].wheels[wheel];
        if let Some(moved) = wheel.remove(slot) {
            self.table[moved as usize].slot = slot;
        }
    }

    fn close(&mut self, cx: &ShardContext, key: usize, cause: CloseCause) {
        self.leave_wheel(key);
        let Entry {
            mut socket,
            subscription,
            ..
        } = self.table.remove(key);
        cx.unwatch(&mut socket.tcp);
        match cause {
            CloseCause::Ended => socket.finish(),
            CloseCause::Disconnected => {}
            CloseCause::Refused(outcome) => {
                cx.edge.count().refuse_if(outcome.reason());
                match outcome {
                    Outcome::Reset { .. } => socket.reset(),
                    _ => socket.finish(),
                }
            }
        }
        drop(subscription);
        cx.release_socket();
        if self.table.is_empty() {
            let now_ms = cx.clock.now_ms();
            self.blocked.turn(now_ms, 0, &cx.status.gauge);
        }
    }
}

#[cfg(test)]
impl Listeners {
    /// Fills the wheel of a rung as if so many had joined, none of whom is there.
    pub(super) fn insert_absent(
        &mut self,
        cx: &ShardContext,
        stream: &Arc<Stream>,
        rung: Rung,
        listeners: usize,
    ) {
        let key = self.stream_key(cx, stream, true);
        let wheel = self.streams[key].wheel_at(rung);
        for _ in 0..listeners {
            self.streams[key].wheels[wheel].insert(u32::MAX, 0);
        }
    }

    /// The first half of [`Self::flush_due`], for all streams: takes what was published.
    pub(super) fn sync_all(&mut self, cx: &ShardContext) -> Vec<(usize, bool)> {
        let now_ms = cx.clock.now_ms();
        let synced = self
            .streams
            .iter_mut()
            .map(|(key, stream)| (key, stream.sync(&cx.edge, now_ms)));
        synced.collect()
    }

    /// The other half: sends.
    pub(super) fn flush_synced(&mut self, cx: &ShardContext, synced: &[(usize, bool)]) {
        let now_ms = cx.clock.now_ms();
        for (stream, urgent) in synced {
            self.flush_stream(cx, *stream, *urgent, now_ms);
        }
    }
}
