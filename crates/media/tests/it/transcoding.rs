//! The programme for players without Opus: what an encoder is fed, and what is made of its frames.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::thread;

use bytes::Bytes;
use stentor_media::mpeg::{Frame, FrameKind, FrameReader};
use stentor_media::package::hls::PlaylistCounts;
use stentor_media::rendition::{Rendition, SEGMENT_SAMPLES};
use stentor_media::transcode::{
    AAC_VARIANT, ENCODER_GRID_SAMPLES, HISTORY_CHUNKS_MAX, HOLE_CHUNKS_MAX, Overtaken,
    ProgrammePcm, TranscodePackager, Transcoded, WARM_UP_SAMPLES,
};

use crate::frames::{aac, mp3};
use crate::support::{self, EPOCH_UNIX_MS, PROGRAMME, PROGRAMME_SAMPLES, START};

const CHUNK: u64 = 9_600;

/// The frames an encoder gives out that is fed `samples`: each kind begins one frame early. The last three of each are not used.
fn encode(packager: &mut TranscodePackager, samples: u64, out: &mut Vec<Transcoded>) {
    for (kind, bytes) in [(FrameKind::Aac, aac(140)), (FrameKind::Mp3, mp3())] {
        let frame = Frame {
            kind,
            bytes: Bytes::from(bytes),
        };
        (0..=samples / kind.samples() + 3).for_each(|_| packager.take(&frame, out));
    }
}

/// A packager that was given all frames of so many samples from a position on.
pub(crate) fn packaged(from: u64, samples: u64) -> TranscodePackager {
    let mut packager = TranscodePackager::new(EPOCH_UNIX_MS, PlaylistCounts::default());
    let start = packager.begin(from);
    encode(
        &mut packager,
        samples + from - start + 1_024,
        &mut Vec::new(),
    );
    packager
}

fn segments(out: &[Transcoded]) -> Vec<u64> {
    out.iter()
        .filter_map(|item| match item {
            Transcoded::Segment { number, .. } => Some(*number),
            Transcoded::Mp3 { .. } => None,
        })
        .collect()
}

fn sequences(out: &[Transcoded]) -> Vec<u64> {
    out.iter()
        .filter_map(|item| match item {
            Transcoded::Mp3 { sequence, .. } => Some(*sequence),
            Transcoded::Segment { .. } => None,
        })
        .collect()
}

#[test]
fn segments_and_chunks_are_numbered_as_in_every_other_rendition() {
    let mut packager = TranscodePackager::new(EPOCH_UNIX_MS, PlaylistCounts::default());
    let from = START + 5 * CHUNK;
    let start = packager.begin(from);
    assert!(start.is_multiple_of(ENCODER_GRID_SAMPLES) && start + WARM_UP_SAMPLES <= from);
    let mut out = Vec::new();
    encode(&mut packager, 4 * SEGMENT_SAMPLES, &mut out);
    // The first one is not whole.
    assert_eq!(segments(&out), [1_001, 1_002, 1_003]);
    let first = START / CHUNK + 5;
    let (chunks, count) = (sequences(&out), 4 * SEGMENT_SAMPLES / CHUNK - 2);
    assert_eq!(
        chunks[..count as usize],
        (first..first + count).collect::<Vec<_>>()
    );
    for item in &out {
        match item {
            Transcoded::Segment { bytes, .. } => {
                assert!(
                    matches!((bytes.len() - 73) / 140, 168 | 169),
                    "{}",
                    bytes.len()
                );
                assert!(bytes.starts_with(b"ID3\x04"));
            }
            Transcoded::Mp3 { bytes, .. } => {
                assert!(matches!(bytes.len() / 192, 8 | 9) && bytes.len().is_multiple_of(192));
            }
        }
    }
}

#[test]
fn an_encoder_that_is_followed_by_another_one_leaves_no_trace() {
    let whole = {
        let mut packager = TranscodePackager::new(EPOCH_UNIX_MS, PlaylistCounts::default());
        let start = packager.begin(START);
        let mut out = Vec::new();
        encode(&mut packager, START - start + 3 * SEGMENT_SAMPLES, &mut out);
        (out, packager.playlist())
    };
    let mut packager = TranscodePackager::new(EPOCH_UNIX_MS, PlaylistCounts::default());
    let mut out = Vec::new();
    let end = START + 3 * SEGMENT_SAMPLES;
    // Lost in the middle of whatever it does.
    for fed in [
        SEGMENT_SAMPLES - 5_000,
        0,
        100_000,
        77_777,
        3 * SEGMENT_SAMPLES,
    ] {
        let start = packager.begin(START);
        assert!(start <= packager.done_to().max(START));
        let fed = fed.min(end - start);
        encode(&mut packager, fed, &mut out);
    }
    let order = |out: &[Transcoded]| (segments(out), sequences(out));
    assert_eq!(order(&out), order(&whole.0));
    assert_eq!(packager.playlist(), whole.1);
}

