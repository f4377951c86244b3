//! The three encodings of the programme and the arithmetic of their timeline.
//!
//! All lengths divide one another, so that a listener can move between renditions at a boundary they share and a
//! server that restarts can take up the numbering where the clock says it must be.

/// Samples per second of everything inside Stentor; also the timescale of every track we write.
pub const SAMPLE_RATE_HZ: u32 = 48_000;

/// Samples of one tick of the mixer: 20 ms.
pub const TICK_SAMPLES: usize = 960;

/// Length of an HLS segment, the same for every rendition: 3.6 s, a whole number of chunks of each of them.
pub const SEGMENT_MS: u32 = 3_600;

/// [`SEGMENT_MS`] in samples.
pub const SEGMENT_SAMPLES: u64 = samples_of_ms(SEGMENT_MS);

/// The shortest step on which the chunks of all renditions begin together: 1.2 s in samples.
///
/// A programme may only start (or start again) at a multiple of this.
pub const COMMON_BOUNDARY_SAMPLES: u64 = samples_of_ms(1_200);

/// Converts milliseconds to samples of the 48 kHz clock.
#[must_use]
pub const fn samples_of_ms(ms: u32) -> u64 {
    ms as u64 * (SAMPLE_RATE_HZ as u64 / 1_000)
}

/// One encoding of the programme. All are encoded all the time; a listener that changes goes on reading in another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rendition {
    /// 48 kbit/s, chunks of 200 ms: what a listener gets at rest.
    Full,
    /// 24 kbit/s, chunks of 400 ms.
    Mid,
    /// 12 kbit/s, chunks of 1.2 s: the cheapest way to still be heard.
    Low,
}

impl Rendition {
    /// Every rendition, best first.
    pub const ALL: [Self; 3] = [Self::Full, Self::Mid, Self::Low];

    /// The name in URLs: the bit rate in kbit/s, in decimal.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "48",
            Self::Mid => "24",
            Self::Low => "12",
        }
    }

    /// The rendition with this [`name`](Self::name), if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|rendition| rendition.name() == name)
    }

    /// Bit rate of the sound, container not counted, in kbit/s. Hard CBR: every frame has the same size.
    #[must_use]
    pub const fn kbit_per_s(self) -> u32 {
        match self {
            Self::Full => 48,
            Self::Mid => 24,
            Self::Low => 12,
        }
    }

    /// Length of one Opus frame in milliseconds.
    #[must_use]
    pub const fn frame_ms(self) -> u32 {
        match self {
            Self::Full | Self::Mid => 20,
            Self::Low => 60,
        }
    }

    /// Length of one chunk in milliseconds.
    #[must_use]
    pub const fn chunk_ms(self) -> u32 {
        match self {
            Self::Full => 200,
            Self::Mid => 400,
            Self::Low => 1_200,
        }
    }

    /// Samples of one Opus frame.
    #[must_use]
    pub const fn frame_samples(self) -> usize {
        samples_of_ms(self.frame_ms()) as usize
    }

    /// Samples of one chunk.
    #[must_use]
    pub const fn chunk_samples(self) -> u64 {
        samples_of_ms(self.chunk_ms())
    }

    /// Opus frames in one chunk.
    #[must_use]
    pub const fn frames_per_chunk(self) -> u32 {
        self.chunk_ms() / self.frame_ms()
    }

    /// Chunks in one HLS segment.
    #[must_use]
    pub const fn chunks_per_segment(self) -> u32 {
        SEGMENT_MS / self.chunk_ms()
    }

    /// Bytes of one Opus packet: hard CBR makes this a constant.
    #[must_use]
    pub const fn packet_bytes(self) -> usize {
        (self.kbit_per_s() * self.frame_ms() / 8) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_boundary_is_shared_where_it_must_be() {
        for rendition in Rendition::ALL {
            let frame = rendition.frame_samples() as u64;
            assert_eq!(frame % TICK_SAMPLES as u64, 0);
            assert_eq!(rendition.chunk_samples() % frame, 0);
            assert_eq!(COMMON_BOUNDARY_SAMPLES % rendition.chunk_samples(), 0);
            assert_eq!(SEGMENT_SAMPLES % rendition.chunk_samples(), 0);
        }
        assert_eq!(SEGMENT_SAMPLES % COMMON_BOUNDARY_SAMPLES, 0);
    }

    #[test]
    fn names_lead_back_to_their_rendition() {
        for rendition in Rendition::ALL {
            assert_eq!(Rendition::from_name(rendition.name()), Some(rendition));
        }
        assert_eq!(Rendition::from_name("64"), None);
    }
}
