//! A speaker who sends anything at any time: the mixer neither panics nor hands out sound that is no number, and the
//! buffers stay bounded.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stentor_media::mix::{Mixer, MixerConfig, StripId, StripKind, StripPlace, TickOut};
use stentor_media::opus::{PacketSource, ReceivedPacket, packet};

/// Steps of one run: what comes after them is left unread.
const STEPS_MAX: usize = 64;

fuzz_target!(|bytes: &[u8]| {
    let id = StripId(1);
    let mut mixer =
        Mixer::new(MixerConfig::default()).expect("the mixer needs nothing from outside");
    mixer
        .add(id, StripKind::Microphone)
        .expect("the first strip fits");
    mixer
        .set_place(id, StripPlace::OnAir)
        .expect("it was added");
    mixer.set_muted(id, false).expect("it was added");
    let (mut now_us, mut sequence, mut timestamp) = (1_000_000_u64, 1_u64 << 32, 1_u64 << 40);
    let mut out = TickOut::default();
    let mut rest = bytes;
    for _ in 0..STEPS_MAX {
        // Each step: how sequence and time move, how long the packet is, the packet.
        let Some((&[step, length], tail)) = rest.split_first_chunk() else {
            break;
        };
        let (payload, tail) = tail.split_at(tail.len().min(usize::from(length)));
        rest = tail;
        sequence = sequence.wrapping_add_signed(i64::from(step as i8 >> 2));
        timestamp = timestamp.wrapping_add_signed(i64::from(step as i8) * 240);
        let _ = (
            packet::samples(payload),
            packet::has_fec(payload),
            packet::is_dtx(payload),
        );
        let from = if step & 1 == 1 {
            PacketSource::RedCopy
        } else {
            PacketSource::Primary
        };
        let _ = mixer.receive(
            id,
            ReceivedPacket {
                sequence,
                timestamp,
                arrived_us: now_us,
                bytes: payload.to_vec().into(),
                from,
            },
        );
        if step & 2 == 0 {
            now_us += 20_000;
            mixer.tick(now_us, &mut out);
            assert!(
                out.programme
                    .iter()
                    .all(|sample| sample.is_finite() && sample.abs() <= 1.0)
            );
        }
    }
});
