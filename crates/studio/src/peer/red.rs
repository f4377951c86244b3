//! Redundant audio (RFC 2198): copies of earlier packets inside later ones.
//!
//! A copy says which moment it is from, not which packet it was; the jitter buffer wants both. The sequence number is
//! found from the packets received around that moment, as a DTX pause makes "one packet earlier" mean 20 ms or 400 ms.

use std::collections::VecDeque;

use bytes::Bytes;
use stentor_media::opus::{PacketSource, ReceivedPacket};
use str0m::rtp::{RedDecoder, RedEncoder, RedundantBlock};

use crate::limits::{OPUS_BYTES_MAX, RED_COPIES_MAX, RED_HISTORY_MAX};

/// Where an RTP packet stands in its stream, and when it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpStamp {
    /// Sequence number, extended to 64 bits.
    pub sequence: u64,
    /// Media time in samples at 48 kHz, extended to 64 bits.
    pub timestamp: u64,
    /// Arrival, in microseconds on the studio's [clock](crate::clock).
    pub arrived_us: u64,
}

impl RtpStamp {
    const fn packet(self, bytes: Bytes, from: PacketSource) -> ReceivedPacket {
        ReceivedPacket {
            sequence: self.sequence,
            timestamp: self.timestamp,
            arrived_us: self.arrived_us,
            bytes,
            from,
        }
    }
}

/// Unpacks what one peer sends.
#[derive(Debug, Default)]
pub struct RedReceiver {
    /// Sequence and timestamp of packets received, in the order they came.
    recent: VecDeque<(u64, u64)>,
    malformed: u64,
}

impl RedReceiver {
    /// RED packets that could not be read.
    #[must_use]
    pub const fn malformed(&self) -> u64 {
        self.malformed
    }

    /// Notes a packet that came without RED.
    pub fn plain(&mut self, stamp: RtpStamp, payload: Bytes) -> ReceivedPacket {
        self.note(stamp.sequence, stamp.timestamp);
        stamp.packet(payload, PacketSource::Primary)
    }

    /// Unpacks a RED packet into its copies, oldest first, and the packet itself, last.
    ///
    /// Copies of packets that have arrived, and copies whose place is not certain, are left out.
    pub fn unpack(
        &mut self,
        stamp: RtpStamp,
        opus_pt: u8,
        red: &[u8],
        out: &mut Vec<ReceivedPacket>,
    ) {
        let Ok(blocks) = RedDecoder::decode(red) else {
            self.malformed += 1;
            return;
        };
        let Some((primary, copies)) = blocks.split_last() else {
            return;
        };
        self.note(stamp.sequence, stamp.timestamp);
        let skipped = copies.len().saturating_sub(RED_COPIES_MAX);
        for copy in copies.iter().skip(skipped) {
            let wanted = copy.pt == opus_pt && (1..=OPUS_BYTES_MAX).contains(&copy.payload.len());
            let time = stamp
                .timestamp
                .checked_sub(u64::from(copy.timestamp_offset));
            let Some(time) = time.filter(|_| wanted && copy.timestamp_offset > 0) else {
                continue;
            };
            if let Some(place) = self.place(time) {
                self.note(place, time);
                let earlier = RtpStamp {
                    sequence: place,
                    timestamp: time,
                    ..stamp
                };
                let bytes = Bytes::copy_from_slice(copy.payload);
                out.push(earlier.packet(bytes, PacketSource::RedCopy));
            }
        }
        if primary.pt == opus_pt && (1..=OPUS_BYTES_MAX).contains(&primary.payload.len()) {
            let bytes = Bytes::copy_from_slice(primary.payload);
            out.push(stamp.packet(bytes, PacketSource::Primary));
        }
    }

    fn note(&mut self, sequence: u64, timestamp: u64) {
        if self.recent.len() == RED_HISTORY_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back((sequence, timestamp));
    }

    /// The sequence number of a packet from `time` that has not arrived.
    fn place(&self, time: u64) -> Option<u64> {
        if self.recent.iter().any(|&(_, t)| t == time) {
            return None;
        }
        let below = self.recent.iter().filter(|&&(_, t)| t < time).max()?;
        let above = self.recent.iter().filter(|&&(_, t)| t > time).min()?;
        let missing = above.0.checked_sub(below.0)?.checked_sub(1)?;
        match missing {
            0 => None,
            1 => Some(below.0 + 1),
            // Several are missing: only evenly spaced packets tell which one this is.
            _ => {
                let (span, packets) = (above.1.checked_sub(below.1)?, missing + 1);
                let spacing = span.is_multiple_of(packets).then_some(span / packets)?;
                let back = time - below.1;
                (spacing > 0 && back.is_multiple_of(spacing)).then(|| below.0 + back / spacing)
            }
        }
    }
}

/// Packs what is sent to one peer: each packet with a copy of the one before, as browsers do.
#[derive(Debug, Default)]
pub struct RedSender {
    previous: Option<(u64, Bytes)>,
}

