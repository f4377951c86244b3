//! A recording as its host wants it: cut without encoding anything again, and with chapters.

use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::process::Command;

use stentor_media::mp4::Boxes;
use stentor_media::package::{PRE_SKIP_SAMPLES, Packager};
use stentor_media::record::{
    ChapterMark, ChapterMarks, Cut, Edit, Finalised, RecordError, finalise, finalise_edited,
};
use stentor_media::rendition::{Rendition, TICK_SAMPLES};
use stentor_media::tags::Tags;
use stentor_media::verify::ReadChunk;

use crate::support::{self, PROGRAMME, START};

const CHUNK: u64 = Rendition::Full.chunk_samples();
const PACKET: u64 = TICK_SAMPLES as u64;

/// A recording of these chunks of the programme.
fn recording(chunks: impl IntoIterator<Item = usize>) -> Cursor<Vec<u8>> {
    let published = support::chunks(&PROGRAMME, Rendition::Full);
    let mut bytes = Packager::head().to_vec();
    chunks
        .into_iter()
        .for_each(|index| bytes.extend_from_slice(&published[index].bytes));
    Cursor::new(bytes)
}

fn edited(
    chunks: impl IntoIterator<Item = usize>,
    edit: &Edit,
) -> Result<(Finalised, Vec<u8>), RecordError> {
    let mut file = Vec::new();
    let tags = Tags {
        title: "An evening".to_owned(),
        ..Tags::default()
    };
    let report = finalise_edited(&mut [recording(chunks)], &tags, edit, &mut file)?;
    Ok((report, file))
}

/// What is between two times of the timeline, in milliseconds from where the recording begins.
fn cut(from_ms: u64, to_ms: impl Into<Option<u64>>) -> Edit {
    let position = |ms| START + ms * 48;
    Edit {
        cut: Cut {
            from: Some(position(from_ms)),
            to: to_ms.into().map(position),
        },
        ..Edit::default()
    }
}

fn marks(marks: &[(u64, &str)]) -> ChapterMarks {
    let mark = |(ms, title): &(u64, &str)| ChapterMark {
        position: START + ms * 48,
        title: (*title).to_owned(),
    };
    ChapterMarks::new(marks.iter().map(mark).collect())
}

/// The packets of a finalised file.
fn sound(file: &[u8]) -> &[u8] {
    Boxes::new(file).last().unwrap().unwrap().1
}

