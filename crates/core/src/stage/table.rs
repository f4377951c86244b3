//! The table of seats: bounded, in the order of invitation.

use super::reservations::Reservations;
use super::seat::{Place, Role, Seat};
use crate::event::StagePresence;
use crate::id::SeatId;
use crate::limits::SEATS_MAX;
use crate::refusal::Refusal;
use alloc::string::String;
use alloc::vec::Vec;

/// No seat is left, and none was removed that could give up its record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SeatsFull;

/// All seats of an event.
#[derive(Clone, Debug)]
pub(crate) struct SeatTable {
    seats: Vec<Seat>,
    next_seat: u32,
    pub(super) reservations: Reservations,
}

impl SeatTable {
    pub(crate) const fn new(seats: Vec<Seat>, next_seat: u32) -> Self {
        Self {
            seats,
            next_seat,
            reservations: Reservations::new(),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Seat> {
        self.seats.iter()
    }

    pub(super) const fn len(&self) -> usize {
        self.seats.len()
    }

    pub(super) fn all(&self) -> &[Seat] {
        &self.seats
    }

    pub(super) fn all_mut(&mut self) -> &mut [Seat] {
        &mut self.seats
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Seat> {
        self.seats.iter_mut()
    }

    pub(crate) const fn next_seat(&self) -> u32 {
        self.next_seat
    }

    /// A seat, removed ones included.
    pub(crate) fn seat_mut(&mut self, id: SeatId) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.id == id)
    }

    /// A seat that was not removed.
    pub(crate) fn active(&self, id: SeatId) -> Option<&Seat> {
        self.seats
            .iter()
            .find(|seat| seat.id == id && seat.place != Place::Removed)
    }

    /// A seat that was not removed, to be changed.
    pub(crate) fn active_mut(&mut self, id: SeatId) -> Option<&mut Seat> {
        self.seat_mut(id)
            .filter(|seat| seat.place != Place::Removed)
    }

    /// A seat that was not removed, or the refusal of a command about it.
    pub(super) fn target(&mut self, seat: SeatId) -> Result<&mut Seat, Refusal> {
        self.active_mut(seat).ok_or(Refusal::NoSuchSeat { seat })
    }

    /// Makes a seat. Only a full table forgets a removed one: until then its holder is told that it was removed.
    pub(crate) fn add(&mut self, name: String, role: Role) -> Result<SeatId, SeatsFull> {
        if self.seats.len() >= SEATS_MAX {
            let removed = self
                .seats
                .iter()
                .position(|seat| seat.place == Place::Removed);
            self.seats.remove(removed.ok_or(SeatsFull)?);
        }
        let id = SeatId(self.next_seat);
        self.next_seat = self.next_seat.checked_add(1).ok_or(SeatsFull)?;
        self.seats.push(Seat::new(id, name, role));
        Ok(id)
    }

    pub(crate) fn on_stage_count(&self) -> usize {
        self.seats.iter().filter(|seat| seat.on_stage()).count()
    }

    /// Makes `next` the host, and the host a co-host.
    pub(crate) fn make_host(&mut self, next: SeatId) {
        for seat in &mut self.seats {
            if seat.id == next {
                seat.role = Role::Host;
            } else if seat.role == Role::Host {
                seat.role = Role::CoHost;
            }
        }
    }

    /// Whether anybody is connected, or about to be.
    pub(crate) fn has_sessions(&self) -> bool {
        let has_session = |seat: &Seat| seat.session.is_some() || seat.monitor.is_some();
        !self.reservations.is_empty() || self.seats.iter().any(has_session)
    }

    pub(crate) fn presence(&self) -> StagePresence {
        let mut presence = StagePresence {
            host_expected: false,
            host_present: false,
            anybody_present: false,
        };
        for seat in self.seats.iter().filter(|seat| seat.on_stage()) {
            presence.anybody_present |= seat.connected();
            if seat.role.hosts() {
                presence.host_expected = true;
                presence.host_present |= seat.connected();
            }
        }
        presence
    }
}
