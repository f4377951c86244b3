//! Chapters: what a host marks while it is live or afterwards, and where that is in the file that is made.
//!
//! A mark stands on the event's timeline, which no cut changes; a chapter in the file, in which what was not recorded or was cut is missing.

use serde::{Deserialize, Serialize};

use super::finalised::Finalised;
use crate::mp4::BoxWriter;
use crate::rendition::SAMPLE_RATE_HZ;

/// Chapters of one recording: as many as the box that lists them can have. More are refused.
pub const CHAPTERS_MAX: usize = 255;

/// Bytes of a chapter's title, in UTF-8: as many as the box that lists it can have. A longer one is refused.
pub const CHAPTER_TITLE_BYTES_MAX: usize = 255;

/// A place on the event's timeline, and what begins there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChapterMark {
    /// In samples since the epoch.
    pub position: u64,
    /// What begins there.
    pub title: String,
}

/// The marks of one recording, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<ChapterMark>")]
pub struct ChapterMarks(Vec<ChapterMark>);

impl ChapterMarks {
    /// Takes marks in any order; of those at one place the one that was given last counts. What no line of a title can have, breaks and other
    /// control characters, becomes a space.
    ///
    /// # Errors
    /// [`ChapterError`].
    pub fn new(mut marks: Vec<ChapterMark>) -> Result<Self, ChapterError> {
        if marks.len() > CHAPTERS_MAX {
            let got = marks.len();
            return Err(ChapterError::TooMany { got });
        }
        for (at, mark) in marks.iter_mut().enumerate() {
            let got = mark.title.len();
            if got > CHAPTER_TITLE_BYTES_MAX {
                return Err(ChapterError::TitleTooLong { at, got });
            }
            let plain = mark.title.replace(char::is_control, " ");
            plain.trim().clone_into(&mut mark.title);
            if mark.title.is_empty() {
                return Err(ChapterError::NoTitle { at });
            }
        }
        marks.sort_by_key(|mark| mark.position);
        // Of equal ones the last.
        marks.reverse();
        marks.dedup_by_key(|mark| mark.position);
        marks.reverse();
        Ok(Self(marks))
    }

    /// In order.
    #[must_use]
    pub fn as_slice(&self) -> &[ChapterMark] {
        &self.0
    }
}

impl TryFrom<Vec<ChapterMark>> for ChapterMarks {
    type Error = ChapterError;

    fn try_from(marks: Vec<ChapterMark>) -> Result<Self, ChapterError> {
        Self::new(marks)
    }
}

/// Why marks cannot be chapters. Theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChapterError {
    /// There are too many.
    #[error("a recording has at most {CHAPTERS_MAX} chapters, got {got}")]
    TooMany {
        /// How many.
        got: usize,
    },
    /// A title is too long.
    #[error(
        "the title of a chapter has at most {CHAPTER_TITLE_BYTES_MAX} bytes, that of number {} has {got}",
        at + 1
    )]
    TitleTooLong {
        /// Which, from 0.
        at: usize,
        /// Its bytes.
        got: usize,
    },
    /// A title says nothing.
    #[error("a chapter has a title, number {} has none", at + 1)]
    NoTitle {
        /// Which, from 0.
        at: usize,
    },
}

/// A chapter of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chapter {
    /// Where it begins, in samples from the beginning.
    pub at_samples: u64,
    /// What it is called.
    pub title: String,
}

/// The chapters of a file: those that begin in it, and the one that was going on when it begins. What begins where nothing was recorded, begins
/// where the recording goes on; of several that begin at one place in the file the last counts.
#[must_use]
pub fn chapters(marks: &ChapterMarks, file: &Finalised) -> Vec<Chapter> {
    let mut chapters: Vec<Chapter> = Vec::new();
    let inside = marks.0.iter();
    for mark in inside.take_while(|mark| mark.position < file.end_position()) {
        let at_samples = file.time_of(mark.position);
        if at_samples >= file.duration_samples {
            break;
        }
        let title = mark.title.clone();
        match chapters.last_mut() {
            Some(last) if last.at_samples == at_samples => last.title = title,
            _ => chapters.push(Chapter { at_samples, title }),
        }
    }
    chapters
}

/// The chapters as apps for podcasts read them (`application/json+chapters`, version 1.2).
#[must_use]
pub fn chapters_json(chapters: &[Chapter]) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        version: &'static str,
        chapters: Vec<Entry<'a>>,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Entry<'a> {
        start_time: f64,
        title: &'a str,
    }
    let entry = |chapter: &'_ Chapter| (chapter.at_samples / MS_SAMPLES) as f64 / 1_000.0;
    let document = Document {
        version: "1.2.0",
        chapters: chapters
            .iter()
            .map(|chapter| Entry {
                start_time: entry(chapter),
                title: &chapter.title,
            })
            .collect(),
    };
    serde_json::to_string(&document).expect("a structure of strings and numbers is always JSON")
}

