//! The player inside another page: oEmbed 1.0, as a document that is the same for everyone.
//!
//! So `maxwidth` and `maxheight` of a request change nothing in it: the size it names is below what any page that has room for a player allows, and
//! where the page lets a style stand, the player grows to the room it is given.

use serde_json::json;
use stentor_event::announcement::{CARD, Card, EMBED, event_title};
use stentor_event::listing::Listing;

/// Pixels of the player, at least.
const WIDTH: u32 = 320;
const HEIGHT: u32 = 240;
/// Pixels it grows to.
const WIDTH_MAX: u32 = 560;
/// Seconds for which it need not be asked for again.
const CACHE_AGE_S: u32 = 300;

/// As JSON.
pub(super) fn json(listing: &Listing) -> String {
    let title = event_title(listing, &listing.lang);
    let thumbnail = format!("{}?{}", listing.url(CARD), Card::of(listing).key());
    let html = format!(
        "<iframe src=\"{}\" title=\"{}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" allow=\"autoplay\" loading=\"lazy\" \
         style=\"border:0;width:100%;max-width:{WIDTH_MAX}px\"></iframe>",
        escaped(&listing.url(EMBED)),
        escaped(&title),
    );
    json!({
        "version": "1.0",
        "type": "rich",
        "title": title,
        "provider_name": listing.host_name(),
        "provider_url": listing.base_url,
        "cache_age": CACHE_AGE_S,
        "html": html,
        "width": WIDTH,
        "height": HEIGHT,
        "thumbnail_url": thumbnail,
        "thumbnail_width": 1200,
        "thumbnail_height": 630,
    })
    .to_string()
}

/// As it may stand in an attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::announce::testing::listing;

    #[test]
    fn a_title_cannot_break_out_of_the_player() {
        let listing = Listing {
            title: "\"><script>&".to_owned(),
            ..listing()
        };
        let json: serde_json::Value = serde_json::from_str(&json(&listing)).unwrap();
        assert_eq!(json["title"], "\"><script>&");
        let html = json["html"].as_str().unwrap();
        assert!(
            html.contains("title=\"&quot;&gt;&lt;script&gt;&amp;\" width"),
            "{html}"
        );
        assert_eq!(html.matches('<').count(), 2, "{html}");
        assert!(html.contains(" allow=\"autoplay\""), "{html}");
        for (name, value) in [("width", WIDTH), ("height", HEIGHT)] {
            assert!(html.contains(&format!(" {name}=\"{value}\"")), "{html}");
            assert_eq!(json[name], value);
        }
    }
}
