//! A room without threads, sockets and clocks: what arrived and what time it is goes in, what must be done comes out.
//!
//! It keeps who is connected, obeys orders about strips, and every 20 ms mixes, publishes, records, sends everybody what
//! they hear, and reports. A panic in the code that serves one speaker removes that speaker; a panic of the mixer itself
//! costs one tick.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use stentor_core::stage::{AppliedMute, SeatOrder};
use stentor_core::{SeatId, SessionId};
use stentor_media::mix::{Mixer, MixerConfig, MixerError, StripId, TickOut};
use stentor_media::opus::{OpusEncoder, ReceivedPacket};
use stentor_media::package::hls::PlaylistCounts;
use stentor_media::package::{Packager, PackagerConfig, Published};
use stentor_media::rendition::{Rendition, TICK_SAMPLES};
use stentor_media::verify::confidence::{self, Monitor};

use super::failures::FailedAttempts;
use super::output::EngineOutput;
use super::pre_listened;
use super::return_feed::{self, ReturnFeed};
use super::routing::{place_of, route_to_mixer};
use super::session::{LoopbackDelay, LoopingRecording, Session, Strip, check_place};
use super::state::RoomStatus;
use super::stems::StemPackagers;
use super::telemetry::Telemetry;
use super::tick::TickTiming;
use crate::error::{StudioError, StudioFault};
use crate::limits::{SEAT_UNCONNECTED_MAX, SESSIONS_MAX};
use crate::peer::{DisconnectReason, ExpectedSession, PeerEvent, ReturnPacket};

/// One room.
pub struct Engine {
    mixer: Mixer,
    mixed: Box<TickOut>,
    packager: Packager,
    monitor: Monitor,
    /// Encodes the programme for all monitors at once.
    programme_encoder: OpusEncoder,
    sessions: BTreeMap<SessionId, Session>,
    /// Of seats without a session that came up since.
    failed: FailedAttempts,
    strips: BTreeMap<StripId, SessionId>,
    /// Muted already, to be removed from the mixer after the next tick, when they have faded.
    leaving: Vec<StripId>,
    orders: BTreeMap<SeatId, SeatOrder>,
    stems: StemPackagers,
    telemetry: Telemetry,
    /// There is speech in the mix and none in what is published.
    output_silent: bool,
    /// No tick comes.
    suspended: bool,
    /// The state is to be given out.
    state_changed: bool,
    published: Vec<Published>,
    next_strip: u32,
    next_connected: u64,
    ticks: u64,
}

impl Engine {
    /// A room whose programme begins at `first_position`, a boundary of all renditions.
    ///
    /// # Errors
    /// When a part of the audio engine cannot be made.
    pub fn new(first_position: u64, epoch_unix_ms: i64) -> Result<Self, StudioError> {
        let packager = Packager::new(PackagerConfig {
            first_position,
            epoch_unix_ms,
        });
        Self::with_packager(packager.map_err(audio)?)
    }

    /// The playlists go on from a run before.
    pub fn go_on_from(&mut self, counts: PlaylistCounts) {
        self.packager.go_on_from(counts);
    }

