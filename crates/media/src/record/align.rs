//! One speaker's recording made to play along with the finalised programme: what is missing is filled with silence, so that a converter or
//! an editor keeps the time.

use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;

use super::error::RecordError;
use super::finalised::Finalised;
use super::layout::Layout;
use super::recover::{RecordedItem, RecordingReader};
use crate::rendition::TICK_SAMPLES;
use crate::tags::Tags;

/// 20 ms of silence as Opus has it: CELT at full band, mono, one frame (RFC 6716 §3.1).
const SILENCE: &[u8] = &[0xf8, 0xff, 0xfe];
/// Samples of a packet of a stem.
const PACKET_SAMPLES: u64 = TICK_SAMPLES as u64;

/// Reads a recording of packets of 20 ms, and writes one MP4 file that begins, ends and has its cuts where the finalised programme has
/// them; its `moov` comes first. The length of the file in bytes.
///
/// Reads the source twice and holds one chunk at a time; the tables take 2 bytes for each packet.
///
/// # Errors
/// [`RecordError`]; what has been written to `out` by then is of no use.
pub fn align<R: Read + Seek>(
    programme: &Finalised,
    source: &mut R,
    tags: &Tags,
    out: &mut impl Write,
) -> Result<u64, RecordError> {
    let mut layout = Layout::with_frame_samples(TICK_SAMPLES as u32);
    let mut position = 0;
    along(programme, source, |packet| {
        let size = packet.len() as u16;
        layout.add(position, PACKET_SAMPLES, &[size])?;
        position += PACKET_SAMPLES;
        Ok(())
    })?;
    let front = layout.front(tags, &[]);
    out.write_all(&front)?;
    let mut written = 0;
    along(programme, source, |packet| {
        written += packet.len() as u64;
        Ok(out.write_all(packet)?)
    })?;
    if written != layout.data_bytes() {
        return Err(RecordError::Changed);
    }
    out.flush()?;
    Ok(front.len() as u64 + written)
}

/// Gives a packet for each 20 ms of the programme: the recording's, or silence.
fn along<R: Read + Seek>(
    programme: &Finalised,
    source: &mut R,
    mut give: impl FnMut(&[u8]) -> Result<(), RecordError>,
) -> Result<(), RecordError> {
    source.seek(SeekFrom::Start(0))?;
    let mut cursor = Cursor::new(programme.spans());
    let mut items = RecordingReader::new(source);
    while let Some(item) = items.next()? {
        let RecordedItem::Chunk { chunk, samples } = item else {
            continue;
        };
        let got = samples / (chunk.sizes.len() as u64).max(1);
        if got != PACKET_SAMPLES {
            return Err(RecordError::Mixed {
                got: got as u32,
                expected: TICK_SAMPLES as u32,
            });
        }
        for (n, packet) in chunk.packets().enumerate() {
            let position = chunk.position + n as u64 * PACKET_SAMPLES;
            while cursor.next_if(|at| at < position) {
                give(SILENCE)?;
            }
            // What was said where the programme has a gap, or a second time, has no place.
            if cursor.next_if(|at| at == position) {
                give(packet)?;
            }
        }
    }
    while cursor.next_if(|_| true) {
        give(SILENCE)?;
    }
    Ok(())
}

/// Goes along the programme in steps of a packet.
struct Cursor<I> {
    spans: I,
    now: Range<u64>,
}

impl<I: Iterator<Item = Range<u64>>> Cursor<I> {
    fn new(mut spans: I) -> Self {
        let now = spans.next().unwrap_or(0..0);
        Self { spans, now }
    }

    /// Takes the next step if it is wanted; whether it was taken.
    fn next_if(&mut self, wanted: impl Fn(u64) -> bool) -> bool {
        while self.now.is_empty() {
            match self.spans.next() {
                Some(span) => self.now = span,
                None => return false,
            }
        }
        let takes = wanted(self.now.start);
        if takes {
            self.now.start = self.now.end.min(self.now.start + PACKET_SAMPLES);
        }
        takes
    }
}
