//! A room without threads, sockets and clocks: what arrived and what time it is goes in, what must be done comes out.
//!
//! It keeps who is connected, obeys orders about strips, and every 20 ms mixes, publishes, records, answers every ear, and
//! reports. A panic in the code that serves one speaker removes that speaker; a panic of the desk itself costs one tick.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use stentor_core::event::Alarm;
use stentor_core::stage::{SeatOrder, SessionKind};
use stentor_core::{SeatId, SessionId};
use stentor_media::mix::{Mixer, MixerConfig, MixerError, StripId, StripKind, StripPlace, TickOut};
use stentor_media::opus::{OpusEncoder, OpusPacket};
use stentor_media::package::{Packager, PackagerConfig, Published, StemChunk};
use stentor_media::rendition::{Rendition, TICK_SAMPLES};
use stentor_media::verify::confidence::{self, Monitor};

use super::RoomEvent;
use super::report::Reports;
use super::returns::{self, Ear};
use super::session::{Delay, LoopedVoice, Session, Strip};
use super::stems::Stems;
use crate::error::{StudioError, StudioFault};
use crate::limits::SESSIONS_MAX;
use crate::peer::{CloseReason, Frame, PeerEvent};

/// The time of a tick, and how the thread fared.
#[derive(Debug, Clone, Copy, Default)]
pub struct TickTime {
    /// When the tick was due, in microseconds on the studio's [clock](crate::clock).
    pub now_us: u64,
    /// Wall clock, in microseconds since 1970.
    pub unix_us: i64,
    /// How late the tick began, in microseconds.
    pub late_us: u64,
    /// How long the tick before took, in microseconds.
    pub last_work_us: u64,
    /// Times the clock was set anew, so far.
    pub clock_resets: u64,
    /// Packets that found the room's queue full, so far.
    pub sound_dropped: u64,
}

/// What must be done.
#[derive(Debug)]
pub enum Action {
    /// Send sound to a session.
    Send(SessionId, Frame),
    /// Say goodbye to a session's peer.
    Close(SessionId, CloseReason),
    /// Give out a piece of the programme.
    Published(Published),
    /// Give out a piece of a speaker's recording.
    Stem(SeatId, StemChunk),
    /// Tell.
    Event(RoomEvent),
}

/// One room.
pub struct Engine {
    mixer: Mixer,
    mixed: Box<TickOut>,
    packager: Packager,
    monitor: Monitor,
    /// Encodes the programme for all monitors at once.
    programme_encoder: OpusEncoder,
    sessions: BTreeMap<SessionId, Session>,
    strips: BTreeMap<StripId, SessionId>,
    /// Muted already, to be taken off the desk after the next tick, when they have faded.
    leaving: Vec<StripId>,
    orders: BTreeMap<SeatId, SeatOrder>,
    stems: Stems,
    reports: Reports,
    published: Vec<Published>,
    next_strip: u32,
    next_up: u64,
    ticks: u64,
}

impl Engine {
    /// A room whose programme begins at `first_position`, a boundary of all renditions.
    ///
    /// # Errors
    ///
    /// When a part of the audio engine cannot be made.
    pub fn new(first_position: u64, epoch_unix_ms: i64) -> Result<Self, StudioError> {
        let packager = Packager::new(PackagerConfig {
            first_position,
            epoch_unix_ms,
        });
        Self::with_packager(packager.map_err(audio)?)
    }

