//! What a finalised recording consists of, and the boxes that say so.

use super::chapters::{Chapter, chapter_list};
use super::error::RecordError;
use super::finalised::{Finalised, Gap};
use crate::mp4::BoxWriter;
use crate::package::cmaf::{self, PRE_SKIP_SAMPLES};
use crate::rendition::SAMPLE_RATE_HZ;
use crate::tags::Tags;

/// Most Opus packets in one finalised recording: 48 hours of 20 ms. Beyond, the recording stays in its parts.
pub const RECORDING_SAMPLES_MAX: usize = 48 * 3_600 * 50;

/// Sound between two entries of the chunk table, which is what a player can jump to in one step.
const STORED_CHUNK_MS: u32 = 1_000;

/// Everything the tables of the file need. Grows by nothing per packet as long as all packets have one size.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) frame_samples: u32,
    packets: u32,
    sizes: PacketSizes,
    data_bytes: u64,
    pub(super) first_position: u64,
    next_position: Option<u64>,
    pub(super) gaps: Vec<Gap>,
    pub(super) overlaps: u64,
}

#[derive(Debug, Default)]
enum PacketSizes {
    #[default]
    None,
    Constant(u16),
    /// One for each packet: at most 2 bytes times [`RECORDING_SAMPLES_MAX`].
    Each(Vec<u16>),
}

impl Layout {
    pub(super) fn with_frame_samples(frame_samples: u32) -> Self {
        Self {
            frame_samples,
            ..Self::default()
        }
    }

    /// Adds the next chunk to the tables. `false` means that its time is already taken and it is left out.
    pub(super) fn add(
        &mut self,
        position: u64,
        samples: u64,
        sizes: &[u16],
    ) -> Result<bool, RecordError> {
        match self.next_position {
            None => self.first_position = position,
            Some(next) if position < next => {
                self.overlaps += 1;
                return Ok(false);
            }
            Some(next) if position > next => {
                self.gaps.push(Gap {
                    at_samples: self.duration(),
                    position: next,
                    samples: position - next,
                });
            }
            Some(_) => {}
        }
        if self.packets as usize + sizes.len() > RECORDING_SAMPLES_MAX {
            return Err(RecordError::TooLong {
                limit: RECORDING_SAMPLES_MAX,
            });
        }
        self.next_position = Some(position.saturating_add(samples));
        sizes.iter().for_each(|&size| self.add_packet(size));
        Ok(true)
    }

    fn add_packet(&mut self, size: u16) {
        match &mut self.sizes {
            PacketSizes::None => self.sizes = PacketSizes::Constant(size),
            PacketSizes::Constant(constant) if *constant == size => {}
            PacketSizes::Constant(constant) => {
                let mut each = vec![*constant; self.packets as usize];
                each.push(size);
                self.sizes = PacketSizes::Each(each);
            }
            PacketSizes::Each(each) => each.push(size),
        }
        self.packets += 1;
        self.data_bytes += u64::from(size);
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.packets == 0
    }

    /// Samples of all packets.
    pub(super) fn duration(&self) -> u64 {
        u64::from(self.packets) * u64::from(self.frame_samples)
    }

    /// Bytes of all packets.
    pub(super) const fn data_bytes(&self) -> u64 {
        self.data_bytes
    }

    /// What a file of them holds that has so many bytes.
    pub(super) fn finalised(&self, bytes: u64) -> Finalised {
        Finalised {
            first_position: self.first_position,
            duration_samples: self.duration().saturating_sub(u64::from(PRE_SKIP_SAMPLES)),
            gaps: self.gaps.clone(),
            overlaps: self.overlaps,
            bytes,
        }
    }

    /// Everything that stands before the packets: `ftyp`, `moov` and the header of `mdat`.
    pub(super) fn front(&self, tags: &Tags, chapters: &[Chapter]) -> Vec<u8> {
        let mut w = BoxWriter::with_capacity(1_024);
        w.boxed(*b"ftyp", |w| {
            w.raw(b"isom");
            w.u32(0x200);
            w.raw(b"isomiso6mp41");
        });
        let before = w.len();
        // The offsets in moov depend on its length, and its length not on the offsets.
        let moov_bytes = self.movie(0, tags, chapters).len();
        let (data_size, header_bytes) = match u32::try_from(self.data_bytes + 8) {
            Ok(size) => (size, 8),
            Err(_) => (1, 16),
        };
        let data_offset = (before + moov_bytes + header_bytes) as u64;
        w.raw(&self.movie(data_offset, tags, chapters));
        w.u32(data_size);
        w.raw(b"mdat");
        if data_size == 1 {
            w.u64(self.data_bytes + 16);
        }
        w.into_bytes()
    }

    fn movie(&self, data_offset: u64, tags: &Tags, chapters: &[Chapter]) -> Vec<u8> {
        let media = self.duration();
        let presented = media.saturating_sub(u64::from(PRE_SKIP_SAMPLES));
        let mut w = BoxWriter::with_capacity(1_024);
        w.boxed(*b"moov", |w| {
            cmaf::movie_header(w, presented);
            w.boxed(*b"trak", |w| {
                cmaf::track_header(w, presented);
                cmaf::edit_list(w, presented);
                w.boxed(*b"mdia", |w| {
                    cmaf::media_header(w, media);
                    cmaf::media_information(w, |w| self.tables(w, data_offset));
                });
            });
            cmaf::user_data(w, tags, |w| chapter_list(w, chapters));
        });
        w.into_bytes()
    }

