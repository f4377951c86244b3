//! Sessions that were offered and have not come up yet: bounded, oldest first.

use crate::id::{PageKey, SeatId, SessionId};
use crate::limits::{RESERVATION_MS, RESERVATIONS_MAX, SEAT_RESERVATIONS_MAX};
use crate::now::Now;
use crate::refusal::Refusal;
use alloc::vec::Vec;

/// A session that may be answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reservation {
    pub(crate) seat: SeatId,
    pub(crate) session: SessionId,
    /// The page that made the offer.
    pub(crate) page: Option<PageKey>,
    since: Now,
}

/// All reservations of an event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reservations(Vec<Reservation>);

impl Reservations {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds one. A seat that has [`SEAT_RESERVATIONS_MAX`] loses its oldest, which is returned.
    pub(super) fn add(
        &mut self,
        seat: SeatId,
        session: SessionId,
        page: Option<PageKey>,
        now: Now,
    ) -> Result<Option<Reservation>, Refusal> {
        let of_seat = |reservation: &Reservation| reservation.seat == seat;
        let oldest = if self.0.iter().filter(|held| of_seat(held)).count() >= SEAT_RESERVATIONS_MAX
        {
            self.0.iter().position(of_seat).map(|at| self.0.remove(at))
        } else if self.0.len() >= RESERVATIONS_MAX {
            return Err(Refusal::TooManySessions {
                max: RESERVATIONS_MAX,
            });
        } else {
            None
        };
        self.0.push(Reservation {
            seat,
            session,
            page,
            since: now,
        });
        Ok(oldest)
    }

    /// The session came up or went down: takes out what was reserved for it.
    pub(super) fn take(&mut self, seat: SeatId, session: SessionId) -> Option<Reservation> {
        let at = self
            .0
            .iter()
            .position(|held| (held.seat, held.session) == (seat, session))?;
        Some(self.0.remove(at))
    }

    /// Takes out one of a seat that has none any more, if there is one.
    pub(super) fn take_of(&mut self, seat: SeatId) -> Option<Reservation> {
        let at = self.0.iter().position(|held| held.seat == seat)?;
        Some(self.0.remove(at))
    }

    /// Takes out one that has lasted too long, if there is one.
    pub(super) fn take_expired(&mut self, now: Now) -> Option<Reservation> {
        let oldest = self.0.first()?;
        (now.ms_since(oldest.since.mono_ms) >= RESERVATION_MS).then(|| self.0.remove(0))
    }
}
