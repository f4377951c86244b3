//! What can happen to a conversation.

use crate::event::{Alarm, EventCommand};
use crate::id::{PageId, PageKey, SeatId, SessionId};
use crate::schedule::Act;
use crate::stage::{AppliedMute, ConnectFailure, SeatLevel, SessionKind, StageCommand};
use crate::text::Texts;
use alloc::vec::Vec;

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
    /// A stage page was opened with the link of a seat, and wants to be shown the stage.
    Join {
        /// Which page. Never used twice.
        page: PageId,
        /// Whose link it was opened with.
        seat: SeatId,
    },
    /// Somebody offers a session for a seat. It is answered only after [`Output::Reserved`](super::Output::Reserved). If the offer comes
    /// to nothing, that is a [`Self::SessionDown`].
    Reserve {
        /// Whose.
        seat: SeatId,
        /// Which. Never used twice.
        session: SessionId,
        /// What it would be.
        kind: SessionKind,
        /// The page that makes the offer, if one does and has a number of its own.
        page: Option<PageKey>,
    },
    /// The operator admits a seat beforehand: it goes on stage as soon as it is connected, unless a host has sent it to the green
    /// room since. Not kept over a restart; to be told again after one.
    AdmitOnArrival {
        /// Who.
        seat: SeatId,
    },
    /// The operator changes the event, beside the stage.
    Amend(Amendment),
    /// The operator has renewed the links of all seats: who is there came by one that opens nothing any more.
    LinksRenewed,
    /// The link of a seat is used to send more than it may.
    Flood {
        /// Whose.
        seat: SeatId,
    },
    /// A session failed before it was up: what was offered came through, and no connection came about.
    ConnectFailed {
        /// Whose.
        seat: SeatId,
        /// What went wrong.
        why: ConnectFailure,
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
    /// Nothing at all arrives from a session any more, or something does again: whoever is at its other end is away meanwhile.
    SessionInterrupted {
        /// Whose.
        seat: SeatId,
        /// Which.
        session: SessionId,
        /// Since now, or no more.
        on: bool,
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
        /// What the mixer does with it now.
        applied: AppliedMute,
    },
    /// A voice can no longer be brought to the others' level, or can again.
    OutOfReach {
        /// Whose.
        seat: SeatId,
        /// Which session it comes from.
        session: SessionId,
        /// Whether it is out of reach.
        on: bool,
    },
    /// What the mixer measured, every 100 ms. Windows beyond [`crate::limits::SEATS_MAX`] are not looked at.
    Levels(&'a [SeatLevel]),
    /// How many listen now.
    Listeners {
        /// Listeners of the programme, on all faces.
        now: u64,
    },
    /// Somebody asked for the programme: a listener came, or a playlist, a segment or a chunk was read. Counts as somebody who is
    /// there at this moment.
    Demand,
    /// How many stage pages are open now.
    Pages {
        /// Pages that joined and have not been left.
        open: usize,
    },
    /// Something of our own began or ceased to fail.
    Alarm {
        /// What.
        alarm: Alarm,
        /// Whether it fails.
        on: bool,
    },
    /// Time passed. At least every 500 ms, while the mixer is suspended every second: conditions, warnings and notices that fall due are found on any input.
    Tick,
}

/// What an operator changes about an event.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Amendment {
    /// Whether what is on air is recorded; `None` leaves that as it is.
    pub recorded: Option<bool>,
    /// What is done with it, each with the reason that everybody reads, in this order. A title is cut at
    /// [`crate::limits::TITLE_CHARS_MAX`].
    pub acts: Vec<(Act, Texts)>,
}

/// What a seat can ask for, by what it is asked of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// Of the event.
    Event(EventCommand),
    /// Of the stage.
    Stage(StageCommand),
}

impl Command {
    /// The word a page uses for it, also in a refusal.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Event(command) => command.code(),
            Self::Stage(command) => command.code(),
        }
    }
}

impl From<EventCommand> for Command {
    fn from(command: EventCommand) -> Self {
        Self::Event(command)
    }
}

impl From<StageCommand> for Command {
    fn from(command: StageCommand) -> Self {
        Self::Stage(command)
    }
}
