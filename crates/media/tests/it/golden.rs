//! Golden files: the exact form of what outsiders read, in `tests/golden`. `GOLDEN=write cargo test` writes them anew; the
//! difference then shows in the review.
//!
//! Sound is left out, since the last bit of an encoder may differ between processors; boxes and pages are shown as text.

use std::fmt::Write;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use stentor_media::package::{Packager, Published, cadence};
use stentor_media::record::finalise;
use stentor_media::rendition::{Rendition, SEGMENT_SAMPLES};
use stentor_media::tags::Tags;
use stentor_media::transcode::AAC_VARIANT;

use crate::support::{self, START};
use crate::transcoding;

fn check(name: &str, got: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("GOLDEN").is_some_and(|value| value == "write") {
        fs::create_dir_all(path.parent().expect("a file is in a folder")).unwrap();
        fs::write(&path, got).unwrap();
    }
    let wanted = fs::read_to_string(&path).unwrap_or_default();
    assert!(got == wanted, "{} has changed:\n{got}", path.display());
}

/// 16 bytes a line: offset, hexadecimal, text.
fn dump(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (line, bytes) in bytes.chunks(16).enumerate() {
        let hex: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let ascii: String = bytes
            .iter()
            .map(|&b| {
                if b.is_ascii_graphic() {
                    char::from(b)
                } else {
                    '.'
                }
            })
            .collect();
        writeln!(text, "{:04x}  {:<47}  {ascii}", line * 16, hex.join(" ")).unwrap();
    }
    text
}

#[test]
fn the_head_keeps_its_bytes() {
    check("head.txt", &dump(&Packager::head()));
}

#[test]
fn a_word_about_the_cadence_keeps_its_bytes() {
    let json = r#"{"v":1,"rung":1,"flush_ms":1000,"hold_ms":1450,"rendition":"48"}"#;
    check("cadence.txt", &dump(&cadence(json)));
}

#[test]
fn a_chunk_of_longer_frames_says_so_itself() {
    let published = &support::PROGRAMME;
    let bytes = &support::chunks(published, Rendition::Low)[0].bytes;
    let sound = Rendition::Low.packet_bytes() * Rendition::Low.frames_per_chunk() as usize;
    check("chunk-12.txt", &dump(&bytes[..bytes.len() - sound]));
}

#[test]
fn a_chunk_with_a_notice_keeps_its_boxes() {
    let mut packager = support::packager(START);
    packager
        .notice(br#"{"v":1,"id":1,"speaking":[1,3]}"#)
        .unwrap();
    let published = support::speak(&mut packager, Rendition::Full.chunk_samples());
    let bytes = &support::chunks(&published, Rendition::Full)[0].bytes;
    let sound = Rendition::Full.packet_bytes() * Rendition::Full.frames_per_chunk() as usize;
    check("chunk-48.txt", &dump(&bytes[..bytes.len() - sound]));
}

#[test]
fn the_playlists_keep_their_text() {
    check(
        "multivariant.m3u8",
        &Packager::multivariant_playlist(&Tags::default(), &[]),
    );
    let last = support::PROGRAMME.iter().rev().find_map(|p| match p {
        Published::Playlist {
            rendition: Rendition::Mid,
            text,
            ..
        } => Some(text),
        _ => None,
    });
    check("media-24.m3u8", last.expect("12 s hold three segments"));
    assert_eq!(START / SEGMENT_SAMPLES, 1_000, "the golden file says so");
}

#[test]
fn the_multivariant_playlist_with_aac_keeps_its_form() {
    check(
        "multivariant-aac.m3u8",
        &Packager::multivariant_playlist(&Tags::default(), &[AAC_VARIANT]),
    );
}

#[test]
fn the_playlist_of_aac_keeps_its_form() {
    let packager = transcoding::packaged(START, 3 * SEGMENT_SAMPLES);
    check(
        "media-aac.m3u8",
        &packager.playlist().expect("it lists something"),
    );
}

#[test]
fn the_ogg_head_and_the_header_of_a_page_keep_their_bytes() {
    check("ogg-head.txt", &dump(&Packager::ogg_head(&Tags::default())));
    let page = support::PROGRAMME.iter().find_map(|p| match p {
        Published::Ogg { bytes, .. } => Some(bytes),
        _ => None,
    });
    let mut header = page.expect("a page comes with every chunk")[..27 + 10].to_vec();
    header[22..26].fill(0); // the checksum covers the sound
    check("ogg-page.txt", &dump(&header));
}

#[test]
fn what_stands_before_the_sound_of_a_finalised_recording_keeps_its_bytes() {
    let recording = Cursor::new(support::stream(&support::PROGRAMME, Rendition::Full));
    let mut file = Vec::new();
    finalise(&mut [recording], &Tags::default(), &mut file).unwrap();
    let sound = 12 * 50 * Rendition::Full.packet_bytes();
    check("replay-front.txt", &dump(&file[..file.len() - sound]));
}
