//! What is published about an event besides its page: what a page says of it to networks and search engines, the words and dates that
//! calendars, feeds, cards and the front page share, and who makes all those.
//!
//! Every text may come from anybody: it is made fit to stand on a line here, and escaped where it is written. Nothing here knows the
//! time: `now` is an argument where it is needed.

mod announcer;
mod card;
mod dates;
mod head;
mod json_ld;
mod moment;
mod paths;
#[cfg(test)]
pub(crate) mod testing;
mod text;
mod words;

pub use announcer::{Announcer, PublicDocument};
pub use card::{Card, CardMood};
pub use dates::{calendar_utc, date, duration_iso, iso_8601, iso_utc, mail_date, written, zone};
pub use head::{HeadLink, HeadMeta, PageHead, page_head};
pub use json_ld::json_ld;
pub use moment::Moment;
pub use paths::{
    CALENDAR, CARD, CHAPTERS, EMBED, FEED, HLS, MP3, MP4, OEMBED, OGG, REPLAY, REPLAY_MP3,
    SERVER_CALENDAR, SERVER_FEED, event_paths,
};
pub use text::{DESCRIPTION_CHARS_MAX, event_title, line, name, paragraphs, title};
pub use words::{Words, words};
