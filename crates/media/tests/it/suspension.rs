//! A programme that is suspended and goes on later.

use stentor_media::package::hls::MediaPlaylist;
use stentor_media::package::{LEAD_IN_MS, PackageError, Packager, Published};
use stentor_media::rendition::{
    COMMON_BOUNDARY_SAMPLES, Rendition, SEGMENT_SAMPLES, TICK_SAMPLES, samples_of_ms,
};
use stentor_media::verify::ReadChunk;

use crate::support::{EPOCH_UNIX_MS, START, capture_unix_us, chunks, packager, speak};

const LEAD_IN: u64 = samples_of_ms(LEAD_IN_MS);

/// A packager that can be suspended, which has just spoken for so long.
fn spoken(samples: u64) -> Packager {
    let mut packager = packager(START);
    speak(&mut packager, samples);
    assert!(packager.can_suspend());
    packager
}

fn resumed(packager: &mut Packager, position: u64) -> Vec<Published> {
    let mut out = Vec::new();
    packager
        .resume(position, capture_unix_us(position), &mut out)
        .expect("it is a boundary");
    out
}

/// The packets of each chunk of a rendition.
fn packets(published: &[Published], rendition: Rendition) -> Vec<Vec<Vec<u8>>> {
    let read = |bytes| ReadChunk::parse(bytes).expect("it is a chunk");
    chunks(published, rendition)
        .iter()
        .map(|chunk| read(&chunk.bytes).packets().map(<[u8]>::to_vec).collect())
        .collect()
}

#[test]
fn it_can_be_suspended_at_a_boundary_once_there_is_a_lead_in() {
    let mut packager = packager(START);
    let mut could = Vec::new();
    for tick in 1..=(LEAD_IN + COMMON_BOUNDARY_SAMPLES) / TICK_SAMPLES as u64 {
        speak(&mut packager, TICK_SAMPLES as u64);
        could.extend(packager.can_suspend().then_some(tick * TICK_SAMPLES as u64));
    }
    assert_eq!(could, [LEAD_IN, LEAD_IN + COMMON_BOUNDARY_SAMPLES]);
}

#[test]
fn what_led_up_to_the_pause_leads_up_to_where_it_goes_on_and_no_joint_is_heard() {
    let before = LEAD_IN + COMMON_BOUNDARY_SAMPLES;
    let (mut suspended, mut twin) = (spoken(before), packager(START));
    let without_pause = speak(&mut twin, before);
    let position = START + 1_000 * SEGMENT_SAMPLES;
    let lead_in = resumed(&mut suspended, position);
    assert_eq!(suspended.position(), position);
    for rendition in Rendition::ALL {
        let chunk = rendition.chunk_samples();
        let again = chunks(&lead_in, rendition);
        let sequences: Vec<_> = again.iter().map(|chunk| chunk.sequence).collect();
        let expected: Vec<_> = ((position - LEAD_IN) / chunk..position / chunk).collect();
        assert_eq!(sequences, expected, "{rendition:?}");
        for one in again {
            let read = ReadChunk::parse(&one.bytes).expect("it is a chunk");
            assert_eq!(read.position, one.sequence * chunk);
            // To the microsecond, as far as a sample is a whole number of them.
            assert!(one.capture_unix_us.abs_diff(capture_unix_us(read.position)) <= 1);
        }
        let played = packets(&without_pause, rendition);
        let repeated = packets(&lead_in, rendition);
        assert_eq!(repeated, played[played.len() - repeated.len()..]);
    }
    // The encoders are where they would have been, so the sound goes on as it would have.
    let sound = [0.25; TICK_SAMPLES];
    let mut after = [Vec::new(), Vec::new()];
    for _ in 0..COMMON_BOUNDARY_SAMPLES / TICK_SAMPLES as u64 {
        suspended.push(&sound, 0, &mut after[0]).unwrap();
        twin.push(&sound, 0, &mut after[1]).unwrap();
    }
    for rendition in Rendition::ALL {
        assert_eq!(packets(&after[0], rendition), packets(&after[1], rendition));
        let first = chunks(&after[0], rendition)[0].sequence;
        assert_eq!(first, position / rendition.chunk_samples());
    }
}