impl RedSender {
    /// The RED payload of a packet.
    pub fn pack(&mut self, timestamp: u64, opus_pt: u8, payload: &Bytes) -> Vec<u8> {
        let copy = self
            .previous
            .replace((timestamp, payload.clone()))
            .and_then(|(time, payload)| {
                Some(RedundantBlock {
                    pt: opus_pt,
                    timestamp_offset: u32::try_from(timestamp.checked_sub(time)?).ok()?,
                    payload: payload.to_vec(),
                })
            });
        // The encoder leaves out a copy that RFC 2198's fields cannot hold.
        RedEncoder::encode(opus_pt, payload, copy.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPUS: u8 = 111;

    fn red(primary: &[u8], copies: &[(u32, &[u8])]) -> Vec<u8> {
        let blocks: Vec<_> = copies
            .iter()
            .map(|&(timestamp_offset, payload)| RedundantBlock {
                pt: OPUS,
                timestamp_offset,
                payload: payload.to_vec(),
            })
            .collect();
        RedEncoder::encode(OPUS, primary, &blocks)
    }

    /// The stamp of a packet that arrived at the moment 7.
    fn at(sequence: u64, timestamp: u64) -> RtpStamp {
        RtpStamp {
            sequence,
            timestamp,
            arrived_us: 7,
        }
    }

    /// Sequence, timestamp, and whether it is a copy.
    fn places(packets: &[ReceivedPacket]) -> Vec<(u64, u64, bool)> {
        assert!(packets.iter().all(|packet| packet.arrived_us == 7));
        let is_copy = |packet: &ReceivedPacket| packet.from == PacketSource::RedCopy;
        packets
            .iter()
            .map(|packet| (packet.sequence, packet.timestamp, is_copy(packet)))
            .collect()
    }

    #[test]
    fn a_copy_fills_the_one_packet_that_is_missing() {
        let mut receiver = RedReceiver::default();
        let mut out = Vec::new();
        receiver.unpack(at(10, 9_600), OPUS, &red(b"a", &[]), &mut out);
        receiver.unpack(at(12, 11_520), OPUS, &red(b"c", &[(960, b"b")]), &mut out);
        assert_eq!(
            places(&out),
            [(10, 9_600, false), (11, 10_560, true), (12, 11_520, false)]
        );
    }

    #[test]
    fn a_copy_of_what_has_arrived_is_left_out() {
        let mut receiver = RedReceiver::default();
        let mut out = Vec::new();
        receiver.unpack(at(10, 9_600), OPUS, &red(b"a", &[]), &mut out);
        receiver.unpack(at(11, 10_560), OPUS, &red(b"b", &[(960, b"a")]), &mut out);
        assert_eq!(places(&out), [(10, 9_600, false), (11, 10_560, false)]);
    }

    #[test]
    fn a_pause_does_not_misplace_a_copy() {
        let mut receiver = RedReceiver::default();
        let mut out = Vec::new();
        receiver.unpack(at(10, 9_600), OPUS, &red(b"a", &[]), &mut out);
        // Sequence 11 came 200 ms later and was lost; 12 carries it.
        receiver.unpack(at(12, 20_160), OPUS, &red(b"c", &[(960, b"b")]), &mut out);
        assert_eq!(places(&out)[1], (11, 19_200, true));
    }

    #[test]
    fn a_copy_without_a_certain_place_is_left_out() {
        let mut receiver = RedReceiver::default();
        let mut out = Vec::new();
        receiver.unpack(at(10, 9_600), OPUS, &red(b"a", &[]), &mut out);
        receiver.unpack(at(14, 20_000), OPUS, &red(b"e", &[(960, b"d")]), &mut out);
        assert_eq!(places(&out), [(10, 9_600, false), (14, 20_000, false)]);
    }

    #[test]
    fn garbage_is_counted_and_gives_nothing() {
        let mut receiver = RedReceiver::default();
        let mut out = Vec::new();
        receiver.unpack(at(1, 960), OPUS, &[0xff; 3], &mut out);
        receiver.unpack(at(2, 1_920), OPUS, &[], &mut out);
        assert_eq!((out.len(), receiver.malformed), (0, 2));
    }

    #[test]
    fn history_and_copies_are_bounded() {
        let mut receiver = RedReceiver::default();
        let mut out = Vec::new();
        receiver.plain(at(0, 0), Bytes::new());
        let copies: Vec<(u32, &[u8])> = (1..=20).rev().map(|n| (n * 480, &b"x"[..])).collect();
        receiver.unpack(at(21, 21 * 480), OPUS, &red(b"p", &copies), &mut out);
        assert_eq!(out.len(), RED_COPIES_MAX + 1);
        for n in 0..100 {
            receiver.plain(at(n, n * 960), Bytes::new());
        }
        assert_eq!(receiver.recent.len(), RED_HISTORY_MAX);
    }

    #[test]
    fn what_is_packed_can_be_unpacked() {
        let mut sender = RedSender::default();
        let first = sender.pack(0, OPUS, &Bytes::from_static(b"one"));
        let second = sender.pack(960, OPUS, &Bytes::from_static(b"two"));
        assert_eq!(RedDecoder::decode(&first).unwrap().len(), 1);
        let blocks = RedDecoder::decode(&second).unwrap();
        assert_eq!(
            (blocks[0].payload, blocks[0].timestamp_offset),
            (&b"one"[..], 960)
        );
        assert_eq!(blocks[1].payload, b"two");
    }
}
