//! Events as a calendar file (RFC 5545, with RFC 7986's properties for what is subscribed to).
//!
//! Written by hand: what of the format is needed are two rules, how a text is escaped and how a line is folded, and both are tested with outside
//! readers. Times are instants in UTC, which every calendar shows in its owner's zone: a zone of ours would need its table of rules beside it.

use std::fmt::Write as _;

use stentor_event::announcement::{DESCRIPTION_CHARS_MAX, calendar_utc, paragraphs, title, words};
use stentor_event::listing::{Listing, ListingPhase};

use super::guid;

/// Events in one calendar, the newest first.
const EVENTS_MAX: usize = 500;
/// Octets of a line, without its end (RFC 5545 §3.1).
const LINE_BYTES_MAX: usize = 75;
/// How often whoever subscribed asks again: as often as the common ones are willing to.
const ASKED_AGAIN: &str = "PT15M";
/// How long an event is taken to last while it has not ended: nobody announces an end, and without one calendars reserve no time.
const LENGTH_MS: i64 = 3_600_000;
/// Names in a description.
const PEOPLE_MAX: usize = 20;

/// The calendar of these events. Those without a date cannot be in it: it may be empty.
pub(super) fn calendar(name: &str, events: &[Listing]) -> String {
    let mut dated: Vec<_> = events
        .iter()
        .filter_map(|listing| Some((listing.when_unix_ms()?, listing)))
        .collect();
    dated.sort_by_key(|(at, listing)| (std::cmp::Reverse(*at), &listing.slug));
    dated.truncate(EVENTS_MAX);
    let mut lines = Lines::default();
    lines.line("BEGIN", "VCALENDAR");
    lines.line("VERSION", "2.0");
    lines.line("PRODID", "-//Stentor//Stentor//EN");
    lines.line("CALSCALE", "GREGORIAN");
    lines.line("METHOD", "PUBLISH");
    lines.text("NAME", &title(name));
    lines.text("X-WR-CALNAME", &title(name));
    lines.line("REFRESH-INTERVAL;VALUE=DURATION", ASKED_AGAIN);
    lines.line("X-PUBLISHED-TTL", ASKED_AGAIN);
    for (at, listing) in dated {
        event(&mut lines, at, listing);
    }
    lines.line("END", "VCALENDAR");
    lines.0
}

fn event(lines: &mut Lines, at: i64, listing: &Listing) {
    let words = words(&listing.lang);
    let url = listing.url("");
    let changed = calendar_utc(listing.changed_unix_ms);
    let ends = match (listing.phase, listing.ended_unix_ms) {
        (ListingPhase::Ended, Some(ended)) if ended > at => ended,
        _ => at.saturating_add(LENGTH_MS),
    };
    lines.line("BEGIN", "VEVENT");
    lines.line("UID", &guid::of_event(listing));
    lines.line("SEQUENCE", &listing.sequence.to_string());
    // Of this version, not of this copy: the file is the same until something changes.
    lines.line("DTSTAMP", &changed);
    lines.line("LAST-MODIFIED", &changed);
    lines.line("CREATED", &calendar_utc(listing.created_unix_ms));
    lines.line("DTSTART", &calendar_utc(at));
    lines.line("DTEND", &calendar_utc(ends));
    lines.line("STATUS", status(listing));
    lines.text("SUMMARY", &words.headline(listing));
    lines.text("DESCRIPTION", &description(listing));
    lines.line("URL;VALUE=URI", &url);
    lines.text("LOCATION", &url);
    lines.line("CONFERENCE;VALUE=URI;FEATURE=AUDIO", &url);
    if let Some(series) = &listing.series {
        lines.text("CATEGORIES", &title(series));
    }
    if listing.is_to_come() && listing.starts_unix_ms.is_some() {
        lines.line("BEGIN", "VALARM");
        lines.line("ACTION", "DISPLAY");
        lines.line("TRIGGER", "-PT10M");
        lines.text("DESCRIPTION", &words.labelled(&words.listen(), &url));
        lines.line("END", "VALARM");
    }
    lines.line("END", "VEVENT");
}

/// What is postponed to nobody knows when stays where it was, and is not certain.
fn status(listing: &Listing) -> &'static str {
    if listing.phase == ListingPhase::Cancelled {
        "CANCELLED"
    } else if listing.is_to_come() && listing.starts_unix_ms.is_none() {
        "TENTATIVE"
    } else {
        "CONFIRMED"
    }
}