    fn tables(&self, w: &mut BoxWriter, data_offset: u64) {
        w.full(*b"stts", 0, 0, |w| {
            w.u32(1);
            w.u32(self.packets);
            w.u32(self.frame_samples);
        });
        let per_chunk = self.packets_per_chunk();
        let (full, rest) = (self.packets / per_chunk, self.packets % per_chunk);
        w.full(*b"stsc", 0, 0, |w| {
            // Runs of chunks with equally many packets: from which chunk on, how many, which sample description.
            let runs = [(1, per_chunk, full > 0), (full + 1, rest, rest > 0)];
            w.u32(runs.iter().filter(|run| run.2).count() as u32);
            for (first, packets, _) in runs.into_iter().filter(|run| run.2) {
                w.u32(first);
                w.u32(packets);
                w.u32(1);
            }
        });
        w.full(*b"stsz", 0, 0, |w| match &self.sizes {
            PacketSizes::None | PacketSizes::Constant(0) => {
                w.u32(0);
                w.u32(self.packets);
                w.zeros(4 * self.packets as usize);
            }
            PacketSizes::Constant(size) => {
                w.u32(u32::from(*size));
                w.u32(self.packets);
            }
            PacketSizes::Each(sizes) => {
                w.u32(0);
                w.u32(self.packets);
                sizes.iter().for_each(|&size| w.u32(u32::from(size)));
            }
        });
        w.full(*b"co64", 0, 0, |w| {
            w.u32(full + u32::from(rest > 0));
            self.chunk_offsets(data_offset, |offset| w.u64(offset));
        });
        self.pre_roll(w);
    }

    fn packets_per_chunk(&self) -> u32 {
        let ms = self.frame_samples / (SAMPLE_RATE_HZ / 1_000);
        (STORED_CHUNK_MS / ms.max(1)).max(1)
    }

    fn chunk_offsets(&self, data_offset: u64, mut each: impl FnMut(u64)) {
        let per_chunk = self.packets_per_chunk();
        let mut offset = data_offset;
        for first in (0..self.packets).step_by(per_chunk as usize) {
            each(offset);
            let packets = per_chunk.min(self.packets - first);
            offset += match &self.sizes {
                PacketSizes::None => 0,
                PacketSizes::Constant(size) => u64::from(*size) * u64::from(packets),
                PacketSizes::Each(sizes) => sizes[first as usize..(first + packets) as usize]
                    .iter()
                    .map(|&size| u64::from(size))
                    .sum(),
            };
        }
    }

    /// The `roll` sample group: after a jump a decoder needs 80 ms to be right again (Opus in ISOBMFF §4.3.6, RFC 7845 §4.6).
    fn pre_roll(&self, w: &mut BoxWriter) {
        const CONVERGENCE_SAMPLES: u32 = SAMPLE_RATE_HZ / 1_000 * 80;
        let packets = CONVERGENCE_SAMPLES.div_ceil(self.frame_samples.max(1)) as i16;
        w.full(*b"sgpd", 1, 0, |w| {
            w.raw(b"roll");
            w.u32(2); // bytes of an entry
            w.u32(1);
            w.u16(packets.wrapping_neg() as u16);
        });
        w.full(*b"sbgp", 0, 0, |w| {
            w.raw(b"roll");
            w.u32(1);
            w.u32(self.packets);
            w.u32(1);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mp4::{BoxKind, Boxes, StreamError};

    fn offsets(layout: &Layout, from: u64) -> Vec<u64> {
        let mut offsets = Vec::new();
        layout.chunk_offsets(from, |offset| offsets.push(offset));
        offsets
    }

    #[test]
    fn a_recording_at_the_limit_is_taken_and_one_packet_more_is_refused() {
        let mut layout = Layout::with_frame_samples(960);
        let samples = RECORDING_SAMPLES_MAX as u64 * 960;
        assert!(
            layout
                .add(0, samples, &vec![120; RECORDING_SAMPLES_MAX])
                .is_ok()
        );
        let refused = layout.add(samples, 960, &[120]);
        assert!(matches!(
            refused,
            Err(RecordError::TooLong {
                limit: RECORDING_SAMPLES_MAX
            })
        ));
    }

    #[test]
    fn packets_that_change_their_size_on_the_way_are_found_again() {
        let mut layout = Layout::with_frame_samples(960);
        let sizes: Vec<_> = (0..120)
            .map(|packet| if packet < 60 { 10 } else { 20 })
            .collect();
        layout
            .add(0, 120 * 960, &sizes)
            .expect("far below the limit");
        assert_eq!(offsets(&layout, 1_000), [1_000, 1_500, 1_500 + 100 + 800]);
        assert_eq!(layout.data_bytes(), 60 * 10 + 60 * 20);
    }

    #[test]
    fn the_first_offset_points_behind_the_front() {
        let mut layout = Layout::with_frame_samples(960);
        layout
            .add(0, 50 * 960, &[120; 50])
            .expect("far below the limit");
        let front = layout.front(&Tags::default(), &[]);
        let at = front
            .windows(4)
            .position(|window| window == b"co64")
            .expect("there is a chunk table")
            + 12;
        assert_eq!(front[at..at + 8], (front.len() as u64).to_be_bytes());
        let boxes: Vec<_> = Boxes::new(&front).collect();
        let kinds = [&boxes[0], &boxes[1]].map(|found| found.map(|(kind, _)| kind));
        assert_eq!(kinds, [Ok(BoxKind(*b"ftyp")), Ok(BoxKind(*b"moov"))]);
        let kind = BoxKind(*b"mdat");
        assert_eq!(
            boxes[2..],
            [Err(StreamError::Truncated { kind, got: 8 })],
            "of mdat there is the header only"
        );
    }
}
