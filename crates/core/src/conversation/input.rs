//! What can happen to a conversation.

use crate::event::{Alarm, Phase};
use crate::stage::{Role, SeatLevel, SessionKind};
use crate::{SeatId, SessionId};
use alloc::string::String;

/// One thing that happened. `Levels` borrows, because it comes ten times a second.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input<'a> {
    /// Somebody on the stage or in the green room wants something.
    Command {
        /// Who, proven by the token of the page. Need not have a session.
        by: SeatId,
        /// What.
        command: Command,
    },
    /// A session can carry media.
    SessionUp {
        /// Whose.
        seat: SeatId,
        /// Which. Never used twice.
        session: SessionId,
        /// What it is.
        kind: SessionKind,
    },
    /// A session is gone, whoever ended it.
    SessionDown {
        /// Whose.
        seat: SeatId,
        /// Which. One that is no longer the seat's session is ignored.
        session: SessionId,
    },
    /// The mixer did what an order asked: only this changes what a mute button shows.
    MuteApplied {
        /// Whose strip.
        seat: SeatId,
        /// Which session the strip belongs to.
        session: SessionId,
        /// What the strip does now.
        muted: bool,
        /// Version of the order that was obeyed.
        version: u64,
    },
    /// What the mixer measured, every 100 ms. Windows beyond [`crate::limits::SEATS_MAX`] are not looked at.
    Levels(&'a [SeatLevel]),
    /// How many listen now.
    Listeners {
        /// Listeners of the programme, on all faces.
        now: u64,
    },
    /// Something of our own began or ceased to fail.
    Alarm {
        /// What.
        alarm: Alarm,
        /// Whether it fails.
        on: bool,
    },
    /// Time passed. At least every 500 ms: conditions, warnings and notices that fall due are found on any input.
    Tick,
}

/// What a seat can ask for. Every one states the result that is wanted, never a change to be applied twice.
///
/// `version` is the version its sender saw. If the state has moved on, the command is refused, unless the state
/// already is what the command asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// Begin or end the event. Hosts.
    SetPhase {
        /// The phase wanted; phases only move forward.
        phase: Phase,
        /// Version of the phase as seen.
        version: u64,
    },
    /// Mute: oneself, or anybody as a host. Unmute: only oneself, or a line-in as a host; nobody opens the microphone
    /// of another person.
    SetMuted {
        /// Whose microphone.
        seat: SeatId,
        /// Wanted.
        muted: bool,
        /// Version of the mute state as seen.
        version: u64,
    },
    /// From the green room to the stage. Hosts, also for themselves.
    Admit {
        /// Who.
        seat: SeatId,
    },
    /// From the stage to the green room; mutes a person. Hosts, and everybody for themselves.
    ToGreenRoom {
        /// Who.
        seat: SeatId,
    },
    /// Out of the event; the link is dead and the session is closed. Hosts, and everybody but the host for themselves.
    Remove {
        /// Who.
        seat: SeatId,
    },
    /// Between guest and co-host. Hosts.
    SetRole {
        /// Who.
        seat: SeatId,
        /// [`Role::Guest`] or [`Role::CoHost`].
        role: Role,
    },
    /// Makes a guest or co-host the host; the host becomes a co-host. Hosts; this is how a co-host succeeds a lost host.
    HandOver {
        /// Who becomes host.
        seat: SeatId,
    },
    /// A new seat. Hosts.
    Invite {
        /// As listeners will read it.
        name: String,
        /// Any but [`Role::Host`].
        role: Role,
    },
    /// Another name. Hosts, and everybody for themselves.
    Rename {
        /// Who.
        seat: SeatId,
        /// As listeners will read it.
        name: String,
    },
    /// One line to every listener. Both empty: no message. Hosts.
    SetMessage {
        /// French, or empty.
        fr: String,
        /// English, or empty.
        en: String,
    },
    /// The page of this seat has a session and knows the mute state of this version: from here on it may be heard.
    Ready {
        /// The sender's own seat.
        seat: SeatId,
        /// Version of the mute state the page shows.
        muted_version: u64,
    },
}

impl Command {
    /// The word a page uses for it, also in a refusal.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SetPhase { .. } => "phase",
            Self::SetMuted { .. } => "mute",
            Self::Admit { .. } => "admit",
            Self::ToGreenRoom { .. } => "green_room",
            Self::Remove { .. } => "remove",
            Self::SetRole { .. } => "role",
            Self::HandOver { .. } => "hand_over",
            Self::Invite { .. } => "invite",
            Self::Rename { .. } => "rename",
            Self::SetMessage { .. } => "message",
            Self::Ready { .. } => "ready",
        }
    }
}
