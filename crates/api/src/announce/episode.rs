//! What a feed says of an event, whether it is heard now or again.

use stentor_event::announcement::{DESCRIPTION_CHARS_MAX, name, paragraphs, words};
use stentor_event::listing::Listing;

use super::xml::Xml;

/// People named of one event.
const PEOPLE_MAX: usize = 64;

/// Of the sound as MP4, and as MP3.
pub(super) const MP4_TYPE: &str = "audio/mp4";
pub(super) const MP3_TYPE: &str = "audio/mpeg";

/// What is said of an event, whether it is heard now or again.
pub(super) fn about(xml: &mut Xml, listing: &Listing) {
    let words = words(&listing.lang);
    xml.text("link", &listing.url(""));
    let about = listing.said(&listing.description, &listing.lang);
    let parts = [
        words.change(listing),
        about.map(|about| paragraphs(about, DESCRIPTION_CHARS_MAX)),
        words.with(listing, PEOPLE_MAX),
    ];
    let parts: Vec<_> = parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    // An item has a title or a description (RSS 2.0), and the title may be empty.
    let description = if parts.is_empty() {
        listing.url("")
    } else {
        parts.join("\n\n")
    };
    xml.text("description", &description);
    xml.text("itunes:author", &words.names(listing, PEOPLE_MAX));
    if let Some(picture) = &listing.picture {
        xml.empty("itunes:image", &[("href", &listing.absolute(picture))]);
    }
    for person in listing.people.iter().take(PEOPLE_MAX) {
        xml.text_with(
            "podcast:person",
            &[("role", &name(&person.role))],
            &name(&person.name),
        );
    }
}

/// The one file that every reader knows of; its length in bytes, 0 where it has no end.
pub(super) fn enclosure(xml: &mut Xml, url: &str, kind: &str, length: u64) {
    let length = length.to_string();
    xml.empty(
        "enclosure",
        &[("url", url), ("type", kind), ("length", &length)],
    );
}

/// Another form of the same sound.
pub(super) struct Alternate {
    /// As RFC 6381 has them.
    pub(super) codecs: &'static str,
    /// Bytes; 0 where it has no end.
    pub(super) length: u64,
    /// Whether the enclosure is this one.
    pub(super) is_same: bool,
}

impl Alternate {
    pub(super) fn write(&self, xml: &mut Xml, url: &str, kind: &str) {
        let length = self.length.to_string();
        let mut attributes = vec![("type", kind), ("codecs", self.codecs)];
        if self.length > 0 {
            attributes.push(("length", &length));
        }
        if self.is_same {
            attributes.push(("default", "true"));
        }
        xml.within("podcast:alternateEnclosure", &attributes, |xml| {
            xml.empty("podcast:source", &[("uri", url)]);
        });
    }
}
