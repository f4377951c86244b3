//! Making one seekable file of a recording.

use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;

use super::error::RecordError;
use super::layout::{Gap, Layout};
use super::recover::{RecordedItem, RecordingReader};
use crate::package::PRE_SKIP_SAMPLES;
use crate::tags::Tags;

/// What the finalised file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finalised {
    /// Position of the first sample, in samples since the epoch.
    pub first_position: u64,
    /// How long the file plays, in samples.
    pub duration_samples: u64,
    /// What is missing between the first and the last sample, in order.
    pub gaps: Vec<Gap>,
    /// Chunks left out because their time was already taken.
    pub overlaps: u64,
    /// Length of the file in bytes.
    pub bytes: u64,
}

impl Finalised {
    /// What parts of the event's timeline the file plays, one after the other: from and to, in samples since the epoch.
    pub(super) fn spans(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        let begins = self.gaps.iter().map(|gap| gap.position + gap.samples);
        let begins = std::iter::once(self.first_position).chain(begins);
        let cut: u64 = self.gaps.iter().map(|gap| gap.samples).sum();
        let played = self.duration_samples + u64::from(PRE_SKIP_SAMPLES);
        let last = self.first_position + played + cut;
        let ends = self.gaps.iter().map(|gap| gap.position).chain([last]);
        begins.zip(ends).map(|(from, to)| from..to)
    }
}

/// Reads the good part of every source in order and writes one MP4 file whose `moov` comes first, so that a player can seek
/// in it over HTTP at once. Gaps are cut out and reported.
///
/// Reads every source twice and holds one chunk at a time; the tables take 8 bytes for each second.
///
/// # Errors
/// [`RecordError`]; what has been written to `out` by then is of no use.
pub fn finalise<R: Read + Seek>(
    sources: &mut [R],
    tags: &Tags,
    out: &mut impl Write,
) -> Result<Finalised, RecordError> {
    let mut layout = Layout::default();
    for source in sources.iter_mut() {
        source.seek(SeekFrom::Start(0))?;
        survey(source, &mut layout)?;
    }
    if layout.is_empty() {
        return Err(RecordError::Empty);
    }
    let front = layout.front(tags);
    out.write_all(&front)?;
    let mut copy = Layout::with_frame_samples(layout.frame_samples);
    for source in sources.iter_mut() {
        source.seek(SeekFrom::Start(0))?;
        let mut items = RecordingReader::new(source);
        while let Some(item) = items.next()? {
            if let RecordedItem::Chunk { chunk, samples } = item
                && copy.add(chunk.position, samples, &chunk.sizes)?
            {
                out.write_all(&chunk.data)?;
            }
        }
    }
    if copy.data_bytes() != layout.data_bytes() || copy.duration() != layout.duration() {
        return Err(RecordError::Changed);
    }
    out.flush()?;
    Ok(Finalised {
        first_position: layout.first_position,
        duration_samples: layout
            .duration()
            .saturating_sub(u64::from(PRE_SKIP_SAMPLES)),
        bytes: front.len() as u64 + layout.data_bytes(),
        overlaps: layout.overlaps,
        gaps: layout.gaps,
    })
}

fn survey(source: &mut impl Read, layout: &mut Layout) -> Result<(), RecordError> {
    let mut items = RecordingReader::new(source);
    let mut head_samples = 0;
    while let Some(item) = items.next()? {
        match item {
            RecordedItem::InitSegment(head) => {
                head_samples = head.frame_samples;
                if layout.frame_samples == 0 {
                    layout.frame_samples = head_samples;
                }
            }
            RecordedItem::Chunk { chunk, samples } => {
                let got = chunk.frame_samples.unwrap_or(head_samples);
                if got != layout.frame_samples {
                    return Err(RecordError::Mixed {
                        got,
                        expected: layout.frame_samples,
                    });
                }
                layout.add(chunk.position, samples, &chunk.sizes)?;
            }
        }
    }
    Ok(())
}
