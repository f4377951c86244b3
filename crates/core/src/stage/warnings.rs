//! What is wrong with each seat, and since when: told once when it begins and once when it is over.

use super::seat::{Place, Seat, SessionKind};
use super::table::SeatTable;
use super::warning_watch::{ALL, bit};
use crate::id::{SeatId, SessionId};
use crate::limits::{CANNOT_CONNECT_SHOWN_MS, FLOODING_SHOWN_MS, NOT_READY_AFTER_MS};
use crate::now::Now;
use crate::output::{Output, SeatWarning};
use crate::session_kind::ConnectFailure;
use crate::step::StepContext;

impl SeatTable {
    /// The seat asks for more than it may: connections, or messages.
    pub(crate) fn flooded(&mut self, seat: SeatId, cx: &mut StepContext<'_>) {
        if let Some(held) = self.active_mut(seat) {
            held.warnings.flooded(cx.now);
        }
    }

    /// A session of the seat failed before it was up.
    pub(crate) fn connect_failed(
        &mut self,
        seat: SeatId,
        why: ConnectFailure,
        cx: &mut StepContext<'_>,
    ) {
        if let Some(held) = self.active_mut(seat).filter(|held| !held.connected()) {
            held.warnings.failed(why, cx.now);
        }
    }

    /// A voice cannot be brought to the others' level, or can again. A report about a session that was replaced says nothing.
    pub(crate) fn out_of_reach(&mut self, seat: SeatId, session: SessionId, on: bool) {
        let held = self.active_mut(seat).and_then(|held| held.session.as_mut());
        if let Some(current) = held.filter(|current| current.id == session) {
            current.out_of_reach = on;
        }
    }

    /// Tells what has begun or is over.
    pub(crate) fn follow_warnings(&mut self, cx: &mut StepContext<'_>) {
        for seat in self.iter_mut() {
            note_held(seat, cx.now);
            for warning in ALL {
                let (on, told) = (holds(seat, warning, cx.now), seat.warnings.told);
                if on != (told & bit(warning) != 0) {
                    seat.warnings.told ^= bit(warning);
                    cx.changes.stage = true;
                    let seat = seat.id;
                    cx.out.push(if on {
                        Output::Warn { seat, warning }
                    } else {
                        Output::WarnCleared { seat, warning }
                    });
                }
            }
        }
    }
}

/// A line has nobody who could confirm anything, and waits for nobody.
fn note_held(seat: &mut Seat, now: Now) {
    let held = !seat.muted
        && seat
            .session
            .is_some_and(|session| session.kind == SessionKind::Browser && !session.ready);
    let since = seat.warnings.held_mono_ms;
    seat.warnings.held_mono_ms = held.then(|| since.unwrap_or(now.mono_ms));
}

fn holds(seat: &Seat, warning: SeatWarning, now: Now) -> bool {
    let within = |at: Option<u64>, ms| at.is_some_and(|at| now.ms_since(at) < ms);
    let lasts = |since: Option<u64>, ms| since.is_some_and(|since| now.ms_since(since) >= ms);
    let watch = &seat.warnings;
    let failed = |how| {
        let at = watch
            .failed
            .and_then(|(at, why)| (why == how).then_some(at));
        within(at, CANNOT_CONNECT_SHOWN_MS)
    };
    seat.place != Place::Removed
        && match warning {
            SeatWarning::Flooding => within(watch.flooded_mono_ms, FLOODING_SHOWN_MS),
            SeatWarning::HandshakeFailed => failed(ConnectFailure::Handshake),
            SeatWarning::NotReached => failed(ConnectFailure::NeverReached),
            SeatWarning::NotReady => lasts(watch.held_mono_ms, NOT_READY_AFTER_MS),
            SeatWarning::SilentMicrophone => seat.silence.silent(),
            SeatWarning::TooQuiet => {
                let listened_to = seat.connected() && (!seat.silenced() || seat.waits());
                listened_to && seat.session.is_some_and(|session| session.out_of_reach)
            }
        }
}
