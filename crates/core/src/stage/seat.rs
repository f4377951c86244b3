//! One seat: who holds it, where it is, what its microphone is allowed to do.

use super::silence::SilenceWatch;
use super::speaking::SpeakingWatch;
use crate::codes::codes;
use crate::id::{SeatId, SessionId};
use crate::now::Now;
use crate::output::SeatOrder;
use crate::phase::Phase;
use alloc::string::String;

/// What a seat may do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// Runs the event. There is exactly one.
    Host,
    /// Can do all that the host can.
    CoHost,
    /// Speaks, by invitation.
    Guest,
    /// A line from a machine (ffmpeg, OBS), admitted from the green room like a person.
    LineIn,
    /// Hears the programme; never speaks.
    Monitor,
}

codes!(Role {
    Self::Host => "host",
    Self::CoHost => "co_host",
    Self::Guest => "guest",
    Self::LineIn => "line_in",
    Self::Monitor => "monitor",
});

impl Role {
    /// Whether this role runs the event.
    #[must_use]
    pub const fn hosts(self) -> bool {
        matches!(self, Self::Host | Self::CoHost)
    }
}

/// Where a seat is. Whoever loses the connection keeps the place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Place {
    /// Has a link, was never here.
    Invited,
    /// Checks the microphone; not heard by anybody.
    GreenRoom,
    /// Part of the programme.
    OnStage,
    /// Was removed; the link is dead.
    Removed,
}

codes!(Place {
    Self::Invited => "invited",
    Self::GreenRoom => "green_room",
    Self::OnStage => "on_stage",
    Self::Removed => "removed",
});

/// What a session is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SessionKind {
    /// A stage page: sends a microphone, hears the others. Must confirm the mute state before it is heard.
    Browser,
    /// A line-in over WHIP: sends only, has nobody to press a button.
    LineIn,
    /// Hears only (WHEP). It is no part of the stage and stands beside the seat's speaking session.
    Monitor,
}

/// The speaking session of a seat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) kind: SessionKind,
    /// The page has confirmed that it knows the mute state. Until then the strip is muted, whatever is desired.
    pub(crate) ready: bool,
    /// What the mixer does, by its own report.
    pub(crate) mixer_muted: bool,
    /// Version of the order that report was about.
    pub(crate) mixer_version: u64,
}

impl Session {
    pub(crate) const fn new(id: SessionId, kind: SessionKind) -> Self {
        Self {
            id,
            kind,
            ready: false,
            mixer_muted: true,
            mixer_version: 0,
        }
    }
}

/// One seat with everything that is known of it.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(crate) id: SeatId,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) place: Place,
    /// Desired.
    pub(crate) muted: bool,
    pub(crate) mute_version: u64,
    /// The operator admitted it beforehand, and no host has sent it to the green room since.
    pub(crate) admit_on_arrival: bool,
    /// Desired: it hears its own microphone. Only in the green room.
    pub(crate) loopback: bool,
    pub(crate) session: Option<Session>,
    pub(crate) monitor: Option<SessionId>,
    /// When its speaking session was lost, or the process began without one.
    pub(crate) away_since: Option<Now>,
    pub(crate) speaking: SpeakingWatch,
    pub(crate) silence: SilenceWatch,
}

impl Seat {
    /// A fresh seat. A person begins muted and opens the microphone; a line-in has nobody who could.
    pub(crate) fn new(id: SeatId, name: String, role: Role) -> Self {
        Self {
            id,
            name,
            role,
            place: Place::Invited,
            muted: role != Role::LineIn,
            mute_version: 1,
            admit_on_arrival: false,
            loopback: false,
            session: None,
            monitor: None,
            away_since: None,
            speaking: SpeakingWatch::default(),
            silence: SilenceWatch::default(),
        }
    }

    pub(crate) const fn connected(&self) -> bool {
        match self.role {
            Role::Monitor => self.monitor.is_some(),
            _ => self.session.is_some(),
        }
    }

    pub(crate) fn on_stage(&self) -> bool {
        self.place == Place::OnStage
    }

    /// Whether a machine is at the other end: by role, or because the link was given to one.
    pub(crate) fn is_line(&self) -> bool {
        self.role == Role::LineIn
            || self
                .session
                .is_some_and(|session| session.kind == SessionKind::LineIn)
    }

    /// Whether the mixer is ordered to silence it.
    pub(crate) fn silenced(&self) -> bool {
        self.muted || !self.session.is_some_and(|session| session.ready)
    }

    /// What the mixer shall do with it in this phase of the event.
    pub(crate) fn order(&self, phase: Phase) -> SeatOrder {
        SeatOrder {
            seat: self.id,
            session: self.session.map(|session| session.id),
            on_stage: self.on_stage(),
            on_air: phase == Phase::OnAir && self.on_stage(),
            muted: self.silenced(),
            version: self.mute_version,
        }
    }

    /// Sets the desired mute state. Returns whether it changed.
    pub(crate) fn set_muted(&mut self, muted: bool) -> bool {
        let changed = self.muted != muted;
        if changed {
            self.muted = muted;
            self.mute_version = self.mute_version.saturating_add(1);
        }
        changed
    }
}
