//! Recordings whose writer was killed.

use stentor_media::package::Packager;
use stentor_media::record::{Recovered, recover};
use stentor_media::rendition::Rendition;

use crate::support::{self, PROGRAMME, START};

/// Lengths at which the recording is whole: after the head, and after each chunk.
fn ends() -> (Vec<u8>, Vec<usize>) {
    let mut bytes = Packager::head().to_vec();
    let mut ends = vec![bytes.len()];
    for chunk in support::chunks(&PROGRAMME, Rendition::Full)
        .into_iter()
        .take(3)
    {
        bytes.extend_from_slice(&chunk.bytes);
        ends.push(bytes.len());
    }
    (bytes, ends)
}

#[test]
fn wherever_the_tail_is_torn_the_whole_chunks_before_it_are_kept() {
    let (bytes, ends) = ends();
    for length in 0..=bytes.len() {
        let whole = ends.iter().filter(|&&end| end <= length).count();
        let recovered = recover(&bytes[..length]).unwrap();
        let chunks = whole.saturating_sub(1) as u64;
        let wanted = Recovered {
            valid_bytes: if whole == 0 {
                0
            } else {
                ends[whole - 1] as u64
            },
            has_head: whole > 0,
            chunks,
            end_position: (chunks > 0).then(|| START + chunks * Rendition::Full.chunk_samples()),
        };
        assert_eq!(recovered, wanted, "torn at {length}");
    }
}

#[test]
fn zeros_that_a_crashed_file_system_left_are_cut_off() {
    let (mut bytes, ends) = ends();
    bytes.resize(bytes.len() + 4_096, 0);
    assert_eq!(recover(&bytes[..]).unwrap().valid_bytes, ends[3] as u64);
}

#[test]
fn what_was_appended_after_a_torn_tail_was_cut_belongs_to_the_recording() {
    let (mut bytes, ends) = ends();
    bytes.truncate(ends[2] + 100);
    let valid = recover(&bytes[..]).unwrap().valid_bytes as usize;
    bytes.truncate(valid);
    let later = support::chunks(&PROGRAMME, Rendition::Full)[30];
    bytes.extend_from_slice(&later.bytes);
    let recovered = recover(&bytes[..]).unwrap();
    assert_eq!(
        (recovered.chunks, recovered.valid_bytes),
        (3, bytes.len() as u64)
    );
    assert_eq!(
        recovered.end_position,
        Some((later.sequence + 1) * Rendition::Full.chunk_samples())
    );
}

#[test]
fn a_file_of_something_else_holds_nothing() {
    assert_eq!(
        recover(&b"this is a letter, not a recording"[..]).unwrap(),
        Recovered::default()
    );
    assert_eq!(recover(&b""[..]).unwrap(), Recovered::default());
}
