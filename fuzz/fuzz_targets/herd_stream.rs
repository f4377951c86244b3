//! What a server under test may send to a listener of the herd: a stream and a body come out the same however their bytes
//! are cut, a chunk is no longer than what came, a head is read whole or not at all, and a playlist stays within its limits.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stentor_media::mp4::{BOX_BYTES_MAX, StreamError};
use stentor_rehearsal::herd::{
    ChunkScanner, ChunkSummary, DURATION_S_MAX, HashSampling, PLAYLIST_SEGMENTS_MAX, Playlist,
    Scanned,
};
use stentor_rehearsal::http::{BodyDecoder, Framing, HEAD_BYTES_MAX, HttpError, ResponseHead};

fuzz_target!(|bytes: &[u8]| {
    let Some((&cut, input)) = bytes.split_first() else {
        return;
    };
    let cut = usize::from(cut) + 1;
    assert_eq!(stream(input, input.len().max(1)), stream(input, cut));
    for framing in [
        Framing::Chunked,
        Framing::Length(u64::from(input.len() as u32) / 2),
    ] {
        assert_eq!(
            body(framing, input, input.len().max(1)),
            body(framing, input, cut)
        );
    }
    if let Ok(Some(head)) = ResponseHead::parse(input) {
        assert!(head.head_bytes <= input.len().min(HEAD_BYTES_MAX));
        // It is whole at its last byte, and not before.
        assert_eq!(
            ResponseHead::parse(&input[..head.head_bytes]),
            Ok(Some(head))
        );
        assert_eq!(ResponseHead::parse(&input[..head.head_bytes - 1]), Ok(None));
    }
    if let Ok(text) = str::from_utf8(input)
        && let Ok(playlist) = Playlist::parse(text)
    {
        assert!(playlist.segments.len() <= PLAYLIST_SEGMENTS_MAX);
        let longest_us = (DURATION_S_MAX * 1e6) as u64;
        assert!((1..=longest_us).contains(&playlist.target_us));
        assert!(playlist.segments.iter().all(|&(_, us)| us <= longest_us));
    }
});

/// Number and payload of a notice.
type Notice = (u32, Vec<u8>);

/// Chunks and notices of a stream that comes in pieces of `cut` bytes, and why it is none.
fn stream(input: &[u8], cut: usize) -> (Vec<ChunkSummary>, Vec<Notice>, Option<StreamError>) {
    let mut scanner = ChunkScanner::default();
    let (mut chunks, mut notices) = (Vec::new(), Vec::new());
    let sampling = HashSampling {
        every: 1,
        offset: 0,
    };
    for piece in input.chunks(cut) {
        let read = scanner.read(sampling, piece, |scanned| match scanned {
            Scanned::Head => {}
            Scanned::Notice { id, payload } => {
                assert!(payload.len() <= BOX_BYTES_MAX);
                notices.push((id, payload.to_vec()));
            }
            Scanned::Cadence { payload } => {
                assert!(payload.len() <= BOX_BYTES_MAX);
            }
            Scanned::Chunk(chunk) => {
                assert!(chunk.sha256.is_some());
                chunks.push(chunk);
            }
        });
        if let Err(error) = read {
            return (chunks, notices, Some(error));
        }
    }
    let read: usize = chunks.iter().map(|chunk| chunk.bytes as usize).sum();
    assert!(read <= input.len());
    (chunks, notices, None)
}

fn body(framing: Framing, input: &[u8], cut: usize) -> (Vec<u8>, Option<HttpError>) {
    let mut body = BodyDecoder::new(framing);
    let mut got = Vec::new();
    for mut piece in input.chunks(cut) {
        loop {
            match body.next(&mut piece) {
                Ok(Some(bytes)) => got.extend_from_slice(bytes),
                Ok(None) => break,
                Err(error) => return (got, Some(error)),
            }
        }
    }
    (got, None)
}
