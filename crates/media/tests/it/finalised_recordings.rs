//! From a recording to a file that any player can seek in.

use std::io::{Cursor, Read, Seek, SeekFrom, Write};

use stentor_media::mp4::Boxes;
use stentor_media::package::{PRE_SKIP_SAMPLES, Packager};
use stentor_media::record::{Finalised, Gap, RecordError, finalise};
use stentor_media::rendition::Rendition;
use stentor_media::tags::Tags;
use stentor_media::verify::ReadChunk;

use crate::support::{self, PROGRAMME, START};

const CHUNK: u64 = Rendition::Full.chunk_samples();

/// A recording of these chunks of the programme.
fn recording(chunks: impl IntoIterator<Item = usize>) -> Cursor<Vec<u8>> {
    let published = support::chunks(&PROGRAMME, Rendition::Full);
    let mut bytes = Packager::head().to_vec();
    chunks
        .into_iter()
        .for_each(|index| bytes.extend_from_slice(&published[index].bytes));
    Cursor::new(bytes)
}

fn finalised(parts: &mut [Cursor<Vec<u8>>]) -> (Finalised, Vec<u8>) {
    let mut file = Vec::new();
    let report = finalise(parts, &Tags::default(), &mut file).unwrap();
    (report, file)
}

/// The packets of a finalised file.
fn sound(file: &[u8]) -> Vec<u8> {
    let (_, body) = Boxes::new(file).last().unwrap().unwrap();
    body.to_vec()
}

fn packets(chunks: impl IntoIterator<Item = usize>) -> Vec<u8> {
    let published = support::chunks(&PROGRAMME, Rendition::Full);
    chunks
        .into_iter()
        .flat_map(|index| ReadChunk::parse(&published[index].bytes).unwrap().data)
        .collect()
}

#[test]
fn the_index_comes_first_and_the_sound_follows_unchanged() {
    let (report, file) = finalised(&mut [recording(0..10)]);
    let kinds: Vec<_> = Boxes::new(&file).map(|found| found.unwrap().0.0).collect();
    assert_eq!(kinds, [*b"ftyp", *b"moov", *b"mdat"]);
    assert_eq!(sound(&file), packets(0..10));
    let duration_samples = 10 * CHUNK - u64::from(PRE_SKIP_SAMPLES);
    let bytes = file.len() as u64;
    assert_eq!(
        report,
        Finalised {
            first_position: START,
            duration_samples,
            gaps: vec![],
            overlaps: 0,
            bytes
        }
    );
}

#[test]
fn gaps_are_cut_out_and_listed() {
    let (report, file) = finalised(&mut [recording([0, 1, 5, 6]), recording([9])]);
    assert_eq!(sound(&file), packets([0, 1, 5, 6, 9]));
    assert_eq!(
        report.gaps,
        [
            Gap {
                at_samples: 2 * CHUNK,
                position: START + 2 * CHUNK,
                samples: 3 * CHUNK
            },
            Gap {
                at_samples: 4 * CHUNK,
                position: START + 7 * CHUNK,
                samples: 2 * CHUNK
            },
        ]
    );
}

#[test]
fn sound_that_is_there_twice_is_taken_once() {
    let (report, file) = finalised(&mut [recording(0..4), recording(2..6)]);
    assert_eq!(sound(&file), packets(0..6));
    assert_eq!((report.overlaps, report.gaps.len()), (2, 0));
}

#[test]
fn a_torn_tail_is_left_out() {
    let mut torn = recording(0..4);
    let length = torn.get_ref().len() - 50;
    torn.get_mut().truncate(length);
    assert_eq!(sound(&finalised(&mut [torn]).1), packets(0..3));
}

#[test]
fn without_sound_there_is_no_file() {
    let empty = finalise(&mut [recording([])], &Tags::default(), &mut Vec::new());
    assert!(matches!(empty, Err(RecordError::Empty)), "{empty:?}");
}

#[test]
fn parts_of_different_kinds_are_not_joined() {
    let other = Cursor::new(support::stream(&PROGRAMME, Rendition::Low));
    let refused = finalise(
        &mut [recording(0..2), other],
        &Tags::default(),
        &mut Vec::new(),
    );
    assert!(
        matches!(
            refused,
            Err(RecordError::Mixed {
                got: 2_880,
                expected: 960
            })
        ),
        "{refused:?}"
    );
}

/// A recording of one chunk over and over at later positions, made up while it is read.
struct Endless {
    head: Vec<u8>,
    chunk: Vec<u8>,
    position_at: [usize; 2],
    chunks: u64,
    at: u64,
}

impl Endless {
    fn new(chunks: u64) -> Self {
        let chunk = support::chunks(&PROGRAMME, Rendition::Full)[0]
            .bytes
            .to_vec();
        let inside = |kind: &[u8]| chunk.windows(4).position(|window| window == kind).unwrap() + 4;
        let position_at = [inside(b"prft") + 16, inside(b"tfdt") + 4];
        Self {
            head: Packager::head().to_vec(),
            chunk,
            position_at,
            chunks,
            at: 0,
        }
    }
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let (head, chunk) = (self.head.len() as u64, self.chunk.len() as u64);
        let rest = if self.at < head {
            &self.head[self.at as usize..]
        } else {
            let (number, offset) = ((self.at - head) / chunk, (self.at - head) % chunk);
            if number == self.chunks {
                return Ok(0);
            }
            for at in self.position_at {
                self.chunk[at..at + 8].copy_from_slice(&(START + number * CHUNK).to_be_bytes());
            }
            &self.chunk[offset as usize..]
        };
        let bytes = rest.len().min(out.len());
        out[..bytes].copy_from_slice(&rest[..bytes]);
        self.at += bytes as u64;
        Ok(bytes)
    }
}

impl Seek for Endless {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        assert!(
            matches!(to, SeekFrom::Start(0)),
            "a recording is read from its beginning"
        );
        self.at = 0;
        Ok(0)
    }
}

/// Counts what is written and remembers the longest piece.
#[derive(Default)]
struct Counter {
    bytes: u64,
    longest: usize,
}

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.bytes += bytes.len() as u64;
        self.longest = self.longest.max(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn six_hours_pass_through_in_small_pieces() {
    let chunks = 6 * 3_600 * 5;
    let mut file = Counter::default();
    let report = finalise(&mut [Endless::new(chunks)], &Tags::default(), &mut file).unwrap();
    assert_eq!(
        report.duration_samples,
        chunks * CHUNK - u64::from(PRE_SKIP_SAMPLES)
    );
    assert_eq!(report.bytes, file.bytes);
    // The front has 8 bytes for each of 21,600 seconds; the sound comes chunk by chunk.
    assert!(file.longest < 180_000, "{}", file.longest);
}
