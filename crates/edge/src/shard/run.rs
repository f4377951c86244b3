//! The thread of a shard: newcomers in, turns given, leavers out.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use mio::net::{TcpStream, UnixStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use stentor_core::admission::Rung;

use super::client::{Client, SPACE_BYTES, SWEEP_MS, client_of};
use super::clock::Clock;
use super::cohort::CadenceFrames;
use super::files::Files;
use super::handoff::{Handoff, LiveResponse, ServeAs, ShardStatus};
use super::listener::{CloseCause, FlushContext, Flushed, Listener, SlowLimits};
use super::returns::ReturnChannel;
use super::socket::Socket;
use super::stream_buffer::StreamBuffer;
use super::table;
use super::wheel::{FlushWheel, Slot, TICK_MS};
use crate::accept::Permit;
use crate::counters::{Refusal, add};
use crate::edge::Edge;
use crate::family::Told;
use crate::limits::AcceptLimits;
use crate::stream::{Place, Stream};

const INBOX: Token = Token(usize::MAX);

/// Events taken from the kernel at a time.
const EVENTS: usize = 512;

/// Newcomers taken in before listeners have their turn.
const HANDOFFS_PER_WAKE: usize = 128;

/// A slot that is visited later than this is late, ms.
const LATE_MS: u64 = 2 * TICK_MS;

/// One listener with everything it holds.
pub(super) struct Entry {
    socket: Socket,
    pub(super) listener: Listener,
    pub(super) track: u32,
    pub(super) wheel: u32,
    pub(super) slot: Slot,
    pub(super) place: Place,
    _permit: Permit,
}

/// User memory of one listener on a plain socket, bytes, beside its slot.
#[cfg(test)]
pub(super) const ENTRY_BYTES: usize = size_of::<Entry>();

/// One stream with its listeners here, one wheel for each rung as on which some of them are served.
pub(super) struct Track {
    pub(super) frames: StreamBuffer,
    pub(super) wheels: Vec<FlushWheel>,
    words: CadenceFrames,
}

/// See the module.
pub(super) struct Shard {
    pub(super) edge: Edge,
    pub(super) status: Arc<ShardStatus>,
    pub(super) poll: Poll,
    inbox: UnixStream,
    handoffs: Receiver<Handoff>,
    pub(super) returns: ReturnChannel,
    pub(super) limits: AcceptLimits,
    slow_limits: SlowLimits,
    pub(super) entries: Slab<Entry>,
    pub(super) tracks: Slab<Track>,
    pub(super) clients: Slab<Client>,
    /// Clients whose turn it is.
    pub(super) due: VecDeque<usize>,
    /// Clients whose turn it is in the next tick.
    pub(super) later: Vec<usize>,
    /// The tick in which [`Self::later`] was emptied.
    pub(super) later_since: u64,
    pub(super) files: Files,
    /// Into which is read what clients send, and what they are sent of files.
    pub(super) space: Box<[u8]>,
    /// When it is looked next for clients whose time is over, ms.
    sweep_ms: u64,
    pub(super) clock: Clock,
    /// When the last wait ended, µs.
    woke_us: u64,
    more_waits: bool,
}

impl Shard {
    pub(super) fn new(
        edge: Edge,
        status: Arc<ShardStatus>,
        inbox: std::os::unix::net::UnixStream,
        handoffs: Receiver<Handoff>,
        returns: ReturnChannel,
        limits: AcceptLimits,
    ) -> io::Result<Self> {
        inbox.set_nonblocking(true)?;
        let mut inbox = UnixStream::from_std(inbox);
        let poll = Poll::new()?;
        poll.registry()
            .register(&mut inbox, INBOX, Interest::READABLE)?;
        let slow_limits = SlowLimits {
            stall_ms: limits.live_stall_ms,
            overtaken_max: edge.limits().overtaken_max,
        };
        Ok(Self {
            edge,
            status,
            poll,
            inbox,
            handoffs,
            returns,
            limits,
            slow_limits,
            entries: Slab::new(),
            tracks: Slab::new(),
            clients: Slab::new(),
            due: VecDeque::new(),
            later: Vec::new(),
            later_since: 0,
            files: Files::default(),
            space: vec![0; SPACE_BYTES].into(),
            sweep_ms: 0,
            clock: Clock::start(),
            woke_us: 0,
            more_waits: false,
        })
    }

