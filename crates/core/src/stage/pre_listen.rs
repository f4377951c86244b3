//! Pre-listening (broadcast: PFL): a host hears one who waits in the green room, alone, before bringing them on stage.

use super::seat::{Place, Seat};
use super::table::SeatTable;
use crate::id::SeatId;
use crate::output::Output;
use crate::principal::Principal;
use crate::refusal::Refusal;
use crate::step::StepContext;

impl SeatTable {
    /// A host hears this seat from now on, or nobody any more.
    pub(super) fn pre_listen(
        &mut self,
        by: Principal,
        seat: Option<SeatId>,
        cx: &mut StepContext<'_>,
    ) -> Result<(), Refusal> {
        by.must_host()?;
        if let Some(seat) = seat {
            let heard = self.target(seat)?;
            if seat == by.seat || heard.place != Place::GreenRoom {
                return Err(Refusal::NotInGreenRoom);
            }
            heard.session.ok_or(Refusal::NotConnected)?;
        }
        let host = self.target(by.seat)?;
        let session = host.session.map(|session| session.id).or(host.monitor);
        let by = session.ok_or(Refusal::NotConnected)?;
        if host.pre_listens != seat {
            host.pre_listens = seat;
            cx.out.push(Output::PreListen { by, seat });
            cx.changes.stage = true;
        }
        Ok(())
    }

    /// Ends what has lost one of its two sides.
    pub(crate) fn follow_pre_listens(&mut self, cx: &mut StepContext<'_>) {
        for at in 0..self.len() {
            let host = &self.all()[at];
            let Some(seat) = host.pre_listens else {
                continue;
            };
            let session = host.session.map(|session| session.id).or(host.monitor);
            let stays = host.role.hosts() && session.is_some();
            if stays && self.active(seat).is_some_and(Seat::waits) {
                continue;
            }
            self.all_mut()[at].pre_listens = None;
            cx.changes.stage = true;
            if let Some(by) = session {
                cx.out.push(Output::PreListen { by, seat: None });
            }
        }
    }
}
