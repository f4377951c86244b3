//! Sessions are reserved, come and go; the seat stays.
//!
//! A reservation is not a right: what a session may do is decided again when it is up.

use super::hearing::stop_hearing;
use super::loopback::set_loopback;
use super::reservations::Reservation;
use super::seat::{OFFERS, Place, Role, Seat, Session, SessionKind};
use super::table::SeatTable;
use crate::id::{PageKey, SeatId, SessionId};
use crate::limits::AWAY_MUTED_AFTER_MS;
use crate::output::{AppliedMute, Output, SessionEndReason};
use crate::refusal::Refusal;
use crate::step::StepContext;

impl SeatTable {
    /// Reserves a session, or says why not.
    pub(crate) fn reserve(
        &mut self,
        seat: SeatId,
        session: SessionId,
        kind: SessionKind,
        page: Option<PageKey>,
        cx: &mut StepContext<'_>,
    ) {
        let output = match self.try_reserve(seat, session, kind, page, cx) {
            Ok((kind, staff)) => Output::Reserved {
                seat,
                session,
                kind,
                staff,
            },
            Err(reason) => Output::ReservationRefused { session, reason },
        };
        cx.out.push(output);
    }

    fn try_reserve(
        &mut self,
        seat: SeatId,
        session: SessionId,
        kind: SessionKind,
        page: Option<PageKey>,
        cx: &mut StepContext<'_>,
    ) -> Result<(SessionKind, bool), Refusal> {
        if cx.phase.is_over() {
            return Err(Refusal::EventEnded);
        }
        let held = self.active_mut(seat).ok_or(Refusal::NoSuchSender)?;
        if !held.offers.take(cx.now, OFFERS) {
            held.warnings.flooded(cx.now);
            return Err(Refusal::TooManyOffers);
        }
        if held.role == Role::Monitor && kind != SessionKind::Monitor {
            return Err(Refusal::ReceiveOnly);
        }
        // At the other end of a line is a machine, whatever it offers: it would never confirm a mute state.
        let kind = match kind {
            SessionKind::Browser if held.role == Role::LineIn => SessionKind::LineIn,
            kind => kind,
        };
        if kind == SessionKind::Browser {
            // A page that connects anew says anew whether it wants to hear itself.
            set_loopback(held, false, cx);
        }
        let staff = held.role.hosts();
        if let Some(oldest) = self.reservations.add(seat, session, page, cx.now)? {
            expire(oldest, cx);
        }
        Ok((kind, staff))
    }

    /// Frees what was reserved and has not come up in time.
    pub(crate) fn expire_reservations(&mut self, cx: &mut StepContext<'_>) {
        while let Some(reservation) = self.reservations.take_expired(cx.now) {
            expire(reservation, cx);
        }
    }

    pub(crate) fn session_up(
        &mut self,
        seat: SeatId,
        session: SessionId,
        kind: SessionKind,
        cx: &mut StepContext<'_>,
    ) {
        let page = self
            .reservations
            .take(seat, session)
            .and_then(|reservation| reservation.page);
        if cx.phase.is_over() {
            return cx.close_session(seat, session, SessionEndReason::Ended);
        }
        let Some(held) = self.active_mut(seat) else {
            return cx.close_session(seat, session, SessionEndReason::Removed);
        };
        if is_known(held, session) {
            return;
        }
        match kind {
            SessionKind::Monitor => monitor_up(held, session, cx),
            SessionKind::Browser | SessionKind::LineIn if held.role == Role::Monitor => {
                return cx.close_session(seat, session, SessionEndReason::ReceiveOnly);
            }
            SessionKind::Browser | SessionKind::LineIn => {
                speaker_up(held, Session::new(session, kind, page), cx);
                cx.out.push(Output::Mixer(held.order(cx.phase)));
            }
        }
        held.warnings.connected();
        if held.place == Place::Invited && held.connected() {
            held.place = Place::GreenRoom;
            cx.changes.persist = true;
        }
        if held.loopback && held.connected() {
            // The page asked before its session was up.
            cx.out.push(Output::Loopback { seat, on: true });
        }
        cx.changes.seat(held.on_stage());
        self.follow_arrival(seat, cx);
    }

    pub(crate) fn session_interrupted(
        &mut self,
        seat: SeatId,
        session: SessionId,
        on: bool,
        cx: &mut StepContext<'_>,
    ) {
        let Some(held) = self.active_mut(seat) else {
            return;
        };
        let on_stage = held.on_stage();
        let current = held.session.as_mut();
        let Some(current) = current.filter(|current| current.id == session) else {
            return;
        };
        if current.interrupted != on {
            current.interrupted = on;
            held.away_since = on.then_some(cx.now);
            if on {
                stop_hearing(held, cx);
            }
            cx.changes.seat(on_stage);
        }
    }

