//! What follows from the levels the mixer measures: who is speaking, whose microphone is silent.

use super::level::SeatLevel;
use super::seat::Seat;
use super::table::SeatTable;
use crate::limits::SEATS_MAX;
use crate::step::StepContext;

impl SeatTable {
    pub(crate) fn hear(&mut self, levels: &[SeatLevel], cx: &mut StepContext<'_>) {
        for level in levels.iter().take(SEATS_MAX) {
            let Some(seat) = self.active_mut(level.seat) else {
                continue;
            };
            let silenced = seat.silenced();
            // What is measured of a silenced microphone on stage nobody may learn from; of one in the green room, only whether it works. Of who is
            // away it means nothing.
            if silenced && !seat.waits() || !seat.connected() {
                seat.silence.clear();
                continue;
            }
            if !silenced {
                cx.changes.speaking |= seat.speaking.hear(cx.now, level.voice) && seat.on_stage();
            }
            seat.silence.hear(cx.now, level.digital_silence);
            // Not by the absence of digital silence: of a microphone from which nothing has come yet that is not known.
            cx.changes.stage |= !seat.heard && level.sound;
            seat.heard |= level.sound;
        }
    }

    /// Lets speakers fall silent, also when no levels come any more.
    pub(crate) fn expire_speaking(&mut self, cx: &mut StepContext<'_>) {
        for seat in self.iter_mut() {
            cx.changes.speaking |= seat.speaking.expire(cx.now) && seat.on_stage();
        }
    }
}

/// A seat is no longer heard: it does not speak, its silence means nothing, and how loud its voice would be is not known.
pub(super) fn stop_hearing(seat: &mut Seat, cx: &mut StepContext<'_>) {
    cx.changes.speaking |= seat.speaking.stop() && seat.on_stage();
    seat.silence.clear();
    if let Some(session) = &mut seat.session {
        session.out_of_reach = false;
    }
}
