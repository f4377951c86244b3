//! What an Opus codec does for the rest of the crate, whichever it is.

use crate::rendition::{Rendition, TICK_SAMPLES};

/// Longest duration of one Opus packet in samples: 120 ms (RFC 6716 §3.2).
pub const PACKET_SAMPLES_MAX: usize = 5_760;

/// Largest packet an encoder of ours writes, in bytes: the frame limit of RFC 6716 §3.2.1 plus the TOC byte.
pub const PACKET_BYTES_MAX: usize = 1_276;

/// Bit rate of a stem, hard CBR: 160 bytes a frame.
pub const STEM_KBIT_PER_S: u32 = 64;

/// Bit rate of the return, as a mean: 48 kbit/s leaves room for in-band FEC at full bandwidth.
pub const RETURN_KBIT_PER_S: u32 = 48;

/// What an encoder is used for; each use has one setting, so that a figure measured once holds everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncoderProfile {
    /// A rendition of the programme: hard CBR, so every packet has [`Rendition::packet_bytes`] bytes.
    Programme(Rendition),
    /// What a speaker hears of the others: 20 ms, 48 kbit/s VBR, tuned for speech, in-band FEC on.
    Return,
    /// The recording of one speaker: 20 ms, hard CBR of [`STEM_KBIT_PER_S`].
    Stem,
}

impl EncoderProfile {
    /// Samples one call of [`Encode::encode`] wants.
    #[must_use]
    pub const fn frame_samples(self) -> usize {
        match self {
            Self::Programme(rendition) => rendition.frame_samples(),
            Self::Return | Self::Stem => TICK_SAMPLES,
        }
    }
}

/// Turns samples into Opus packets.
pub trait Encode: Send {
    /// Encodes one frame of [`EncoderProfile::frame_samples`] samples into `out` and returns the bytes written.
    ///
    /// # Errors
    /// [`CodecError::FrameLength`] when `pcm` has another length, [`CodecError::Codec`] when `out` is too small.
    fn encode(&mut self, pcm: &[f32], out: &mut [u8]) -> Result<usize, CodecError>;

    /// Tells the encoder what share of packets the receiver loses, 0–100: it spends that much on in-band FEC.
    ///
    /// # Errors
    /// [`CodecError::Codec`] if the codec refuses; the encoder goes on as before.
    fn set_loss_percent(&mut self, percent: u8) -> Result<(), CodecError>;
}

impl<E: Encode + ?Sized> Encode for Box<E> {
    fn encode(&mut self, pcm: &[f32], out: &mut [u8]) -> Result<usize, CodecError> {
        (**self).encode(pcm, out)
    }

    fn set_loss_percent(&mut self, percent: u8) -> Result<(), CodecError> {
        (**self).set_loss_percent(percent)
    }
}

/// Turns Opus packets into samples.
pub trait Decode: Send {
    /// Decodes a packet into `out` (at least [`PACKET_SAMPLES_MAX`] long) and returns the samples written.
    ///
    /// # Errors
    /// [`CodecError::Codec`] for a packet that is not Opus. The decoder stays usable.
    fn decode(&mut self, packet: &[u8], out: &mut [f32]) -> Result<usize, CodecError>;

    /// Fills `out` with the lost sound before `next_packet`, from the copy inside it (in-band FEC, RFC 6716 §2.1.7) where
    /// there is one and by concealment where not. `out` must be a multiple of 2.5 ms.
    ///
    /// # Errors
    /// [`CodecError::Codec`] for a packet that is not Opus.
    fn decode_fec(&mut self, next_packet: &[u8], out: &mut [f32]) -> Result<usize, CodecError>;

    /// Fills `out` (a multiple of 2.5 ms) by going on from what was heard last.
    ///
    /// # Errors
    /// [`CodecError::Codec`] if the codec refuses the length.
    fn conceal(&mut self, out: &mut [f32]) -> Result<usize, CodecError>;

    /// Forgets the past, as before the first packet.
    ///
    /// # Errors
    /// [`CodecError::Codec`] if the codec refuses.
    fn reset(&mut self) -> Result<(), CodecError>;
}

/// Why a codec call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Our fault: a frame of the wrong length was offered.
    #[error("the encoder wants frames of {expected} samples and got {got}")]
    FrameLength {
        /// Samples the profile wants.
        expected: usize,
        /// Samples that were offered.
        got: usize,
    },
    /// The codec refused: for a decoder, the sender's fault; for an encoder, ours.
    #[error("{call} failed on {bytes} bytes: {reason}")]
    Codec {
        /// The call that failed.
        call: &'static str,
        /// The codec's own words.
        reason: &'static str,
        /// Bytes of the packet or of the space for it.
        bytes: usize,
    },
}
