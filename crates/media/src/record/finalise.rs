//! Making one seekable file of a recording.

use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::chapters::{ChapterMarks, chapters};
use super::cut::Cut;
use super::error::RecordError;
use super::finalised::Finalised;
use super::layout::Layout;
use super::recover::{RecordedItem, RecordingReader};
use crate::tags::Tags;
use crate::verify::ReadChunk;

/// What a host makes of a recording. Nothing of it changes the recording itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Edit {
    /// What is kept; all of it by default.
    pub cut: Cut,
    /// Its chapters.
    pub marks: ChapterMarks,
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
    finalise_edited(sources, tags, &Edit::default(), out)
}

/// The same as a host wants it: cut, with chapters.
///
/// # Errors
/// As [`finalise`]; [`RecordError::CutAway`] before anything was written.
pub fn finalise_edited<R: Read + Seek>(
    sources: &mut [R],
    tags: &Tags,
    edit: &Edit,
    out: &mut impl Write,
) -> Result<Finalised, RecordError> {
    let kept = edit.cut.kept();
    let layout = match survey(sources, &kept) {
        Err(RecordError::Empty) if !edit.cut.keeps_all() => return Err(RecordError::CutAway),
        layout => layout?,
    };
    let chapters = chapters(&edit.marks, &layout.finalised(0));
    let front = layout.front(tags, &chapters);
    out.write_all(&front)?;
    let mut copy = Layout::with_frame_samples(layout.frame_samples);
    for source in sources.iter_mut() {
        source.seek(SeekFrom::Start(0))?;
        let mut items = RecordingReader::new(source);
        while let Some(item) = items.next()? {
            if let RecordedItem::Chunk { chunk, samples } = item
                && let Some(part) = Part::of(&chunk, samples, &kept)
                && copy.add(part.position, part.samples, part.sizes)?
            {
                out.write_all(part.data)?;
            }
        }
    }
    if copy.data_bytes() != layout.data_bytes() || copy.duration() != layout.duration() {
        return Err(RecordError::Changed);
    }
    out.flush()?;
    let bytes = front.len() as u64 + layout.data_bytes();
    Ok(layout.finalised(bytes))
}

/// The packets of a chunk that are wholly within what is kept.
struct Part<'a> {
    position: u64,
    samples: u64,
    sizes: &'a [u16],
    data: &'a [u8],
}

impl<'a> Part<'a> {
    fn of(chunk: &'a ReadChunk, samples: u64, kept: &Range<u64>) -> Option<Self> {
        let count = chunk.sizes.len();
        let frame = samples
            .checked_div(count as u64)
            .filter(|frame| *frame > 0)?;
        let whole_before = |position: u64| position.saturating_sub(chunk.position) / frame;
        let skipped = kept.start.saturating_sub(chunk.position).div_ceil(frame);
        let first = usize::try_from(skipped).unwrap_or(count).min(count);
        let end = usize::try_from(whole_before(kept.end)).unwrap_or(count);
        let end = end.min(count);
        if first >= end {
            return None;
        }
        let bytes = |sizes: &[u16]| sizes.iter().map(|size| usize::from(*size)).sum::<usize>();
        let from = bytes(&chunk.sizes[..first]);
        let sizes = &chunk.sizes[first..end];
        Some(Self {
            position: chunk.position + first as u64 * frame,
            samples: sizes.len() as u64 * frame,
            sizes,
            data: &chunk.data[from..from + bytes(sizes)],
        })
    }
}

/// What the tables need to know of what is kept of the sources.
fn survey<R: Read + Seek>(sources: &mut [R], kept: &Range<u64>) -> Result<Layout, RecordError> {
    let mut layout = Layout::default();
    for source in sources.iter_mut() {
        source.seek(SeekFrom::Start(0))?;
        survey_one(source, kept, &mut layout)?;
    }
    if layout.is_empty() {
        return Err(RecordError::Empty);
    }
    Ok(layout)
}

fn survey_one(
    source: &mut impl Read,
    kept: &Range<u64>,
    layout: &mut Layout,
) -> Result<(), RecordError> {
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
                if let Some(part) = Part::of(&chunk, samples, kept) {
                    layout.add(part.position, part.samples, part.sizes)?;
                }
            }
        }
    }
    Ok(())
}
