//! Opus through our traits: sizes, FEC, and what is no Opus at all.

use stentor_media::opus::{
    CodecError, Decode, Encode, EncoderProfile, OpusDecoder, OpusEncoder, PACKET_BYTES_MAX,
    PACKET_SAMPLES_MAX, packet,
};
use stentor_media::rendition::Rendition;

use crate::speech::{NoiseSource, rms_db, voice};

fn packets(profile: EncoderProfile, sound: &[f32]) -> Vec<Vec<u8>> {
    let mut encoder = OpusEncoder::new(profile).expect("libopus");
    let mut bytes = vec![0; PACKET_BYTES_MAX];
    sound
        .chunks_exact(profile.frame_samples())
        .map(|frame| {
            let length = encoder.encode(frame, &mut bytes).expect("encodes");
            bytes[..length].to_vec()
        })
        .collect()
}

#[test]
fn a_rendition_has_packets_of_one_size_whatever_is_said() {
    // Speech, digital silence, then full-scale noise.
    let mut dice = NoiseSource::new(1);
    let mut sound = voice(120.0, -20.0, 2.4, 1);
    sound.resize(sound.len() + 57_600, 0.0);
    sound.extend((0..57_600).map(|_| dice.roll() as f32 * 2.0 - 1.0));
    for rendition in Rendition::ALL {
        for packet in packets(EncoderProfile::Programme(rendition), &sound) {
            assert_eq!(packet.len(), rendition.packet_bytes(), "{rendition:?}");
            assert_eq!(packet::samples(&packet), Some(rendition.frame_samples()));
        }
    }
    assert!(
        packets(EncoderProfile::Stem, &sound)
            .iter()
            .all(|packet| packet.len() == 160)
    );
}

#[test]
fn a_frame_of_the_wrong_length_is_our_fault_and_says_so() {
    let mut encoder = OpusEncoder::new(EncoderProfile::Programme(Rendition::Low)).expect("libopus");
    let error = encoder
        .encode(&[0.0; 960], &mut [0; 100])
        .expect_err("60 ms are wanted");
    assert_eq!(
        error,
        CodecError::FrameLength {
            expected: 2_880,
            got: 960
        }
    );
    assert_eq!(
        error.to_string(),
        "the encoder wants frames of 2880 samples and got 960"
    );
}

#[test]
fn the_return_carries_fec_that_brings_a_lost_packet_back() {
    let sound = voice(130.0, -20.0, 4.0, 2);
    let packets = packets(EncoderProfile::Return, &sound);
    let with_fec = packets
        .iter()
        .filter(|packet| packet::has_fec(packet))
        .count();
    assert!(
        with_fec * 3 > packets.len(),
        "{with_fec} of {} packets",
        packets.len()
    );
    let lost = (40..packets.len()).find(|n| {
        packet::has_fec(&packets[n + 1]) && rms_db(&sound[n * 960..(n + 1) * 960]) > -22.0
    });
    let lost = lost.expect("a loud packet with a copy");
    let mut out = [0.0; PACKET_SAMPLES_MAX];
    let mut energy = |fec: bool| {
        let mut decoder = OpusDecoder::new().expect("libopus");
        for packet in &packets[..lost] {
            decoder.decode(packet, &mut out).expect("decodes");
        }
        let truth = {
            let mut whole = OpusDecoder::new().expect("libopus");
            let mut out = [0.0; PACKET_SAMPLES_MAX];
            for packet in &packets[..=lost] {
                whole.decode(packet, &mut out).expect("decodes");
            }
            out[..960].to_vec()
        };
        let filled = if fec {
            decoder.decode_fec(&packets[lost + 1], &mut out[..960])
        } else {
            decoder.conceal(&mut out[..960])
        };
        assert_eq!(filled, Ok(960));
        out[..960]
            .iter()
            .zip(&truth)
            .map(|(a, b)| (a - b) * (a - b))
            .sum::<f32>()
    };
    let (by_fec, by_concealment) = (energy(true), energy(false));
    assert!(
        by_fec < by_concealment,
        "FEC is nearer to the truth: {by_fec} against {by_concealment}"
    );
}

#[test]
fn garbage_is_refused_or_decoded_but_never_more_than_a_packet() {
    let mut decoder = OpusDecoder::new().expect("libopus");
    let mut dice = NoiseSource::new(3);
    let mut out = [0.0; PACKET_SAMPLES_MAX];
    let mut refused = 0;
    for _ in 0..3_000 {
        let length = (dice.roll() * 300.0) as usize;
        let bytes: Vec<u8> = (0..length).map(|_| (dice.roll() * 256.0) as u8).collect();
        match decoder.decode(&bytes, &mut out) {
            Ok(samples) => assert_eq!(Some(samples), packet::samples(&bytes)),
            Err(error) => {
                assert!(matches!(error, CodecError::Codec { .. }));
                refused += 1;
            }
        }
    }
    assert!(refused > 100);
    assert!(
        decoder.conceal(&mut out[..960]).is_ok(),
        "usable afterwards"
    );
    assert!(decoder.reset().is_ok());
}

#[test]
fn an_empty_packet_is_malformed_and_not_lost() {
    let mut decoder = OpusDecoder::new().expect("libopus");
    assert!(decoder.decode(&[], &mut [0.0; PACKET_SAMPLES_MAX]).is_err());
}
