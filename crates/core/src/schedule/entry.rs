//! What has happened to an event: one entry of its history.

use super::act::Correction;
use super::replay::{ReplayCut, ReplayOffer};
use super::start::Start;
use crate::id::SeatId;
use crate::text::{Languages, Texts};
use alloc::string::String;

/// One thing that happened. Entries are only ever added.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// When, in milliseconds since 1970.
    pub at_unix_ms: i64,
    /// Who did it.
    pub by: By,
    /// What it was.
    pub fact: Fact,
    /// Why, as whoever did it said, in the event's languages; empty if nothing was said.
    pub why: Texts,
}

/// Who did something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// Nobody: the time had come.
    Itself,
    /// Whoever can write the store.
    Operator,
    /// A host or co-host.
    Seat(SeatId),
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fact {
    /// It was made: the first entry of every history, and no other.
    Made {
        /// What it is called.
        title: String,
        /// When it was to begin.
        start: Option<Start>,
    },
    /// The public may know of it.
    Announced,
    /// Listeners are let in.
    DoorsOpened,
    /// The programme carries the stage.
    WentOnAir,
    /// It is paused, or something else is said about the pause.
    Held {
        /// When it is to go on, in milliseconds since 1970.
        until_unix_ms: Option<i64>,
    },
    /// It goes on.
    Resumed,
    /// It begins at another time, or nobody knows when.
    Postponed {
        /// When.
        start: Option<Start>,
    },
    /// It is over.
    Ended,
    /// It will not take place.
    Cancelled,
    /// Something is said otherwise.
    Corrected(Correction),
    /// The recording is for the public to hear, later, or not.
    ReplayOffered(ReplayOffer),
    /// That part of it.
    ReplayCut(ReplayCut),
    /// What was recorded is taken away: the last word about it.
    ReplayDeleted,
    /// A chapter begins, or none does any more.
    Chapter {
        /// Where in the programme, in milliseconds since 1970.
        at_unix_ms: i64,
        /// What it is called.
        title: Option<String>,
    },
}

impl Fact {
    /// The word for it, in every written form.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Made { .. } => "made",
            Self::Announced => "announced",
            Self::DoorsOpened => "doors_opened",
            Self::WentOnAir => "went_on_air",
            Self::Held { .. } => "held",
            Self::Resumed => "resumed",
            Self::Postponed { .. } => "postponed",
            Self::Ended => "ended",
            Self::Cancelled => "cancelled",
            Self::Corrected(_) => "corrected",
            Self::ReplayOffered(_) => "replay_offered",
            Self::ReplayCut(_) => "replay_cut",
            Self::ReplayDeleted => "replay_deleted",
            Self::Chapter { .. } => "chapter",
        }
    }

    /// Every word that [`Self::code`] can give.
    pub const CODES: &[&str] = &[
        "made",
        "announced",
        "doors_opened",
        "went_on_air",
        "held",
        "resumed",
        "postponed",
        "ended",
        "cancelled",
        "corrected",
        "replay_offered",
        "replay_cut",
        "replay_deleted",
        "chapter",
    ];

    /// Characters of the texts in it.
    pub(super) fn chars(&self) -> usize {
        let of = |text: &Option<String>| text.as_ref().map_or(0, |text| text.chars().count());
        match self {
            Self::Made { title, .. } => title.chars().count(),
            Self::Corrected(Correction {
                title,
                titles,
                languages,
                series,
                description,
                ..
            }) => {
                let texts = [titles, description].into_iter().flatten();
                of(title)
                    + of(series)
                    + languages.as_ref().map_or(0, Languages::chars)
                    + texts.map(Texts::chars).sum::<usize>()
            }
            Self::Chapter { title, .. } => of(title),
            _ => 0,
        }
    }
}
