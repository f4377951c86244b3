//! Stems: chunks of a second that may begin and end in the middle of one.

use stentor_media::package::{PackageError, STEM_CHUNK_SAMPLES, StemChunk, StemPackager};
use stentor_media::rendition::TICK_SAMPLES;
use stentor_media::verify::ReadChunk;

use crate::support::{self, START};

fn stem(first_position: u64, ticks: u64) -> Vec<StemChunk> {
    let mut stem = StemPackager::new(first_position).unwrap();
    let mut chunks = Vec::new();
    for _ in 0..ticks {
        let position = stem.position();
        stem.push(
            &support::voice(position),
            support::capture_unix_us(position),
            &mut chunks,
        )
        .unwrap();
    }
    chunks.extend(stem.finish());
    chunks
}

#[test]
fn chunks_end_at_whole_seconds_wherever_the_stem_began() {
    let first = START + 10 * TICK_SAMPLES as u64;
    let chunks = stem(first, 100);
    assert_eq!(
        chunks
            .iter()
            .map(|chunk| chunk.duration_ms)
            .collect::<Vec<_>>(),
        [800, 1_000, 200]
    );
    let mut position = first;
    for chunk in chunks {
        let read = ReadChunk::parse(&chunk.bytes).unwrap();
        assert_eq!(read.position, position);
        assert_eq!(chunk.sequence, position / STEM_CHUNK_SAMPLES);
        assert_eq!(read.capture_unix_us, support::capture_unix_us(position));
        position += (read.sizes.len() * TICK_SAMPLES) as u64;
    }
}

#[test]
fn a_stem_that_ends_with_a_second_has_no_empty_chunk_behind_it() {
    assert_eq!(stem(START, 50).len(), 1);
    assert!(stem(START, 0).is_empty());
}

#[test]
fn a_stem_begins_at_a_tick() {
    let refused = StemPackager::new(START + 1).err();
    assert_eq!(
        refused,
        Some(PackageError::Misaligned {
            got: START + 1,
            step: TICK_SAMPLES as u64
        })
    );
}