#[test]
fn an_hls_player_finds_three_segments_wherever_it_goes_on() {
    for step in 0..3 {
        let mut packager = spoken(LEAD_IN);
        let position = START + 50 * SEGMENT_SAMPLES + step * COMMON_BOUNDARY_SAMPLES;
        let lead_in = resumed(&mut packager, position);
        for wanted in Rendition::ALL {
            let segments = lead_in.iter().filter_map(|one| match one {
                Published::Segment {
                    rendition, number, ..
                } if *rendition == wanted => Some(*number),
                _ => None,
            });
            let mut playlist = MediaPlaylist::new(EPOCH_UNIX_MS);
            // What was listed before, and then it was a long pause.
            (START / SEGMENT_SAMPLES..(START + LEAD_IN) / SEGMENT_SAMPLES)
                .for_each(|number| playlist.add(number));
            playlist.begin_anew();
            let listed = segments.map(|number| playlist.add(number)).count();
            assert!(listed >= 3, "{listed} segments");
            let texts: Vec<_> = lead_in
                .iter()
                .filter_map(|one| match one {
                    Published::Playlist {
                        rendition, text, ..
                    } if *rendition == wanted => Some(text),
                    _ => None,
                })
                .collect();
            assert_eq!(texts, [&playlist.render()]);
        }
        let manifests = |one: &&Published| matches!(one, Published::Manifest { .. });
        assert_eq!(lead_in.iter().filter(manifests).count(), 3);
    }
}

#[test]
fn after_a_short_pause_all_goes_on_where_it_was_and_no_number_comes_twice() {
    let mut packager = packager(START);
    let mut published = speak(&mut packager, LEAD_IN + COMMON_BOUNDARY_SAMPLES);
    let end = packager.position();
    // In between the clock is set back, which moves nothing back.
    for position in [end + COMMON_BOUNDARY_SAMPLES, START, end + SEGMENT_SAMPLES] {
        let goes_on = position.max(packager.position());
        published.extend(resumed(&mut packager, position));
        assert_eq!(packager.position(), goes_on);
    }
    for wanted in Rendition::ALL {
        let numbers: Vec<_> = chunks(&published, wanted)
            .iter()
            .map(|chunk| chunk.sequence)
            .collect();
        let chunk = wanted.chunk_samples();
        let all: Vec<_> = (START / chunk..packager.position() / chunk).collect();
        assert_eq!(numbers, all);
    }
    let playlist = published.iter().rev().find_map(|one| match one {
        Published::Playlist { text, .. } => Some(text.as_str()),
        _ => None,
    });
    let first = format!("#EXT-X-MEDIA-SEQUENCE:{}\n", START / SEGMENT_SAMPLES);
    assert!(
        playlist.expect("it is listed").contains(&first),
        "{playlist:?}"
    );
}

#[test]
fn a_notice_that_waited_is_not_told_when_it_goes_on() {
    let mut packager = spoken(LEAD_IN);
    packager.notice(b"old").unwrap();
    let mut published = resumed(&mut packager, START + 50 * SEGMENT_SAMPLES);
    published.extend(speak(&mut packager, COMMON_BOUNDARY_SAMPLES));
    for chunk in chunks(&published, Rendition::Full) {
        assert!(ReadChunk::parse(&chunk.bytes).unwrap().notices.is_empty());
    }
}

#[test]
fn it_goes_on_only_at_a_boundary() {
    let mut packager = spoken(LEAD_IN);
    let got = START + 50 * SEGMENT_SAMPLES + 960;
    let step = COMMON_BOUNDARY_SAMPLES;
    let refused = packager.resume(got, 0, &mut Vec::new());
    assert_eq!(refused, Err(PackageError::Misaligned { got, step }));
}
