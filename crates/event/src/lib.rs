//! One running event: its room in the studio, its programme on the edge, its recording, its public face, and the director
//! that steps its conversation.
//!
//! It sees no HTTP server and no accounts: whoever is let in has a seat and a role. `stentor-api` is one way in,
//! [`open_event::OpenEvent`] is the way in for all of them.
//!
//! # Layers
//!
//! A module may import only those above it.
//!
//! | module | what | knows |
//! |---|---|---|
//! | `clock` | the clocks | `core` |
//! | `about` | what an event says of itself in streams and files | `core`, `media` |
//! | `air` | where an event is in its life, and whether it is recorded | `core` |
//! | `lang` | the languages of the pages | |
//! | `json` | wire forms as JSON | |
//! | `encode_once` | a value for many readers, encoded once | |
//! | `budgets` | how much whoever holds a seat's link may send | `core` |
//! | `counters` | what was recorded, kept and published, and what was not | |
//! | `links` | stage links as capabilities | |
//! | `texts` | texts in several languages, as JSON | `core` |
//! | `history` | the history of an event, as the store keeps it | `core` |
//! | `status` | `status.json` and the notices in the sound | `core` |
//! | `snapshot` | a conversation at rest, as the store keeps it | `core` |
//! | `compress` | bytes compressed once for many readers | `edge` |
//! | `embedding` | whose pages may show an event's player | |
//! | `record` | what is known of an event beside its conversation, and its making | `core` |
//! | `picture` | the picture that a host gives an event | `core`, `cluster` |
//! | `listing` | what an event is to those who list it | `core` |
//! | `announcement` | what is published about an event besides its page: words, dates, the head of its page, and who makes the rest | `edge` |
//! | `pages` | the listener's page and the built files | `edge` |
//! | `amendment` | what an operator wants changed about an event | `core` |
//! | `recordings` | the files of a recording | `cluster` |
//! | `catalog` | the events of a store | `cluster`, `media` |
//! | `reminders` | reminders by mail: kept, written, sent | `core`, `cluster`, `catalog` |
//! | `snapshot_writer` | writes the newest state to the store | `cluster` |
//! | `transcode` | AAC and MP3 by a child process | `media`, `cluster`, `edge` |
//! | `recorder` | writes programme and speakers to disk | `media`, `cluster` |
//! | `replay` | makes the replay as the history wants it | `core`, `media`, `cluster` |
//! | `reports` | what room, recorder and store report to the director, the newest of each | `studio` |
//! | `stats` | how one event is doing, in numbers | `core`, `studio` |
//! | `programme` | the streams of an event, and the room's way into them | `media`, `studio`, `edge` |
//! | `board` | all events of a server as they are listed | `core`, `edge` |
//! | `file_links` | links to files for a short time | `edge` |
//! | `publisher` | what the public sees of one event | `edge` |
//! | `director` | steps the conversation, carries out what it wants | `core`, `studio` |
//! | `host_recordings` | the files of a recording, for its host | `cluster` |
//! | `host_picture` | what a host does with the picture | `cluster` |
//! | `open_event` | an event that is open | `studio` |
//! | `demo` | the demonstration event | `media`, `cluster` |
//! | `services` | what every event is opened with | all |
//! | `assemble` | puts the parts of an event together | all |
//! | `waiting` | an event that waits for a place | `edge` |
//! | `registry` | the events that are open here, and those that wait | all |
//! | `testing` | a server around one event, for tests of other crates | all |

mod about;
mod air;
mod amendment;
pub mod announcement;
mod assemble;
mod board;
mod budgets;
pub mod catalog;
pub mod clock;
mod compress;
mod counters;
pub mod demo;
mod director;
pub mod embedding;
mod encode_once;
mod file_links;
mod history;
mod host_picture;
mod host_recordings;
mod json;
pub mod lang;
pub mod links;
pub mod listing;
pub mod open_event;
pub mod pages;
pub mod picture;
mod programme;
mod publisher;
pub mod record;
mod recorder;
mod recordings;
mod registry;
pub mod reminders;
mod replay;
mod reports;
mod services;
mod snapshot;
mod snapshot_writer;
mod stats;
mod status;
pub mod testing;
pub mod texts;
mod transcode;
mod waiting;

pub use board::Board;
pub use budgets::SeatBudget;
pub use counters::EventCounters;
pub use director::{Acted, Joined, OfferingPage, PAGE_MESSAGES_MAX, PageMessage, PageSender};
pub use encode_once::EncodeOnce;
pub use host_picture::{HostPicture, HostPictureError};
pub use host_recordings::{HostFile, HostRecordings, HostReplay, HostSpan};
pub use json::json;
pub use open_event::{
    ConnectError, ConnectRequest, Connected, Endpoint, IceUpdate, IceUpdateError, OpenEvent,
};
pub use programme::cadence_box;
pub use registry::{EventRegistry, Hindrance, RegistryStats};
pub use reports::StageLevels;
pub use services::{EventPolicy, EventServices};
pub use stats::EventStats;
pub use stentor_core::{PageId, PageKey};
pub use transcode::{Ffmpeg, FfmpegError, FfmpegSource};
