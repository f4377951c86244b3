//! What follows from the levels the mixer measures: who is speaking, whose microphone is silent.

use super::Conversation;
use super::output::{Output, Warning};
use super::turn::Turn;
use crate::limits::SEATS_MAX;
use crate::stage::{Seat, SeatLevel};

impl Conversation {
    pub(super) fn levels(&mut self, levels: &[SeatLevel], turn: &mut Turn<'_>) {
        for level in levels.iter().take(SEATS_MAX) {
            let Some(seat) = self.table.live_mut(level.seat) else {
                continue;
            };
            // A silenced strip may be measured on the way in; what it says is nobody's business.
            if seat.silenced() {
                continue;
            }
            turn.changes.speaking |= seat.speaking.hear(turn.now, level.voice) && seat.on_stage();
            if seat.silence.hear(turn.now, level.digital_silence) {
                warn(seat, turn);
            }
        }
    }

    /// Lets speakers fall silent, also when no levels come any more.
    pub(super) fn expire_speaking(&mut self, turn: &mut Turn<'_>) {
        for seat in self.table.iter_mut() {
            turn.changes.speaking |= seat.speaking.expire(turn.now) && seat.on_stage();
        }
    }
}

/// A seat is no longer heard: it does not speak, and its silence means nothing.
pub(super) fn hush(seat: &mut Seat, turn: &mut Turn<'_>) {
    turn.changes.speaking |= seat.speaking.stop() && seat.on_stage();
    if seat.silence.clear() {
        warn(seat, turn);
    }
}

fn warn(seat: &Seat, turn: &mut Turn<'_>) {
    let (id, warning) = (seat.id, Warning::SilentMicrophone);
    turn.changes.stage = true;
    turn.out.push(if seat.silence.warned() {
        Output::Warn { seat: id, warning }
    } else {
        Output::WarnCleared { seat: id, warning }
    });
}
