//! Sessions come and go; the seat stays.

use super::Conversation;
use super::hearing::hush;
use super::output::{CloseReason, Output};
use super::turn::Turn;
use crate::limits::AWAY_MUTED_AFTER_MS;
use crate::stage::{Place, Role, Seat, Session, SessionKind};
use crate::{SeatId, SessionId};

impl Conversation {
    pub(super) fn session_up(
        &mut self,
        seat: SeatId,
        session: SessionId,
        kind: SessionKind,
        turn: &mut Turn<'_>,
    ) {
        if self.ended() {
            return turn.close(seat, session, CloseReason::Ended);
        }
        let on_air = self.on_air();
        let Some(held) = self.table.live_mut(seat) else {
            return turn.close(seat, session, CloseReason::Removed);
        };
        if is_known(held, session) {
            return;
        }
        match kind {
            SessionKind::Monitor => monitor_up(held, session, turn),
            SessionKind::Browser | SessionKind::LineIn if held.role == Role::Monitor => {
                return turn.close(seat, session, CloseReason::ReceiveOnly);
            }
            SessionKind::Browser | SessionKind::LineIn => {
                speaker_up(held, session, kind, turn);
                turn.out.push(Output::Mixer(held.order(on_air)));
            }
        }
        if held.place == Place::Invited && held.connected() {
            held.place = Place::GreenRoom;
            turn.changes.persist = true;
        }
        turn.changes.seat(held.on_stage());
    }

    pub(super) fn session_down(&mut self, seat: SeatId, session: SessionId, turn: &mut Turn<'_>) {
        let on_air = self.on_air();
        let Some(held) = self
            .table
            .live_mut(seat)
            .filter(|held| is_known(held, session))
        else {
            return;
        };
        if held.monitor == Some(session) {
            held.monitor = None;
        } else {
            held.session = None;
            held.away_since = Some(turn.now);
            hush(held, turn);
            turn.out.push(Output::Mixer(held.order(on_air)));
        }
        turn.changes.seat(held.on_stage());
    }

    pub(super) fn mute_applied(
        &mut self,
        seat: SeatId,
        session: SessionId,
        muted: bool,
        version: u64,
        turn: &mut Turn<'_>,
    ) {
        let Some(held) = self.table.live_mut(seat) else {
            return;
        };
        let on_stage = held.on_stage();
        // A late word about a session that was replaced, or about an older order, says nothing about the present.
        let Some(current) = held
            .session
            .as_mut()
            .filter(|current| current.id == session && current.mixer_version <= version)
        else {
            return;
        };
        current.mixer_version = version;
        if current.mixer_muted != muted {
            current.mixer_muted = muted;
            turn.changes.seat(on_stage);
        }
    }
}

fn is_known(seat: &Seat, session: SessionId) -> bool {
    seat.monitor == Some(session) || seat.session.is_some_and(|current| current.id == session)
}

fn monitor_up(seat: &mut Seat, session: SessionId, turn: &mut Turn<'_>) {
    if let Some(older) = seat.monitor.replace(session) {
        turn.close(seat.id, older, CloseReason::Replaced);
    }
}

/// The newer session wins: it is the page in front of the person, while the older may be a connection that died
/// without a word. It starts silenced until its page confirms the mute state; a line has no page, and its admission
/// stands.
fn speaker_up(seat: &mut Seat, session: SessionId, kind: SessionKind, turn: &mut Turn<'_>) {
    hush(seat, turn);
    let away = seat.away_since.take();
    let long = away.is_some_and(|since| turn.now.ms_since(since.mono_ms) >= AWAY_MUTED_AFTER_MS);
    // A laptop opened again hours later must not be live by itself.
    if long && kind == SessionKind::Browser && seat.set_muted(true) {
        turn.changes.persist = true;
    }
    let mut fresh = Session::new(session, kind);
    fresh.ready = kind == SessionKind::LineIn && seat.on_stage();
    if let Some(older) = seat.session.replace(fresh) {
        turn.close(seat.id, older.id, CloseReason::Replaced);
    }
}

/// Ends whatever sessions a seat has and silences its strip.
pub(super) fn close_all(seat: &mut Seat, reason: CloseReason, on_air: bool, turn: &mut Turn<'_>) {
    hush(seat, turn);
    let session = seat.session.take();
    if let Some(session) = session {
        turn.out.push(Output::Mixer(seat.order(on_air)));
        turn.close(seat.id, session.id, reason);
    }
    if let Some(monitor) = seat.monitor.take() {
        turn.close(seat.id, monitor, reason);
    }
}
