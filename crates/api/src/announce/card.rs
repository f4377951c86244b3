//! The picture of an event: 1200×630 pixels, drawn as SVG and made a PNG.
//!
//! Drawing one takes tens of milliseconds: never on a task that has others waiting.

use std::fmt::Write as _;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};
use stentor_event::announcement::{Card, CardMood};

use super::fonts::{BOLD_LETTERS, DATABASE, FAMILY, Letters, REGULAR_LETTERS};
use super::wrap::{Fit, set};

/// Pixels of the picture: what networks show whole.
const WIDTH: u32 = 1_200;
const HEIGHT: u32 = 630;
/// Pixels between the texts and the edge.
const MARGIN: f32 = 72.0;
/// Pixels of a line of text.
const TEXT_WIDTH: f32 = 1_200.0 - 2.0 * MARGIN;
/// Letters that join or kern are a little wider or narrower than alone.
const JOINING: f32 = 0.97;
/// Pixels from the top to the middle of the title.
const TITLE_MIDDLE: f32 = 285.0;
/// Height of a line, of its size.
const LINE_HEIGHT: f32 = 1.14;
/// How far below the middle of a line its letters stand, of their size.
const BASELINE: f32 = 0.36;

/// Sizes of a title; one that is too long for the last is cut.
const TITLE_FITS: [Fit; 5] = [
    Fit {
        size: 96.0,
        lines_max: 1,
    },
    Fit {
        size: 84.0,
        lines_max: 2,
    },
    Fit {
        size: 68.0,
        lines_max: 3,
    },
    Fit {
        size: 54.0,
        lines_max: 4,
    },
    Fit {
        size: 44.0,
        lines_max: 5,
    },
];
const WHEN_FITS: [Fit; 3] = one_line([40.0, 34.0, 28.0]);
const PEOPLE_FITS: [Fit; 3] = one_line([34.0, 30.0, 26.0]);
const ADDRESS_FITS: [Fit; 3] = one_line([26.0, 22.0, 18.0]);

const fn one_line(sizes: [f32; 3]) -> [Fit; 3] {
    let [a, b, c] = sizes;
    [
        Fit {
            size: a,
            lines_max: 1,
        },
        Fit {
            size: b,
            lines_max: 1,
        },
        Fit {
            size: c,
            lines_max: 1,
        },
    ]
}

/// The colours of the pages (`web/shared/tokens.css`).
struct Colours {
    field: &'static str,
    ink: &'static str,
    soft: &'static str,
    faint: &'static str,
    state: &'static str,
}

const fn colours(mood: CardMood) -> Colours {
    match mood {
        CardMood::Gold => Colours {
            field: "#f6c945",
            ink: "#191402",
            soft: "#594609",
            faint: "#e5b634",
            state: "#191402",
        },
        CardMood::Silver => Colours {
            field: "#e7eaed",
            ink: "#14171a",
            soft: "#4c555d",
            faint: "#d6dbe0",
            state: "#14171a",
        },
        CardMood::Changed => Colours {
            state: "#a3170f",
            ..colours(CardMood::Silver)
        },
    }
}

/// The card as PNG.
///
/// # Panics
/// Never: the markup is ours, its texts are escaped and hold only letters that are there, and the size is that of any card.
pub(super) fn png(card: &Card) -> Vec<u8> {
    let options = Options {
        fontdb: DATABASE.clone(),
        font_family: FAMILY.to_owned(),
        ..Options::default()
    };
    let tree = Tree::from_str(&svg(card), &options).expect("our own markup is SVG");
    let mut pixels = Pixmap::new(WIDTH, HEIGHT).expect("a card has a size");
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    pixels.encode_png().expect("a card of that size is a PNG")
}

fn svg(card: &Card) -> String {
    let colours = colours(card.mood);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\">\
         <rect width=\"100%\" height=\"100%\" fill=\"{}\"/>{}{}",
        colours.field,
        sun(1_100.0, 560.0, 13.0, colours.faint),
        sun(MARGIN + 26.0, 96.0, 1.05, colours.ink),
    );
    let brand = Line {
        x: MARGIN + 66.0,
        y: 110.0,
        size: 40.0,
        colour: colours.ink,
        is_bold: true,
        is_right: false,
    };
    brand.write(&mut svg, "Stentor");
    if let Some(state) = &card.state {
        pill(&mut svg, state, &colours);
    }
    title(&mut svg, card, colours.ink);
    let below = [
        (
            card.when.as_deref().unwrap_or_default(),
            &WHEN_FITS,
            478.0,
            colours.ink,
            true,
        ),
        (&card.people, &PEOPLE_FITS, 528.0, colours.ink, false),
        (&card.address, &ADDRESS_FITS, 580.0, colours.soft, false),
    ];
    for (text, fits, y, colour, is_bold) in below {
        let letters = weight(is_bold);
        let Some(text) = letters.settable(text) else {
            continue;
        };
        let set = set(&text, letters, TEXT_WIDTH * JOINING, fits);
        if let Some(text) = set.lines.first() {
            Line {
                x: MARGIN,
                y,
                size: set.size,
                colour,
                is_bold,
                is_right: false,
            }
            .write(&mut svg, text);
        }
    }
    svg.push_str("</svg>");
    svg
}

