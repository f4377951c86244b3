//! What can be done with an event, as a person asks for it.

use super::replay::{ReplayCut, ReplayOffer};
use super::start::Start;
use crate::text::{Languages, Texts};
use alloc::string::String;

/// One thing to do with an event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Act {
    /// The public may know of it.
    Announce,
    /// Let listeners into the lobby, before the doors open by themselves.
    OpenDoors,
    /// Let the programme carry the stage.
    GoOnAir,
    /// Pause it; of an event that is held already, say something else about it.
    Hold {
        /// When it goes on, in milliseconds since 1970, if that is known.
        until_unix_ms: Option<i64>,
    },
    /// Go on.
    Resume,
    /// Begin at another time, which everybody is told.
    Postpone {
        /// `None`: it is not known yet.
        start: Option<Start>,
    },
    /// It is over.
    End,
    /// It will not take place.
    Cancel,
    /// It was announced with a mistake.
    Correct(Correction),
    /// Let the public listen to the recording: at once, later, or no more.
    OfferReplay(ReplayOffer),
    /// Let them hear that part of it; [`ReplayCut::default`] is all of it.
    CutReplay(ReplayCut),
    /// Take away what was recorded, for good.
    DeleteReplay,
    /// Name what begins at a moment of the programme, or take the name away.
    Chapter {
        /// In milliseconds since 1970; `None`: now.
        at_unix_ms: Option<i64>,
        /// `None`: no chapter begins there.
        title: Option<String>,
    },
}

/// What is to be said otherwise of an event; `None` leaves it as it is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Correction {
    /// What it is called, in its default language.
    pub title: Option<String>,
    /// What it is called in its other languages.
    pub titles: Option<Texts>,
    /// In which languages it is told beside its default one.
    pub languages: Option<Languages>,
    /// The series it belongs to; blank: none.
    pub series: Option<String>,
    /// Its picture; `Some(None)`: none.
    pub picture: Option<Option<Picture>>,
    /// What it is about, in its languages.
    pub description: Option<Texts>,
    /// When it begins; `Some(None)`: no time is announced.
    pub start: Option<Option<Start>>,
    /// Whether it goes on air by itself.
    pub automatic: Option<bool>,
}

/// The picture of an event, as whoever keeps it knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Picture {
    /// Under what name its bytes are kept: another for each other picture.
    pub name: [u8; 16],
    /// Pixels in a row.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl Act {
    /// The word for it, also in a refusal.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Announce => "announce",
            Self::OpenDoors => "open_doors",
            Self::GoOnAir => "go_on_air",
            Self::Hold { .. } => "hold",
            Self::Resume => "resume",
            Self::Postpone { .. } => "postpone",
            Self::End => "end",
            Self::Cancel => "cancel",
            Self::Correct(_) => "correct",
            Self::OfferReplay(_) => "offer_replay",
            Self::CutReplay(_) => "cut_replay",
            Self::DeleteReplay => "delete_replay",
            Self::Chapter { .. } => "chapter",
        }
    }

    /// Every word that [`Self::code`] can give.
    pub const CODES: &[&str] = &[
        "announce",
        "open_doors",
        "go_on_air",
        "hold",
        "resume",
        "postpone",
        "end",
        "cancel",
        "correct",
        "offer_replay",
        "cut_replay",
        "delete_replay",
        "chapter",
    ];
}

/// An act as a seat asks for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScheduleCommand {
    /// What.
    pub act: Act,
    /// The version of the schedule that its sender saw. If somebody has done something since, it is refused, unless all already is as the
    /// act wants it.
    pub version: u64,
    /// Why, in the event's languages, for everybody to read; empty if nothing is to be said.
    pub why: Texts,
}

impl ScheduleCommand {
    /// An act without a reason.
    #[must_use]
    pub const fn new(act: Act, version: u64) -> Self {
        Self {
            act,
            version,
            why: Texts::new(),
        }
    }
}
