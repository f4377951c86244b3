//! Sound and published output for the other modules.

use std::sync::LazyLock;

use stentor_media::package::{Chunk, Packager, PackagerConfig, Published};
use stentor_media::rendition::{
    COMMON_BOUNDARY_SAMPLES, Rendition, SAMPLE_RATE_HZ, SEGMENT_SAMPLES, TICK_SAMPLES,
};

/// 2026-11-22T20:00:00Z, an event's epoch.
pub(crate) const EPOCH_UNIX_MS: i64 = 1_795_377_600_000;

/// A start that is a boundary of all renditions and of a segment.
pub(crate) const START: u64 = 1_000 * SEGMENT_SAMPLES;

/// 20 ms of something like a voice: a gliding tone with a syllable's rhythm, the same at the same position.
pub(crate) fn voice(position: u64) -> [f32; TICK_SAMPLES] {
    std::array::from_fn(|index| {
        let t = (position % 48_000_000 + index as u64) as f32 / SAMPLE_RATE_HZ as f32;
        let syllable = 0.5 + 0.5 * (t * std::f32::consts::TAU * 4.0).sin();
        let tone = (t * std::f32::consts::TAU * 180.0).sin()
            + 0.5 * (t * std::f32::consts::TAU * 540.0).sin();
        0.3 * syllable * tone
    })
}

/// Capture time of a position on a server whose clock is exact.
pub(crate) fn capture_unix_us(position: u64) -> i64 {
    EPOCH_UNIX_MS * 1_000 + (position * 1_000 / 48) as i64
}

/// A packager that begins at `position`.
pub(crate) fn packager(position: u64) -> Packager {
    Packager::new(PackagerConfig {
        first_position: position,
        epoch_unix_ms: EPOCH_UNIX_MS,
    })
    .expect("position is a boundary")
}

/// Pushes `samples` of voice.
pub(crate) fn speak(packager: &mut Packager, samples: u64) -> Vec<Published> {
    let mut out = Vec::new();
    for _ in 0..samples / TICK_SAMPLES as u64 {
        let position = packager.position();
        packager
            .push(&voice(position), capture_unix_us(position), &mut out)
            .expect("the encoder takes any sound");
    }
    out
}

/// Length of [`PROGRAMME`]: 12 s.
pub(crate) const PROGRAMME_SAMPLES: u64 = 10 * COMMON_BOUNDARY_SAMPLES;

/// 12 s of voice from [`START`] on, encoded once for all tests.
pub(crate) static PROGRAMME: LazyLock<Vec<Published>> =
    LazyLock::new(|| speak(&mut packager(START), PROGRAMME_SAMPLES));

/// The chunks of one rendition.
pub(crate) fn chunks(published: &[Published], wanted: Rendition) -> Vec<&Chunk> {
    published
        .iter()
        .filter_map(|p| match p {
            Published::Chunk(chunk) if chunk.rendition == wanted => Some(chunk),
            _ => None,
        })
        .collect()
}

/// Head and chunks one after the other: a listener's stream, and a recording.
pub(crate) fn stream(published: &[Published], rendition: Rendition) -> Vec<u8> {
    let mut bytes = Packager::head().to_vec();
    chunks(published, rendition)
        .iter()
        .for_each(|chunk| bytes.extend_from_slice(&chunk.bytes));
    bytes
}
