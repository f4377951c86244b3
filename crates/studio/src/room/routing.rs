//! How a session's sound is put into the mixer.

use stentor_core::stage::{SeatOrder, SessionKind};
use stentor_media::mix::{Mixer, MixerError, StripKind, StripPlace};

use super::session::{Session, Strip};

/// Where an order puts the strips of its seat.
pub(super) fn place_of(order: &SeatOrder) -> StripPlace {
    match (order.on_stage, order.on_air) {
        (true, true) => StripPlace::OnAir,
        (true, false) => StripPlace::OnStage,
        (false, _) => StripPlace::GreenRoom,
    }
}

/// Adds a session's strip to the mixer, as the last order wants it.
pub(super) fn route_to_mixer(
    mixer: &mut Mixer,
    session: &Session,
    strip: &Strip,
) -> Result<(), MixerError> {
    let kind = match session.kind {
        _ if session.voice.is_some() => StripKind::InProcess,
        SessionKind::LineIn => StripKind::LineIn,
        SessionKind::Browser | SessionKind::Monitor => StripKind::Microphone,
    };
    mixer.add(strip.id, kind)?;
    mixer.set_place(strip.id, strip.place)?;
    mixer.set_loopback(strip.id, session.loopback.is_some())?;
    mixer.set_original(strip.id, session.original_sound)?;
    mixer.set_muted(strip.id, strip.desired.muted)
}
