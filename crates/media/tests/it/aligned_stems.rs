//! A speaker's recording made to play along with the finalised programme.

use std::io::Cursor;

use stentor_media::mp4::Boxes;
use stentor_media::package::{Packager, StemChunk, StemPackager};
use stentor_media::record::{Finalised, align, finalise};
use stentor_media::rendition::{Rendition, TICK_SAMPLES};
use stentor_media::tags::Tags;
use stentor_media::verify::ReadChunk;

use crate::support::{self, PROGRAMME, START};

const TICK: u64 = TICK_SAMPLES as u64;
/// Packets of a stem in a chunk of the programme.
const PACKETS: u64 = Rendition::Full.chunk_samples() / TICK;
const SILENCE: &[u8] = &[0xf8, 0xff, 0xfe];

/// The programme, of these of its chunks.
fn programme(chunks: impl IntoIterator<Item = usize>) -> Finalised {
    let published = support::chunks(&PROGRAMME, Rendition::Full);
    let mut bytes = Packager::head().to_vec();
    for index in chunks {
        bytes.extend_from_slice(&published[index].bytes);
    }
    finalise(&mut [Cursor::new(bytes)], &Tags::default(), &mut Vec::new()).unwrap()
}

/// Chunks of a stem that begins so many packets after the programme, or before it.
fn stem(from: i64, packets: u64) -> Vec<StemChunk> {
    let first = START.strict_add_signed(from * TICK as i64);
    let mut stem = StemPackager::new(first).unwrap();
    let mut chunks = Vec::new();
    for _ in 0..packets {
        let position = stem.position();
        let voice = support::voice(position);
        stem.push(&voice, support::capture_unix_us(position), &mut chunks)
            .unwrap();
    }
    chunks.extend(stem.finish());
    chunks
}

/// For each packet of the programme the position it has in the stem, or none where silence stands.
fn aligned(programme: &Finalised, parts: &[Vec<StemChunk>]) -> Vec<Option<u64>> {
    let mut bytes = StemPackager::head(&Tags::default()).to_vec();
    let mut said = Vec::new();
    for chunk in parts.iter().flatten() {
        bytes.extend_from_slice(&chunk.bytes);
        let read = ReadChunk::parse(&chunk.bytes).unwrap();
        for (n, packet) in read.packets().enumerate() {
            said.push((packet.to_vec(), read.position + n as u64 * TICK));
        }
    }
    let mut file = Vec::new();
    let length = align(
        programme,
        &mut Cursor::new(bytes),
        &Tags::default(),
        &mut file,
    )
    .unwrap();
    assert_eq!(length, file.len() as u64);
    let (_, mut sound) = Boxes::new(&file).last().unwrap().unwrap();
    let mut found = Vec::new();
    while !sound.is_empty() {
        let known = said.iter().find(|(packet, _)| sound.starts_with(packet));
        let (length, position) = match known {
            _ if sound.starts_with(SILENCE) => (SILENCE.len(), None),
            Some((packet, position)) => (packet.len(), Some(*position)),
            None => panic!("{} bytes are no packet", sound.len()),
        };
        found.push(position);
        sound = &sound[length..];
    }
    found
}

/// The packets of these chunks of the programme, by position.
fn of_chunks(chunks: impl IntoIterator<Item = u64>) -> Vec<u64> {
    let each = |chunk: u64| (0..PACKETS).map(move |n| START + (chunk * PACKETS + n) * TICK);
    chunks.into_iter().flat_map(each).collect()
}

#[test]
fn whoever_came_later_left_earlier_and_was_away_is_heard_at_the_time_of_the_programme() {
    let programme = programme(0..10);
    let parts = [stem(13, 20), stem(50, 7)];
    let found = aligned(&programme, &parts);
    assert_eq!(found.len() as u64, 10 * PACKETS);
    for (n, packet) in found.iter().enumerate() {
        let n = n as u64;
        let speaks = (13..33).contains(&n) || (50..57).contains(&n);
        assert_eq!(*packet, speaks.then_some(START + n * TICK), "packet {n}");
    }
}

#[test]
fn where_the_programme_was_cut_the_stem_is_cut() {
    let chunks = [0, 1, 5, 6, 9];
    let programme = programme(chunks);
    let found = aligned(&programme, &[stem(0, 10 * PACKETS)]);
    let expected = of_chunks(chunks.map(|chunk| chunk as u64));
    assert_eq!(found, expected.into_iter().map(Some).collect::<Vec<_>>());
}

#[test]
fn what_was_said_before_after_or_twice_has_no_place() {
    let programme = programme(2..4);
    let parts = [stem(0, 5 * PACKETS), stem(25, 3)];
    let found = aligned(&programme, &parts);
    let expected = of_chunks(2..4);
    assert_eq!(found, expected.into_iter().map(Some).collect::<Vec<_>>());
}

#[test]
fn somebody_of_whom_nothing_is_recorded_is_silent_all_along() {
    let programme = programme(0..3);
    let found = aligned(&programme, &[]);
    assert_eq!(found, vec![None; 3 * PACKETS as usize]);
}