/// The packets of the programme, one by one.
fn packets() -> Vec<Vec<u8>> {
    support::chunks(&PROGRAMME, Rendition::Full)
        .iter()
        .flat_map(|chunk| {
            let read = ReadChunk::parse(&chunk.bytes).unwrap();
            read.packets().map(<[u8]>::to_vec).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn a_cut_keeps_the_very_packets_between_its_points() {
    let (report, file) = edited(0..50, &cut(1_234, 5_678)).unwrap();
    // What was cut out is not heard: the packet from 1,240 ms on is the first, the one up to 5,660 ms the last.
    assert_eq!(sound(&file), packets()[62..283].concat());
    assert_eq!(report.first_position, START + 62 * PACKET);
    let played = (283 - 62) * PACKET - u64::from(PRE_SKIP_SAMPLES);
    assert_eq!(report.duration_samples, played);
    assert_eq!(report.bytes, file.len() as u64);
}

#[test]
fn a_cut_counts_by_the_timeline_and_what_was_not_recorded_stays_out() {
    // 2 s, nothing for 4 s, 4 s: of the timeline's 10 s those from 1 to 7.
    let chunks = (0..10).chain(30..50);
    let (report, file) = edited(chunks, &cut(1_000, 7_000)).unwrap();
    let all = packets();
    assert_eq!(
        sound(&file),
        [&all[50..100], &all[300..350]].concat().concat()
    );
    assert_eq!(report.gaps.len(), 1);
    assert_eq!(report.gaps[0].at_samples, 50 * PACKET);
}

#[test]
fn a_cut_to_the_end_and_no_cut_at_all_keep_everything() {
    let (_, whole) = edited(0..20, &Edit::default()).unwrap();
    let (_, all) = edited(0..20, &cut(0, None)).unwrap();
    assert_eq!(whole, all);
    assert_eq!(sound(&whole), packets()[..200].concat());
}

#[test]
fn a_cut_that_leaves_nothing_is_refused_before_anything_is_written() {
    for edit in [cut(3_000, 2_000), cut(60_000, None), cut(1_000, 1_010)] {
        let mut file = Vec::new();
        let tags = Tags::default();
        let result = finalise_edited(&mut [recording(0..20)], &tags, &edit, &mut file);
        assert!(matches!(result, Err(RecordError::CutAway)), "{result:?}");
        assert!(file.is_empty());
    }
}

/// What ffprobe says of a file, with not a word of complaint.
fn probed(file: &Path, what: &[&str]) -> String {
    let output = Command::new("ffprobe")
        .args(["-hide_banner", "-v", "warning", "-of", "compact=p=0:nk=1"])
        .args(what)
        .arg(file)
        .output()
        .expect("ffprobe is installed: `make test` does it");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && complaints.is_empty(),
        "{complaints}"
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn ffprobe_finds_the_chapters_of_a_cut_recording_and_plays_it_to_the_end() {
    let edit = Edit {
        marks: marks(&[
            (500, "Welcome"),
            (2_500, "Zoé answers"),
            (4_000, "日本語"),
            (9_000, "cut away"),
        ]),
        ..cut(1_000, 6_000)
    };
    let (report, file) = edited(0..50, &edit).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("replay.mp4");
    fs::write(&path, &file).unwrap();
    let told = probed(
        &path,
        &["-show_entries", "chapter=start_time:chapter_tags=title"],
    );
    let told: Vec<_> = told.lines().collect();
    assert_eq!(
        told,
        [
            "0.000000|Welcome",
            "1.500000|Zoé answers",
            "3.000000|日本語"
        ]
    );
    let title = probed(&path, &["-show_entries", "format_tags=title"]);
    assert_eq!(title.trim(), "An evening");
    let decoded = Command::new("ffmpeg")
        .args(["-hide_banner", "-v", "warning", "-i"])
        .arg(&path)
        .args(["-f", "s16le", "-ac", "1", "-ar", "48000", "pipe:1"])
        .output()
        .unwrap();
    let complaints = String::from_utf8_lossy(&decoded.stderr);
    assert!(complaints.is_empty(), "{complaints}");
    assert_eq!(decoded.stdout.len() as u64 / 2, report.duration_samples);
}

#[test]
fn as_many_and_as_long_chapters_as_may_be_are_all_found() {
    let title = |n: u64| format!("{n:>5}{}", "é".repeat(125));
    let titles: Vec<_> = (0..255).map(title).collect();
    let given: Vec<_> = (0..)
        .map(|n| n * 40)
        .zip(titles.iter().map(|t| &**t))
        .collect();
    let edit = Edit {
        marks: marks(&given),
        ..Edit::default()
    };
    let (_, file) = edited(0..60, &edit).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("replay.mp4");
    fs::write(&path, &file).unwrap();
    let told = probed(&path, &["-show_entries", "chapter_tags=title"]);
    assert_eq!(told.lines().map(str::trim).count(), 255);
    assert_eq!(told.lines().last().map(str::trim), Some(titles[254].trim()));
}

#[test]
fn chapters_change_nothing_of_the_sound() {
    let edit = Edit {
        marks: marks(&[(0, "a")]),
        ..Edit::default()
    };
    let (with, file) = edited(0..10, &edit).unwrap();
    let mut plain = Vec::new();
    let without = finalise(&mut [recording(0..10)], &Tags::default(), &mut plain).unwrap();
    assert_eq!(sound(&file), sound(&plain));
    assert_eq!(with.duration_samples, without.duration_samples);
    assert_eq!(
        CHUNK * 10,
        with.duration_samples + u64::from(PRE_SKIP_SAMPLES)
    );
}
