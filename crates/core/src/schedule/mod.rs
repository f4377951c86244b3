//! The life of an event: what is planned, what has happened to it, and how it stands.
//!
//! A person asks for an act ([`Act`]); what comes of it is an entry ([`Entry`]) of the event's history, to which entries are only ever
//! added: who, when, what, why. How the event stands ([`Standing`]) follows from its history and from nothing else, so that whatever is
//! shown of it anywhere, on pages, in calendars and feeds, says the same.
//!
//! ```text
//! draft ─announce─▶ announced ─▶ doors ─go_on_air─▶ on_air ─end─▶ ended
//!   │                   │  ▲       │                 │  ▲
//!   └──────cancel───────┴──┼───────┴─▶ cancelled     ▼  │
//!                          └ postpone               held
//! ```
//!
//! Doors open by themselves; going on air is a person's act, unless a host has asked for it beforehand. What is over stays over.
//!
//! It is not the programme's clock ([`crate::timeline`]), and it says nothing in words: those are for whoever shows it.

mod act;
mod entry;
mod machine;
mod replay;
mod standing;
mod start;

/// The version of the schedule of an event that was announced when it was made and to which nobody has done anything since.
pub const ANNOUNCED_VERSION: u64 = 2;

pub use act::{Act, Correction, Picture, ScheduleCommand};
pub use entry::{By, Entry, Fact};
pub use machine::HistoryError;
pub(crate) use machine::Schedule;
pub use replay::{ReplayCut, ReplayOffer, ReplayOutcome, ReplayStanding};
pub use standing::{LastAct, Standing};
pub use start::{NotAZone, Start, Zone};
