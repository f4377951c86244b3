//! The way onto the stage: by a host's command, or on arrival when the operator admitted a seat beforehand.

use super::loopback::set_loopback;
use super::seat::{Place, Role, Seat, SessionKind};
use super::table::SeatTable;
use crate::id::SeatId;
use crate::limits::ON_STAGE_MAX;
use crate::output::Output;
use crate::refusal::Refusal;
use crate::step::StepContext;

impl SeatTable {
    /// Puts a seat on stage, or says why not. Somebody who is there already stays.
    ///
    /// Nobody goes there of whom nothing was heard, unless that is said not to matter: a dead microphone is found out before air.
    pub(super) fn bring_on_stage(
        &mut self,
        seat: SeatId,
        unheard: bool,
        cx: &mut StepContext<'_>,
    ) -> Result<(), Refusal> {
        let full = self.on_stage_count() >= ON_STAGE_MAX;
        let held = self.target(seat)?;
        if held.role == Role::Monitor {
            return Err(Refusal::ReceiveOnly);
        }
        if held.on_stage() {
            return Ok(());
        }
        let session = held.session.as_mut().ok_or(Refusal::NotConnected)?;
        if full {
            return Err(Refusal::StageFull { max: ON_STAGE_MAX });
        }
        if !held.heard && !unheard {
            return Err(Refusal::NotHeard { seat });
        }
        // A line has nobody who could confirm the mute state.
        session.ready |= session.kind == SessionKind::LineIn;
        held.place = Place::OnStage;
        set_loopback(held, false, cx);
        cx.out.push(Output::Mixer(held.order(cx.phase)));
        cx.changes.public();
        cx.changes.persist = true;
        Ok(())
    }

    /// The operator's word for one seat. A full stage refuses it like anybody: it waits in the green room.
    pub(crate) fn admit_on_arrival(&mut self, seat: SeatId, cx: &mut StepContext<'_>) {
        if let Some(held) = self.active_mut(seat) {
            held.admit_on_arrival = true;
            self.follow_arrival(seat, cx);
        }
    }

    /// Brings a seat on stage that was admitted beforehand and is connected.
    pub(super) fn follow_arrival(&mut self, seat: SeatId, cx: &mut StepContext<'_>) {
        let waits = |held: &Seat| held.admit_on_arrival && held.session.is_some();
        if !cx.phase.is_over() && self.active(seat).is_some_and(waits) {
            // Refused only by a full stage: a host sees the seat in the green room and admits it when there is room.
            let _ = self.bring_on_stage(seat, true, cx);
        }
    }
}
