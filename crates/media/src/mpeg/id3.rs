//! Tags before the sound (ID3v2.4): the title of a stream, and the time of a segment.
//!
//! Texts are UTF-8, never UTF-16: its byte order mark looks like the beginning of a frame to players that do not know tags.

use crate::tags::Tags;

/// UTF-8, as ID3v2.4 §4 numbers encodings.
const UTF_8: u8 = 3;

/// Whose private frame the time of a segment is (RFC 8216 §3.4), with the zero that ends it.
const TIMESTAMP_OWNER: &[u8] = b"com.apple.streaming.transportStreamTimestamp\0";

/// A tag with what a programme says of itself. It is never empty.
#[must_use]
pub fn tag(tags: &Tags) -> Vec<u8> {
    let mut frames = Vec::with_capacity(256);
    for (name, value) in tags.comments() {
        let id = match name {
            "TITLE" => b"TIT2",
            "ARTIST" => b"TPE1",
            "DATE" => b"TDRC",
            _ => b"TPUB",
        };
        frame(&mut frames, id, &[&[UTF_8], value.as_bytes()]);
    }
    with_header(&frames)
}

/// A tag that says at which time a segment of packed audio begins (RFC 8216 §3.4): `ticks` of 90 kHz, of which 33 bits count.
#[must_use]
pub fn timestamp_tag(ticks: u64) -> Vec<u8> {
    const BITS_33: u64 = (1 << 33) - 1;
    let mut frames = Vec::with_capacity(64);
    frame(
        &mut frames,
        b"PRIV",
        &[TIMESTAMP_OWNER, &(ticks & BITS_33).to_be_bytes()],
    );
    with_header(&frames)
}

fn frame(bytes: &mut Vec<u8>, id: &[u8; 4], parts: &[&[u8]]) {
    bytes.extend_from_slice(id);
    bytes.extend_from_slice(&syncsafe(parts.iter().map(|part| part.len()).sum()));
    bytes.extend_from_slice(&[0, 0]); // flags
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
}

fn with_header(frames: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(10 + frames.len());
    bytes.extend_from_slice(b"ID3\x04\0\0");
    bytes.extend_from_slice(&syncsafe(frames.len()));
    bytes.extend_from_slice(frames);
    bytes
}

/// A length in four bytes of seven bits (ID3v2.4 §6.2). Tags are cut to a few kilobytes, far below what it can say.
fn syncsafe(length: usize) -> [u8; 4] {
    debug_assert!(length < 1 << 28);
    [21, 14, 7, 0].map(|shift| (length >> shift & 0x7f) as u8)
}