fn weight(is_bold: bool) -> &'static Letters {
    if is_bold {
        &BOLD_LETTERS
    } else {
        &REGULAR_LETTERS
    }
}

/// The title, or where it cannot be set, its address, which everybody can read.
fn title(svg: &mut String, card: &Card, colour: &'static str) {
    let text = BOLD_LETTERS
        .settable(&card.title)
        .or_else(|| BOLD_LETTERS.settable(&card.address))
        .unwrap_or_default();
    let set = set(&text, &BOLD_LETTERS, TEXT_WIDTH * JOINING, &TITLE_FITS);
    let is_right = reads_from_the_right(&text);
    let height = set.size * LINE_HEIGHT;
    let top = TITLE_MIDDLE - height * set.lines.len() as f32 / 2.0;
    for (number, line) in set.lines.iter().enumerate() {
        let y = top + height * (number as f32 + 0.5) + set.size * BASELINE;
        let x = if is_right {
            MARGIN + TEXT_WIDTH
        } else {
            MARGIN
        };
        Line {
            x,
            y,
            size: set.size,
            colour,
            is_bold: true,
            is_right,
        }
        .write(svg, line);
    }
}

/// Whether a text begins in a script that is written from the right (of those there are letters of).
fn reads_from_the_right(text: &str) -> bool {
    let first = text.chars().find(|c| c.is_alphabetic());
    first.is_some_and(
        |c| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'),
    )
}

/// The state, at the upper right.
fn pill(svg: &mut String, state: &str, colours: &Colours) {
    const SIZE: f32 = 34.0;
    const PAD: f32 = 26.0;
    const TALL: f32 = 62.0;
    let wide = BOLD_LETTERS.width(state) * SIZE + 2.0 * PAD;
    let x = MARGIN + TEXT_WIDTH - wide;
    let y = 96.0 - TALL / 2.0;
    // Writing to a string does not fail.
    let _ = write!(
        svg,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{TALL}\" rx=\"14\" fill=\"{}\"/>",
        colours.state
    );
    let line = Line {
        x: x + PAD,
        y: 96.0 + SIZE * BASELINE,
        size: SIZE,
        colour: colours.field,
        is_bold: true,
        is_right: false,
    };
    line.write(svg, state);
}

/// The sign of the product: a voice that goes out in all directions.
fn sun(x: f32, y: f32, scale: f32, colour: &str) -> String {
    let mut sun = format!(
        "<g transform=\"translate({x} {y}) scale({scale})\" stroke=\"{colour}\" stroke-width=\"3.2\"><circle r=\"11\" fill=\"{colour}\" stroke=\"none\"/>"
    );
    for ray in 0..12 {
        let _ = write!(
            sun,
            "<path d=\"M0-16V-25\" transform=\"rotate({})\"/>",
            ray * 30
        );
    }
    sun.push_str("</g>");
    sun
}

/// Where a line of text is, and how it looks.
struct Line {
    x: f32,
    /// Of the baseline.
    y: f32,
    size: f32,
    colour: &'static str,
    is_bold: bool,
    /// Whether it ends at `x`.
    is_right: bool,
}

impl Line {
    fn write(&self, svg: &mut String, text: &str) {
        let weight = if self.is_bold { 700 } else { 400 };
        let anchor = if self.is_right { "end" } else { "start" };
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" font-family=\"{FAMILY}\" font-size=\"{}\" font-weight=\"{weight}\" fill=\"{}\" text-anchor=\"{anchor}\">",
            self.x, self.y, self.size, self.colour
        );
        for c in text.chars() {
            match c {
                '&' => svg.push_str("&amp;"),
                '<' => svg.push_str("&lt;"),
                '>' => svg.push_str("&gt;"),
                c => svg.push(c),
            }
        }
        svg.push_str("</text>");
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use super::*;
    use crate::announce::testing::{HOSTILE, elements, listing, over, postponed};
    use stentor_event::listing::{Listing, ListingPhase};

