//! A text in lines that fit: at the largest size at which all of it does, else cut at the smallest.

use super::fonts::Letters;

/// A size, and how many lines of it there is room for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    /// Pixels.
    pub(super) size: f32,
    pub(super) lines_max: usize,
}

/// Lines of a text, and the size to set them in.
#[derive(Debug, PartialEq)]
pub(super) struct Set {
    /// Pixels.
    pub(super) size: f32,
    pub(super) lines: Vec<String>,
}

/// Sets a text in lines of at most `width` pixels; `fits` begins with the largest.
pub(super) fn set(text: &str, letters: &Letters, width: f32, fits: &[Fit]) -> Set {
    let mut smallest = Set {
        size: 0.0,
        lines: Vec::new(),
    };
    for fit in fits {
        let lines = lines(text, letters, width / fit.size, fit.lines_max);
        let Lines { lines, is_cut } = lines;
        smallest = Set {
            size: fit.size,
            lines,
        };
        if !is_cut {
            break;
        }
    }
    smallest
}

struct Lines {
    lines: Vec<String>,
    is_cut: bool,
}

/// `width` in sizes. A word that is longer than a line is broken where the line ends, and counts as cut: at a smaller size it may be whole.
fn lines(text: &str, letters: &Letters, width: f32, lines_max: usize) -> Lines {
    let mut lines: Vec<String> = Vec::new();
    let mut is_cut = false;
    let mut line = String::new();
    for word in text.split_whitespace() {
        let mut rest = word;
        loop {
            let gap = if line.is_empty() { "" } else { " " };
            if letters.width(&format!("{line}{gap}{rest}")) <= width {
                line = format!("{line}{gap}{rest}");
                break;
            }
            if line.is_empty() {
                let at = longest(rest, letters, width);
                line = rest[..at].to_owned();
                rest = &rest[at..];
                is_cut = true;
            }
            lines.push(std::mem::take(&mut line));
            if lines.len() == lines_max {
                end_with_ellipsis(&mut lines, letters, width);
                return Lines {
                    lines,
                    is_cut: true,
                };
            }
            if rest.is_empty() {
                break;
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    Lines { lines, is_cut }
}

/// Bytes of the longest beginning that fits, at least one character.
fn longest(text: &str, letters: &Letters, width: f32) -> usize {
    let mut end = text.chars().next().map_or(0, char::len_utf8);
    for (at, c) in text.char_indices() {
        let next = at + c.len_utf8();
        if letters.width(&text[..next]) > width {
            break;
        }
        end = end.max(next);
    }
    end
}

fn end_with_ellipsis(lines: &mut [String], letters: &Letters, width: f32) {
    if let Some(last) = lines.last_mut() {
        while !last.is_empty() && letters.width(&format!("{last}…")) > width {
            last.pop();
        }
        last.truncate(last.trim_end().len());
        last.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::announce::fonts::BOLD_LETTERS;

    const FITS: [Fit; 2] = [
        Fit {
            size: 80.0,
            lines_max: 1,
        },
        Fit {
            size: 40.0,
            lines_max: 2,
        },
    ];

    fn set_in(text: &str, width: f32) -> Set {
        set(text, &BOLD_LETTERS, width, &FITS)
    }

    #[test]
    fn what_fits_is_large_and_what_does_not_is_smaller_and_then_cut() {
        assert_eq!(
            set_in("Wind", 400.0),
            Set {
                size: 80.0,
                lines: vec!["Wind".to_owned()]
            }
        );
        let two = set_in("Wind and rain", 200.0);
        assert_eq!(
            (two.size, two.lines),
            (40.0, vec!["Wind and".to_owned(), "rain".to_owned()])
        );
        let cut = set_in("Wind and rain and hail and snow", 200.0);
        assert_eq!((cut.lines.len(), cut.size), (2, 40.0));
        assert!(cut.lines[1].ends_with('…'), "{cut:?}");
    }

    #[test]
    fn no_line_is_wider_than_it_may_be() {
        for text in [
            "m".repeat(300),
            "ab ".repeat(300),
            "é".to_owned(),
            String::new(),
            "مساء".repeat(90),
        ] {
            for width in [1.0, 50.0, 1_000.0] {
                for line in set_in(&text, width).lines {
                    let wide = BOLD_LETTERS.width(&line) * 40.0;
                    assert!(wide <= width || line.chars().count() <= 2, "{line}: {wide}");
                }
            }
        }
    }
}
