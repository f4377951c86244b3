//! One seat: who holds it, where it is, what its microphone is allowed to do.

use super::silence::SilenceWatch;
use super::speaking::SpeakingWatch;
use super::warning_watch::WarningWatch;
use crate::bucket::{Rate, TokenBucket};
use crate::codes::codes;
use crate::id::{PageKey, SeatId, SessionId};
use crate::limits::{OFFER_EACH_MS, OFFERS_BURST};
use crate::now::Now;
use crate::output::SeatOrder;
use crate::phase::Phase;
pub(super) use crate::session_kind::SessionKind;
use alloc::string::String;

/// How often a seat may make an offer.
pub(super) const OFFERS: Rate = Rate {
    burst: OFFERS_BURST,
    each_ms: OFFER_EACH_MS,
};

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

/// The speaking session of a seat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) kind: SessionKind,
    /// The page it belongs to, as far as that has a number of its own.
    pub(crate) page: Option<PageKey>,
    /// The page has confirmed that it knows the mute state. Until then the strip is muted, whatever is desired.
    pub(crate) ready: bool,
    /// Nothing at all arrives from it at the moment.
    pub(crate) interrupted: bool,
    /// What the mixer does, by its own report.
    pub(crate) mixer_muted: bool,
    /// Version of the order that report was about.
    pub(crate) mixer_version: u64,
    /// Its voice cannot be brought to the others' level, by the mixer's report.
    pub(crate) out_of_reach: bool,
}

impl Session {
    pub(crate) const fn new(id: SessionId, kind: SessionKind, page: Option<PageKey>) -> Self {
        Self {
            id,
            kind,
            page,
            ready: false,
            interrupted: false,
            mixer_muted: true,
            mixer_version: 0,
            out_of_reach: false,
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
    /// A host has muted it, and nobody has opened it since.
    pub(crate) muted_by_host: bool,
    /// The page that was the last to confirm the mute state: it may come back as it was, another one comes back muted.
    pub(crate) page: Option<PageKey>,
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
    /// Its microphone gave something since its session is up, while it was open or in the green room.
    pub(crate) heard: bool,
    /// Whom it hears alone; hosts only.
    pub(crate) pre_listens: Option<SeatId>,
    pub(crate) warnings: WarningWatch,
    pub(super) offers: TokenBucket,
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
            muted_by_host: false,
            page: None,
            admit_on_arrival: false,
            loopback: false,
            session: None,
            monitor: None,
            away_since: None,
            speaking: SpeakingWatch::default(),
            silence: SilenceWatch::default(),
            heard: false,
            pre_listens: None,
            warnings: WarningWatch::default(),
            offers: TokenBucket::full(OFFERS),
        }
    }

    pub(crate) const fn connected(&self) -> bool {
        match self.role {
            Role::Monitor => self.monitor.is_some(),
            _ => matches!(&self.session, Some(session) if !session.interrupted),
        }
    }

    pub(crate) fn on_stage(&self) -> bool {
        self.place == Place::OnStage
    }

    /// Whether it is in the green room with a microphone: hosts see what that gives, open or not, and nobody else hears it.
    pub(crate) fn waits(&self) -> bool {
        self.place == Place::GreenRoom && self.session.is_some()
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
            self.muted_by_host = false;
            self.mute_version = self.mute_version.saturating_add(1);
        }
        changed
    }
}
