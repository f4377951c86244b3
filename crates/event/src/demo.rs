//! The demonstration event: on air at once, with a recorded voice that anybody can hear without a microphone.
//!
//! The voice is a line-in like any other: it is invited, admitted and mixed by the same rules, and can be muted or removed.

use stentor_core::SeatId;
use stentor_core::event::{EventCommand, Phase};
use stentor_core::stage::{Role, StageCommand};
use stentor_media::opus::{Decode, OpusDecoder};
use tokio::sync::oneshot;

use crate::app::OpenEvent;
use crate::director::Call;
use crate::event::HOST;

/// Address of the demonstration event.
pub(crate) const SLUG: &str = "demo";
/// Its title.
pub(crate) const TITLE: &str = "Stentor, a demonstration";
/// The seat of the recorded voice: the first invited after the host. The guest whose link is printed is the next.
pub(crate) const VOICE: SeatId = SeatId(2);

/// The recording: `(u16 length, big-endian; Opus packet)*`, 20 ms mono packets. Its recipe is beside it.
static PACKETS: &[u8] = include_bytes!("../assets/demo/voice.opus-packets");
/// A pause between two turns of the recording, so that a listener hears where it begins, in samples at 48 kHz.
const PAUSE_SAMPLES: usize = 2 * 48_000;

/// Seats the voice and puts the event on air; it is so, and published, when this returns. Repeating it after a restart changes nothing that is already so.
pub(crate) async fn begin(event: &OpenEvent) {
    let Some(room) = &event.room else { return };
    let (reply, session) = oneshot::channel();
    event
        .director
        .call(Call::MayConnect { seat: VOICE, reply })
        .await;
    // A host may have removed the voice in an earlier run: then it stays away.
    if let Ok(Ok(session)) = session.await {
        room.play_line(VOICE, session, voice());
    }
    // Version 1 is that of a fresh event: on one that is already on air this is refused.
    let command = EventCommand::SetPhase {
        phase: Phase::OnAir,
        version: 1,
    };
    event
        .director
        .call(Call::Command {
            by: HOST,
            command: command.into(),
        })
        .await;
    event.director.settle().await;
}

/// The seats of a demonstration beside the host's, in their order.
pub(crate) fn seats() -> [StageCommand; 2] {
    [
        StageCommand::Invite {
            name: "Stentor".to_owned(),
            role: Role::LineIn,
        },
        StageCommand::Invite {
            name: "Guest".to_owned(),
            role: Role::Guest,
        },
    ]
}

fn voice() -> Vec<f32> {
    let mut decoder = OpusDecoder::new().expect("48 kHz mono is what every Opus decoder does");
    let mut samples = Vec::with_capacity(PACKETS.len() * 400);
    let mut frame = [0.0; 5760];
    let mut rest = PACKETS;
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let Some((packet, after)) =
            after.split_at_checked(usize::from(u16::from_be_bytes(*length)))
        else {
            break;
        };
        rest = after;
        if let Ok(count) = decoder.decode(packet, &mut frame) {
            samples.extend_from_slice(&frame[..count]);
        }
    }
    samples.resize(samples.len() + PAUSE_SAMPLES, 0.0);
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recorded_voice_is_a_voice() {
        let samples = voice();
        assert!(samples.len() > 20 * 48_000, "{} samples", samples.len());
        let energy: f32 = samples.iter().map(|sample| sample * sample).sum();
        assert!(energy / samples.len() as f32 > 1e-4, "it can be heard");
    }
}
