//! Texts of people, made fit for documents that others read: bounded, and without what a reader of text cannot take.

use stentor_core::limits::{MESSAGE_CHARS_MAX, NAME_CHARS_MAX, TITLE_CHARS_MAX};

use crate::listing::Listing;

/// Characters of a description; what is longer is cut, and ends with an ellipsis.
pub const DESCRIPTION_CHARS_MAX: usize = 4_000;

/// Characters looked at for one that is kept: of a text of nothing but blanks not every byte of a megabyte is read.
const LOOKED_AT: usize = 8;

/// A title on one line.
#[must_use]
pub fn title(text: &str) -> String {
    line(text, TITLE_CHARS_MAX)
}

/// What an event is called for whoever reads this language, on one line: its address where its title says nothing, since no list has entries without a name.
#[must_use]
pub fn event_title(listing: &Listing, lang: &str) -> String {
    let title = title(listing.titled(lang).text);
    if title.is_empty() {
        listing.slug.clone()
    } else {
        title
    }
}

/// A name on one line.
#[must_use]
pub fn name(text: &str) -> String {
    line(text, NAME_CHARS_MAX)
}

/// A reason on one line.
#[must_use]
pub(super) fn reason(text: &str) -> String {
    line(text, MESSAGE_CHARS_MAX)
}

/// A text on one line of at most `chars_max` characters, without blanks around it.
#[must_use]
pub fn line(text: &str, chars_max: usize) -> String {
    cut(text, chars_max, |_| false)
}

/// A text with its line breaks, of at most `chars_max` characters; no two empty lines in a row.
#[must_use]
pub fn paragraphs(text: &str, chars_max: usize) -> String {
    cut(text, chars_max, |c| {
        matches!(c, '\n' | '\u{2028}' | '\u{2029}')
    })
}

fn cut(text: &str, chars_max: usize, breaks: impl Fn(char) -> bool) -> String {
    let mut kept = String::new();
    let mut chars = 0;
    let (mut blank, mut lines) = (false, 0);
    let looked_at_max = chars_max.saturating_mul(LOOKED_AT);
    for (at, c) in text.chars().enumerate() {
        if breaks(c) {
            lines += 1;
        } else if is_blank(c) {
            blank = true;
        } else if !is_dropped(c) {
            let gap = match lines {
                _ if kept.is_empty() => "",
                0 if blank => " ",
                0 => "",
                1 => "\n",
                _ => "\n\n",
            };
            if at >= looked_at_max || chars + gap.len() >= chars_max {
                kept.push('…');
                break;
            }
            chars += gap.len() + 1;
            kept.push_str(gap);
            kept.push(c);
            (blank, lines) = (false, 0);
        }
    }
    kept
}

fn is_blank(c: char) -> bool {
    c.is_control() || c.is_whitespace()
}

/// What rewrites the line it stands in (Unicode Standard Annex 9 §2), or is no character at all (Unicode §23.7), which XML 1.0 forbids.
fn is_dropped(c: char) -> bool {
    let code = u32::from(c);
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        || code & 0xfffe == 0xfffe
        || (0xfdd0..=0xfdef).contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_one_line_no_overrides_and_an_end() {
        assert_eq!(line(" a\r\n\tb\u{202e}c\u{0}\u{ffff} ", 9), "a bc");
        assert_eq!(line("👩‍👩‍👧‍👦 & co", 99), "👩‍👩‍👧‍👦 & co");
        assert_eq!(line("abcdef", 6), "abcdef");
        assert_eq!(line("abcdefg", 6), "abcdef…");
        assert_eq!(line("", 6), "");
    }

    #[test]
    fn a_megabyte_is_not_read_to_its_end() {
        assert_eq!(line(&"a".repeat(1_000_000), 3), "aaa…");
        assert_eq!(line(&(" ".repeat(1_000_000) + "b"), 3), "…");
    }

    #[test]
    fn paragraphs_stay_apart() {
        let text = "a\r\n b\n\n\n\n c\u{2029}d\u{b}e\n";
        assert_eq!(paragraphs(text, 99), "a\nb\n\nc\nd e");
        assert_eq!(paragraphs("a\nbc", 3), "a\nb…");
    }
}
