//! Chunks: numbering, size, capture time, notices, and what happens to nonsense.

use sha2::{Digest, Sha256};
use stentor_media::package::manifest::{MANIFEST_MS, Manifest, hex};
use stentor_media::package::{
    NOTICE_BYTES_MAX, NOTICES_PENDING_MAX, PackageError, Packager, PackagerConfig, Published,
};
use stentor_media::rendition::{COMMON_BOUNDARY_SAMPLES, Rendition, SEGMENT_SAMPLES, TICK_SAMPLES};
use stentor_media::verify::ReadChunk;

use crate::support::{self, EPOCH_UNIX_MS, PROGRAMME, START};

#[test]
fn the_container_costs_at_most_fifteen_percent_of_the_sound() {
    for rendition in Rendition::ALL {
        for chunk in support::chunks(&PROGRAMME, rendition) {
            let sound = rendition.packet_bytes() * rendition.frames_per_chunk() as usize;
            let container = chunk.bytes.len() - sound;
            assert!(
                container * 100 <= sound * 15,
                "{rendition:?}: {container} bytes around {sound}"
            );
        }
    }
}

#[test]
fn chunks_are_numbered_by_their_position_without_a_hole() {
    for rendition in Rendition::ALL {
        let chunks = support::chunks(&PROGRAMME, rendition);
        assert_eq!(
            chunks.len() as u64,
            support::PROGRAMME_SAMPLES / rendition.chunk_samples()
        );
        for (index, chunk) in chunks.iter().enumerate() {
            let position = START + index as u64 * rendition.chunk_samples();
            let read = ReadChunk::parse(&chunk.bytes).unwrap();
            assert_eq!(chunk.sequence, position / rendition.chunk_samples());
            assert_eq!(read.position, position);
            assert_eq!(
                read.sizes,
                vec![rendition.packet_bytes() as u16; rendition.frames_per_chunk() as usize]
            );
            assert_eq!(read.capture_unix_us, support::capture_unix_us(position));
            assert_eq!(chunk.capture_unix_us, read.capture_unix_us);
            assert_eq!(chunk.sha256, <[u8; 32]>::from(Sha256::digest(&chunk.bytes)));
            assert_eq!(chunk.duration_ms, rendition.chunk_ms());
        }
    }
}

#[test]
fn a_year_into_an_event_the_numbers_still_fit() {
    let position = 365 * 24 * 3_600 * 48_000;
    let published = support::speak(&mut support::packager(position), COMMON_BOUNDARY_SAMPLES);
    for rendition in Rendition::ALL {
        let chunk = support::chunks(&published, rendition)[0];
        assert_eq!(ReadChunk::parse(&chunk.bytes).unwrap().position, position);
    }
}

#[test]
fn a_programme_begins_only_where_all_renditions_begin_a_chunk() {
    let config = PackagerConfig {
        first_position: START + Rendition::Full.chunk_samples(),
        epoch_unix_ms: EPOCH_UNIX_MS,
    };
    let refused = Packager::new(config).err();
    assert_eq!(
        refused,
        Some(PackageError::Misaligned {
            got: config.first_position,
            step: COMMON_BOUNDARY_SAMPLES
        })
    );
}

#[test]
fn a_notice_rides_once_in_the_next_chunk_of_every_rendition() {
    let mut packager = support::packager(START);
    let mut published = support::speak(&mut packager, Rendition::Full.chunk_samples());
    packager.notice(b"one").unwrap();
    packager.notice(b"two").unwrap();
    published.extend(support::speak(&mut packager, 2 * COMMON_BOUNDARY_SAMPLES));
    for (rendition, carrier) in [
        (Rendition::Full, 1),
        (Rendition::Mid, 0),
        (Rendition::Low, 0),
    ] {
        for (index, chunk) in support::chunks(&published, rendition)
            .into_iter()
            .enumerate()
        {
            let notices = ReadChunk::parse(&chunk.bytes).unwrap().notices;
            let got: Vec<_> = notices
                .iter()
                .map(|notice| (notice.id, &notice.payload[..]))
                .collect();
            let wanted: &[(u32, &[u8])] = if index == carrier {
                &[(0, b"one"), (1, b"two")]
            } else {
                &[]
            };
            assert_eq!(got, wanted, "{rendition:?} chunk {index}");
        }
    }
}

#[test]
fn of_too_many_notices_the_oldest_are_given_up_and_counted() {
    let mut packager = support::packager(START);
    for number in 0..NOTICES_PENDING_MAX + 2 {
        packager.notice(number.to_string().as_bytes()).unwrap();
    }
    assert_eq!(packager.notices_dropped(), 2 * Rendition::ALL.len() as u64);
    let published = support::speak(&mut packager, Rendition::Full.chunk_samples());
    let notices = ReadChunk::parse(&support::chunks(&published, Rendition::Full)[0].bytes)
        .unwrap()
        .notices;
    assert_eq!(notices.len(), NOTICES_PENDING_MAX);
    assert_eq!(&notices[0].payload[..], b"2");
}