#[test]
fn after_a_hole_the_playlist_begins_anew_and_its_numbers_go_on() {
    let mut packager = TranscodePackager::new(EPOCH_UNIX_MS, PlaylistCounts::default());
    let mut out = Vec::new();
    let start = packager.begin(START);
    encode(
        &mut packager,
        START - start + 2 * SEGMENT_SAMPLES + 5_000,
        &mut out,
    );
    let kept_from = START + 5 * SEGMENT_SAMPLES + 7 * CHUNK;
    let start = packager.begin(kept_from);
    assert!(kept_from - start <= WARM_UP_SAMPLES + ENCODER_GRID_SAMPLES);
    encode(&mut packager, 3 * SEGMENT_SAMPLES, &mut out);
    assert_eq!(segments(&out), [1_000, 1_001, 1_006, 1_007]);
    let numbers = sequences(&out);
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    let playlist = packager.playlist().expect("it lists two");
    let begins = "#EXT-X-MEDIA-SEQUENCE:1002\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n";
    assert!(playlist.contains(begins), "{playlist}");
    assert!(
        playlist.contains("#EXT-X-DISCONTINUITY\n#EXTINF:3."),
        "{playlist}"
    );
    assert!(
        playlist.contains("hls/1006.aac\n") && !playlist.contains("1001"),
        "{playlist}"
    );
}

#[test]
fn a_server_that_starts_again_goes_on_with_the_numbers_of_all_renditions() {
    let counts = PlaylistCounts {
        discontinuities: 2,
        skipped: 7,
        next: 990,
    };
    let mut packager = TranscodePackager::new(EPOCH_UNIX_MS, counts);
    assert_eq!(packager.playlist(), None);
    let start = packager.begin(START);
    encode(
        &mut packager,
        START - start + SEGMENT_SAMPLES + 5_000,
        &mut Vec::new(),
    );
    let playlist = packager.playlist().expect("it lists one");
    let begins = "#EXT-X-MEDIA-SEQUENCE:983\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n";
    assert!(playlist.contains(begins), "{playlist}");
}

/// The samples that are read to the end.
fn samples(pcm: &mut ProgrammePcm) -> Vec<i16> {
    let mut bytes = Vec::new();
    while pcm.read(&mut bytes).expect("nothing is overtaken") {}
    bytes
        .chunks_exact(2)
        .map(|b| i16::from_le_bytes([b[0], b[1]]))
        .collect()
}

fn filled() -> ProgrammePcm {
    let mut pcm = ProgrammePcm::new().expect("a decoder");
    for chunk in support::chunks(&PROGRAMME, Rendition::Full) {
        pcm.push(chunk.sequence, chunk.bytes.clone());
    }
    pcm
}

#[test]
fn samples_are_the_same_wherever_the_decoder_began() {
    let mut pcm = filled();
    pcm.seek(START).expect("it forgets");
    let all = samples(&mut pcm);
    assert_eq!(all.len() as u64, PROGRAMME_SAMPLES);
    assert!(all.iter().any(|sample| sample.unsigned_abs() > 3_000));
    for from in [9_216, 100_000, 333_333] {
        pcm.seek(START + from).expect("it forgets");
        let part = samples(&mut pcm);
        assert_eq!(part.len(), all.len() - from as usize);
        let off = part
            .iter()
            .zip(&all[from as usize..])
            .map(|(a, b)| a.abs_diff(*b))
            .max();
        assert!(off <= Some(330), "off by {off:?} of 32,768");
    }
}

#[test]
fn before_the_first_chunk_and_in_a_hole_is_silence() {
    let chunks = support::chunks(&PROGRAMME, Rendition::Full);
    let mut pcm = ProgrammePcm::new().expect("a decoder");
    pcm.push(chunks[0].sequence, chunks[0].bytes.clone());
    let after = 1 + HOLE_CHUNKS_MAX as usize;
    pcm.push(chunks[after].sequence, chunks[after].bytes.clone());
    pcm.push(chunks[3].sequence, chunks[3].bytes.clone());
    pcm.seek(START - 5_000).expect("it forgets");
    let all = samples(&mut pcm);
    assert_eq!(all.len() as u64, 5_000 + (after as u64 + 1) * CHUNK);
    assert!(all[..5_000].iter().all(|sample| *sample == 0));
    let hole = 5_000 + CHUNK as usize..all.len() - CHUNK as usize;
    assert!(all[hole].iter().all(|sample| *sample == 0));
    // One more, and it begins anew.
    let anew = after + 2 + HOLE_CHUNKS_MAX as usize;
    pcm.push(chunks[anew].sequence, chunks[anew].bytes.clone());
    assert_eq!(pcm.kept_from(), Some(START + anew as u64 * CHUNK));
}

#[test]
fn a_reader_that_is_too_slow_is_told_what_it_has_missed() {
    let chunk = &support::chunks(&PROGRAMME, Rendition::Full)[0].bytes;
    let mut pcm = ProgrammePcm::new().expect("a decoder");
    pcm.push(0, chunk.clone());
    pcm.seek(0).expect("it forgets");
    (1..HISTORY_CHUNKS_MAX as u64).for_each(|sequence| pcm.push(sequence, chunk.clone()));
    assert_eq!(pcm.read(&mut Vec::new()), Ok(true), "it keeps so many");
    pcm.seek(0).expect("it forgets");
    pcm.push(HISTORY_CHUNKS_MAX as u64, chunk.clone());
    let missed = Overtaken {
        wanted: 0,
        kept_from: CHUNK,
    };
    assert_eq!(pcm.read(&mut Vec::new()), Err(missed));
}

