//! The demonstration event: on air at once, with a recorded voice that anybody can hear without a microphone.
//!
//! The voice is a line-in like any other: it is invited, admitted and mixed by the same rules, and can be muted or removed.

use stentor_cluster::records::Records;
use stentor_core::SeatId;
use stentor_core::conversation::FIRST_HOST;
use stentor_core::event::EventCommand;
use stentor_core::schedule::{ANNOUNCED_VERSION, Act, Correction, ScheduleCommand};
use stentor_core::stage::{Role, StageCommand};
use stentor_media::opus::{Decode, OpusDecoder};

use crate::catalog::{CatalogError, restore, store_event, stored_events};
use crate::clock::unix_ms_now;
use crate::lang::Lang;
use crate::open_event::OpenEvent;
use crate::record::{EventRecord, NewEvent};

/// Address of the demonstration event.
const SLUG: &str = "demo";
/// Its title.
const TITLE: &str = "Stentor, a demonstration";
/// The seat of the recorded voice: the first invited after the host. The guest whose link is printed is the next.
pub const VOICE: SeatId = SeatId(2);

/// The recording: `(u16 length, big-endian; Opus packet)*`, 20 ms mono packets. Its recipe is beside it.
static PACKETS: &[u8] = include_bytes!("../assets/demo/voice.opus-packets");
/// Samples in one of its packets, at 48 kHz.
const PACKET_SAMPLES: usize = 960;
/// A pause between two turns of the recording, so that a listener hears where it begins, in samples at 48 kHz.
const PAUSE_SAMPLES: usize = 2 * 48_000;

/// The address of the demonstration that is not over yet, made if there is none.
///
/// # Errors
/// The operator's: a store that cannot be read or written.
pub async fn prepare(records: &dyn Records) -> Result<String, CatalogError> {
    let is_demo = |slug: &str| {
        slug == SLUG
            || slug
                .strip_prefix("demo-")
                .is_some_and(|n| n.parse::<u32>().is_ok())
    };
    let events: Vec<EventRecord> = stored_events(records)
        .await?
        .into_iter()
        .filter(|record| is_demo(&record.slug))
        .collect();
    for record in &events {
        // One that is damaged is not this one: its address stays taken, and the next number is used.
        if let Ok(restored) = restore(records, &record.slug).await
            && !restored.conversation.view().phase().is_over()
        {
            return Ok(record.slug.clone());
        }
    }
    let slug = if events.is_empty() {
        SLUG.to_owned()
    } else {
        format!("{}-{}", SLUG, events.len() + 1)
    };
    let new = NewEvent {
        title: TITLE.to_owned(),
        slug: Some(slug.clone()),
        lang: Lang::default().code().to_owned(),
        told: Correction::default(),
        start: None,
        draft: false,
        host: "Host".to_owned(),
        opens_at: 0,
        recorded: true,
        embedding: Default::default(),
    };
    let (record, conversation) = new.make(unix_ms_now(), &seats())?;
    store_event(records, &record, &conversation).await?;
    Ok(slug)
}

/// Seats the voice and puts the event on air; it is so, and published, when this returns. Repeating it after a restart changes nothing that is already so.
pub async fn begin(event: &OpenEvent) {
    if !event.has_room() {
        return;
    }
    event.admit_on_arrival(VOICE).await;
    // A host may have removed the voice in an earlier run: then it stays away.
    let _ = event.play_voice(VOICE, voice()).await;
    // On one that is already on air, or that somebody leads, this changes nothing.
    let go = ScheduleCommand::new(Act::GoOnAir, ANNOUNCED_VERSION);
    event
        .command(FIRST_HOST, EventCommand::Schedule(go).into())
        .await;
    event.settle().await;
}

/// The seats of a demonstration beside the host's, in their order.
fn seats() -> [StageCommand; 2] {
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
    let mut samples = Vec::with_capacity(packets().count() * PACKET_SAMPLES + PAUSE_SAMPLES);
    let mut frame = [0.0; 5760];
    for packet in packets() {
        if let Ok(count) = decoder.decode(packet, &mut frame) {
            samples.extend_from_slice(&frame[..count]);
        }
    }
    samples.resize(samples.len() + PAUSE_SAMPLES, 0.0);
    samples
}

/// The packets of the recording; what is torn at its end is left out.
fn packets() -> impl Iterator<Item = &'static [u8]> {
    let mut rest = PACKETS;
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let packet;
        (packet, rest) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        Some(packet)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{CONVERSATION, key};
    use stentor_cluster::testing::MemoryRecords;

    #[test]
    fn the_recorded_voice_is_a_voice() {
        let samples = voice();
        assert!(samples.len() > 20 * 48_000, "{} samples", samples.len());
        assert_eq!(
            samples.capacity(),
            samples.len(),
            "as much memory as it needs"
        );
        let energy: f32 = samples.iter().map(|sample| sample * sample).sum();
        assert!(energy / samples.len() as f32 > 1e-4, "it can be heard");
    }

    #[tokio::test]
    async fn a_demonstration_that_is_damaged_keeps_its_address_and_the_next_one_gets_another() {
        let records = MemoryRecords::default();
        assert_eq!(prepare(&records).await.unwrap(), "demo");
        assert_eq!(prepare(&records).await.unwrap(), "demo");
        let demo = key("demo").unwrap();
        let kept = records.get(CONVERSATION, &demo).await.unwrap();
        let version = kept.map(|record| record.version);
        let damaged = "{\"v\":999}".into();
        let put = records.put(CONVERSATION, &demo, version, damaged);
        put.await.unwrap();
        assert_eq!(prepare(&records).await.unwrap(), "demo-2");
    }
}
