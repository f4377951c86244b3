//! Names that stay for ever: UUIDs of version 5 (RFC 9562 §5.5), which are computed from what they name.

use std::fmt::Write as _;

use sha1::{Digest, Sha1};
use stentor_event::listing::Listing;

/// Of feeds, as the podcast namespace has it (`podcast:guid`).
const PODCASTS: [u8; 16] = [
    0xea, 0xd4, 0xc2, 0x36, 0xbf, 0x58, 0x58, 0xc6, 0xa2, 0xc6, 0xa6, 0xb2, 0x8d, 0x12, 0x8c, 0xb6,
];
/// Of events; our own.
const EVENTS: [u8; 16] = [
    0x5f, 0x0e, 0x7a, 0x1c, 0x93, 0x6b, 0x4d, 0x2e, 0x8a, 0x41, 0x0c, 0x57, 0xd9, 0x38, 0xb6, 0xe2,
];
const UUID_BYTES: usize = 16;

/// Of a feed, by its address without the scheme.
pub(super) fn of_feed(url: &str) -> String {
    let url = url.split_once("://").map_or(url, |(_, rest)| rest);
    uuid(PODCASTS, url.trim_end_matches('/'))
}

/// Of an event: its address with when it was made, so that neither another server's name nor another event at that address changes it.
pub(super) fn of_event(listing: &Listing) -> String {
    uuid(
        EVENTS,
        &format!("{} {}", listing.slug, listing.created_unix_ms),
    )
}

fn uuid(namespace: [u8; UUID_BYTES], name: &str) -> String {
    let hash = Sha1::new()
        .chain_update(namespace)
        .chain_update(name)
        .finalize();
    let mut bytes = [0; UUID_BYTES];
    bytes.copy_from_slice(&hash[..UUID_BYTES]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::announce::testing::listing;

    #[test]
    fn a_feed_has_the_name_that_the_podcast_namespace_gives_it() {
        for (url, guid) in [
            (
                "https://mp3s.nashownotes.com/pc20rss.xml",
                "917393e3-1b1e-5cef-ace4-edaa54e1f810",
            ),
            ("podnews.net/rss/", "9b024349-ccf0-5f69-a609-6b82873eab3c"),
        ] {
            assert_eq!(of_feed(url), guid);
        }
    }

    #[test]
    fn an_event_keeps_its_name_wherever_its_server_moves() {
        let (here, mut there) = (listing(), listing());
        there.base_url = "https://elsewhere.example".to_owned();
        there.title = "another".to_owned();
        assert_eq!(of_event(&here), of_event(&there));
        there.created_unix_ms += 1;
        assert_ne!(of_event(&here), of_event(&there));
    }
}