    pub(crate) fn session_down(
        &mut self,
        seat: SeatId,
        session: SessionId,
        cx: &mut StepContext<'_>,
    ) {
        self.reservations.take(seat, session);
        let Some(held) = self.active_mut(seat).filter(|held| is_known(held, session)) else {
            return;
        };
        if held.monitor == Some(session) {
            held.monitor = None;
        } else {
            held.session = None;
            held.heard = false;
            held.loopback = false;
            held.away_since = held.away_since.or(Some(cx.now));
            stop_hearing(held, cx);
            cx.out.push(Output::Mixer(held.order(cx.phase)));
        }
        cx.changes.seat(held.on_stage());
    }

    pub(crate) fn mute_applied(
        &mut self,
        seat: SeatId,
        session: SessionId,
        applied: AppliedMute,
        cx: &mut StepContext<'_>,
    ) {
        let Some(held) = self.active_mut(seat) else {
            return;
        };
        let on_stage = held.on_stage();
        // A late report about a session that was replaced, or about an older order, says nothing about the present.
        let Some(current) = held
            .session
            .as_mut()
            .filter(|current| current.id == session && current.mixer_version <= applied.version)
        else {
            return;
        };
        current.mixer_version = applied.version;
        if current.mixer_muted != applied.muted {
            current.mixer_muted = applied.muted;
            cx.changes.seat(on_stage);
        }
    }
}

impl SeatTable {
    /// Ends whatever came by a link of before: whoever has the new one comes back by that. Everybody keeps their place.
    pub(crate) fn links_renewed(&mut self, cx: &mut StepContext<'_>) {
        for at in 0..self.len() {
            let seat = &mut self.all_mut()[at];
            let (id, on_stage) = (seat.id, seat.on_stage());
            if seat.session.is_some() {
                seat.away_since = seat.away_since.or(Some(cx.now));
            }
            // Also where it was asked for before there is a session.
            set_loopback(seat, false, cx);
            close_all(seat, SessionEndReason::LinkRenewed, cx);
            cx.changes.seat(on_stage);
            self.give_up_reservations(id, cx);
        }
        cx.out.push(Output::DismissPages);
    }

    /// Gives up what was reserved for a seat that is removed.
    pub(super) fn give_up_reservations(&mut self, seat: SeatId, cx: &mut StepContext<'_>) {
        while let Some(reservation) = self.reservations.take_of(seat) {
            expire(reservation, cx);
        }
    }
}

fn expire(Reservation { seat, session, .. }: Reservation, cx: &mut StepContext<'_>) {
    cx.out.push(Output::ReservationExpired { seat, session });
}

fn is_known(seat: &Seat, session: SessionId) -> bool {
    seat.monitor == Some(session) || seat.session.is_some_and(|current| current.id == session)
}

fn monitor_up(seat: &mut Seat, session: SessionId, cx: &mut StepContext<'_>) {
    if let Some(older) = seat.monitor.replace(session) {
        cx.close_session(seat.id, older, SessionEndReason::Replaced);
    }
}

/// The newer session wins: it is the page in front of the person, while the older may be a connection that died
/// without a word. It starts silenced until its page confirms the mute state; a line has no page, and its admission
/// stands.
fn speaker_up(seat: &mut Seat, mut fresh: Session, cx: &mut StepContext<'_>) {
    stop_hearing(seat, cx);
    let away = seat.away_since.take();
    let long = away.is_some_and(|since| cx.now.ms_since(since.mono_ms) >= AWAY_MUTED_AFTER_MS);
    // Who opens the link anew has touched nothing yet; who reloads the page that was live has.
    let another = seat.page != fresh.page;
    // A laptop opened again hours later must not be live by itself.
    if (long || another) && fresh.kind == SessionKind::Browser && seat.set_muted(true) {
        cx.changes.persist = true;
    }
    fresh.ready = fresh.kind == SessionKind::LineIn && seat.on_stage();
    seat.heard = false;
    // The page of the new session asks anew.
    seat.pre_listens = None;
    if let Some(older) = seat.session.replace(fresh) {
        cx.close_session(seat.id, older.id, SessionEndReason::Replaced);
    }
}

/// Ends whatever sessions a seat has and silences its strip.
pub(crate) fn close_all(seat: &mut Seat, reason: SessionEndReason, cx: &mut StepContext<'_>) {
    stop_hearing(seat, cx);
    seat.loopback = false;
    seat.heard = false;
    let session = seat.session.take();
    if let Some(session) = session {
        cx.out.push(Output::Mixer(seat.order(cx.phase)));
        cx.close_session(seat.id, session.id, reason);
    }
    if let Some(monitor) = seat.monitor.take() {
        cx.close_session(seat.id, monitor, reason);
    }
}
