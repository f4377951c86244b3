//! What the first bytes of a frame say.

use crate::rendition::SAMPLE_RATE_HZ;

/// Bytes that [`FrameHeader::parse`] wants: an ADTS header; that of MP3 is shorter.
pub const HEADER_BYTES: usize = 7;

/// Longest frame, bytes: what the 13 bits of an ADTS header can say. A frame of MP3 is always shorter.
pub const FRAME_BYTES_MAX: usize = 8_191;

/// Bit rates of MPEG-1 layer III, kbit/s, by their four bits (ISO/IEC 11172-3 §2.4.2.3). 0: none that we read.
const MP3_KBIT_PER_S: [u32; 16] = [
    0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0,
];

/// Which encoding a frame is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// AAC-LC with an ADTS header: 1,024 samples.
    Aac,
    /// MPEG-1 layer III: 1,152 samples.
    Mp3,
}

impl FrameKind {
    /// Samples of one frame.
    #[must_use]
    pub const fn samples(self) -> u64 {
        match self {
            Self::Aac => 1_024,
            Self::Mp3 => 1_152,
        }
    }
}

/// What the header of a frame says that we can send on: 48 kHz, as everything inside Stentor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// Which encoding.
    pub kind: FrameKind,
    /// Bytes of the frame with its header: at least [`HEADER_BYTES`], at most [`FRAME_BYTES_MAX`].
    pub bytes: usize,
}

impl FrameHeader {
    /// Reads the header of a frame; `None` where none begins, or one that we did not ask for: another profile, layer or rate, or more
    /// than one block in a frame.
    #[must_use]
    pub fn parse(bytes: [u8; HEADER_BYTES]) -> Option<Self> {
        const LAYER: u8 = 0b0000_0110;
        if bytes[0] != 0xff || bytes[1] & 0xf0 != 0xf0 {
            return None;
        }
        match bytes[1] & LAYER {
            0b000 => Self::adts(bytes),
            0b010 => Self::mp3(bytes),
            _ => None,
        }
    }

    fn adts(bytes: [u8; HEADER_BYTES]) -> Option<Self> {
        const LOW_COMPLEXITY: u8 = 1;
        const RATE_48_KHZ: u8 = 3;
        let profile = bytes[2] >> 6;
        let rate = bytes[2] >> 2 & 0xf;
        let blocks = bytes[6] & 0b11;
        if profile != LOW_COMPLEXITY || rate != RATE_48_KHZ || blocks != 0 {
            return None;
        }
        let length = usize::from(bytes[3] & 0b11) << 11
            | usize::from(bytes[4]) << 3
            | usize::from(bytes[5] >> 5);
        Self::of(FrameKind::Aac, length)
    }

    fn mp3(bytes: [u8; HEADER_BYTES]) -> Option<Self> {
        const MPEG_1: u8 = 0b0000_1000;
        const RATE_48_KHZ: u8 = 1;
        let kbit_per_s = MP3_KBIT_PER_S[usize::from(bytes[2] >> 4)];
        let rate = bytes[2] >> 2 & 0b11;
        if bytes[1] & MPEG_1 == 0 || rate != RATE_48_KHZ || kbit_per_s == 0 {
            return None;
        }
        let padding = u32::from(bytes[2] >> 1 & 1);
        let length = 144_000 * kbit_per_s / SAMPLE_RATE_HZ + padding;
        Self::of(FrameKind::Mp3, length as usize)
    }

    /// A frame that is no longer than its header is none.
    fn of(kind: FrameKind, bytes: usize) -> Option<Self> {
        (bytes > HEADER_BYTES).then_some(Self { kind, bytes })
    }
}