#[test]
fn a_notice_at_the_limit_passes_and_one_byte_more_is_refused() {
    let mut packager = support::packager(START);
    assert_eq!(packager.notice(&[b'x'; NOTICE_BYTES_MAX]), Ok(()));
    let refused = packager.notice(&[b'x'; NOTICE_BYTES_MAX + 1]);
    assert_eq!(
        refused,
        Err(PackageError::NoticeTooLong {
            got: NOTICE_BYTES_MAX + 1,
            limit: NOTICE_BYTES_MAX
        })
    );
}

#[test]
fn full_chunks_of_the_longest_notices_can_still_be_read() {
    let mut packager = support::packager(START);
    (0..NOTICES_PENDING_MAX).for_each(|_| packager.notice(&[b'x'; NOTICE_BYTES_MAX]).unwrap());
    let published = support::speak(&mut packager, Rendition::Full.chunk_samples());
    let read = ReadChunk::parse(&support::chunks(&published, Rendition::Full)[0].bytes).unwrap();
    assert_eq!(read.notices.len(), NOTICES_PENDING_MAX);
}

#[test]
fn samples_that_are_no_numbers_do_not_silence_what_follows() {
    let mut packager = support::packager(START);
    let mut out = Vec::new();
    packager
        .push(&[f32::NAN; TICK_SAMPLES], 0, &mut out)
        .unwrap();
    packager
        .push(&[f32::INFINITY; TICK_SAMPLES], 0, &mut out)
        .unwrap();
    out.extend(support::speak(
        &mut packager,
        2 * COMMON_BOUNDARY_SAMPLES - 2 * TICK_SAMPLES as u64,
    ));
    for rendition in Rendition::ALL {
        let last = *support::chunks(&out, rendition).last().unwrap();
        let read = ReadChunk::parse(&last.bytes).unwrap();
        let mut decoder = stentor_media::opus::OpusDecoder::new().unwrap();
        let mut pcm = [0.0; 5_760];
        let peaks = read.packets().map(|packet| {
            let samples =
                stentor_media::opus::Decode::decode(&mut decoder, packet, &mut pcm).unwrap();
            pcm[..samples]
                .iter()
                .fold(0.0_f32, |peak, sample| peak.max(sample.abs()))
        });
        assert!(peaks.fold(0.0, f32::max) > 0.1, "{rendition:?}");
    }
}

#[test]
fn segments_are_the_chunks_of_3600_ms_and_only_whole_ones_come() {
    let late_start = START + COMMON_BOUNDARY_SAMPLES;
    let published = support::speak(
        &mut support::packager(late_start),
        6 * COMMON_BOUNDARY_SAMPLES,
    );
    for rendition in Rendition::ALL {
        let segments: Vec<_> = published
            .iter()
            .filter_map(|p| match p {
                Published::Segment {
                    rendition: of,
                    number,
                    bytes,
                } if *of == rendition => Some((*number, bytes)),
                _ => None,
            })
            .collect();
        let number = START / SEGMENT_SAMPLES + 1;
        assert_eq!(
            segments.iter().map(|segment| segment.0).collect::<Vec<_>>(),
            [number]
        );
        let first = number * u64::from(rendition.chunks_per_segment());
        let chunks = support::chunks(&published, rendition);
        let inside = chunks.iter().filter(|c| {
            (first..first + u64::from(rendition.chunks_per_segment())).contains(&c.sequence)
        });
        assert_eq!(
            segments[0].1[..],
            inside
                .flat_map(|c| c.bytes.iter().copied())
                .collect::<Vec<_>>()
        );
    }
}

#[test]
fn the_manifest_lists_the_last_chunks_with_length_hash_and_capture_time() {
    for rendition in Rendition::ALL {
        let json = PROGRAMME.iter().rev().find_map(|p| match p {
            Published::Manifest {
                rendition: of,
                json,
            } if *of == rendition => Some(json),
            _ => None,
        });
        let manifest: Manifest = serde_json::from_str(json.unwrap()).unwrap();
        let chunks = support::chunks(&PROGRAMME, rendition);
        assert_eq!(
            (manifest.v, manifest.rendition.as_str()),
            (1, rendition.name())
        );
        assert_eq!(manifest.chunks.len(), chunks.len());
        for (entry, chunk) in manifest.chunks.iter().zip(chunks) {
            assert_eq!(
                (entry.seq, entry.len),
                (chunk.sequence, chunk.bytes.len() as u64)
            );
            assert_eq!(
                (&entry.sha256, entry.capture_us),
                (&hex(&chunk.sha256), chunk.capture_unix_us)
            );
        }
    }
}

#[test]
fn the_manifest_reaches_back_thirty_seconds_and_no_further() {
    let mut manifest = Manifest::new(Rendition::Low);
    let template = support::chunks(&PROGRAMME, Rendition::Low)[0];
    for sequence in 0..40 {
        manifest.add(&stentor_media::package::Chunk {
            sequence,
            ..template.clone()
        });
    }
    assert_eq!(
        manifest.chunks.len() as u32,
        MANIFEST_MS / Rendition::Low.chunk_ms()
    );
    assert_eq!(manifest.chunks.back().map(|entry| entry.seq), Some(39));
}