    /// As [`new`](Self::new), publishing through the caller's packager.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_packager(packager: Packager) -> Result<Self, StudioError> {
        Ok(Self {
            mixer: Mixer::new(MixerConfig::default()).map_err(audio)?,
            mixed: Box::default(),
            packager,
            monitor: Monitor::new().map_err(audio)?,
            programme_encoder: returns::encoder().map_err(audio)?,
            sessions: BTreeMap::new(),
            strips: BTreeMap::new(),
            leaving: Vec::new(),
            orders: BTreeMap::new(),
            stems: Stems::default(),
            reports: Reports::default(),
            published: Vec::new(),
            next_strip: 1,
            next_up: 1,
            ticks: 0,
        })
    }

    /// Position of the next tick, in samples since the event's epoch.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.packager.position()
    }

    /// Prepares for a session whose offer was answered. A session of the same name is forgotten.
    ///
    /// # Errors
    ///
    /// When the room is full.
    pub fn expect(
        &mut self,
        session: SessionId,
        seat: SeatId,
        kind: SessionKind,
        sends: bool,
        hears: bool,
    ) -> Result<(), StudioFault> {
        self.take_off(session);
        if self.sessions.len() >= SESSIONS_MAX {
            return Err(StudioFault::Full { max: SESSIONS_MAX });
        }
        self.sessions
            .insert(session, Session::new(seat, kind, sends, hears));
        Ok(())
    }

    /// Seats an in-process voice, looped. It is up at once.
    pub fn line(&mut self, seat: SeatId, session: SessionId, pcm: Vec<f32>, out: &mut Vec<Action>) {
        let Some(voice) = LoopedVoice::new(pcm) else {
            tracing::warn!(%seat, "an in-process line without a sound was not seated");
            return;
        };
        if let Err(fault) = self.expect(session, seat, SessionKind::LineIn, true, false) {
            tracing::warn!(%fault, %seat, "an in-process line was not seated");
            return;
        }
        if let Some(session) = self.sessions.get_mut(&session) {
            session.line = Some(voice);
        }
        self.up(session, out);
    }

    /// Takes what a peer says.
    pub fn peer(&mut self, session: SessionId, event: PeerEvent, out: &mut Vec<Action>) {
        match event {
            PeerEvent::Connected => self.up(session, out),
            PeerEvent::Packet(packet) => self.packet(session, packet, out),
            PeerEvent::Closed(reason) => self.down(session, reason, out),
        }
    }

    fn up(&mut self, session: SessionId, out: &mut Vec<Action>) {
        let Some(known) = self
            .sessions
            .get_mut(&session)
            .filter(|known| known.up.is_none())
        else {
            return;
        };
        known.up = Some(self.next_up);
        self.next_up += 1;
        let (seat, kind, sends) = (known.seat, known.kind, known.sends);
        if sends && let Err(error) = self.add_strip(session) {
            tracing::error!(%error, %seat, "a speaker could not be put on the desk");
            self.close(session, CloseReason::Broken, out);
            return;
        }
        out.push(Action::Event(RoomEvent::Up {
            seat,
            session,
            kind,
        }));
    }

    fn add_strip(&mut self, session: SessionId) -> Result<(), MixerError> {
        let Some(known) = self.sessions.get_mut(&session) else {
            return Ok(());
        };
        let place = self
            .orders
            .get(&known.seat)
            .map(place_of)
            .unwrap_or_default();
        let strip = Strip::new(StripId(self.next_strip), place);
        put_on_desk(&mut self.mixer, known, &strip)?;
        self.next_strip += 1;
        self.strips.insert(strip.id, session);
        known.strip = Some(strip);
        Ok(())
    }

    fn packet(&mut self, session: SessionId, packet: OpusPacket, out: &mut Vec<Action>) {
        let Some(strip) = self
            .sessions
            .get(&session)
            .and_then(|known| known.strip.as_ref())
        else {
            return;
        };
        let (id, mixer) = (strip.id, &mut self.mixer);
        match catch_unwind(AssertUnwindSafe(|| mixer.receive(id, packet))) {
            Ok(Ok(())) => {}
            // The strip is taken off with its session; nothing else can go wrong with a packet.
            Ok(Err(error)) => tracing::debug!(%error, %session, "a packet without a strip"),
            Err(_) => {
                out.push(Action::Close(session, CloseReason::Panicked));
                self.down(session, CloseReason::Panicked, out);
            }
        }
    }

    /// Ends a session: its peer will say goodbye. Again, or for one that is not there, it does nothing.
    pub fn close(&mut self, session: SessionId, reason: CloseReason, out: &mut Vec<Action>) {
        if self.sessions.contains_key(&session) {
            out.push(Action::Close(session, reason));
            self.down(session, reason, out);
        }
    }

    fn down(&mut self, session: SessionId, reason: CloseReason, out: &mut Vec<Action>) {
        let Some(known) = self.take_off(session) else {
            return;
        };
        let seat = known.seat;
        if reason == CloseReason::Panicked {
            out.push(Action::Event(RoomEvent::PeerPanicked { seat, session }));
        }
        out.push(Action::Event(RoomEvent::Down {
            seat,
            session,
            reason,
        }));
    }

    /// Forgets a session; its strip fades out in the next tick.
    fn take_off(&mut self, session: SessionId) -> Option<Session> {
        let known = self.sessions.remove(&session)?;
        if let Some(strip) = &known.strip {
            self.strips.remove(&strip.id);
            if self.mixer.set_muted(strip.id, true).is_ok() {
                self.leaving.push(strip.id);
            }
        }
        Some(known)
    }

    /// Obeys an order. Strips of the seat's other sessions are muted.
    pub fn order(&mut self, order: SeatOrder) {
        if self.orders.len() >= SESSIONS_MAX && !self.orders.contains_key(&order.seat) {
            tracing::warn!(seat = %order.seat, "more seats are ordered about than a room has");
            return;
        }
        self.orders.insert(order.seat, order);
        let mixer = &mut self.mixer;
        let of_seat = self
            .sessions
            .iter_mut()
            .filter(|(_, known)| known.seat == order.seat);
        for (session, strip) in of_seat.filter_map(|(id, known)| Some((*id, known.strip.as_mut()?)))
        {
            strip.place = place_of(&order);
            strip.desired = (order.muted || Some(session) != order.session, order.version);
            let obeyed = mixer
                .set_place(strip.id, strip.place)
                .and_then(|()| mixer.set_muted(strip.id, strip.desired.0));
            if let Err(error) = obeyed {
                tracing::error!(%error, seat = %order.seat, "an order found no strip");
            }
        }
    }

    /// "This is how you sound": a speaker in the green room hears their own voice, later.
    pub fn loopback(&mut self, seat: SeatId, on: bool) {
        for known in self
            .sessions
            .values_mut()
            .filter(|known| known.seat == seat)
        {
            let Some(strip) = &known.strip else {
                continue;
            };
            known.loopback = on.then(Delay::default);
            if let Err(error) = self.mixer.set_loopback(strip.id, on) {
                tracing::error!(%error, %seat, "loopback found no strip");
            }
        }
    }

    /// Puts a notice into the next chunk of every rendition.
    pub fn notice(&mut self, notice: &[u8]) {
        if let Err(error) = self.packager.notice(notice) {
            tracing::error!(%error, "a notice was not published");
        }
    }

    /// Makes the next 20 ms.
    pub fn tick(&mut self, time: TickTime, out: &mut Vec<Action>) {
        self.feed_lines();
        self.mix(time.now_us);
        for id in std::mem::take(&mut self.leaving) {
            // Gone already when the desk was made anew.
            let _ = self.mixer.remove(id);
        }
        // What leaves now was captured during the 20 ms before the tick was due.
        let captured = time.unix_us - i64::try_from(time.late_us).unwrap_or(0) - 20_000;
        self.record(captured, out);
        self.publish(captured, out);
        self.answer_ears(out);
        self.acknowledge(out);
        self.ticks += 1;
        self.reports
            .tick(&time, &self.mixed, self.packager.position());
        self.reports.report(self.ticks, &mut self.sessions, out);
    }

    fn feed_lines(&mut self) {
        for known in self.sessions.values_mut() {
            if let (Some(voice), Some(strip)) = (&mut known.line, &known.strip)
                && let Err(error) = self.mixer.receive_pcm(strip.id, &voice.next())
            {
                tracing::debug!(%error, "a tick of an in-process line was not taken");
            }
        }
    }

    fn mix(&mut self, now_us: u64) {
        let (mixer, mixed) = (&mut self.mixer, &mut *self.mixed);
        if catch_unwind(AssertUnwindSafe(|| mixer.tick(now_us, mixed))).is_ok() {
            return;
        }
        // The programme never stops: 20 ms of silence, and a new desk with everybody on it as they were.
        tracing::error!("the desk panicked and is made anew");
        self.reports.desk_made_anew();
        *self.mixed = TickOut::default();
        match Mixer::new(MixerConfig::default()) {
            Ok(mixer) => self.mixer = mixer,
            Err(error) => {
                tracing::error!(%error, "there is no desk");
                return;
            }
        }
        for (session, known) in &self.sessions {
            if let Some(strip) = &known.strip
                && let Err(error) = put_on_desk(&mut self.mixer, known, strip)
            {
                tracing::error!(%error, %session, "a speaker could not be put back on the desk");
            }
        }
    }

    fn record(&mut self, captured_unix_us: i64, out: &mut Vec<Action>) {
        let position = self.packager.position();
        for strip in &self.mixed.strips {
            let session = self
                .strips
                .get(&strip.id)
                .and_then(|id| self.sessions.get(id));
            // What is said before and after is nobody's record.
            if let Some(known) = session.filter(|known| known.on_air()) {
                self.stems.add(known.seat, position, &strip.clean);
            }
        }
        let orders = &self.orders;
        let on_air = |seat: SeatId| orders.get(&seat).is_some_and(|order| order.on_air);
        self.stems.tick(captured_unix_us, on_air, |seat, chunk| {
            out.push(Action::Stem(seat, chunk))
        });
    }

    fn publish(&mut self, captured_unix_us: i64, out: &mut Vec<Action>) {
        let position = self.packager.position();
        let programme = &self.mixed.programme;
        let mut alarm = self
            .monitor
            .mixed(position, programme, self.mixed.mix_has_speech);
        if let Err(error) = self
            .packager
            .push(programme, captured_unix_us, &mut self.published)
        {
            tracing::error!(%error, "silence stands in the programme");
        }
        for published in self.published.drain(..) {
            if let Published::Chunk(chunk) = &published
                && chunk.rendition == Rendition::Full
            {
                alarm = self.monitor.published(chunk).or(alarm);
            }
            out.push(Action::Published(published));
        }
        if let Some(alarm) = alarm {
            let on = alarm == confidence::Alarm::OutputSilent;
            let alarm = Alarm::OutputSilent;
            out.push(Action::Event(RoomEvent::Alarm { alarm, on }));
        }
    }

    /// Sends each ear what it shall hear.
    fn answer_ears(&mut self, out: &mut Vec<Action>) {
        let timestamp = self.ticks * TICK_SAMPLES as u64;
        let mixed = &*self.mixed;
        let mut programme = None;
        for (&session, known) in self
            .sessions
            .iter_mut()
            .filter(|(_, k)| k.hears && k.up.is_some())
        {
            let strip = known.strip.as_ref().map(|strip| strip.id);
            let own = strip.and_then(|id| mixed.strips.iter().find(|strip| strip.id == id));
            let payload = match returns::choose(known, own, mixed) {
                // Encoded once, whoever listens.
                Ear::Programme => programme
                    .get_or_insert_with(|| {
                        returns::encode(&mut self.programme_encoder, &mixed.programme)
                    })
                    .clone(),
                Ear::Own(pcm) => {
                    if known.encoder.is_none() {
                        known.encoder = returns::encoder().ok();
                    }
                    known
                        .encoder
                        .as_mut()
                        .and_then(|encoder| returns::encode(encoder, &pcm))
                }
            };
            if let Some(payload) = payload {
                out.push(Action::Send(session, Frame { timestamp, payload }));
            }
        }
    }

    fn acknowledge(&mut self, out: &mut Vec<Action>) {
        for heard in &self.mixed.strips {
            let Some(&session) = self.strips.get(&heard.id) else {
                continue;
            };
            let known = self.sessions.get_mut(&session);
            let Some((seat, strip)) =
                known.and_then(|known| Some((known.seat, known.strip.as_mut()?)))
            else {
                continue;
            };
            if let Some((muted, version)) = strip.heard(heard) {
                out.push(Action::Event(RoomEvent::MuteApplied {
                    seat,
                    session,
                    muted,
                    version,
                }));
            }
        }
    }

    /// The end: says goodbye to all and gives out what is left of the recordings.
    pub fn stop(&mut self, out: &mut Vec<Action>) {
        for session in self.sessions.keys().copied().collect::<Vec<_>>() {
            self.close(session, CloseReason::RoomStopped, out);
        }
        self.stems
            .finish(|seat, chunk| out.push(Action::Stem(seat, chunk)));
    }
}

/// Puts a strip on the desk as it shall be.
fn place_of(order: &SeatOrder) -> StripPlace {
    match (order.on_stage, order.on_air) {
        (true, true) => StripPlace::OnAir,
        (true, false) => StripPlace::OnStage,
        (false, _) => StripPlace::GreenRoom,
    }
}

fn put_on_desk(mixer: &mut Mixer, session: &Session, strip: &Strip) -> Result<(), MixerError> {
    let kind = match session.kind {
        _ if session.line.is_some() => StripKind::Wire,
        SessionKind::LineIn => StripKind::LineIn,
        SessionKind::Browser | SessionKind::Monitor => StripKind::Microphone,
    };
    mixer.add(strip.id, kind)?;
    mixer.set_place(strip.id, strip.place)?;
    mixer.set_loopback(strip.id, session.loopback.is_some())?;
    mixer.set_muted(strip.id, strip.desired.0)
}

fn audio(error: impl std::fmt::Display) -> StudioError {
    StudioError::Audio(error.to_string())
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("sessions", &self.sessions.len())
            .finish_non_exhaustive()
    }
}