#[test]
fn what_is_no_chunk_is_silence() {
    let mut pcm = ProgrammePcm::new().expect("a decoder");
    pcm.push(7, Bytes::from_static(b"no chunk"));
    pcm.seek(7 * CHUNK).expect("it forgets");
    assert_eq!(samples(&mut pcm), [0; CHUNK as usize]);
}

/// What ffmpeg makes of samples, as one stream of both encodings.
fn ffmpeg(args: &[&str], input: Vec<u8>) -> Vec<u8> {
    let mut child = Command::new("ffmpeg")
        .args(["-hide_banner", "-v", "error"])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffmpeg is installed: `make test` does it");
    let mut stdin = child.stdin.take().expect("piped");
    let writes = thread::spawn(move || stdin.write_all(&input));
    let mut output = Vec::new();
    child
        .stdout
        .take()
        .expect("piped")
        .read_to_end(&mut output)
        .expect("it can be read");
    writes.join().expect("no panic").expect("it takes all");
    assert!(child.wait().expect("it ends").success());
    output
}

/// Both encodings into one pipe, each frame with one write.
const ENCODE: &str = "-f s16le -ar 48000 -ac 1 -i pipe:0 \
    -c:a aac -b:a 48k -f adts -flush_packets 1 pipe:1 \
    -c:a libmp3lame -b:a 64k -reservoir 0 -id3v2_version 0 -write_xing 0 -f mp3 -flush_packets 1 pipe:1";

#[test]
fn nobody_hears_where_one_encoder_followed_another() {
    let mut pcm = filled();
    let mut packager = TranscodePackager::new(EPOCH_UNIX_MS, PlaylistCounts::default());
    let mut out = Vec::new();
    // The first one is lost in its fifth second.
    for heard in [5 * 48_000, PROGRAMME_SAMPLES as usize] {
        let start = packager.begin(pcm.kept_from().expect("chunks"));
        pcm.seek(start).expect("it forgets");
        let mut fed = Vec::new();
        while pcm.read(&mut fed).expect("nothing is overtaken") {}
        fed.truncate(2 * heard);
        let args: Vec<_> = ENCODE.split_whitespace().collect();
        let mut reader = FrameReader::new();
        reader.push(&ffmpeg(&args, fed));
        while let Some(frame) = reader.next_frame() {
            packager.take(&frame, &mut out);
        }
        assert_eq!(
            reader.left_out(),
            0,
            "two outputs in one pipe, each frame written at once"
        );
    }
    assert_eq!(segments(&out), [1_000, 1_001, 1_002]);
    let said: Vec<f32> = (0..600)
        .flat_map(|tick| support::voice(START + tick * 960))
        .collect();
    let mp3: Vec<u8> = out
        .iter()
        .filter_map(|item| match item {
            Transcoded::Mp3 { bytes, .. } => Some(bytes.to_vec()),
            Transcoded::Segment { .. } => None,
        })
        .flatten()
        .collect();
    let aac: Vec<u8> = out
        .iter()
        .filter_map(|item| match item {
            Transcoded::Segment { bytes, .. } => {
                let needed = bytes.len() as u64 * 8 * 48_000 / (168 * 1_024);
                assert!(needed <= u64::from(AAC_VARIANT.bandwidth), "{needed}");
                Some(bytes[73..].to_vec())
            }
            Transcoded::Mp3 { .. } => None,
        })
        .flatten()
        .collect();
    for (format, bytes, late) in [("mp3", mp3, 1_105_i64), ("aac", aac, 1_024)] {
        let heard = ffmpeg(
            &[
                "-f", format, "-i", "pipe:0", "-f", "f32le", "-ac", "1", "-ar", "48000", "pipe:1",
            ],
            bytes,
        );
        let heard: Vec<f32> = heard
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        // Every tenth of a second of it is what was said then: no joint, no hole, no click.
        let delay = best_delay(&heard, &said, late);
        for at in (24_000..10 * 48_000).step_by(4_800) {
            let (a, b) = (
                &heard[(at as i64 + delay) as usize..][..4_800],
                &said[at..at + 4_800],
            );
            let off: f32 = a
                .iter()
                .zip(b)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(off < 0.12, "{format}: {off} off at {at}");
        }
    }
}

/// By how many samples sound is late, about `near`.
fn best_delay(heard: &[f32], said: &[f32], near: i64) -> i64 {
    let off = |delay: &i64| {
        let heard = &heard[(96_000 + delay) as usize..][..24_000];
        let off: f32 = heard
            .iter()
            .zip(&said[96_000..120_000])
            .map(|(a, b)| (a - b).powi(2))
            .sum();
        (off * 1_000.0) as u64
    };
    (near - 2_500..near + 2_500).min_by_key(off).expect("some")
}
