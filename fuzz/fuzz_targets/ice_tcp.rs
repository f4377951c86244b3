//! ICE over TCP: frames (RFC 4571) come out the same however the stream is cut, and STUN from anybody is read safely.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stentor_studio::limits::DATAGRAM_BYTES_MAX;
use stentor_studio::net::framing::Deframer;
use stentor_studio::net::stun;

fuzz_target!(|bytes: &[u8]| {
    let Some((&cut, stream)) = bytes.split_first() else {
        return;
    };
    let _ = (stun::is_stun(stream), stun::requested_ufrag(stream));
    let (whole, pieces) = (
        frames(stream, stream.len().max(1)),
        frames(stream, usize::from(cut) + 1),
    );
    assert_eq!(whole, pieces);
    assert!(whole.iter().all(|frame| frame.len() <= DATAGRAM_BYTES_MAX));
});

fn frames(stream: &[u8], cut: usize) -> Vec<Vec<u8>> {
    let mut deframer = Deframer::default();
    let mut frames = Vec::new();
    for piece in stream.chunks(cut) {
        if deframer
            .push(piece, |frame| frames.push(frame.to_vec()))
            .is_err()
        {
            break;
        }
    }
    frames
}
