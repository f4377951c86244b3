//! Collecting ticks of 20 ms into Opus packets of one profile.

use crate::opus::{CodecError, Encode, EncoderProfile, OpusEncoder, PACKET_BYTES_MAX};
use crate::rendition::TICK_SAMPLES;

/// An encoder, and the samples that wait until they fill a frame.
pub(crate) struct FrameEncoder<E = OpusEncoder> {
    encoder: E,
    frame_samples: usize,
    waiting: Vec<f32>,
    packet: [u8; PACKET_BYTES_MAX],
    /// Every packet has this size (hard CBR).
    packet_bytes: usize,
}

impl FrameEncoder {
    pub(crate) fn new(profile: EncoderProfile, packet_bytes: usize) -> Result<Self, CodecError> {
        Ok(Self::with_encoder(
            OpusEncoder::new(profile)?,
            profile.frame_samples(),
            packet_bytes,
        ))
    }
}

impl<E: Encode> FrameEncoder<E> {
    pub(crate) fn with_encoder(encoder: E, frame_samples: usize, packet_bytes: usize) -> Self {
        debug_assert!(packet_bytes <= PACKET_BYTES_MAX);
        Self {
            encoder,
            frame_samples,
            waiting: Vec::with_capacity(frame_samples),
            packet: [0; PACKET_BYTES_MAX],
            packet_bytes,
        }
    }

    /// Takes a tick of sound; gives `sink` a packet when a frame is full.
    ///
    /// A packet always comes when it is due, and always has the same size: where the encoder fails it is silence, and the
    /// error is returned after it was given out.
    pub(crate) fn push(
        &mut self,
        pcm: &[f32; TICK_SAMPLES],
        sink: impl FnOnce(&[u8]),
    ) -> Result<(), CodecError> {
        self.waiting.extend_from_slice(pcm);
        if self.waiting.len() < self.frame_samples {
            return Ok(());
        }
        let space = &mut self.packet[..self.packet_bytes];
        let result = self.encoder.encode(&self.waiting, space);
        self.waiting.clear();
        let result = match result {
            Ok(got) if got == self.packet_bytes => Ok(()),
            Ok(got) => Err(CodecError::Codec {
                call: "opus_encode",
                reason: "a packet is not of the constant size",
                bytes: got,
            }),
            Err(error) => Err(error),
        };
        if result.is_err() {
            write_silence(space, self.frame_samples / TICK_SAMPLES);
        }
        sink(space);
        result
    }
}

/// Fills `packet` with `frames` silent frames of 20 ms: a code 3 packet with padding (RFC 6716 §3.2.5).
fn write_silence(packet: &mut [u8], frames: usize) {
    /// CELT, full band, 20 ms, mono, code 3.
    const TOC: u8 = 31 << 3 | 3;
    const CBR_WITH_PADDING: u8 = 0x40;
    /// A CELT frame whose first symbol says "silence".
    const SILENT_FRAME: [u8; 2] = [0xff, 0xfe];
    let (frame_count, frames_end) = (frames as u8, 3 + frames * SILENT_FRAME.len());
    debug_assert!(
        (frames_end..frames_end + 255).contains(&packet.len()),
        "one byte must hold the padding's length"
    );
    packet.fill(0);
    packet[0] = TOC;
    packet[1] = CBR_WITH_PADDING | frame_count;
    packet[2] = (packet.len() - frames_end) as u8;
    for frame in packet[3..frames_end].chunks_exact_mut(SILENT_FRAME.len()) {
        frame.copy_from_slice(&SILENT_FRAME);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opus::{Decode, OpusDecoder, PACKET_SAMPLES_MAX, STEM_KBIT_PER_S};
    use crate::rendition::Rendition;

    /// An encoder that fails, or gives packets of the wrong size.
    struct Faulty(Result<usize, ()>);

    impl Encode for Faulty {
        fn encode(&mut self, _: &[f32], _: &mut [u8]) -> Result<usize, CodecError> {
            self.0.map_err(|()| CodecError::Codec {
                call: "encode",
                reason: "broken",
                bytes: 0,
            })
        }

        fn set_loss_percent(&mut self, _: u8) -> Result<(), CodecError> {
            Ok(())
        }
    }

    #[test]
    fn where_the_encoder_fails_a_silent_packet_of_the_right_size_and_length_stands_in() {
        let sizes =
            Rendition::ALL.map(|rendition| (rendition.frame_samples(), rendition.packet_bytes()));
        for (frame_samples, packet_bytes) in sizes
            .into_iter()
            .chain([(960, STEM_KBIT_PER_S as usize * 20 / 8)])
        {
            for fault in [Ok(packet_bytes - 1), Err(())] {
                let mut encoder =
                    FrameEncoder::with_encoder(Faulty(fault), frame_samples, packet_bytes);
                let mut packets = Vec::new();
                let ticks = frame_samples / TICK_SAMPLES;
                let results: Vec<_> = (0..ticks)
                    .map(|_| encoder.push(&[0.5; TICK_SAMPLES], |p| packets.push(p.to_vec())))
                    .collect();
                assert!(results.last().is_some_and(Result::is_err));
                assert_eq!(
                    packets.iter().map(Vec::len).collect::<Vec<_>>(),
                    [packet_bytes]
                );
                let mut pcm = [1.0; PACKET_SAMPLES_MAX];
                let decoded = OpusDecoder::new()
                    .and_then(|mut d| d.decode(&packets[0], &mut pcm))
                    .expect("it is Opus");
                assert_eq!(decoded, frame_samples);
                assert!(pcm[..decoded].iter().all(|sample| sample.abs() < 1e-4));
            }
        }
    }

    #[test]
    fn the_pre_skip_we_write_is_the_look_ahead_of_every_encoder() {
        let profiles = Rendition::ALL.map(EncoderProfile::Programme);
        for profile in profiles.into_iter().chain([EncoderProfile::Stem]) {
            let lookahead =
                OpusEncoder::new(profile).and_then(|mut encoder| encoder.lookahead_samples());
            assert_eq!(
                lookahead,
                Ok(usize::from(crate::package::cmaf::PRE_SKIP_SAMPLES)),
                "{profile:?}"
            );
        }
    }
}