    /// Until nobody can send newcomers any more: the port was left, and with it whoever has not gone by then.
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        let mut open = true;
        while open {
            let waits = self.now_us();
            self.gauge_busy(waits);
            if let Err(error) = self.poll.poll(&mut events, self.wait())
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "a shard cannot wait for its sockets");
                return;
            }
            self.woke_us = self.now_us();
            let mut inbox = self.more_waits;
            for event in &events {
                match event.token() {
                    INBOX => inbox = true,
                    token if let Some(client) = client_of(token) => self.on_ready(client, event),
                    Token(key) => self.drain_input(key),
                }
            }
            if inbox {
                open = self.take_handoffs();
            }
            self.serve_due(self.woke_us);
            let now_ms = self.now_ms();
            if now_ms >= self.sweep_ms {
                self.sweep_ms = now_ms + SWEEP_MS;
                self.expire(now_ms);
            }
            let turns = self.now_us();
            self.flush_due();
            let turns_us = self.now_us() - turns;
            add(&self.status.gauge.turns_us, turns_us);
        }
    }

    fn gauge_busy(&self, now_us: u64) {
        add(&self.status.gauge.busy_us, now_us - self.woke_us);
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    pub(super) fn now_us(&self) -> u64 {
        self.clock.now_us()
    }

    /// Until something must be done: at most a tick where there are listeners, since the news is looked for then.
    fn wait(&self) -> Option<Duration> {
        if self.more_waits || !self.due.is_empty() {
            return Some(Duration::ZERO);
        }
        let now_us = self.now_us();
        let tick_us = TICK_MS * 1_000;
        if !self.entries.is_empty() || !self.later.is_empty() {
            return Some(Duration::from_micros(tick_us - now_us % tick_us));
        }
        // The last look is at a table without clients: then nobody reads.
        let to_look_at =
            !self.clients.is_empty() || self.status.gauge.reading.load(Ordering::Relaxed) > 0;
        let expire = Duration::from_millis(self.sweep_ms.saturating_sub(now_us / 1_000));
        to_look_at.then_some(expire)
    }

    /// Says whether more may come.
    fn take_handoffs(&mut self) -> bool {
        for _ in 0..HANDOFFS_PER_WAKE {
            match table::receive(&self.inbox) {
                Ok(fd) => {
                    // They follow at once; a socket whose papers never come is nobody's.
                    if let Ok(handoff) = self.handoffs.recv() {
                        self.take(fd, handoff);
                    }
                }
                Err(error) => {
                    self.more_waits = false;
                    return error.kind() != io::ErrorKind::UnexpectedEof;
                }
            }
        }
        self.more_waits = true;
        true
    }

    pub(super) fn take(&mut self, fd: Option<OwnedFd>, handoff: Handoff) {
        let Some(fd) = fd else {
            self.edge.count().refuse(Refusal::NoDescriptor);
            self.evict_one();
            return;
        };
        #[cfg(test)]
        assert!(
            !self.status.panics_next.load(Ordering::Relaxed),
            "told to panic"
        );
        let tcp = TcpStream::from_std(std::net::TcpStream::from(fd));
        let socket = Socket::new(tcp, handoff.tls);
        match handoff.serve_as {
            ServeAs::Listener(live) => self.add_listener(socket, handoff.permit, live),
            ServeAs::Client { peer, kept_alive } => {
                self.register(socket, peer, kept_alive, handoff.permit);
            }
        }
    }

    /// A socket less.
    pub(super) fn evict_one(&self) {
        self.status.gauge.sockets.fetch_sub(1, Ordering::Relaxed);
    }

    /// Makes a listener of it.
    pub(super) fn add_listener(&mut self, mut socket: Socket, permit: Permit, live: LiveResponse) {
        let track = self.track(live.place.stream());
        let rung = self.entry_rung(track, live.rung);
        let wheel = self.wheel(track, rung);
        let knows = Told::of(&live.place.asked(), Rung::REST, None);
        let now_ms = self.now_ms();
        let vacant = self.entries.vacant_entry();
        let key = vacant.key();
        let watched =
            self.poll
                .registry()
                .register(&mut socket.tcp, Token(key), Interest::READABLE);
        if watched.is_err() {
            return self.evict_one();
        }
        let slot = self.tracks[track].wheels[wheel].insert(key as u32, now_ms);
        vacant.insert(Entry {
            socket,
            listener: Listener::new(live.head, live.chunked, knows),
            track: track as u32,
            wheel: wheel as u32,
            slot,
            place: live.place,
            _permit: permit,
        });
        // It hears at once, whoever's turn it is.
        self.flush_to(key, now_ms);
    }

    pub(super) fn track(&mut self, stream: &Arc<Stream>) -> usize {
        let known = self
            .tracks
            .iter()
            .find(|(_, track)| Arc::ptr_eq(track.frames.stream(), stream));
        if let Some((key, _)) = known {
            return key;
        }
        let mut frames = StreamBuffer::new(stream.clone());
        frames.sync();
        self.tracks.insert(Track {
            words: CadenceFrames::of(&self.edge, stream),
            frames,
            wheels: Vec::new(),
        })
    }

    /// At most one a rung.
    pub(super) fn wheel(&mut self, track: usize, rung: Rung) -> usize {
        let Track { frames, wheels, .. } = &mut self.tracks[track];
        if let Some(known) = wheels.iter().position(|wheel| wheel.rung() == rung) {
            return known;
        }
        let (flush_ms, chunk_ms) = {
            let stream = frames.stream();
            (stream.terms(rung).flush_ms, stream.spec().chunk_ms)
        };
        wheels.push(FlushWheel::new(rung, flush_ms.into(), chunk_ms.into()));
        wheels.len() - 1
    }

    pub(super) fn flush_due(&mut self) {
        let now_ms = self.now_ms();
        let rung = self.edge.inside();
        let tracks: Vec<usize> = self.tracks.iter().map(|(key, _)| key).collect();
        for track in tracks {
            let news = self.tracks[track].frames.sync();
            let leaving = self.tracks[track].frames.closing();
            // Where listeners cannot be told, those who are in stay as they are.
            let kin = self.tracks[track].frames.stream().kin();
            let told = kin.is_some_and(|kin| kin.told);
            let Track { words, frames, .. } = &mut self.tracks[track];
            let leaves = words.follow(&self.edge, frames.stream());
            for wheel in 0..self.tracks[track].wheels.len() {
                if told {
                    self.tracks[track].wheels[wheel].follow(rung, now_ms);
                }
                if news && leaving || leaves {
                    // Who must go is told at once, whoever's turn it is.
                    for slot in 0..self.tracks[track].wheels[wheel].slot_count() {
                        self.flush_slot(track, wheel, slot);
                    }
                } else if news {
                    self.tracks[track].wheels[wheel].request_flush();
                }
                while let Some((slot, late_ms)) = self.tracks[track].wheels[wheel].next_due(now_ms)
                {
                    add(&self.edge.count().turns, 1);
                    if late_ms > LATE_MS {
                        add(&self.edge.count().turns_late, 1);
                    }
                    self.flush_slot(track, wheel, slot);
                }
            }
            if self.tracks[track].wheels.iter().all(FlushWheel::is_empty) {
                self.tracks.remove(track);
            }
        }
    }

    fn flush_slot(&mut self, track: usize, wheel: usize, slot: usize) {
        // One look at the clock for all of them: it costs a tenth of a send.
        let now_ms = self.now_ms();
        // Backwards: who leaves gives its slot to one that had its turn.
        for index in (0..self.tracks[track].wheels[wheel].listeners(slot).len()).rev() {
            let key = self.tracks[track].wheels[wheel].listeners(slot)[index];
            self.flush_to(key as usize, now_ms);
        }
    }

    fn flush_to(&mut self, key: usize, now_ms: u64) {
        let goes = self.destination(key, now_ms);
        self.flush_up_to(key, goes, now_ms);
    }

    /// One turn of a listener; with `goes` up to where it changes over, and then what it is given there.
    fn flush_up_to(&mut self, key: usize, goes: Option<Rung>, now_ms: u64) {
        let Some((track, wheel)) = self.entries.get(key).map(|e| (e.track, e.wheel as usize))
        else {
            return;
        };
        let until = self.splice_at(key, goes);
        let entry = &mut self.entries[key];
        let track = &mut self.tracks[track as usize];
        let rung = track.wheels[wheel].announced_rung();
        let turn = FlushContext {
            frames: &track.frames,
            told: track.words.at(rung),
            burst_ms: track.frames.stream().terms(rung).burst_ms,
            until,
            slow_limits: self.slow_limits,
            now_ms,
        };
        let (mut sent, mut taken) = (0, 0);
        let mut wire = entry.socket.counted(&mut taken);
        let visit = entry.listener.flush(turn, &mut wire, &mut sent);
        add(&self.edge.count().visits, 1);
        if taken > 0 {
            add(&self.edge.count().bytes_sent, taken);
        }
        match visit {
            Flushed::CaughtUp => {
                if let Some(to) = goes {
                    // Its turn is not over: what there is beyond the boundary it gets now, not in a whole interval.
                    self.switch(key, to);
                    self.flush_up_to(key, None, now_ms);
                }
            }
            Flushed::Blocked => {
                add(&self.edge.count().blocked, 1);
                // It is looked at again also when nothing is published any more.
                track.wheels[entry.wheel as usize].request_flush();
            }
            Flushed::Closed(over) => self.close(key, over),
        }
    }

    fn drain_input(&mut self, key: usize) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        let mut read = 0;
        let over = entry.socket.drain_input(&mut read);
        add(&self.edge.count().bytes_received, read);
        if let Some(over) = over {
            self.close(key, over);
        }
    }

    /// Takes a listener out of its wheel.
    pub(super) fn leave_wheel(&mut self, key: usize) {
        let entry = &self.entries[key];
        let (slot, wheel) = (entry.slot, entry.wheel as usize);
        let wheel = &mut self.tracks[entry.track as usize].wheels[wheel];
        if let Some(moved) = wheel.remove(slot) {
            self.entries[moved as usize].slot = slot;
        }
    }

    fn close(&mut self, key: usize, cause: CloseCause) {
        self.leave_wheel(key);
        let Entry {
            mut socket, place, ..
        } = self.entries.remove(key);
        let _ = self.poll.registry().deregister(&mut socket.tcp);
        match cause {
            CloseCause::Ended => socket.finish(),
            CloseCause::Disconnected => {}
            CloseCause::Stalled => {
                self.edge.count().refuse(Refusal::WriteStall);
                socket.reset();
            }
            CloseCause::TooSlow => socket.reset(),
        }
        drop(place);
        self.evict_one();
    }
}
