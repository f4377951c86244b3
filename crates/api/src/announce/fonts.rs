//! The letters that cards are set in: parts of Noto Sans, carried in the program. `fonts/OFL.txt` is their licence.
//!
//! Latin, Greek, Cyrillic, Arabic and Hebrew; what has no letter here (emoji, other scripts) is not drawn.

use std::sync::{Arc, LazyLock};

use resvg::usvg::fontdb::Database;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider as _};

const BOLD: &[u8] = include_bytes!("../../fonts/NotoSans-Bold.ttf");
const REGULAR: &[u8] = include_bytes!("../../fonts/NotoSans-Regular.ttf");
const ARABIC: &[u8] = include_bytes!("../../fonts/NotoSansArabic-Bold.ttf");
const HEBREW: &[u8] = include_bytes!("../../fonts/NotoSansHebrew-Bold.ttf");

/// What letters are set in.
pub(super) const FAMILY: &str = "Noto Sans";

/// Letters lost of a hundred, from which on what is left of a text no longer says what it said.
const LOST_PERCENT_MAX: usize = 25;

/// All of them, for who draws.
pub(super) static DATABASE: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut database = Database::new();
    for font in [BOLD, REGULAR, ARABIC, HEBREW] {
        database.load_font_data(font.to_vec());
    }
    database.set_sans_serif_family(FAMILY);
    Arc::new(database)
});

/// The widths of the letters of one weight.
pub(super) struct Letters {
    fonts: Vec<(FontRef<'static>, GlyphMetrics<'static>)>,
}

/// Bold and regular.
pub(super) static BOLD_LETTERS: LazyLock<Letters> = LazyLock::new(|| Letters::of(BOLD));
pub(super) static REGULAR_LETTERS: LazyLock<Letters> = LazyLock::new(|| Letters::of(REGULAR));

impl Letters {
    fn of(first: &'static [u8]) -> Self {
        let read = |bytes| {
            let font = FontRef::new(bytes).ok()?;
            // Of one pixel: a width is then a share of the size.
            let metrics = font.glyph_metrics(Size::new(1.0), LocationRef::default());
            Some((font, metrics))
        };
        Self {
            fonts: [first, ARABIC, HEBREW]
                .into_iter()
                .filter_map(read)
                .collect(),
        }
    }

    /// The width of a letter, as a share of the size it is set in; `None` where there is none.
    fn advance(&self, c: char) -> Option<f32> {
        self.fonts.iter().find_map(|(font, metrics)| {
            let glyph = font.charmap().map(c)?;
            metrics.advance_width(glyph)
        })
    }

    /// The width of a text, as a share of the size it is set in.
    pub(super) fn width(&self, text: &str) -> f32 {
        text.chars().filter_map(|c| self.advance(c)).sum()
    }

    /// A text without what has no letter here; `None` where too little of it is left.
    pub(super) fn settable(&self, text: &str) -> Option<String> {
        let (mut kept, mut lost) = (String::with_capacity(text.len()), 0);
        for c in text.chars() {
            if c.is_whitespace() || self.advance(c).is_some() {
                kept.push(c);
            } else if c.is_alphanumeric() {
                lost += 1;
            }
        }
        let kept = kept.split_whitespace().collect::<Vec<_>>().join(" ");
        let left = kept.chars().filter(|c| c.is_alphanumeric()).count();
        let is_enough = left > 0 && lost * 100 <= (lost + left) * LOST_PERCENT_MAX;
        is_enough.then_some(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_letter_is_left_out_and_what_would_say_something_else_is_not_set() {
        let settable = |text| BOLD_LETTERS.settable(text);
        for (text, set) in [
            ("L’été 2026 🎉 – enfin", Some("L’été 2026 – enfin")),
            ("Ελληνικά и кириллица", Some("Ελληνικά и кириллица")),
            ("مساء الخير", Some("مساء الخير")),
            ("שלום", Some("שלום")),
            ("日本 2026 の会話について", None),
            ("🎉🎉", None),
            ("", None),
        ] {
            assert_eq!(settable(text).as_deref(), set, "{text}");
        }
    }

    #[test]
    fn a_wide_text_is_wider() {
        let width = |text| BOLD_LETTERS.width(text);
        assert!(width("mmm") > width("iii"));
        assert!(width("iii") > 0.3 && width("mmm") < 3.5);
        assert!(REGULAR_LETTERS.width("mmm") < width("mmm"));
    }
}
