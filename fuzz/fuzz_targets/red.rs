//! RED packets (RFC 2198) from anybody: copies are from the past, and nothing is larger than an Opus packet may be.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stentor_studio::limits::{OPUS_BYTES_MAX, RED_COPIES_MAX};
use stentor_studio::peer::red::RedReceiver;

const OPUS: u8 = 111;

fuzz_target!(|packets: Vec<(i8, i16, Vec<u8>)>| {
    let mut receiver = RedReceiver::default();
    let (mut sequence, mut timestamp) = (1_u64 << 32, 1_u64 << 40);
    for (ahead, later, payload) in packets {
        sequence = sequence.wrapping_add_signed(i64::from(ahead));
        timestamp = timestamp.wrapping_add_signed(i64::from(later));
        let mut sounds = Vec::new();
        receiver.unpack(sequence, timestamp, OPUS, &payload, &mut sounds);
        assert!(sounds.len() <= RED_COPIES_MAX + 1);
        for sound in sounds {
            assert!((1..=OPUS_BYTES_MAX).contains(&sound.payload.len()));
            assert!(if sound.redundant {
                sound.timestamp < timestamp
            } else {
                sound.sequence == sequence
            });
        }
    }
});