    fn card(listing: &Listing) -> Card {
        Card::of(listing)
    }

    /// The colour of a pixel.
    fn pixel(pixels: &Pixmap, x: u32, y: u32) -> [u8; 3] {
        let pixel = pixels.pixel(x, y).expect("it is inside");
        [pixel.red(), pixel.green(), pixel.blue()]
    }

    fn drawn(listing: &Listing) -> Pixmap {
        Pixmap::decode_png(&png(&card(listing))).expect("it is a PNG")
    }

    #[test]
    fn a_card_is_a_png_of_the_size_that_networks_show_in_the_colour_of_its_state() {
        for (phase, colour) in [
            (ListingPhase::Announced, [0xe7, 0xea, 0xed]),
            (ListingPhase::OnAir, [0xf6, 0xc9, 0x45]),
        ] {
            let pixels = drawn(&Listing { phase, ..listing() });
            assert_eq!((pixels.width(), pixels.height()), (WIDTH, HEIGHT));
            assert_eq!(pixel(&pixels, 2, 2), colour);
        }
    }

    #[test]
    fn no_title_breaks_the_markup_or_leaves_the_margins() {
        for hostile in HOSTILE {
            let text = hostile();
            let mut of = Listing {
                title: text.clone(),
                ..postponed()
            };
            of.people[0].name = text;
            let names = elements(&svg(&card(&of)));
            assert!(names.iter().all(|name| {
                ["svg", "rect", "g", "circle", "path", "text"].contains(&name.as_str())
            }));
            let pixels = drawn(&of);
            // Above the great sun nothing but the field is right of the texts; left of them nothing at all.
            let field = pixel(&pixels, 2, 2);
            for y in 0..HEIGHT {
                for x in (0..MARGIN as u32 - 12).chain([WIDTH - 20]) {
                    let is_sun = x > WIDTH / 2 && y > 200;
                    assert!(is_sun || pixel(&pixels, x, y) == field, "{x},{y}");
                }
            }
        }
    }

    #[test]
    fn the_title_is_there_to_be_read() {
        let dark = |listing: &Listing| {
            let pixels = drawn(listing);
            let ink = pixels
                .pixels()
                .iter()
                .filter(|pixel| pixel.red() < 60 && pixel.blue() < 60);
            ink.count()
        };
        let blank = Listing {
            title: "i".to_owned(),
            ..listing()
        };
        assert!(dark(&listing()) > dark(&blank) + 5_000);
        // A script without letters here shows the address instead.
        let foreign = Listing {
            title: "日本語の題名".to_owned(),
            ..listing()
        };
        assert!(dark(&foreign) > dark(&blank) + 2_000);
    }

    /// `CARDS=folder cargo test cards_to_look_at` leaves them there.
    #[test]
    fn cards_to_look_at() {
        let long = "Comment parler du vent, de la pluie et du beau temps sans jamais ennuyer personne, même à la radio et même très tard";
        let cards = [
            ("announced", listing()),
            (
                "on-air",
                Listing {
                    phase: ListingPhase::OnAir,
                    title: "Ein Abend mit Ben".to_owned(),
                    lang: "de".to_owned(),
                    ..listing()
                },
            ),
            ("postponed", postponed()),
            (
                "cancelled",
                Listing {
                    phase: ListingPhase::Cancelled,
                    title: long.to_owned(),
                    lang: "fr".to_owned(),
                    ..listing()
                },
            ),
            (
                "replay",
                Listing {
                    title: "Wind".to_owned(),
                    ..over()
                },
            ),
            (
                "arabic",
                Listing {
                    title: "مساء الخير يا أصدقاء الراديو (2026)".to_owned(),
                    ..listing()
                },
            ),
            (
                "greek",
                Listing {
                    title: "Καλησπέρα, добрый вечер, ערב טוב".to_owned(),
                    ..listing()
                },
            ),
            (
                "japanese",
                Listing {
                    title: "日本語の題名".to_owned(),
                    ..listing()
                },
            ),
        ];
        for (name, of) in cards {
            let png = png(&card(&of));
            assert!(png.len() < 200_000, "{name} has {} bytes", png.len());
            if let Some(folder) = env::var_os("CARDS") {
                fs::write(
                    std::path::Path::new(&folder).join(format!("{name}.png")),
                    png,
                )
                .unwrap();
            }
        }
    }
}
