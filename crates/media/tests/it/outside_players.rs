//! ffmpeg, which knows nothing of us, plays what we publish and has nothing to complain about.

use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::process::Command;

use stentor_media::package::{Packager, Published, StemPackager};
use stentor_media::record::finalise;
use stentor_media::rendition::Rendition;
use stentor_media::tags::Tags;
use tempfile::TempDir;

use crate::support::{self, START};

/// A fresh folder for one test, gone with it.
fn folder() -> TempDir {
    TempDir::new().expect("the system's folder for such things can be written")
}

/// Decodes `input` to the end, warnings being failures, and returns the samples of mono sound.
fn decode(input: &Path, before: &[&str]) -> Vec<f32> {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-v", "warning"])
        .args(before)
        .arg("-i")
        .arg(input)
        .args(["-f", "f32le", "-ac", "1", "-ar", "48000", "pipe:1"])
        .output()
        .expect("ffmpeg is installed: `make test` does it");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && complaints.is_empty(),
        "ffmpeg on {}: {complaints}",
        input.display()
    );
    output
        .stdout
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect()
}

/// Correlation of two pieces of sound, 1 if they are the same up to loudness.
fn likeness(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| f64::from(x * y)).sum::<f64>();
    (dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()) as f32
}

fn voice(position: u64, ticks: u64) -> Vec<f32> {
    (0..ticks)
        .flat_map(|tick| support::voice(position + tick * 960))
        .collect()
}

#[test]
fn ffmpeg_plays_the_direct_face_of_every_rendition_and_hears_what_went_in() {
    let folder = folder();
    let published = &*support::PROGRAMME;
    for rendition in Rendition::ALL {
        let file = folder.path().join(rendition.name());
        fs::write(&file, support::stream(published, rendition)).unwrap();
        let heard = decode(&file, &["-f", "mp4"]);
        let said = voice(START, 600);
        let missing = said.len() - heard.len();
        assert_eq!(
            missing, 312,
            "only the encoder's look-ahead is missing, and at the end"
        );
        let alike = likeness(&heard[48_000..240_000], &said[48_000..240_000]);
        // Speech coding at 12 kbit/s keeps the sound rather than the wave form.
        let wanted = if rendition == Rendition::Low {
            0.8
        } else {
            0.98
        };
        assert!(alike > wanted, "{rendition:?}: likeness {alike}");
    }
}

#[test]
fn ffmpeg_plays_a_direct_face_that_was_joined_in_the_middle_and_carries_notices() {
    let mut packager = support::packager(START);
    let mut published = support::speak(&mut packager, 9_600 * 10);
    packager
        .notice(br#"{"v":1,"id":1,"speaking":[1]}"#)
        .unwrap();
    published.extend(support::speak(&mut packager, 9_600 * 8));
    let mut bytes = Packager::head().to_vec();
    support::chunks(&published, Rendition::Full)[7..]
        .iter()
        .for_each(|chunk| bytes.extend_from_slice(&chunk.bytes));
    let folder = folder();
    let file = folder.path().join("live.mp4");
    fs::write(&file, bytes).unwrap();
    assert_eq!(decode(&file, &[]).len(), (18 - 7) * 9_600 - 312);
}

#[test]
fn ffmpeg_plays_the_hls_face_from_its_multivariant_playlist() {
    let folder = folder();
    let published = &*support::PROGRAMME;
    fs::write(
        folder.path().join("index.m3u8"),
        Packager::multivariant_playlist(&Tags::default(), &[]),
    )
    .unwrap();
    for rendition in Rendition::ALL {
        let rendition_folder = folder.path().join(rendition.name());
        fs::create_dir_all(rendition_folder.join("hls")).unwrap();
        fs::write(rendition_folder.join("init.mp4"), Packager::head()).unwrap();
        for item in published {
            match item {
                Published::Segment {
                    rendition: of,
                    number,
                    bytes,
                } if *of == rendition => {
                    fs::write(rendition_folder.join(format!("hls/{number}.m4s")), bytes).unwrap();
                }
                Published::Playlist {
                    rendition: of,
                    text,
                    ..
                } if *of == rendition => {
                    fs::write(
                        rendition_folder.join("index.m3u8"),
                        format!("{text}#EXT-X-ENDLIST\n"),
                    )
                    .unwrap();
                }
                _ => {}
            }
        }
    }
    let heard = decode(
        &folder.path().join("index.m3u8"),
        &["-allowed_extensions", "ALL"],
    );
    // Of 12 s the first 10.8 s are whole segments.
    assert_eq!(heard.len(), 3 * 172_800 - 312);
    let said = voice(START, 540);
    assert!(likeness(&heard[48_000..240_000], &said[48_000..240_000]) > 0.9);
}

#[test]
fn ffmpeg_plays_the_ogg_face_from_the_beginning_and_from_the_middle() {
    let folder = folder();
    let pages: Vec<_> = support::PROGRAMME
        .iter()
        .filter_map(|p| {
            if let Published::Ogg { bytes, .. } = p {
                Some(bytes)
            } else {
                None
            }
        })
        .collect();
    assert_eq!(pages.len(), 60);
    for skipped in [0, 7] {
        let mut bytes = Packager::ogg_head(&Tags::default()).to_vec();
        pages[skipped..]
            .iter()
            .for_each(|page| bytes.extend_from_slice(page));
        let file = folder.path().join(format!("from-{skipped}.ogg"));
        fs::write(&file, bytes).unwrap();
        let heard = decode(&file, &[]);
        let samples = (60 - skipped) * 9_600;
        assert!(
            heard.len() + 312 >= samples && heard.len() <= samples,
            "{} of {samples}",
            heard.len()
        );
    }
}

#[test]
fn ffmpeg_seeks_in_a_finalised_recording() {
    let folder = folder();
    let bytes = support::stream(&support::PROGRAMME, Rendition::Full);
    let mut file = Vec::new();
    let finalised = finalise(&mut [Cursor::new(bytes)], &Tags::default(), &mut file).unwrap();
    assert_eq!(finalised.bytes, file.len() as u64);
    let path = folder.path().join("replay.mp4");
    fs::write(&path, file).unwrap();
    let said = voice(START, 600);
    let heard = decode(&path, &[]);
    assert_eq!(heard.len() as u64, finalised.duration_samples);
    assert!(likeness(&heard[48_000..], &said[48_000..]) > 0.9);
    let heard = decode(&path, &["-ss", "7.5"]);
    assert!(
        heard.len().abs_diff(4 * 48_000 + 24_000) < 1_920,
        "{}",
        heard.len()
    );
    let from = 7 * 48_000 + 24_000;
    assert!(likeness(&heard[9_600..96_000], &said[from + 9_600..from + 96_000]) > 0.9);
}

#[test]
fn ffmpeg_plays_a_stem() {
    let mut stem = StemPackager::new(START + 960 * 7).unwrap();
    let mut chunks = Vec::new();
    for _ in 0..120 {
        let position = stem.position();
        stem.push(
            &support::voice(position),
            support::capture_unix_us(position),
            &mut chunks,
        )
        .unwrap();
    }
    chunks.extend(stem.finish());
    let mut bytes = StemPackager::head(&Tags::default()).to_vec();
    chunks
        .iter()
        .for_each(|chunk| bytes.extend_from_slice(&chunk.bytes));
    let folder = folder();
    let file = folder.path().join("1.mp4");
    fs::write(&file, bytes).unwrap();
    assert_eq!(decode(&file, &[]).len(), 120 * 960 - 312);
}
