//! What each session hears.
//!
//! On the stage: everybody else. In the green room: oneself a second later if asked for, otherwise the conversation one is
//! about to join, but not the bed, which is for listeners. A monitor: the programme. Whoever pre-listens hears who waits over that,
//! which is softer meanwhile.

use bytes::Bytes;
use stentor_core::stage::SessionKind;
use stentor_media::mix::{StripOut, TickOut};
use stentor_media::opus::{CodecError, Encode, EncoderProfile, OpusEncoder, PACKET_BYTES_MAX};
use stentor_media::rendition::TICK_SAMPLES;

use super::session::{LoopbackDelay, Session, TickPcm};

/// What share of the packets to a speaker is expected to be lost, in percent: how much is spent on in-band FEC. RED, where
/// it is spoken, comes on top.
const EXPECTED_LOSS_PERCENT: u8 = 10;

/// How loud everything else is while somebody pre-listens, as an amplitude: 12 dB softer, so that a host on the stage still follows.
const BESIDE_PRE_LISTENED: f32 = 0.25;

/// What a session hears in one tick.
pub(super) enum ReturnFeed {
    /// The programme, as all monitors do.
    Programme,
    /// Something of its own.
    Own(Box<TickPcm>),
}

/// An encoder for one session, or for all monitors.
pub(super) fn encoder() -> Result<OpusEncoder, CodecError> {
    let mut encoder = OpusEncoder::new(EncoderProfile::Return)?;
    encoder.set_loss_percent(EXPECTED_LOSS_PERCENT)?;
    Ok(encoder)
}

/// Chooses what a session hears.
pub(super) fn choose(session: &mut Session, own: Option<&StripOut>, mixed: &TickOut) -> ReturnFeed {
    if session.kind == SessionKind::Monitor {
        return ReturnFeed::Programme;
    }
    let silence = || ReturnFeed::Own(Box::new([0.0; TICK_SAMPLES]));
    let Some(own) = own else {
        return silence();
    };
    if session.on_stage() {
        // Back in the green room, nothing of before is to be heard.
        session.loopback = session.loopback.take().map(|_| LoopbackDelay::default());
        return ReturnFeed::Own(Box::new(own.minus));
    }
    match &mut session.loopback {
        Some(delay) => ReturnFeed::Own(Box::new(delay.push(&own.minus))),
        None if mixed.bed => silence(),
        None => ReturnFeed::Own(Box::new(mixed.programme)),
    }
}

/// Puts who waits over what a session hears.
pub(super) fn with_waiting(feed: ReturnFeed, waiting: &TickPcm, mixed: &TickOut) -> ReturnFeed {
    let mut pcm = match feed {
        ReturnFeed::Programme => Box::new(mixed.programme),
        ReturnFeed::Own(pcm) => pcm,
    };
    for (x, over) in pcm.iter_mut().zip(waiting) {
        *x = (*x * BESIDE_PRE_LISTENED + over).clamp(-1.0, 1.0);
    }
    ReturnFeed::Own(pcm)
}

/// Encodes a tick; `None` if the encoder refuses, which costs who listens 20 ms.
pub(super) fn encode(encoder: &mut OpusEncoder, pcm: &TickPcm) -> Option<Bytes> {
    let mut packet = [0; PACKET_BYTES_MAX];
    match encoder.encode(pcm, &mut packet) {
        Ok(length) => Some(Bytes::copy_from_slice(&packet[..length])),
        Err(error) => {
            tracing::warn!(%error, "a tick of a return was not encoded");
            None
        }
    }
}
