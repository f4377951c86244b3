//! Going back while it is live: pieces cut from the recording by their bytes alone, as strangers play them.

use std::fs;
use std::path::Path;
use std::process::Command;

use stentor_media::package::Packager;
use stentor_media::record::{
    PIECE_MS, PIECE_SAMPLES, Piece, PieceIndex, recover_with, rewind_playlist,
};
use stentor_media::rendition::{Rendition, TICK_SAMPLES};

use crate::support;

/// A recording as it grows: chunks of a voice between these times, in milliseconds; and its pieces.
fn recorded(spans: &[[u64; 2]]) -> (Vec<u8>, PieceIndex) {
    let (mut bytes, mut index) = (Packager::head().to_vec(), PieceIndex::new());
    for [from_ms, to_ms] in spans {
        let mut packager = support::packager(from_ms * 48);
        let published = support::speak(&mut packager, (to_ms - from_ms) * 48);
        for chunk in support::chunks(&published, Rendition::Full) {
            let from = bytes.len() as u64;
            bytes.extend_from_slice(&chunk.bytes);
            let samples = Rendition::Full.chunk_samples();
            let range = from..bytes.len() as u64;
            index.add(chunk.sequence * samples, samples, range);
        }
    }
    (bytes, index)
}

/// The bytes of a piece.
fn cut(recording: &[u8], piece: &Piece) -> Vec<u8> {
    let from = piece.offset as usize;
    recording[from..from + piece.bytes as usize].to_vec()
}

fn decode(input: &Path, before: &[&str]) -> Vec<i16> {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-v", "warning"])
        .args(before)
        .arg("-i")
        .arg(input)
        .args(["-f", "s16le", "-ac", "1", "-ar", "48000", "pipe:1"])
        .output()
        .expect("ffmpeg is installed: `make test` does it");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && complaints.is_empty(),
        "{complaints}"
    );
    let samples = output.stdout.chunks_exact(2);
    samples.map(|b| i16::from_le_bytes([b[0], b[1]])).collect()
}

/// Correlation of what was heard with the voice from a position on.
fn likeness(heard: &[i16], position: u64) -> f64 {
    let said = (0..heard.len() as u64 / TICK_SAMPLES as u64)
        .flat_map(|tick| support::voice(position + tick * TICK_SAMPLES as u64));
    let (mut both, mut a, mut b) = (0.0, 0.0, 0.0);
    for (x, y) in heard.iter().map(|x| f64::from(*x)).zip(said.map(f64::from)) {
        (both, a, b) = (both + x * y, a + x * x, b + y * y);
    }
    both / (a * b).sqrt()
}

#[test]
fn any_piece_behind_the_head_is_a_file_that_plays_what_was_said_then() {
    let (recording, index) = recorded(&[[0, 60_000]]);
    assert_eq!(index.pieces().len(), 2);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("piece.mp4");
    let file = [
        Packager::head().to_vec(),
        cut(&recording, &index.pieces()[1]),
    ]
    .concat();
    fs::write(&path, file).unwrap();
    let heard = decode(&path, &[]);
    assert_eq!(heard.len() as u64, PIECE_SAMPLES - 312);
    let like = likeness(&heard[48_000..480_000], PIECE_SAMPLES + 48_000);
    assert!(like > 0.97, "{like}");
}

#[test]
fn a_player_of_the_playlist_plays_all_of_it_and_from_any_piece_on() {
    let (recording, mut index) = recorded(&[[0, 60_000], [117_600, 123_600]]);
    index.end();
    assert_eq!(index.pieces().len(), 4);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    for piece in index.pieces() {
        let name = format!("{}.m4s", piece.number);
        fs::write(file(&name), cut(&recording, piece)).unwrap();
    }
    fs::write(file("init.mp4"), Packager::head()).unwrap();
    let playlist = rewind_playlist(index.pieces(), support::EPOCH_UNIX_MS, true);
    fs::write(file("index.m3u8"), playlist).unwrap();
    let any = ["-allowed_extensions", "ALL"];
    let heard = decode(&file("index.m3u8"), &any);
    let recorded_samples = 66 * 48_000;
    assert!(
        heard.len().abs_diff(recorded_samples) <= 2 * 312,
        "{}",
        heard.len()
    );
    // ffmpeg 5 cannot seek in fragmented HLS, its own neither: what a player asks for that can.
    let later = rewind_playlist(&index.pieces()[1..], support::EPOCH_UNIX_MS, true);
    fs::write(file("later.m3u8"), later).unwrap();
    let back = decode(&file("later.m3u8"), &any);
    let like = likeness(&back[9_600..96_000], PIECE_SAMPLES + 9_600);
    assert!(like > 0.95, "{like}");
}

#[test]
fn the_next_run_of_the_server_finds_the_same_pieces_in_the_file() {
    let (recording, index) = recorded(&[[0, 40_000], [58_800, 60_000]]);
    let torn = [&recording[..], &recording[600..700]].concat();
    let mut again = PieceIndex::new();
    let recovered = recover_with(&torn[..], |chunk| {
        again.add(chunk.position, chunk.samples, chunk.bytes);
    });
    assert_eq!(recovered.unwrap().valid_bytes, recording.len() as u64);
    assert_eq!(again.pieces(), index.pieces());
    assert_eq!(again.pieces().len(), 2);
    assert_eq!((again.end(), PIECE_MS), (true, 28_800));
    assert_eq!(again.pieces()[2].span_ms(), 58_800..60_000);
}