    /// As [`new`](Self::new), publishing through the caller's packager.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_packager(packager: Packager) -> Result<Self, StudioError> {
        Ok(Self {
            mixer: Mixer::new(MixerConfig::default()).map_err(audio)?,
            mixed: Box::default(),
            packager,
            monitor: Monitor::new().map_err(audio)?,
            programme_encoder: return_feed::encoder().map_err(audio)?,
            sessions: BTreeMap::new(),
            failed: FailedAttempts::default(),
            strips: BTreeMap::new(),
            leaving: Vec::new(),
            orders: BTreeMap::new(),
            stems: StemPackagers::default(),
            telemetry: Telemetry::default(),
            output_silent: false,
            suspended: false,
            state_changed: false,
            published: Vec::new(),
            next_strip: 1,
            next_connected: 1,
            ticks: 0,
        })
    }

    /// Position of the next tick, in samples since the event's epoch.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.packager.position()
    }

    /// Prepares for a session whose offer was answered. A session of the same name is forgotten, and the oldest of its seat that is not
    /// connected gives way where there are many.
    ///
    /// # Errors
    /// When the places that it may have are taken.
    pub fn expect(
        &mut self,
        session: SessionId,
        expected: ExpectedSession,
        out: &mut Vec<EngineOutput>,
    ) -> Result<(), StudioFault> {
        self.make_place(expected.seat, out);
        let inserted = self.insert(session, Session::new(expected));
        self.give_state(out);
        inserted
    }

    fn make_place(&mut self, seat: SeatId, out: &mut Vec<EngineOutput>) {
        let is_waiting = |(&id, known): (&SessionId, &Session)| {
            (known.seat == seat && known.connected.is_none()).then_some(id)
        };
        // Sessions are numbered in the order of their offers.
        let waiting: Vec<SessionId> = self.sessions.iter().filter_map(is_waiting).collect();
        let too_many = (waiting.len() + 1).saturating_sub(SEAT_UNCONNECTED_MAX);
        for &session in waiting.iter().take(too_many) {
            self.end(session, DisconnectReason::Replaced, out);
        }
    }

    fn insert(&mut self, id: SessionId, session: Session) -> Result<(), StudioFault> {
        self.remove(id);
        check_place(&self.sessions, session.is_staff)?;
        self.sessions.insert(id, session);
        self.state_changed = true;
        Ok(())
    }

    /// Seats an in-process voice, looped. It is connected at once.
    pub fn play_voice(
        &mut self,
        seat: SeatId,
        session: SessionId,
        pcm: Vec<f32>,
        out: &mut Vec<EngineOutput>,
    ) {
        let Some(voice) = LoopingRecording::new(pcm) else {
            tracing::warn!(%seat, "an in-process voice without a sound was not seated");
            return;
        };
        match self.insert(session, Session::of_voice(seat, voice)) {
            Ok(()) => self.connect(session, out),
            Err(fault) => tracing::warn!(%fault, %seat, "an in-process voice was not seated"),
        }
        self.give_state(out);
    }

    /// Takes an event of a peer.
    pub fn peer(&mut self, session: SessionId, event: PeerEvent, out: &mut Vec<EngineOutput>) {
        match event {
            PeerEvent::Connected => self.connect(session, out),
            PeerEvent::HandshakeRefused => self.refused(session),
            PeerEvent::Packet(packet) => self.packet(session, packet, out),
            PeerEvent::Interrupted { on } => {
                let (known, ticks) = (self.sessions.get_mut(&session), self.ticks);
                self.state_changed |= known.is_some_and(|known| known.set_interrupted(on, ticks));
            }
            PeerEvent::Closed(reason) => self.disconnected(session, reason),
        }
        self.give_state(out);
    }

    fn connect(&mut self, session: SessionId, out: &mut Vec<EngineOutput>) {
        let Some(known) = self.sessions.get_mut(&session) else {
            // It was closed while its offer was being answered: nobody else will close its peer.
            return out.push(EngineOutput::Close(session, DisconnectReason::Requested));
        };
        if known.connected.is_some() {
            return;
        }
        known.connected = Some(self.next_connected);
        self.next_connected += 1;
        self.state_changed = true;
        let (seat, sends) = (known.seat, known.sends);
        self.failed.forget(seat);
        if sends && let Err(error) = self.add_strip(session) {
            tracing::error!(%error, %seat, "a speaker could not be added to the mixer");
            self.end(session, DisconnectReason::ProtocolError, out);
        }
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
        route_to_mixer(&mut self.mixer, known, &strip)?;
        self.next_strip += 1;
        self.strips.insert(strip.id, session);
        known.strip = Some(strip);
        Ok(())
    }

    fn packet(&mut self, session: SessionId, packet: ReceivedPacket, out: &mut Vec<EngineOutput>) {
        let Some(known) = self.sessions.get_mut(&session) else {
            return;
        };
        known.sound_at = Some(self.ticks);
        let Some(strip) = &known.strip else {
            return;
        };
        let (id, mixer) = (strip.id, &mut self.mixer);
        match catch_unwind(AssertUnwindSafe(|| mixer.receive(id, packet))) {
            Ok(Ok(())) => {}
            // The strip is removed with its session; nothing else can go wrong with a packet.
            Ok(Err(error)) => tracing::debug!(%error, %session, "a packet without a strip"),
            Err(_) => self.end(session, DisconnectReason::Panicked, out),
        }
    }

    /// Ends a session: its peer will say goodbye. Again, or for one that is not there, it does nothing.
    pub fn close(
        &mut self,
        session: SessionId,
        reason: DisconnectReason,
        out: &mut Vec<EngineOutput>,
    ) {
        self.end(session, reason, out);
        self.give_state(out);
    }

    fn end(&mut self, session: SessionId, reason: DisconnectReason, out: &mut Vec<EngineOutput>) {
        if self.sessions.contains_key(&session) {
            out.push(EngineOutput::Close(session, reason));
            self.disconnected(session, reason);
        }
    }

    fn refused(&mut self, session: SessionId) {
        if let Some(known) = self.sessions.get(&session) {
            let reason = DisconnectReason::HandshakeFailed;
            tracing::info!(seat = %known.seat, %session, %reason, "a session cannot be");
            self.failed.note(known.seat, session, reason);
            self.state_changed = true;
        }
    }

    /// Forgets a session that is over.
    fn disconnected(&mut self, session: SessionId, reason: DisconnectReason) {
        let Some(known) = self.remove(session) else {
            return;
        };
        self.telemetry.stats.disconnects.count(reason);
        let seat = known.seat;
        self.failed.note(seat, session, reason);
        match reason {
            DisconnectReason::Panicked => {
                tracing::error!(%seat, %session, "the code that serves a speaker panicked");
            }
            DisconnectReason::Flooding => {
                tracing::warn!(%seat, %session, %reason, "a session was ended");
            }
            _ => tracing::debug!(%seat, %session, %reason, "a session is over"),
        }
    }

    /// Removes a session; its strip fades out in the next tick.
    fn remove(&mut self, session: SessionId) -> Option<Session> {
        let known = self.sessions.remove(&session)?;
        self.state_changed = true;
        if let Some(strip) = &known.strip {
            self.strips.remove(&strip.id);
            if self.mixer.set_muted(strip.id, true).is_ok() {
                self.leaving.push(strip.id);
            }
        }
        Some(known)
    }

    /// Gives out the state if it has changed.
    fn give_state(&mut self, out: &mut Vec<EngineOutput>) {
        if std::mem::take(&mut self.state_changed) {
            out.push(EngineOutput::State(self.state()));
        }
    }

    /// What is so now.
    #[must_use]
    pub fn state(&self) -> RoomStatus {
        RoomStatus {
            sessions: self
                .sessions
                .iter()
                .map(|(&id, session)| (id, session.state()))
                .collect(),
            failed: self.failed.by_seat().clone(),
            mixer_late: self.telemetry.mixer_late(),
            output_silent: self.output_silent,
        }
    }

    /// Obeys an order. Strips of the seat's other sessions are muted.
    pub fn order(&mut self, order: SeatOrder) {
        if self.orders.len() >= SESSIONS_MAX && !self.orders.contains_key(&order.seat) {
            tracing::warn!(seat = %order.seat, "an order for one seat more than a room has was refused");
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
            strip.desired = AppliedMute {
                muted: order.muted || Some(session) != order.session,
                version: order.version,
            };
            let obeyed = mixer
                .set_place(strip.id, strip.place)
                .and_then(|()| mixer.set_muted(strip.id, strip.desired.muted));
            if let Err(error) = obeyed {
                tracing::error!(%error, seat = %order.seat, "an order found no strip");
            }
        }
    }

    /// Lets a speaker in the green room hear their own voice, a second later.
    pub fn loopback(&mut self, seat: SeatId, on: bool) {
        for known in self
            .sessions
            .values_mut()
            .filter(|known| known.seat == seat)
        {
            let Some(strip) = &known.strip else {
                continue;
            };
            known.loopback = on.then(LoopbackDelay::default);
            if let Err(error) = self.mixer.set_loopback(strip.id, on) {
                tracing::error!(%error, %seat, "loopback found no strip");
            }
        }
    }

    /// Lets a session hear who waits in the green room, or no longer.
    pub fn pre_listen(&mut self, session: SessionId, seat: Option<SeatId>) {
        if let Some(known) = self.sessions.get_mut(&session) {
            known.pre_listens = seat;
        }
    }

    /// Puts a notice into the next chunk of every rendition. While the room is suspended there is nobody to be told, and who comes
    /// is told everything.
    pub fn notice(&mut self, notice: &[u8]) {
        if self.suspended {
            return;
        }
        if let Err(error) = self.packager.notice(notice) {
            tracing::error!(%error, "a notice was not published");
        }
    }

    /// Whether it can be suspended now: at a boundary of all renditions, and with enough sound behind it to be resumed with.
    #[must_use]
    pub fn can_suspend(&self) -> bool {
        self.packager.can_suspend()
    }

    /// No tick comes for a while.
    pub fn suspend(&mut self, out: &mut Vec<EngineOutput>) {
        self.suspended = true;
        self.state_changed |= self.telemetry.suspend(out);
        self.give_state(out);
        out.push(EngineOutput::Suspended);
    }

    /// Goes on at `position`, a boundary, whose first sample is captured at `captured_unix_us`. What led up to the pause leads up to it
    /// once more; the ticks that are due since come as always.
    pub fn resume(&mut self, position: u64, captured_unix_us: i64, out: &mut Vec<EngineOutput>) {
        self.suspended = false;
        let resumed = self
            .packager
            .resume(position, captured_unix_us, &mut self.published);
        if let Err(error) = resumed {
            tracing::error!(%error, "the programme goes on without what led up to it");
        }
        out.extend(self.published.drain(..).map(EngineOutput::Programme));
    }

    /// Makes the next 20 ms.
    pub fn tick(&mut self, timing: TickTiming, out: &mut Vec<EngineOutput>) {
        self.feed_voices();
        self.mixer
            .pre_listen(pre_listened::strips(&self.sessions).map(|(_, strip)| strip));
        self.mix(timing.now_us);
        for id in std::mem::take(&mut self.leaving) {
            // Gone already when the mixer was made anew.
            let _ = self.mixer.remove(id);
        }
        // What leaves now was captured during the 20 ms before the tick was due.
        let captured = timing.unix_us - i64::try_from(timing.late_us).unwrap_or(0) - 20_000;
        self.record(captured, out);
        self.publish(captured, out);
        self.send_returns(out);
        self.measure();
        self.ticks += 1;
        let late = self.telemetry.mixer_late();
        let position = self.packager.position();
        self.telemetry.tick(&timing, &self.mixed, position);
        self.telemetry.stats.notices_dropped = self.packager.notices_dropped();
        self.telemetry.report(self.ticks, &mut self.sessions, out);
        self.state_changed |= self.telemetry.mixer_late() != late;
        self.give_state(out);
    }

    fn feed_voices(&mut self) {
        for known in self.sessions.values_mut() {
            if let (Some(voice), Some(strip)) = (&mut known.voice, &known.strip)
                && let Err(error) = self.mixer.receive_pcm(strip.id, &voice.next())
            {
                tracing::debug!(%error, "a tick of an in-process voice was not taken");
            }
        }
    }

    fn mix(&mut self, now_us: u64) {
        let (mixer, mixed) = (&mut self.mixer, &mut *self.mixed);
        if catch_unwind(AssertUnwindSafe(|| mixer.tick(now_us, mixed))).is_ok() {
            return;
        }
        // The programme never stops: 20 ms of silence, and a new mixer with everybody in it as they were.
        tracing::error!("the mixer panicked and is made anew");
        self.telemetry.stats.mixer_restarts += 1;
        *self.mixed = TickOut::default();
        match Mixer::new(MixerConfig::default()) {
            Ok(mixer) => self.mixer = mixer,
            Err(error) => {
                tracing::error!(%error, "there is no mixer");
                return;
            }
        }
        for (session, known) in &self.sessions {
            if let Some(strip) = &known.strip
                && let Err(error) = route_to_mixer(&mut self.mixer, known, strip)
            {
                tracing::error!(%error, %session, "a speaker could not be put back into the mixer");
            }
        }
    }

    fn record(&mut self, captured_unix_us: i64, out: &mut Vec<EngineOutput>) {
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
            out.push(EngineOutput::Stem(seat, chunk))
        });
    }

    fn publish(&mut self, captured_unix_us: i64, out: &mut Vec<EngineOutput>) {
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
            out.push(EngineOutput::Programme(published));
        }
        if let Some(alarm) = alarm {
            let silent = alarm == confidence::ConfidenceAlarm::OutputSilent;
            self.state_changed |= silent != self.output_silent;
            self.output_silent = silent;
        }
    }

    /// Sends every session what it hears.
    fn send_returns(&mut self, out: &mut Vec<EngineOutput>) {
        let timestamp = self.ticks * TICK_SAMPLES as u64;
        let waiting = pre_listened::sounds(&self.sessions, &self.mixer);
        let mixed = &*self.mixed;
        let mut programme = None;
        for (&session, known) in self
            .sessions
            .iter_mut()
            .filter(|(_, k)| k.hears && k.connected.is_some())
        {
            let strip = known.strip.as_ref().map(|strip| strip.id);
            let own = strip.and_then(|id| mixed.strips.iter().find(|strip| strip.id == id));
            let mut feed = return_feed::choose(known, own, mixed);
            if let Some(pcm) = known.pre_listens.and_then(|seat| waiting.get(&seat)) {
                feed = return_feed::with_waiting(feed, pcm, mixed);
            }
            let bytes = match feed {
                // Encoded once, whoever listens.
                ReturnFeed::Programme => programme
                    .get_or_insert_with(|| {
                        return_feed::encode(&mut self.programme_encoder, &mixed.programme)
                    })
                    .clone(),
                ReturnFeed::Own(pcm) => {
                    if known.encoder.is_none() {
                        known.encoder = return_feed::encoder().ok();
                    }
                    known
                        .encoder
                        .as_mut()
                        .and_then(|encoder| return_feed::encode(encoder, &pcm))
                }
            };
            if let Some(bytes) = bytes {
                out.push(EngineOutput::Send(
                    session,
                    ReturnPacket { timestamp, bytes },
                ));
            }
        }
    }

    /// Takes what the mixer measured of each strip, and which mutes it has applied.
    fn measure(&mut self) {
        for measured in &self.mixed.strips {
            let session = self
                .strips
                .get(&measured.id)
                .and_then(|session| self.sessions.get_mut(session));
            if let Some(strip) = session.and_then(|session| session.strip.as_mut()) {
                strip.measure(measured);
                self.state_changed |= strip.confirm_mute(measured);
                self.state_changed |= strip.note_reach(measured);
            }
        }
    }

    /// The end: says goodbye to all and gives out what is left of the recordings.
    pub fn stop(&mut self, out: &mut Vec<EngineOutput>) {
        for session in self.sessions.keys().copied().collect::<Vec<_>>() {
            self.end(session, DisconnectReason::RoomClosed, out);
        }
        self.give_state(out);
        self.stems
            .finish(|seat, chunk| out.push(EngineOutput::Stem(seat, chunk)));
    }
}

fn audio(error: impl std::error::Error + Send + Sync + 'static) -> StudioError {
    StudioError::Audio(Box::new(error))
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("sessions", &self.sessions.len())
            .finish_non_exhaustive()
    }
}
