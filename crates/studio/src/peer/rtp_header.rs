//! The little of an RTP header (RFC 3550 §5.1) that is read before the library sees a packet. It reads untrusted bytes.

/// Bytes of a header without sources and extension.
const FIXED_BYTES: usize = 12;

/// What is known of a packet before it has been decrypted; anybody may have written it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RtpHeader {
    pub(super) payload_type: u8,
    pub(super) ssrc: u32,
}

impl RtpHeader {
    /// `None` for what is no RTP (RFC 7983 §7), RTCP among it (RFC 5761 §4).
    pub(super) fn read(datagram: &[u8]) -> Option<Self> {
        let header = datagram.first_chunk::<FIXED_BYTES>()?;
        let is_rtp = (128..192).contains(&header[0]) && !(192..224).contains(&header[1]);
        is_rtp.then(|| Self {
            payload_type: header[1] & 0x7f,
            ssrc: u32::from_be_bytes([header[8], header[9], header[10], header[11]]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rtp_is_told_from_everything_else_and_cut_packets() {
        let packet = [
            0x90,
            0x80 | 111,
            0,
            1,
            0,
            0,
            0,
            2,
            0xde,
            0xad,
            0xbe,
            0xef,
            9,
        ];
        let header = RtpHeader::read(&packet).unwrap();
        assert_eq!((header.payload_type, header.ssrc), (111, 0xdead_beef));
        for length in 0..FIXED_BYTES {
            assert_eq!(RtpHeader::read(&packet[..length]), None);
        }
        for (first, second) in [
            (0, 1),
            (22, 254),
            (191, 200),
            (128, 223),
            (128, 192),
            (64, 111),
        ] {
            let mut other = packet;
            (other[0], other[1]) = (first, second);
            assert_eq!(RtpHeader::read(&other), None, "{first} {second}");
        }
    }
}
