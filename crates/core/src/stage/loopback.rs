//! "This is how you sound": hearing one's own microphone in the green room. On stage it would be an echo.

use super::seat::Seat;
use crate::output::Output;
use crate::step::StepContext;

/// Sets what is wanted, and tells the studio if that is new.
pub(super) fn set_loopback(seat: &mut Seat, on: bool, cx: &mut StepContext<'_>) {
    if seat.loopback != on {
        seat.loopback = on;
        cx.out.push(Output::Loopback { seat: seat.id, on });
    }
}
