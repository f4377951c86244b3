//! Chapters: what a host marks while it is live or afterwards, and where that is in the file that is made.
//!
//! A mark stands on the event's timeline, which no cut changes; a chapter in the file, in which what was not recorded or was cut is missing.

use serde::{Deserialize, Serialize};

use super::finalised::Finalised;
use crate::mp4::BoxWriter;

/// Chapters of one recording: as many as the box that lists them can have. Those beyond are left out, the latest first.
pub const CHAPTERS_MAX: usize = 255;

/// Bytes of a chapter's title in a file, in UTF-8: as many as the box that lists it can have. A longer one is cut between two characters.
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
#[serde(from = "Vec<ChapterMark>")]
pub struct ChapterMarks(Vec<ChapterMark>);

impl ChapterMarks {
    /// Takes marks in any order; of those at one place the one that was given last counts. What no line of a title can have, breaks and other
    /// control characters, becomes a space, and what then has no title is no chapter.
    #[must_use]
    pub fn new(mut marks: Vec<ChapterMark>) -> Self {
        for mark in &mut marks {
            let plain = mark.title.replace(char::is_control, " ");
            plain.trim().clone_into(&mut mark.title);
        }
        marks.retain(|mark| !mark.title.is_empty());
        marks.sort_by_key(|mark| mark.position);
        // Of equal ones the last.
        marks.reverse();
        marks.dedup_by_key(|mark| mark.position);
        marks.reverse();
        marks.truncate(CHAPTERS_MAX);
        Self(marks)
    }

    /// In order.
    #[must_use]
    pub fn as_slice(&self) -> &[ChapterMark] {
        &self.0
    }
}

impl From<Vec<ChapterMark>> for ChapterMarks {
    fn from(marks: Vec<ChapterMark>) -> Self {
        Self::new(marks)
    }
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
            let title = &chapter.title;
            let end = title.floor_char_boundary(CHAPTER_TITLE_BYTES_MAX);
            w.u8(end as u8);
            w.raw(&title.as_bytes()[..end]);
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
        let marks = ChapterMarks::new(marks);
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
        let marks = ChapterMarks::new(marks);
        assert_eq!(marks.as_slice(), [mark(3, "b"), mark(7, "c  d")]);
    }

    #[test]
    fn as_many_chapters_are_taken_as_there_may_be_and_titles_are_cut_between_two_characters() {
        let marks = (0..=CHAPTERS_MAX as u64).map(|at| mark(at, "a")).collect();
        let marks = ChapterMarks::new(marks);
        assert_eq!(marks.as_slice().len(), CHAPTERS_MAX);
        assert_eq!(marks.as_slice()[0].position, 0);
        assert_eq!(ChapterMarks::new(vec![mark(1, " \n")]).as_slice(), []);
        let chapter = Chapter {
            at_samples: 0,
            title: "é".repeat(200),
        };
        let mut w = BoxWriter::default();
        chapter_list(&mut w, &[chapter]);
        let written = w.into_bytes();
        let title = &written[written.len() - 254..];
        assert_eq!(title, "é".repeat(127).as_bytes());
        assert_eq!(written[written.len() - 255], 254);
    }
}
