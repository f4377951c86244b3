//! RED packets (RFC 2198) from anybody: copies are from the past, and nothing is larger than an Opus packet may be.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stentor_media::opus::PacketSource;
use stentor_studio::limits::{OPUS_BYTES_MAX, RED_COPIES_MAX};
use stentor_studio::peer::red::{RedReceiver, RtpStamp};

const OPUS: u8 = 111;

fuzz_target!(|packets: Vec<(i8, i16, Vec<u8>)>| {
    let mut receiver = RedReceiver::default();
    let (mut sequence, mut timestamp) = (1_u64 << 32, 1_u64 << 40);
    for (ahead, later, payload) in packets {
        sequence = sequence.wrapping_add_signed(i64::from(ahead));
        timestamp = timestamp.wrapping_add_signed(i64::from(later));
        let stamp = RtpStamp {
            sequence,
            timestamp,
            arrived_us: 0,
        };
        let mut packets = Vec::new();
        receiver.unpack(stamp, OPUS, &payload, &mut packets);
        assert!(packets.len() <= RED_COPIES_MAX + 1);
        for packet in packets {
            assert!((1..=OPUS_BYTES_MAX).contains(&packet.bytes.len()));
            assert!(match packet.from {
                PacketSource::RedCopy => packet.timestamp < timestamp,
                PacketSource::Primary => packet.sequence == sequence,
            });
        }
    }
});
