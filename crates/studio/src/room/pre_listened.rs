//! Who in the green room is pre-listened to: of each such seat, the strip of its newest session.

use std::collections::BTreeMap;

use stentor_core::{SeatId, SessionId};
use stentor_media::mix::{Mixer, StripId};

use super::session::{Session, TickPcm};

/// The strips that somebody wants to hear alone.
pub(super) fn strips(
    sessions: &BTreeMap<SessionId, Session>,
) -> impl Iterator<Item = (SeatId, StripId)> {
    let wanted = sessions.values().filter_map(|known| known.pre_listens);
    wanted.filter_map(|seat| {
        let of_seat = sessions.values().filter(|known| known.seat == seat);
        let newest = of_seat.filter(|known| known.strip.is_some());
        let strip = newest.max_by_key(|known| known.connected)?.strip.as_ref()?;
        Some((seat, strip.id))
    })
}

/// What they gave in the last tick, as far as they are in the green room.
pub(super) fn sounds(
    sessions: &BTreeMap<SessionId, Session>,
    mixer: &Mixer,
) -> BTreeMap<SeatId, TickPcm> {
    let sound = |(seat, strip)| Some((seat, *mixer.waiting_sound(strip)?));
    strips(sessions).filter_map(sound).collect()
}
