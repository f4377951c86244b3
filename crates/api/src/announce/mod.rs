//! What is published about events besides their pages: calendars, feeds, cards, embedded players, the front page.
//!
//! Functions of what an event is, as `event` lists it: no database, sound or clock is seen here, and nothing is different for whoever asks.
//! When something is made anew is decided by who calls.

mod calendar;
mod card;
mod chapters;
mod episode;
mod feed;
mod fonts;
mod front;
mod guid;
mod live;
mod oembed;
mod publish;
#[cfg(test)]
mod testing;
mod wrap;
mod xml;

pub use publish::Announcements;
