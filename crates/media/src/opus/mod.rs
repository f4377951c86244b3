//! Opus (RFC 6716) behind two small traits.
//!
//! The rest of the crate speaks to [`Encode`] and [`Decode`], so that libopus can be replaced (a pure Rust codec) and
//! tests can move an hour of packets without paying for a codec. Everything is 48 kHz mono; a stereo packet is summed
//! by the decoder, nothing of it cancelled. Nothing here knows of RTP, RED or time.

mod codec;
mod downmix;
mod libopus;
pub mod packet;

pub use codec::{
    CodecError, Decode, Encode, EncoderProfile, PACKET_BYTES_MAX, PACKET_SAMPLES_MAX,
    RETURN_KBIT_PER_S, STEM_KBIT_PER_S,
};
pub use libopus::{OpusDecoder, OpusEncoder};
pub use packet::{PacketSource, ReceivedPacket};