fn description(listing: &Listing) -> String {
    let words = words(&listing.lang);
    let about = listing.said(&listing.description, &listing.lang);
    let parts = [
        words.change(listing),
        about.map(|about| paragraphs(about, DESCRIPTION_CHARS_MAX)),
        words.with(listing, PEOPLE_MAX),
        Some(words.labelled(&words.listen(), &listing.url(""))),
    ];
    let parts: Vec<_> = parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("\n\n")
}

/// Lines of a calendar, folded and ended as they are to be.
#[derive(Default)]
struct Lines(String);

impl Lines {
    /// A property whose value is no text: a date, an address, a word of the format.
    fn line(&mut self, name: &str, value: &str) {
        let mut room = LINE_BYTES_MAX;
        for c in name.chars().chain([':']).chain(value.chars()) {
            if c.len_utf8() > room {
                // The blank that goes on counts (RFC 5545 §3.1).
                self.0.push_str("\r\n ");
                room = LINE_BYTES_MAX - 1;
            }
            self.0.push(c);
            room -= c.len_utf8();
        }
        self.0.push_str("\r\n");
    }

    /// A property whose value is a text (RFC 5545 §3.3.11).
    fn text(&mut self, name: &str, text: &str) {
        let mut escaped = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\\' | ';' | ',' => {
                    // Writing to a string does not fail.
                    let _ = write!(escaped, "\\{c}");
                }
                '\n' => escaped.push_str("\\n"),
                c => escaped.push(c),
            }
        }
        self.line(name, &escaped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::announce::testing::{HOSTILE, golden, listing, postponed};

    #[test]
    fn a_calendar_keeps_its_form() {
        golden("event.ics", &calendar("Nord & Süd", &[listing()]));
        golden("postponed.ics", &calendar("Nord & Süd", &[postponed()]));
    }

    #[test]
    fn no_line_is_too_long_and_none_breaks_a_letter() {
        for hostile in HOSTILE {
            let of = Listing {
                title: hostile(),
                ..postponed()
            };
            let text = calendar(&hostile(), &[of]);
            assert!(text.ends_with("END:VCALENDAR\r\n"), "{text}");
            for line in text.trim_end_matches("\r\n").split("\r\n") {
                assert!(line.len() <= LINE_BYTES_MAX, "{line}");
                assert!(!line.contains(char::is_control), "{line:?}");
            }
            let unfolded = text.replace("\r\n ", "");
            let begins = |word: &str| unfolded.lines().filter(|line| *line == word).count();
            assert_eq!(
                (
                    begins("BEGIN:VEVENT"),
                    begins("END:VEVENT"),
                    begins("BEGIN:VALARM")
                ),
                (1, 1, 1)
            );
        }
    }

    #[test]
    fn texts_are_escaped_and_addresses_are_not() {
        let of = Listing {
            title: "a,b;c\\d\ne".to_owned(),
            ..listing()
        };
        let text = calendar("x", &[of]).replace("\r\n ", "");
        assert!(text.contains("SUMMARY:a\\,b\\;c\\\\d e\r\n"), "{text}");
        assert!(
            text.contains("\r\nURL;VALUE=URI:https://talk.example.org/e/radio-nord\r\n"),
            "{text}"
        );
    }

    #[test]
    fn a_cancelled_event_stays_and_rings_no_more() {
        let cancelled = Listing {
            phase: ListingPhase::Cancelled,
            sequence: 3,
            ..listing()
        };
        let text = calendar("x", &[cancelled]);
        assert!(
            text.contains("STATUS:CANCELLED\r\n") && text.contains("SEQUENCE:3\r\n"),
            "{text}"
        );
        assert!(!text.contains("VALARM"), "{text}");
    }

    #[test]
    fn every_change_makes_another_file() {
        let before = calendar("x", &[listing()]);
        assert_eq!(before, calendar("x", &[listing()]));
        assert_ne!(
            before,
            calendar(
                "x",
                &[Listing {
                    sequence: 1,
                    ..listing()
                }]
            )
        );
    }

    #[test]
    fn it_holds_the_newest_events_and_those_with_a_date() {
        let mut events: Vec<_> = (0..EVENTS_MAX as i64 + 1)
            .map(|number| Listing {
                starts_unix_ms: Some(number * 1_000),
                ..listing()
            })
            .collect();
        events.push(Listing {
            starts_unix_ms: None,
            ..listing()
        });
        let text = calendar("x", &events);
        assert_eq!(text.matches("BEGIN:VEVENT").count(), EVENTS_MAX);
        assert!(
            !text.contains("DTSTART:19700101T000000Z"),
            "the oldest is left out"
        );
    }
}
