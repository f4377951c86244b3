//! The domain of Stentor: what is decided, without a clock, a socket or a thread.
//!
//! Everything here is a state machine that is told the time and what happened, and answers with what must be done:
//! `step(now, input, &mut out)`. The server, the tests and the simulator run the same code; tests move the time themselves.
//!
//! It is not: audio, transport, storage, translation or a wire format. No type here knows of serialisation.
//!
//! # Layers
//!
//! A module may import only modules in rows above its own.
//!
//! | module | what | knows |
//! |---|---|---|
//! | `codes` | the words that closed sets have on the wire | – |
//! | `limits` | every bound of this crate, with its unit | – |
//! | `now` | the time, as an argument | – |
//! | `bucket` | how often something may be asked for | `now` |
//! | `id` | the numbers of seats, sessions and pages | – |
//! | `timeline` | where the programme is, in samples since the event's epoch | – |
//! | `phase` | where an event is in its life | – |
//! | `refusal` | why something was not done, as data | `id`, `phase` |
//! | `text` | texts that people type, one for each language | `limits`, `refusal` |
//! | `principal` | who asks, and what their role allows | `id`, `refusal` |
//! | `schedule` | the life of an event: acts, its history, how it stands | `limits`, `now`, `id`, `phase`, `refusal`, `text` |
//! | `event` | the scheduled conversation: its phase, its condition, the host's message | `limits`, `now`, `phase`, `refusal`, `text`, `principal`, `schedule` |
//! | `session_kind` | what a session is | – |
//! | `output` | what a step wants done | `limits`, `id`, `refusal`, `event`, `session_kind` |
//! | `step` | what one step carries along | `now`, `id`, `phase`, `output` |
//! | `stage` | seats: who may speak, who is speaking, what is wrong with whom | all above but `timeline` |
//! | `conversation` | one event's conversation, the machine that ties event and stage together | all above but `timeline` |
//! | `admission` | the ladder, which decides what a newcomer costs under load | `limits`, `now`, `event` |
//! | `reminders` | who is told what about an event, and when | `now`, `bucket` |

#![no_std]

extern crate alloc;

pub mod admission;
mod bucket;
mod codes;
pub mod conversation;
pub mod event;
mod id;
pub mod limits;
mod now;
mod output;
mod phase;
mod principal;
mod refusal;
pub mod reminders;
pub mod schedule;
mod session_kind;
pub mod stage;
mod step;
mod text;
pub mod timeline;

pub use id::{PageId, PageKey, SeatId, SessionId};
pub use now::Now;
pub use text::{LanguageTag, Languages, NotALanguageTag, Texts, TextsFull, TooManyLanguages};