/// Samples of a millisecond.
const MS_SAMPLES: u64 = SAMPLE_RATE_HZ as u64 / 1_000;

/// `chpl`: the list of chapters that ffmpeg, VLC and mpv read. No standard has it; Nero made it, and everybody reads it alike: version 1, a
/// reserved word, a count, and for each chapter its time in units of 100 ns and its title behind its length.
pub(super) fn chapter_list(w: &mut BoxWriter, chapters: &[Chapter]) {
    if chapters.is_empty() {
        return;
    }
    w.full(*b"chpl", 1, 0, |w| {
        w.u32(0);
        w.u8(chapters.len().min(CHAPTERS_MAX) as u8);
        for chapter in chapters.iter().take(CHAPTERS_MAX) {
            // 10,000,000 / 48,000 is 625 / 3.
            w.u64(chapter.at_samples * 625 / 3);
            let title =
                &chapter.title.as_bytes()[..chapter.title.len().min(CHAPTER_TITLE_BYTES_MAX)];
            w.u8(title.len() as u8);
            w.raw(title);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::finalised::Gap;
    use super::*;

    fn mark(position: u64, title: &str) -> ChapterMark {
        let title = title.to_owned();
        ChapterMark { position, title }
    }

    fn told(chapters: &[Chapter]) -> Vec<(u64, &str)> {
        chapters
            .iter()
            .map(|chapter| (chapter.at_samples, &*chapter.title))
            .collect()
    }

    /// Ten seconds from a million on, with a gap of one minute in the middle.
    fn file() -> Finalised {
        Finalised {
            first_position: 1_000_000,
            duration_samples: 480_000 - 312,
            gaps: vec![Gap {
                at_samples: 240_000,
                position: 1_240_000,
                samples: 2_880_000,
            }],
            overlaps: 0,
            bytes: 0,
        }
    }

    #[test]
    fn chapters_stand_where_they_were_marked_whatever_was_not_recorded() {
        let marks = vec![
            mark(5_000_000, "after the end"),
            mark(1_288_000 + 2_880_000, "after the gap"),
            mark(2_000_000, "in the gap"),
            mark(1_300_000, "also in the gap"),
            mark(1_048_000, "one second in"),
            mark(10, "long before"),
            mark(900_000, "as it begins"),
        ];
        let marks = ChapterMarks::new(marks).expect("in any order");
        assert_eq!(
            told(&chapters(&marks, &file())),
            [
                (0, "as it begins"),
                (48_000, "one second in"),
                (240_000, "in the gap"),
                (288_000, "after the gap"),
            ]
        );
    }

    #[test]
    fn of_two_marks_at_one_place_the_last_counts_and_a_title_is_one_line() {
        let marks = vec![mark(7, "a"), mark(3, "b"), mark(7, " c\r\nd\0 ")];
        let marks = ChapterMarks::new(marks).expect("marks");
        assert_eq!(marks.as_slice(), [mark(3, "b"), mark(7, "c  d")]);
    }

    #[test]
    fn titles_and_numbers_at_their_limits_are_taken_and_beyond_are_refused() {
        let longest = "é".repeat(127) + "e";
        let marks = vec![mark(0, &longest); CHAPTERS_MAX];
        assert!(ChapterMarks::new(marks).is_ok());
        let marks = vec![mark(0, "a"); CHAPTERS_MAX + 1];
        assert_eq!(
            ChapterMarks::new(marks),
            Err(ChapterError::TooMany { got: 256 })
        );
        for (title, error) in [
            (
                longest + "e",
                ChapterError::TitleTooLong { at: 1, got: 256 },
            ),
            (
                "x".repeat(1 << 20),
                ChapterError::TitleTooLong {
                    at: 1,
                    got: 1 << 20,
                },
            ),
            (" \n".to_owned(), ChapterError::NoTitle { at: 1 }),
        ] {
            let refused = ChapterMarks::new(vec![mark(0, "a"), mark(1, &title)]);
            assert_eq!(refused, Err(error));
            let said = error.to_string();
            assert!(said.contains("number 2") && said.len() < 200, "{said}");
        }
    }

    #[test]
    fn podcast_apps_are_given_seconds_and_titles() {
        let marks = vec![mark(0, "Hello"), mark(1_072_000, "\"Why?\"")];
        let marks = ChapterMarks::new(marks).expect("marks");
        assert_eq!(
            chapters_json(&chapters(&marks, &file())),
            r#"{"version":"1.2.0","chapters":[{"startTime":0.0,"title":"Hello"},{"startTime":1.5,"title":"\"Why?\""}]}"#
        );
    }
}
