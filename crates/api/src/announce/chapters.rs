//! The chapters of a replay, as podcast apps read them (JSON chapters 1.2 of the podcast namespace).

use serde_json::json;
use stentor_event::announcement::{event_title, title};
use stentor_event::listing::Listing;

/// Chapters of a replay.
const CHAPTERS_MAX: usize = 500;
const MS_PER_S: f64 = 1_000.0;

/// As JSON; without chapters where there are none.
pub(super) fn json(listing: &Listing) -> String {
    let chapters: Vec<_> = listing
        .chapters
        .iter()
        .take(CHAPTERS_MAX)
        .map(|chapter| json!({ "startTime": chapter.at_ms as f64 / MS_PER_S, "title": title(&chapter.title) }))
        .collect();
    json!({ "version": "1.2.0", "title": event_title(listing, &listing.lang), "chapters": chapters }).to_string()
}
