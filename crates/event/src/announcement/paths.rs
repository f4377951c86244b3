//! Where what is published about an event is found.

/// The event as a calendar file, below the event.
pub const CALENDAR: &str = "/event.ics";
/// The picture that networks show, below the event.
pub const CARD: &str = "/card.png";
/// The player inside another page (oEmbed), below the event.
pub const OEMBED: &str = "/oembed.json";
/// The player that other pages embed, below the event.
pub const EMBED: &str = "/embed";
/// The event as a feed, below the event.
pub const FEED: &str = "/feed.xml";
/// The replay, below the event, once that is over.
pub const REPLAY: &str = "/replay.mp4";
/// The same in MP3, where there is any.
pub const REPLAY_MP3: &str = "/replay.mp3";
/// The chapters of its replay, below the event.
pub const CHAPTERS: &str = "/chapters.json";
/// Its sound in HLS, below the event.
pub const HLS: &str = "/index.m3u8";
/// Its sound in Ogg Opus, below the event.
pub const OGG: &str = "/ogg/live.ogg";
/// Its sound in fragmented MP4, below the event.
pub const MP4: &str = "/48/live.mp4";
/// Its sound in MP3, below the event, where there is any.
pub const MP3: &str = "/live.mp3";
/// All events of the server as a calendar.
pub const SERVER_CALENDAR: &str = "/events.ics";
/// All events of the server as a feed.
pub const SERVER_FEED: &str = "/feed.xml";

/// Paths of all that is announced about one event, for who takes it away.
#[must_use]
pub fn event_paths(slug: &str) -> Vec<String> {
    [CALENDAR, CARD, OEMBED, FEED, CHAPTERS]
        .iter()
        .map(|below| format!("/e/{slug}{below}"))
        .collect()
}
