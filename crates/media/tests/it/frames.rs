//! Frames of AAC and MP3 out of bytes that nobody vouches for, and tags before them.

use stentor_media::mpeg::{
    FRAME_BYTES_MAX, Frame, FrameHeader, FrameKind, FrameReader, HEADER_BYTES, tag, timestamp_tag,
};
use stentor_media::tags::Tags;

/// A frame of AAC-LC, 48 kHz, mono, of so many bytes in all.
pub(crate) fn aac(bytes: usize) -> Vec<u8> {
    let (high, middle, low) = (bytes >> 11, bytes >> 3 & 0xff, bytes << 5 & 0xff);
    let header = [
        0xff,
        0xf1,
        0x4c,
        0x40 | high as u8,
        middle as u8,
        low as u8 | 0x1f,
        0xfc,
    ];
    let mut frame = header.to_vec();
    frame.resize(bytes, 0x21);
    frame
}

/// A frame of MP3, 48 kHz, 64 kbit/s, mono: 192 bytes.
pub(crate) fn mp3() -> Vec<u8> {
    let mut frame = vec![0xff, 0xfb, 0x54, 0xc4];
    frame.resize(192, 0x12);
    frame
}

fn read(reader: &mut FrameReader, bytes: &[u8]) -> Vec<Frame> {
    reader.push(bytes);
    std::iter::from_fn(|| reader.next_frame()).collect()
}

#[test]
fn frames_come_out_whole_and_in_order_however_the_bytes_are_cut() {
    let frames = [
        aac(100),
        mp3(),
        mp3(),
        aac(FRAME_BYTES_MAX),
        aac(8),
        mp3(),
        aac(300),
    ];
    let stream = frames.concat();
    for cut in [1, 3, 7, 191, 4_096, stream.len()] {
        let mut reader = FrameReader::new();
        let found: Vec<_> = stream
            .chunks(cut)
            .flat_map(|piece| read(&mut reader, piece))
            .collect();
        let bytes: Vec<_> = found.iter().map(|frame| frame.bytes.to_vec()).collect();
        assert_eq!(bytes, frames, "in pieces of {cut}");
        assert_eq!(reader.left_out(), 0);
        let kinds = found.iter().map(|frame| frame.kind == FrameKind::Aac);
        assert_eq!(
            kinds.collect::<Vec<_>>(),
            [true, false, false, true, true, false, true]
        );
    }
}

#[test]
fn what_is_no_frame_is_left_out_and_counted() {
    let mut reader = FrameReader::new();
    let garbage = b"[aac @ 0x1] what a log says\n\xff\xfb\x54\xc4 and what looks like a frame, with none behind it".repeat(3);
    let stream = [aac(50), garbage.clone(), mp3(), mp3(), aac(60)].concat();
    let found = read(&mut reader, &stream);
    assert_eq!(found.len(), 4);
    assert_eq!(reader.left_out(), garbage.len() as u64);
    // The last one is taken at once: nothing has been lost since.
    assert_eq!(reader.waiting(), 0);
}

#[test]
fn nothing_but_garbage_is_not_kept() {
    let mut reader = FrameReader::new();
    for byte in [0, 0xff, b'a'] {
        for _ in 0..50 {
            assert_eq!(read(&mut reader, &[byte; 4_096]), []);
            assert!(
                reader.waiting() <= FRAME_BYTES_MAX + HEADER_BYTES,
                "{}",
                reader.waiting()
            );
        }
    }
}

#[test]
fn frames_that_nobody_asked_for_are_none() {
    let good = *aac(100).first_chunk().expect("a header");
    let mp3_good = *mp3().first_chunk().expect("a header");
    let parse = |good: [u8; HEADER_BYTES], at: usize, byte: u8| {
        let mut bytes = good;
        bytes[at] = byte;
        FrameHeader::parse(bytes)
    };
    assert_eq!(
        FrameHeader::parse(good),
        Some(FrameHeader {
            kind: FrameKind::Aac,
            bytes: 100
        })
    );
    assert_eq!(
        FrameHeader::parse(mp3_good),
        Some(FrameHeader {
            kind: FrameKind::Mp3,
            bytes: 192
        })
    );
    for (at, byte, what) in [
        (0, 0xfe, "no sync word"),
        (1, 0xe1, "three bits of it only"),
        (1, 0xf7, "layer I"),
        (2, 0x0c, "the main profile"),
        (2, 0x50, "44.1 kHz"),
        (6, 0xfd, "two blocks"),
    ] {
        assert_eq!(parse(good, at, byte), None, "{what}");
    }
    for (at, byte, what) in [
        (1, 0xf3, "MPEG-2"),
        (1, 0xfd, "layer II"),
        (2, 0x50, "44.1 kHz"),
        (2, 0x04, "a free bit rate"),
        (2, 0xf4, "no bit rate"),
    ] {
        assert_eq!(parse(mp3_good, at, byte), None, "{what}");
    }
    // A frame that would end within its header.
    let short = *aac(100)
        .first_chunk()
        .map(|header: &[u8; 7]| header)
        .expect("a header");
    let mut none = short;
    (none[3], none[4], none[5]) = (0x40, 0, 0xff);
    assert_eq!(FrameHeader::parse(none), None);
}

#[test]
fn a_tag_is_one_and_says_the_title() {
    let tags = Tags {
        title: "L\u{2019}été".to_owned(),
        artist: "Ada".repeat(100),
        ..Tags::default()
    };
    let bytes = tag(&tags);
    assert!(bytes.starts_with(b"ID3\x04\0\0\0\0"), "{bytes:?}");
    let length = usize::from(bytes[8]) << 7 | usize::from(bytes[9]);
    assert_eq!(length, bytes.len() - 10);
    let title = "L\u{2019}été".as_bytes();
    assert!(bytes.windows(title.len()).any(|window| window == title));
    assert!(
        !bytes.contains(&0xff),
        "no player takes it for the beginning of a frame"
    );
    // Also where there is nothing to say.
    assert_eq!(tag(&Tags::default()).len(), 10);
}

#[test]
fn the_time_of_a_segment_has_33_bits() {
    let bytes = timestamp_tag((1 << 33) + 0x1_0203_0405);
    assert_eq!(bytes.len(), 73);
    assert_eq!(bytes[..10], *b"ID3\x04\0\0\0\0\0\x3f");
    assert!(bytes.ends_with(b"transportStreamTimestamp\0\0\0\0\x01\x02\x03\x04\x05"));
}
