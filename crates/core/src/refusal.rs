//! Why something that was asked for was not done.

use crate::codes::codes;
use crate::id::SeatId;
use crate::phase::Phase;
use thiserror::Error;

/// A refusal, with what was expected and what was got. It has changed nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Refusal {
    /// The seat of whoever asks is unknown or was removed.
    #[error("your seat is no longer part of this event")]
    NoSuchSender,
    /// The seat that is asked about is unknown or was removed.
    #[error("seat {seat} is not part of this event")]
    NoSuchSeat {
        /// As it was named.
        seat: SeatId,
    },
    /// The role does not allow it.
    #[error("only the host and co-hosts can do this")]
    NotAllowed,
    /// Nobody opens the microphone of another person.
    #[error("only the person themselves can open their microphone")]
    UnmuteOther,
    /// The state has moved on since the sender looked.
    #[error(
        "this has changed in the meantime (version {expected}, you saw {got}); please look again"
    )]
    StaleVersion {
        /// The version now.
        expected: u64,
        /// The version the sender saw.
        got: u64,
    },
    /// What is asked for is not possible where the event is in its life.
    #[error("an event that is {} has no \"{act}\"", .phase.code())]
    NotNow {
        /// The word for what was asked ([`Act::code`](crate::schedule::Act::code)).
        act: &'static str,
        /// Where the event is.
        phase: Phase,
    },
    /// The event is over.
    #[error("the event is over")]
    EventEnded,
    /// The event will not take place.
    #[error("the event was cancelled")]
    EventCancelled,
    /// A time that should lie ahead does not.
    #[error("this time has passed already")]
    TimePast,
    /// A time is years away.
    #[error("this time is more than {days_max} days away")]
    TimeFar {
        /// How far away it can be.
        days_max: i64,
    },
    /// Nothing of the programme is at that time.
    #[error("a chapter begins while the event is on air, and not in the future")]
    ChapterOutside,
    /// As many chapters as can be.
    #[error("an event has at most {max} chapters")]
    TooManyChapters {
        /// Chapters there can be.
        max: usize,
    },
    /// A cut of the replay that does not lie in the programme, or leaves next to nothing of it.
    #[error(
        "a cut lies between the beginning and the end of the programme ({begun_unix_ms} and {ended_unix_ms} ms since 1970) and leaves at least {ms_min} ms of it"
    )]
    CutOutside {
        /// When the programme began, in milliseconds since 1970.
        begun_unix_ms: i64,
        /// When it ended, in milliseconds since 1970.
        ended_unix_ms: i64,
        /// Milliseconds that a cut leaves.
        ms_min: i64,
    },
    /// What was recorded was taken away.
    #[error("the recording was deleted, for good")]
    ReplayDeleted,
    /// As much has happened as can be kept.
    #[error(
        "too much has been changed about this event (at most {max} entries); it can still go on air and end"
    )]
    HistoryFull {
        /// Entries there can be.
        max: usize,
    },
    /// Every place on stage is taken.
    #[error("all {max} places on stage are taken")]
    StageFull {
        /// Places there are.
        max: usize,
    },
    /// Every seat of the event is taken.
    #[error("all {max} seats of this event are taken; remove somebody first")]
    SeatsFull {
        /// Seats there are.
        max: usize,
    },
    /// The seat has no working connection, so it cannot go on stage or confirm its state.
    #[error("this seat is not connected at the moment")]
    NotConnected,
    /// On stage it would be an echo.
    #[error("this is only possible in the green room")]
    NotInGreenRoom,
    /// As many sessions as an event can have are being opened.
    #[error("too many people are connecting at this moment (at most {max}); please try again")]
    TooManySessions {
        /// How many there can be.
        max: usize,
    },
    /// The seat makes offers faster than anybody needs.
    #[error("this link opens connections too fast; please wait a few seconds")]
    TooManyOffers,
    /// The seat has a connection, and nothing was heard of it yet. It can be said that it does not matter.
    #[error(
        "nothing was heard from seat {seat} yet; ask them to speak, or bring them on stage all the same"
    )]
    NotHeard {
        /// Whose microphone.
        seat: SeatId,
    },
    /// The seat only hears and cannot go on stage.
    #[error("this seat can only listen")]
    ReceiveOnly,
    /// There is always one host: hand over first.
    #[error("an event always has a host; hand over first")]
    HostStays,
    /// This role cannot be given in this way.
    #[error("this role cannot be given in this way")]
    RoleNotGiven,
    /// A name needs at least one character.
    #[error("a name needs at least one character")]
    NameEmpty,
    /// A text is too long.
    #[error("this text has {got} characters; {max} are allowed")]
    TooLong {
        /// Characters allowed.
        max: usize,
        /// Characters given.
        got: usize,
    },
    /// A text has line breaks, control characters, or characters that turn the direction of writing.
    #[error("a text cannot contain line breaks or control characters")]
    ControlCharacters,
}

codes!(Refusal {
    Self::NoSuchSender => "no_such_sender",
    Self::NoSuchSeat { .. } => "no_such_seat",
    Self::NotAllowed => "not_allowed",
    Self::UnmuteOther => "unmute_other",
    Self::StaleVersion { .. } => "stale_version",
    Self::NotNow { .. } => "not_now",
    Self::EventEnded => "event_ended",
    Self::EventCancelled => "event_cancelled",
    Self::TimePast => "time_past",
    Self::TimeFar { .. } => "time_far",
    Self::ChapterOutside => "chapter_outside",
    Self::TooManyChapters { .. } => "too_many_chapters",
    Self::CutOutside { .. } => "cut_outside",
    Self::ReplayDeleted => "replay_deleted",
    Self::HistoryFull { .. } => "history_full",
    Self::StageFull { .. } => "stage_full",
    Self::SeatsFull { .. } => "seats_full",
    Self::NotConnected => "not_connected",
    Self::NotInGreenRoom => "not_in_green_room",
    Self::TooManySessions { .. } => "too_many_sessions",
    Self::TooManyOffers => "too_many_offers",
    Self::NotHeard { .. } => "not_heard",
    Self::ReceiveOnly => "receive_only",
    Self::HostStays => "host_stays",
    Self::RoleNotGiven => "role_not_given",
    Self::NameEmpty => "name_empty",
    Self::TooLong { .. } => "too_long",
    Self::ControlCharacters => "control_characters",
});

impl Refusal {
    /// `Ok` if a version seen by whoever asks is the version now.
    pub(crate) const fn unless_version(expected: u64, got: u64) -> Result<(), Self> {
        if expected == got {
            Ok(())
        } else {
            Err(Self::StaleVersion { expected, got })
        }
    }
}
