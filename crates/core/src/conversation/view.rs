//! What pages show: one reading of the whole conversation, the same for every listener.

use crate::event::{Alarm, Condition, ConditionKind, Phase};
use crate::id::SeatId;
use crate::output::SeatWarning;
use crate::schedule::Standing;
use crate::stage::{Place, Role, Seat};
use crate::text::Texts;
use alloc::string::String;
use alloc::vec::Vec;

/// Everything there is to show. Listeners are shown a part of it; stage pages all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct View {
    /// What is planned, and what has become of it.
    pub schedule: Standing,
    /// Version of the schedule, to be sent back with a command.
    pub schedule_version: u64,
    /// What is wrong, if anything.
    pub condition: Condition,
    /// Alarms that are on; for hosts.
    pub alarms: Vec<Alarm>,
    /// Listeners now.
    pub listeners: u64,
    /// The host's line to listeners; empty if there is none.
    pub message: Texts,
    /// Whether what is on air is recorded.
    pub recorded: bool,
    /// When it is ended because everybody has left it, in milliseconds since 1970; known once nobody has been there for a while.
    pub ends_unix_ms: Option<i64>,
    /// Number of the last notice.
    pub notice_id: u64,
    /// In the order of invitation. Listeners are shown those on stage ([`View::on_stage`]).
    pub seats: Vec<SeatView>,
}

/// One seat to show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SeatView {
    /// Which.
    pub seat: SeatId,
    /// As listeners read it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Where it is.
    pub place: Place,
    /// Whether it has a working connection.
    pub connected: bool,
    /// Desired mute state.
    pub muted: bool,
    /// Its version, to be sent back with a command.
    pub mute_version: u64,
    /// Whether the page of its session has confirmed the mute state. While `connected` and not `ready`, that page is
    /// expected to send [`StageCommand::Ready`](crate::stage::StageCommand::Ready); a line-in becomes ready when it is admitted.
    pub ready: bool,
    /// What the mixer does: what a mute button shows. True without a session.
    pub mixer_muted: bool,
    /// A host has muted it, and nobody has opened it since.
    pub muted_by_host: bool,
    /// Its microphone gave something since it is connected, while it was open or in the green room.
    pub heard: bool,
    /// Whom it hears alone, as a host may.
    pub pre_listens: Option<SeatId>,
    /// Whether it is speaking, on stage or in the green room; false while muted.
    pub speaking: bool,
    /// What is wrong with it: the gravest.
    pub warning: Option<SeatWarning>,
}

impl View {
    /// Where the event is in its life.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.schedule.phase
    }

    /// What it is called.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.schedule.title
    }

    /// The announced beginning, in milliseconds since 1970.
    #[must_use]
    pub fn starts_unix_ms(&self) -> Option<i64> {
        self.schedule.start.as_ref().map(|start| start.unix_ms)
    }

    /// When what listeners should know began, in milliseconds since 1970: the trouble if there is one, else the phase.
    #[must_use]
    pub const fn since_unix_ms(&self) -> i64 {
        match self.condition.kind {
            ConditionKind::Ok => self.schedule.since_unix_ms,
            _ => self.condition.since_unix_ms,
        }
    }

    /// Those who have a place on stage, connected or not.
    pub fn on_stage(&self) -> impl Iterator<Item = &SeatView> {
        self.seats
            .iter()
            .filter(|seat| seat.place == Place::OnStage)
    }

    /// Those whom listeners hear speaking: on stage, and on air.
    pub fn speaking(&self) -> impl Iterator<Item = SeatId> + '_ {
        let on_air = self.phase() == Phase::OnAir;
        self.on_stage()
            .filter(move |seat| on_air && seat.speaking)
            .map(|seat| seat.seat)
    }

    /// One seat.
    #[must_use]
    pub fn seat(&self, seat: SeatId) -> Option<&SeatView> {
        self.seats.iter().find(|view| view.seat == seat)
    }
}

impl SeatView {
    pub(super) fn of(seat: &Seat) -> Self {
        Self {
            seat: seat.id,
            name: seat.name.clone(),
            role: seat.role,
            place: seat.place,
            connected: seat.connected(),
            muted: seat.muted,
            mute_version: seat.mute_version,
            ready: seat.session.is_some_and(|session| session.ready),
            mixer_muted: seat.session.is_none_or(|session| session.mixer_muted),
            muted_by_host: seat.muted_by_host,
            heard: seat.heard,
            pre_listens: seat.pre_listens,
            speaking: seat.speaking.speaking(),
            warning: seat.warnings.gravest(),
        }
    }
}
