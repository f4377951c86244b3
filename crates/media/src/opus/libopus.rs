//! [`Encode`] and [`Decode`] over libopus.

use ::opus::{Application, Bitrate, Channels, Signal};

use super::codec::{
    CodecError, Decode, Encode, EncoderProfile, PACKET_BYTES_MAX, PACKET_SAMPLES_MAX,
    RETURN_KBIT_PER_S, STEM_KBIT_PER_S,
};
use super::downmix::Downmix;
use super::packet;
use crate::rendition::{Rendition, SAMPLE_RATE_HZ};

/// Loss the return encoder assumes until it has been told: enough for libopus to write in-band FEC at all.
const RETURN_LOSS_PERCENT: i32 = 10;

/// The encoder for one [`EncoderProfile`].
pub struct OpusEncoder {
    inner: ::opus::Encoder,
    profile: EncoderProfile,
}

impl OpusEncoder {
    /// Makes an encoder set up for `profile`.
    ///
    /// # Errors
    /// [`CodecError::Codec`] if libopus refuses (out of memory: none of the settings is refusable).
    pub fn new(profile: EncoderProfile) -> Result<Self, CodecError> {
        let application = match profile {
            // Below about 20 kbit/s speech coding wins; above, the mode that follows the signal does.
            EncoderProfile::Programme(Rendition::Low) | EncoderProfile::Return => Application::Voip,
            EncoderProfile::Programme(_) | EncoderProfile::Stem => Application::Audio,
        };
        let mut inner = ::opus::Encoder::new(SAMPLE_RATE_HZ, Channels::Mono, application)
            .map_err(|e| refused(&e, 0))?;
        configure(&mut inner, profile).map_err(|e| refused(&e, 0))?;
        Ok(Self { inner, profile })
    }

    /// The profile this encoder was made for.
    #[must_use]
    pub const fn profile(&self) -> EncoderProfile {
        self.profile
    }

    /// Samples by which the sound comes out later than it went in (RFC 7845 calls it pre-skip).
    ///
    /// # Errors
    /// [`CodecError::Codec`] if libopus does not tell.
    pub fn lookahead_samples(&mut self) -> Result<usize, CodecError> {
        let samples = self.inner.get_lookahead().map_err(|e| refused(&e, 0))?;
        Ok(usize::try_from(samples).unwrap_or(0))
    }
}

fn configure(inner: &mut ::opus::Encoder, profile: EncoderProfile) -> ::opus::Result<()> {
    let bits = |kbit: u32| Bitrate::Bits(i32::try_from(kbit * 1_000).unwrap_or(i32::MAX));
    match profile {
        EncoderProfile::Programme(rendition) => {
            inner.set_vbr(false)?;
            inner.set_bitrate(bits(rendition.kbit_per_s()))?;
            inner.set_complexity(10)?;
        }
        EncoderProfile::Stem => {
            inner.set_vbr(false)?;
            inner.set_bitrate(bits(STEM_KBIT_PER_S))?;
            inner.set_complexity(5)?;
        }
        EncoderProfile::Return => {
            inner.set_bitrate(bits(RETURN_KBIT_PER_S))?;
            inner.set_signal(Signal::Voice)?;
            inner.set_inband_fec(true)?;
            inner.set_packet_loss_perc(RETURN_LOSS_PERCENT)?;
            // Each speaker has one of these, all at once: moderate effort.
            inner.set_complexity(5)?;
        }
    }
    Ok(())
}

impl Encode for OpusEncoder {
    fn encode(&mut self, pcm: &[f32], out: &mut [u8]) -> Result<usize, CodecError> {
        let expected = self.profile.frame_samples();
        if pcm.len() != expected {
            return Err(CodecError::FrameLength {
                expected,
                got: pcm.len(),
            });
        }
        // libopus takes at most 1,275 bytes a frame; a larger buffer only confuses its rate control.
        let space = out.len().min(PACKET_BYTES_MAX);
        self.inner
            .encode_float(pcm, &mut out[..space])
            .map_err(|e| refused(&e, space))
    }

    fn set_loss_percent(&mut self, percent: u8) -> Result<(), CodecError> {
        self.inner
            .set_packet_loss_perc(i32::from(percent.min(100)))
            .map_err(|e| refused(&e, 0))
    }
}

/// A decoder of one speaker.
///
/// It is libopus' decoder of one channel until a packet of two comes; that one would sum the channels, and lose what is in them with
/// opposite sign.
pub struct OpusDecoder {
    inner: ::opus::Decoder,
    /// Once there has been a packet of two channels: senders change between both, and this one decodes both.
    stereo: Option<Box<StereoDecoder>>,
}

struct StereoDecoder {
    inner: ::opus::Decoder,
    channels: Vec<f32>,
    downmix: Downmix,
}

impl StereoDecoder {
    fn new() -> ::opus::Result<Self> {
        Ok(Self {
            inner: ::opus::Decoder::new(SAMPLE_RATE_HZ, Channels::Stereo)?,
            channels: vec![0.0; 2 * PACKET_SAMPLES_MAX],
            downmix: Downmix::default(),
        })
    }

    fn decode(&mut self, packet: &[u8], out: &mut [f32], fec: bool) -> ::opus::Result<usize> {
        let space = 2 * out.len().min(PACKET_SAMPLES_MAX);
        let channels = &mut self.channels[..space];
        let samples = self.inner.decode_float(packet, channels, fec)?;
        self.downmix
            .run(&channels[..2 * samples], &mut out[..samples]);
        Ok(samples)
    }
}

impl OpusDecoder {
    /// Makes a decoder that has heard nothing.
    ///
    /// # Errors
    /// [`CodecError::Codec`] if libopus refuses (out of memory).
    pub fn new() -> Result<Self, CodecError> {
        let inner =
            ::opus::Decoder::new(SAMPLE_RATE_HZ, Channels::Mono).map_err(|e| refused(&e, 0))?;
        Ok(Self {
            inner,
            stereo: None,
        })
    }

    fn run(&mut self, packet: &[u8], out: &mut [f32], fec: bool) -> Result<usize, CodecError> {
        if self.stereo.is_none() && packet::is_stereo(packet) {
            let stereo = StereoDecoder::new().map_err(|e| refused(&e, packet.len()))?;
            self.stereo = Some(Box::new(stereo));
        }
        match &mut self.stereo {
            Some(stereo) => stereo.decode(packet, out, fec),
            None => self.inner.decode_float(packet, out, fec),
        }
        .map_err(|e| refused(&e, packet.len()))
    }
}

impl Decode for OpusDecoder {
    fn decode(&mut self, packet: &[u8], out: &mut [f32]) -> Result<usize, CodecError> {
        if packet.is_empty() {
            // libopus reads an empty packet as "lost"; here it is a malformed one.
            return Err(CodecError::Codec {
                call: "opus_decode",
                reason: "empty packet",
                bytes: 0,
            });
        }
        self.run(packet, out, false)
    }

    fn decode_fec(&mut self, next_packet: &[u8], out: &mut [f32]) -> Result<usize, CodecError> {
        self.run(next_packet, out, true)
    }

    fn conceal(&mut self, out: &mut [f32]) -> Result<usize, CodecError> {
        self.run(&[], out, false)
    }

    fn reset(&mut self) -> Result<(), CodecError> {
        self.stereo = None;
        self.inner.reset_state().map_err(|e| refused(&e, 0))
    }
}

fn refused(error: &::opus::Error, bytes: usize) -> CodecError {
    CodecError::Codec {
        call: error.function(),
        reason: error.description(),
        bytes,
    }
}
