//! How Stentor keeps what must survive a process: one trait for each kind of keeping, embedded and external.
//!
//! Every call is asynchronous and has a deadline: what blocks happens on threads in here, in bounded queues, so that no
//! caller on an event loop waits for a disk. Where a store can be out of reach, reconnecting to it is for this crate.
//!
//! It is not: the programme's bytes on their way to listeners (those are in rings), a place for anything a listener needs in
//! order to hear, or a home of any domain logic: what is kept are bytes under a key.
//!
//! # Layers
//!
//! A module imports only modules of rows above its own.
//!
//! | module | what | knows |
//! |---|---|---|
//! | [`error`] | what any store can meet, by whose fault | nothing |
//! | [`answer`] | the future every method returns | nothing |
//! | [`key`] | names of what is kept | nothing |
//! | `worker` | threads for what blocks, with a queue and a deadline | `error`, `answer` |
//! | `sqlite` | opening, checking and migrating a SQLite file | `error` |
//! | `database` | a SQLite file on a thread of its own | `error`, `answer`, `worker`, `sqlite` |
//! | [`records`] | the newest state by kind and key, compare-and-set | all above |
//! | [`journal`] | streams that are only appended to | all above but `records` |
//! | [`blobs`] | named sequences of bytes, with writers | `error`, `answer`, `key`, `worker` |
//! | [`mail`] | mail to people, by SMTP | `answer` |
//! | [`testing`] | stores in memory that fail when told to | `records`, `blobs`, `mail` and what they know |

pub mod answer;
pub mod blobs;
mod database;
pub mod error;
pub mod journal;
pub mod key;
pub mod mail;
pub mod records;
mod sqlite;
pub mod testing;
mod worker;

pub use sqlite::OlderFile;
