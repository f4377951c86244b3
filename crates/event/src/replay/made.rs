//! A replay that lies there, and how it was made.

use std::io;
use std::path::PathBuf;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use stentor_cluster::blobs::{Blobs, BlobsError};
use stentor_cluster::key::Key;
use stentor_media::record::{self, Edit, Finalised, SPANS_MAX};
use stentor_media::rendition::SAMPLE_RATE_HZ;

use super::wish::Wish;
use crate::json::json;
use crate::recordings::below;

/// Version of the stored form. One that is not known is as good as none: the replay is made anew.
const VERSION: u32 = 2;

/// Samples of a millisecond.
const MS_SAMPLES: u64 = SAMPLE_RATE_HZ as u64 / 1_000;

/// How a replay was made, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MadeReplay {
    v: u32,
    title: String,
    edit: Edit,
    /// Length of the file. A replay of another length is not the one that this tells of.
    pub(crate) bytes: u64,
    pub(crate) duration_ms: u64,
    /// Where each chapter begins, in milliseconds from the beginning of the file, and what it is called.
    pub(crate) chapters: Vec<(u64, String)>,
    /// What of the timeline the file plays: when, in milliseconds from its beginning; from when of the timeline, in milliseconds since the epoch; for how
    /// long. At most [`SPANS_MAX`]: beyond, the shortest gaps are not told.
    pub(crate) spans: Vec<[u64; 3]>,
}

/// A file that can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReplayFile {
    /// Where it lies.
    pub(crate) path: PathBuf,
    /// Its length.
    pub(crate) bytes: u64,
}

impl MadeReplay {
    /// Made by that wish, with that in it.
    pub(super) fn new(wish: &Wish, programme: &Finalised) -> Self {
        let chapters = record::chapters(&wish.edit.marks, programme).into_iter();
        Self {
            v: VERSION,
            title: wish.title.clone(),
            edit: wish.edit.clone(),
            bytes: programme.bytes,
            duration_ms: programme.duration_samples / MS_SAMPLES,
            chapters: chapters
                .map(|chapter| (chapter.at_samples / MS_SAMPLES, chapter.title))
                .collect(),
            spans: spans(programme),
        }
    }

    /// Whether it is as it is wanted.
    pub(crate) fn fulfils(&self, wish: &Wish) -> bool {
        self.edit == wish.edit && self.title == wish.title
    }

    /// Whether nothing is heard in it that is not to be heard, and all that is.
    pub(crate) fn is_cut_as(&self, wish: &Wish) -> bool {
        self.edit.cut == wish.edit.cut
    }

    /// Whether something of the recording is not in it.
    pub(crate) fn is_cut(&self) -> bool {
        !self.edit.cut.keeps_all()
    }

    /// As it lies beside the replay, if that is the one it tells of.
    ///
    /// # Errors
    /// The disk's.
    pub(super) async fn read(
        blobs: &dyn Blobs,
        event: &Key,
        replay_bytes: u64,
    ) -> io::Result<Option<Self>> {
        match blobs.get(&made_key(event)).await {
            Ok(kept) => {
                let made = serde_json::from_slice::<Self>(&kept).ok();
                let tells = |made: &Self| made.v == VERSION && made.bytes == replay_bytes;
                Ok(made.filter(tells))
            }
            Err(BlobsError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Puts it beside the replay.
    ///
    /// # Errors
    /// The disk's.
    pub(super) async fn keep(&self, blobs: &dyn Blobs, event: &Key) -> Result<(), BlobsError> {
        blobs.put(&made_key(event), Bytes::from(json(self))).await
    }
}

/// Where it is kept how the replay was made.
fn made_key(event: &Key) -> Key {
    below(event, "replay.made.json")
}

fn spans(programme: &Finalised) -> Vec<[u64; 3]> {
    let ms = |samples: u64| samples / MS_SAMPLES;
    let mut gaps: Vec<u64> = programme.gaps.iter().map(|gap| gap.samples).collect();
    gaps.sort_unstable_by(|a, b| b.cmp(a));
    // Shorter ones than the last that has a place are not told.
    let told_from = gaps.get(SPANS_MAX - 1).map_or(0, |gap| gap + 1);
    let mut told: Vec<[u64; 3]> = Vec::new();
    let mut at = 0;
    let mut end = None;
    for span in programme.spans() {
        let length = span.end - span.start;
        match (told.last_mut(), end) {
            (Some(last), Some(end)) if span.start - end < told_from => last[2] += length,
            _ => told.push([at, span.start, length]),
        }
        at += length;
        end = Some(span.end);
    }
    let in_ms = |[at, from, length]: [u64; 3]| [ms(at), ms(from), ms(length)];
    told.into_iter().map(in_ms).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use stentor_media::record::Gap;

    /// A recording with a gap of each of these lengths, in seconds, after every second.
    fn programme(gaps: impl IntoIterator<Item = u64>) -> Finalised {
        let (mut position, mut at) = (480_000, 0);
        let gap = |seconds: u64| {
            position += 48_000;
            at += 48_000;
            let gap = Gap {
                at_samples: at,
                position,
                samples: seconds * 48_000,
            };
            position += gap.samples;
            gap
        };
        let gaps: Vec<_> = gaps.into_iter().map(gap).collect();
        Finalised {
            first_position: 480_000,
            duration_samples: (gaps.len() as u64 + 1) * 48_000 - 312,
            gaps,
            overlaps: 0,
            bytes: 7,
        }
    }

    #[test]
    fn a_moment_of_the_file_is_found_on_the_timeline_behind_what_was_not_recorded() {
        assert_eq!(
            spans(&programme([60, 5])),
            [
                [0, 10_000, 1_000],
                [1_000, 71_000, 1_000],
                [2_000, 77_000, 1_000]
            ]
        );
    }

    #[test]
    fn of_more_gaps_than_are_told_the_shortest_are_not() {
        let gaps = (0..SPANS_MAX as u64 + 50).map(|n| n + 1);
        let told = spans(&programme(gaps));
        assert_eq!(told.len(), SPANS_MAX);
        assert_eq!(told[0][2], 52_000, "the first gaps are the shortest");
        let played: u64 = told.iter().map(|span| span[2]).sum();
        assert_eq!(played, (SPANS_MAX as u64 + 51) * 1_000);
    }
}
