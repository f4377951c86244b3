//! Rest and return: a conversation as a snapshot, and back.

use super::abandoned::AbandonedTimer;
use super::idle::IdleTimer;
use super::machine::Conversation;
use super::notices::NoticePacer;
use super::snapshot::{SeatSnapshot, Snapshot, SnapshotError};
use crate::event::{Alarms, ConditionWatch, EventState};
use crate::limits::{ON_STAGE_MAX, SEATS_MAX};
use crate::now::Now;
use crate::schedule::Schedule;
use crate::stage::{Place, Role, Seat, SeatTable};
use alloc::vec::Vec;

impl Conversation {
    /// What survives a restart.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let event = &self.event;
        Snapshot {
            history: event.schedule.history().to_vec(),
            message: event.message.clone(),
            recorded: event.recorded,
            next_seat: self.stage.next_seat(),
            notice_id: self.notices.last_id(),
            seats: self.stage.iter().map(seat_at_rest).collect(),
        }
    }

    /// The conversation as it was, with nobody connected: places, mutes and the phase stay; who comes back takes their
    /// place by the same handshake as after any lost connection.
    ///
    /// # Errors
    /// If the snapshot is one that no conversation can have written.
    pub fn restore(snapshot: Snapshot, now: Now) -> Result<Self, SnapshotError> {
        check(&snapshot)?;
        let seats: Vec<Seat> = snapshot
            .seats
            .into_iter()
            .map(|seat| seat_restored(seat, now))
            .collect();
        Ok(Self {
            event: EventState {
                schedule: Schedule::restore(snapshot.history)?,
                condition: ConditionWatch::new(now),
                alarms: Alarms::default(),
                message: snapshot.message,
                recorded: snapshot.recorded,
            },
            stage: SeatTable::new(seats, snapshot.next_seat),
            listeners: 0,
            pages: 0,
            idle: IdleTimer::default(),
            abandoned: AbandonedTimer::default(),
            notices: NoticePacer::new(snapshot.notice_id, now),
        })
    }
}

fn seat_at_rest(seat: &Seat) -> SeatSnapshot {
    SeatSnapshot {
        seat: seat.id,
        name: seat.name.clone(),
        role: seat.role,
        place: seat.place,
        muted: seat.muted,
        mute_version: seat.mute_version,
        muted_by_host: seat.muted_by_host,
        page: seat.page,
    }
}

fn seat_restored(snapshot: SeatSnapshot, now: Now) -> Seat {
    let mut seat = Seat::new(snapshot.seat, snapshot.name, snapshot.role);
    seat.place = snapshot.place;
    seat.muted = snapshot.muted;
    seat.mute_version = snapshot.mute_version;
    seat.muted_by_host = snapshot.muted_by_host;
    seat.page = snapshot.page;
    seat.away_since = Some(now);
    seat
}

fn check(snapshot: &Snapshot) -> Result<(), SnapshotError> {
    let seats = &snapshot.seats;
    if seats.len() > SEATS_MAX {
        return Err(SnapshotError::TooManySeats {
            max: SEATS_MAX,
            got: seats.len(),
        });
    }
    for (index, seat) in seats.iter().enumerate() {
        let twice = seats[..index].iter().any(|other| other.seat == seat.seat);
        if twice || seat.seat.0 >= snapshot.next_seat {
            return Err(SnapshotError::SeatNumber { seat: seat.seat });
        }
        let impossible = match seat.role {
            Role::Host => seat.place == Place::Removed,
            Role::Monitor => seat.place == Place::OnStage,
            _ => false,
        };
        if impossible {
            return Err(SnapshotError::SeatPlace { seat: seat.seat });
        }
    }
    let hosts = seats.iter().filter(|seat| seat.role == Role::Host).count();
    if hosts != 1 {
        return Err(SnapshotError::Hosts { got: hosts });
    }
    let on_stage = seats
        .iter()
        .filter(|seat| seat.place == Place::OnStage)
        .count();
    if on_stage > ON_STAGE_MAX {
        return Err(SnapshotError::TooManyOnStage {
            max: ON_STAGE_MAX,
            got: on_stage,
        });
    }
    Ok(())
}
