//! What of a conversation survives a restart: everything but connections and what was heard.

use crate::id::{PageKey, SeatId};
use crate::schedule::{Entry, HistoryError};
use crate::stage::{Place, Role};
use crate::text::Texts;
use alloc::string::String;
use alloc::vec::Vec;
use thiserror::Error;

/// A conversation at rest. Plain data: how it is written down is the caller's affair.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// All that has happened to the event, the first first.
    pub history: Vec<Entry>,
    /// The host's line to listeners; empty if there is none.
    pub message: Texts,
    /// Whether what is on air is recorded.
    pub recorded: bool,
    /// Number of the next seat.
    pub next_seat: u32,
    /// Number of the last notice.
    pub notice_id: u64,
    /// In the order of invitation.
    pub seats: Vec<SeatSnapshot>,
}

/// One seat at rest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SeatSnapshot {
    /// Which.
    pub seat: SeatId,
    /// As listeners read it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Where it is.
    pub place: Place,
    /// Desired mute state.
    pub muted: bool,
    /// Its version.
    pub mute_version: u64,
    /// A host has muted it, and nobody has opened it since.
    pub muted_by_host: bool,
    /// The page that was the last to confirm the mute state.
    pub page: Option<PageKey>,
}

/// A snapshot that no conversation can have written: the operator's record was damaged or edited.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum SnapshotError {
    /// What is said to have happened cannot have.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// There must be exactly one host.
    #[error("the stored state of the event is damaged: it has {got} hosts, expected exactly 1")]
    Hosts {
        /// How many there are.
        got: usize,
    },
    /// More seats than an event can have.
    #[error(
        "the stored state of the event is damaged: it has {got} seats, at most {max} are possible"
    )]
    TooManySeats {
        /// How many there can be.
        max: usize,
        /// How many there are.
        got: usize,
    },
    /// More seats on stage than the stage holds.
    #[error(
        "the stored state of the event is damaged: {got} seats are on stage, at most {max} are possible"
    )]
    TooManyOnStage {
        /// How many there can be.
        max: usize,
        /// How many there are.
        got: usize,
    },
    /// A seat number occurs twice, or was not given out yet.
    #[error(
        "the stored state of the event is damaged: seat number {seat} occurs twice or was never given out"
    )]
    SeatNumber {
        /// Which.
        seat: SeatId,
    },
    /// A host who is removed, or a seat on stage that only hears.
    #[error("the stored state of the event is damaged: seat {seat} is where its role cannot be")]
    SeatPlace {
        /// Which.
        seat: SeatId,
    },
}
