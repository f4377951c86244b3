//! A microphone at the other end of a network, in virtual time.

use bytes::Bytes;
use stentor_media::mix::{Mixer, StripId, StripPlace};
use stentor_media::opus::{Encode, EncoderProfile, OpusEncoder, PacketSource, ReceivedPacket};
use stentor_media::rendition::TICK_SAMPLES;

use crate::speech::tick_of;

/// µs of one tick.
pub(crate) const TICK_US: u64 = 20_000;

/// Speaks packets of 20 ms into a strip.
pub(crate) struct Sender {
    pub(crate) id: StripId,
    encoder: OpusEncoder,
    sound: Vec<f32>,
    pub(crate) seq: u64,
    pub(crate) timestamp: u64,
    sent: usize,
}

impl Sender {
    pub(crate) fn new(id: u32, sound: Vec<f32>) -> Self {
        let encoder = OpusEncoder::new(EncoderProfile::Return).expect("libopus");
        Self {
            id: StripId(id),
            encoder,
            sound,
            seq: 1_000,
            timestamp: 77_000,
            sent: 0,
        }
    }

    /// The next packet, which arrives at `arrived_us`.
    pub(crate) fn packet(&mut self, arrived_us: u64) -> ReceivedPacket {
        let mut bytes = vec![0; 1_276];
        let length = self
            .encoder
            .encode(&tick_of(&self.sound, self.sent), &mut bytes)
            .expect("encodes");
        bytes.truncate(length);
        let packet = primary(arrived_us, self.seq, self.timestamp, &bytes);
        self.sent += 1;
        self.seq += 1;
        self.timestamp += TICK_SAMPLES as u64;
        packet
    }

    /// Sends the next packet so that it arrives at `now_us`.
    pub(crate) fn send(&mut self, now_us: u64, mixer: &mut Mixer) {
        let packet = self.packet(now_us);
        mixer.receive(self.id, packet).expect("the strip is there");
    }
}

/// A packet that came by itself.
pub(crate) fn primary(
    arrived_us: u64,
    sequence: u64,
    timestamp: u64,
    bytes: &[u8],
) -> ReceivedPacket {
    ReceivedPacket {
        sequence,
        timestamp,
        arrived_us,
        bytes: Bytes::copy_from_slice(bytes),
        from: PacketSource::Primary,
    }
}

/// A copy of a packet, which came inside a later one.
pub(crate) fn red_copy(
    arrived_us: u64,
    sequence: u64,
    timestamp: u64,
    bytes: &[u8],
) -> ReceivedPacket {
    ReceivedPacket {
        from: PacketSource::RedCopy,
        ..primary(arrived_us, sequence, timestamp, bytes)
    }
}

/// Opens a strip: on the stage, not muted.
pub(crate) fn open(mixer: &mut Mixer, id: StripId) {
    mixer
        .set_place(id, StripPlace::OnAir)
        .expect("the strip is there");
    mixer.set_muted(id, false).expect("the strip is there");
}
