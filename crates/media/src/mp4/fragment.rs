//! What `moov` says of the track, and `moof` of one fragment.

use super::boxes::{fields, find};
use super::error::StreamError;
use super::kind::BoxKind;
use crate::rendition::SAMPLE_RATE_HZ;

/// Most Opus packets one chunk may have. A stem has 50.
pub const PACKETS_PER_CHUNK_MAX: u32 = 1_024;

/// What a head says of its track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrackHeader {
    /// Duration of one Opus packet where a fragment does not say otherwise, in samples.
    pub frame_samples: u32,
    /// Samples to leave out at the beginning (RFC 7845 §4.2).
    pub pre_skip: u16,
}

impl TrackHeader {
    pub(super) fn read(moov: &[u8]) -> Result<Self, StreamError> {
        let [trak, mvex] = find(moov, [b"trak", b"mvex"])?;
        let [mdia] = find(trak, [b"mdia"])?;
        let [mdhd, minf] = find(mdia, [b"mdhd", b"minf"])?;
        let timescale = fields(b"mdhd", mdhd, |f| {
            let (version, _) = f.version_and_flags()?;
            f.skip(if version == 0 { 8 } else { 16 })?;
            f.u32()
        })?;
        if timescale != SAMPLE_RATE_HZ {
            return Err(unsupported(b"mdhd", timescale));
        }
        let [stbl] = find(minf, [b"stbl"])?;
        let [stsd] = find(stbl, [b"stsd"])?;
        // A full box with a count stands before the entries.
        let entries = fields(b"stsd", stsd, |f| f.skip(8).map(|()| f.rest()))?;
        let [opus] = find(entries, [b"Opus"])?;
        // The fields of an audio sample entry (§12.2.3) stand before its boxes.
        let inside = fields(b"Opus", opus, |f| f.skip(28).map(|()| f.rest()))?;
        let [configuration] = find(inside, [b"dOps"])?;
        let pre_skip = fields(b"dOps", configuration, |f| f.skip(2).and_then(|()| f.u16()))?;
        let [trex] = find(mvex, [b"trex"])?;
        let frame_samples = fields(b"trex", trex, |f| f.skip(12).and_then(|()| f.u32()))?;
        // RFC 6716 §2.1.4: 2.5 ms to 120 ms.
        if !(120..=5_760).contains(&frame_samples) {
            return Err(unsupported(b"trex", frame_samples));
        }
        Ok(Self {
            frame_samples,
            pre_skip,
        })
    }
}

/// What a `moof` says, in the one form that we write: one track, one run, sizes constant or listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fragment<'a> {
    /// Position of the first sample (`tfdt`).
    pub position: u64,
    /// Number of the fragment (`mfhd`).
    pub sequence: u32,
    /// Duration of one Opus packet in samples, where it is not as the head says.
    pub frame_samples: Option<u32>,
    /// How many Opus packets there are.
    pub packets: u32,
    /// Bytes of all of them.
    pub packets_bytes: u32,
    pub(super) data_offset: u32,
    /// The size that all packets have, unless they are listed.
    common_size: Option<u16>,
    /// 32 bits for each packet, none of them above 16 bits.
    listed_sizes: &'a [u8],
}

impl<'a> Fragment<'a> {
    #[inline]
    pub(super) fn read(moof: &'a [u8]) -> Result<Self, StreamError> {
        const DEFAULT_BASE_IS_MOOF: u32 = 0x02_0000;
        const DEFAULT_SAMPLE_DURATION: u32 = 0x8;
        const DEFAULT_SAMPLE_SIZE: u32 = 0x10;
        const DATA_OFFSET: u32 = 0x1;
        const SAMPLE_SIZES: u32 = 0x200;
        let [mfhd, traf] = find(moof, [b"mfhd", b"traf"])?;
        let sequence = fields(b"mfhd", mfhd, |f| f.skip(4).and_then(|()| f.u32()))?;
        let [tfhd, tfdt, trun] = find(traf, [b"tfhd", b"tfdt", b"trun"])?;
        let (flags, frame_samples, common_size) = fields(b"tfhd", tfhd, |f| {
            let (_, flags) = f.version_and_flags()?;
            f.skip(4)?;
            let mut present = |flag| (flags & flag != 0).then(|| f.u32()).transpose();
            let duration = present(DEFAULT_SAMPLE_DURATION)?;
            Ok((flags, duration, present(DEFAULT_SAMPLE_SIZE)?))
        })?;
        if flags & !(DEFAULT_SAMPLE_DURATION | DEFAULT_SAMPLE_SIZE) != DEFAULT_BASE_IS_MOOF {
            return Err(unsupported(b"tfhd", flags));
        }
        let position = fields(b"tfdt", tfdt, |f| match f.version_and_flags()?.0 {
            0 => f.u32().map(u64::from),
            _ => f.u64(),
        })?;
        let (flags, packets, data_offset) = fields(b"trun", trun, |f| {
            Ok((f.version_and_flags()?.1, f.u32()?, f.u32()?))
        })?;
        let sizes = if common_size.is_none() {
            SAMPLE_SIZES
        } else {
            0
        };
        if flags != DATA_OFFSET | sizes {
            return Err(unsupported(b"trun", flags));
        }
        if packets > PACKETS_PER_CHUNK_MAX {
            return Err(StreamError::TooManyPackets {
                got: packets,
                limit: PACKETS_PER_CHUNK_MAX,
            });
        }
        let mut fragment = Self {
            position,
            sequence,
            frame_samples,
            packets,
            packets_bytes: 0,
            data_offset,
            common_size: None,
            listed_sizes: &[],
        };
        match common_size {
            Some(size) => {
                let size = small(size)?;
                fragment.common_size = Some(size);
                fragment.packets_bytes = packets * u32::from(size);
            }
            None => fragment.list(trun)?,
        }
        Ok(fragment)
    }

    /// Takes the sizes of the packets one by one.
    fn list(&mut self, trun: &'a [u8]) -> Result<(), StreamError> {
        self.listed_sizes = fields(b"trun", trun, |f| {
            f.skip(12)?;
            f.bytes(4 * self.packets as usize)
        })?;
        for size in self.listed_sizes.as_chunks().0 {
            self.packets_bytes += u32::from(small(u32::from_be_bytes(*size))?);
        }
        Ok(())
    }

    /// Bytes of each Opus packet in order.
    pub fn packet_sizes(&self) -> impl Iterator<Item = u16> + 'a {
        let (common, listed) = (self.common_size, self.listed_sizes);
        // Of 32 bits listed the upper half is nought.
        let size = move |at: usize| u16::from_be_bytes([listed[4 * at + 2], listed[4 * at + 3]]);
        (0..self.packets as usize).map(move |at| common.unwrap_or_else(|| size(at)))
    }
}

/// Packets are below 64 kB: the longest datagram.
fn small(size: u32) -> Result<u16, StreamError> {
    u16::try_from(size).map_err(|_| unsupported(b"trun", size))
}

#[cold]
fn unsupported(kind: &[u8; 4], got: u32) -> StreamError {
    StreamError::Unsupported {
        kind: BoxKind(*kind),
        got: got.into(),
    }
}
