//! One Opus packet as it arrived, and what can be read from its bytes without decoding them (RFC 6716 §3).

use bytes::Bytes;

use super::codec::PACKET_SAMPLES_MAX;

/// One Opus packet that a sender sent, freed from RTP and RED, with its place in the stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReceivedPacket {
    /// RTP sequence number, extended to 64 bits: it does not wrap.
    pub sequence: u64,
    /// RTP timestamp, extended to 64 bits: media time in samples at 48 kHz, whatever the codec's rate (RFC 7587 §4.1).
    pub timestamp: u64,
    /// When it arrived, in microseconds on the clock of the ticks that will play it.
    pub arrived_us: u64,
    /// The packet itself (RFC 6716 §3).
    pub bytes: Bytes,
    /// How it came.
    pub from: PacketSource,
}

/// How a packet came (RFC 2198 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PacketSource {
    /// In an RTP packet of its own, or as the primary block of a RED packet.
    #[default]
    Primary,
    /// As a redundant block of a later RED packet.
    RedCopy,
}

/// A packet of at most this many bytes says "still silent" (DTX): a TOC byte and no more than one byte of frame
/// (RFC 6716 §2.1.9 sends one frame in 400 ms; encoders write it with 1 or 2 bytes).
pub const DTX_BYTES_MAX: usize = 2;

/// Samples at 48 kHz of one frame, from the configuration number of the TOC byte (RFC 6716 §3.1, table 2).
#[must_use]
const fn frame_samples(toc: u8) -> usize {
    let config = toc >> 3;
    match config {
        // SILK: 10, 20, 40, 60 ms.
        0..=11 => match config & 3 {
            0 => 480,
            1 => 960,
            2 => 1_920,
            _ => 2_880,
        },
        // Hybrid: 10, 20 ms.
        12..=15 => 480 << (config & 1),
        // CELT: 2.5, 5, 10, 20 ms.
        _ => 120 << (config & 3),
    }
}

/// Whether it holds two channels (RFC 6716 §3.1).
#[must_use]
pub const fn is_stereo(packet: &[u8]) -> bool {
    matches!(packet.first(), Some(&toc) if toc & 4 != 0)
}

/// Duration of a packet in samples at 48 kHz, or `None` when it breaks the rules of RFC 6716 §3.4 that can be seen here.
#[must_use]
pub fn samples(packet: &[u8]) -> Option<usize> {
    let toc = *packet.first()?;
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        // Code 3: the count is in the low six bits of the second byte.
        _ => usize::from(*packet.get(1)? & 0x3f),
    };
    let samples = frames * frame_samples(toc);
    // R5: no packet is longer than 120 ms, none is empty.
    (samples > 0 && samples <= PACKET_SAMPLES_MAX).then_some(samples)
}

/// Whether the packet carries a copy of the one before it (LBRR, RFC 6716 §4.2.4).
///
/// Reads the first frame of code 0 packets, which is what real encoders of in-band FEC send; says `false` for the rest.
#[must_use]
pub fn has_fec(packet: &[u8]) -> bool {
    let [toc, first, ..] = *packet else {
        return false;
    };
    if toc & 0x80 != 0 || toc & 3 != 0 {
        // CELT has no LBRR.
        return false;
    }
    // The header bits of a SILK frame: one VAD flag for each 20 ms, then the LBRR flag of the first channel.
    let vad_flags = (frame_samples(toc) / 960).max(1);
    first >> (7 - vad_flags) & 1 == 1
}

/// Whether the packet only says that the sender is still silent.
#[must_use]
pub const fn is_dtx(packet: &[u8]) -> bool {
    packet.len() <= DTX_BYTES_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_follow_the_table_of_the_rfc() {
        for (config, samples_expected) in [
            (0, 480),
            (3, 2_880),
            (12, 480),
            (15, 960),
            (16, 120),
            (31, 960),
        ] {
            assert_eq!(
                samples(&[config << 3, 0]),
                Some(samples_expected),
                "config {config}"
            );
        }
        assert_eq!(samples(&[(31 << 3) | 1, 0]), Some(1_920));
        assert_eq!(samples(&[(31 << 3) | 3, 6]), Some(5_760));
        assert_eq!(samples(&[(31 << 3) | 3, 7]), None, "longer than 120 ms");
        assert_eq!(samples(&[(31 << 3) | 3, 0]), None, "no frame at all");
        assert_eq!(samples(&[(31 << 3) | 3]), None, "the count is missing");
        assert_eq!(samples(&[]), None);
    }
}
