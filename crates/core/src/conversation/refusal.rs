//! Why a command was not obeyed.

use crate::SeatId;
use crate::event::Phase;
use core::fmt;

/// A refusal, with what was expected and what was got. It has changed nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The sender's seat is unknown or was removed.
    NoSuchSender,
    /// The seat the command is about is unknown or was removed.
    NoSuchSeat {
        /// As it was named.
        seat: SeatId,
    },
    /// The sender may not do this.
    NotAllowed,
    /// Nobody opens the microphone of another person.
    UnmuteOther,
    /// The state has moved on since the sender looked.
    StaleVersion {
        /// The version now.
        expected: u64,
        /// The version the sender saw.
        got: u64,
    },
    /// Phases only move forward.
    PhaseBackwards {
        /// The phase now.
        from: Phase,
        /// The phase asked for.
        to: Phase,
    },
    /// The event is over.
    EventEnded,
    /// Every place on stage is taken.
    StageFull {
        /// Places there are.
        max: usize,
    },
    /// Every seat of the event is taken.
    SeatsFull {
        /// Seats there are.
        max: usize,
    },
    /// The seat has no working connection, so it cannot go on stage or confirm its state.
    NotConnected,
    /// The seat only hears and cannot go on stage.
    ReceiveOnly,
    /// There is always one host: hand over first.
    HostStays,
    /// This role cannot be given in this way.
    RoleNotGiven,
    /// A name needs at least one character.
    NameEmpty,
    /// A text is too long.
    TooLong {
        /// Characters allowed.
        max: usize,
        /// Characters given.
        got: usize,
    },
    /// A text has line breaks, control characters, or characters that turn the direction of writing.
    ControlCharacters,
}

impl Refusal {
    /// The word used in every wire format; the key of its translations.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoSuchSender => "no_such_sender",
            Self::NoSuchSeat { .. } => "no_such_seat",
            Self::NotAllowed => "not_allowed",
            Self::UnmuteOther => "unmute_other",
            Self::StaleVersion { .. } => "stale_version",
            Self::PhaseBackwards { .. } => "phase_backwards",
            Self::EventEnded => "event_ended",
            Self::StageFull { .. } => "stage_full",
            Self::SeatsFull { .. } => "seats_full",
            Self::NotConnected => "not_connected",
            Self::ReceiveOnly => "receive_only",
            Self::HostStays => "host_stays",
            Self::RoleNotGiven => "role_not_given",
            Self::NameEmpty => "name_empty",
            Self::TooLong { .. } => "too_long",
            Self::ControlCharacters => "control_characters",
        }
    }
}

impl fmt::Display for Refusal {
    /// One clear sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchSender => f.write_str("Your seat is no longer part of this event."),
            Self::NoSuchSeat { seat } => write!(f, "Seat {seat} is not part of this event."),
            Self::NotAllowed => f.write_str("Only the host and co-hosts can do this."),
            Self::UnmuteOther => {
                f.write_str("Only the person themselves can open their microphone.")
            }
            Self::StaleVersion { expected, got } => write!(
                f,
                "This has changed in the meantime (version {expected}, you saw {got}); please look again."
            ),
            Self::PhaseBackwards { from, to } => {
                write!(
                    f,
                    "The event is {} and cannot go back to {}.",
                    from.code(),
                    to.code()
                )
            }
            Self::EventEnded => f.write_str("The event is over."),
            Self::StageFull { max } => write!(f, "All {max} places on stage are taken."),
            Self::SeatsFull { max } => write!(
                f,
                "All {max} seats of this event are taken; remove somebody first."
            ),
            Self::NotConnected => f.write_str("This seat is not connected at the moment."),
            Self::ReceiveOnly => f.write_str("This seat can only listen."),
            Self::HostStays => f.write_str("An event always has a host; hand over first."),
            Self::RoleNotGiven => f.write_str("This role cannot be given in this way."),
            Self::NameEmpty => f.write_str("A name needs at least one character."),
            Self::TooLong { max, got } => {
                write!(f, "This text has {got} characters; {max} are allowed.")
            }
            Self::ControlCharacters => {
                f.write_str("A text cannot contain line breaks or control characters.")
            }
        }
    }
}

impl core::error::Error for Refusal {}
