//! Who makes the documents about events, and the form in which they are handed over.

use bytes::Bytes;
use http::HeaderMap;
use stentor_edge::{CacheClass, Document, DocumentBody};

use super::card::Card;
use crate::compress::compress;
use crate::listing::Listing;

/// A document that is the same for everyone.
#[derive(Clone, Debug)]
pub struct PublicDocument {
    /// Where it is found.
    pub path: String,
    /// Such as `text/calendar; charset=utf-8`.
    pub content_type: &'static str,
    /// Seconds caches may keep it.
    pub kept_s: u32,
    /// Its bytes.
    pub body: Bytes,
    /// Further headers of the answer.
    pub headers: HeaderMap,
}

impl PublicDocument {
    /// As the edge takes it, texts with their compressed forms.
    #[must_use]
    pub fn into_document(self) -> Document {
        let is_picture = self.content_type.starts_with("image/");
        Document {
            content_type: self.content_type.to_owned(),
            cache: CacheClass::Short(self.kept_s),
            body: if is_picture {
                DocumentBody::from(self.body)
            } else {
                compress(self.body)
            },
            headers: self.headers,
        }
    }
}

/// Makes the documents about events. It has no clock, and is asked anew whenever something that is listed has changed.
pub trait Announcer: Send + Sync {
    /// Those about one event, all but its card. Takes less than a millisecond.
    fn documents(&self, listing: &Listing, now_unix_ms: i64) -> Vec<PublicDocument>;

    /// Those about all events of the server: calendar, feeds, front pages.
    fn server_documents(&self, all: &[Listing], now_unix_ms: i64) -> Vec<PublicDocument>;

    /// The picture that networks show of an event. Takes tens of milliseconds of processor time: it is made on a thread that may wait, and
    /// only when [`Card::key`] is another than before.
    fn card(&self, slug: &str, card: &Card) -> PublicDocument;

    /// Where `/` leads, if the operator has a front page of their own.
    fn front_page(&self) -> Option<&str>;
}
