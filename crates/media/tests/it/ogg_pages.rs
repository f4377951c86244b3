//! Ogg pages, read by rules written down again from RFC 3533.

use stentor_media::package::{PRE_SKIP_SAMPLES, Packager, Published};
use stentor_media::rendition::Rendition;
use stentor_media::tags::Tags;
use stentor_media::verify::ReadChunk;

use crate::support::{self, PROGRAMME, START};

struct Page<'a> {
    flags: u8,
    granule: u64,
    number: u32,
    body: &'a [u8],
}

/// Takes the first page off `bytes`.
fn page<'a>(bytes: &mut &'a [u8]) -> Page<'a> {
    let field = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!(&bytes[..5], b"OggS\0");
    let (flags, granule, number, checksum) = (
        bytes[5],
        u64::from(field(6)) | u64::from(field(10)) << 32,
        field(18),
        field(22),
    );
    let segments = usize::from(bytes[26]);
    let body_start = 27 + segments;
    let end = body_start
        + bytes[27..body_start]
            .iter()
            .map(|&lace| usize::from(lace))
            .sum::<usize>();
    let mut zeroed = bytes[..end].to_vec();
    zeroed[22..26].fill(0);
    assert_eq!(slow_crc(&zeroed), checksum);
    let body = &bytes[body_start..end];
    *bytes = &bytes[end..];
    Page {
        flags,
        granule,
        number,
        body,
    }
}

/// Division by the polynomial bit by bit, as on paper.
fn slow_crc(bytes: &[u8]) -> u32 {
    let mut remainder = 0_u32;
    for bit in bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| u32::from(byte >> bit & 1)))
    {
        let carry = remainder >> 31;
        remainder <<= 1;
        if carry ^ bit == 1 {
            remainder ^= 0x04c1_1db7;
        }
    }
    remainder
}

#[test]
fn the_head_is_two_pages_of_one_packet_each() {
    let bytes = Packager::ogg_head(&Tags::default());
    let mut rest = &bytes[..];
    let (head, tags) = (page(&mut rest), page(&mut rest));
    assert!(rest.is_empty());
    assert_eq!((head.flags, head.granule, head.number), (2, 0, 0));
    assert_eq!(&head.body[..10], b"OpusHead\x01\x01");
    assert_eq!(
        u16::from_le_bytes([head.body[10], head.body[11]]),
        PRE_SKIP_SAMPLES
    );
    assert_eq!((tags.flags, tags.granule, tags.number), (0, 0, 1));
    assert_eq!(&tags.body[..8], b"OpusTags");
}

#[test]
fn a_page_holds_the_packets_of_its_chunk_and_the_position_after_them() {
    let chunks = support::chunks(&PROGRAMME, Rendition::Full);
    let pages: Vec<_> = PROGRAMME
        .iter()
        .filter_map(|p| {
            if let Published::Ogg { sequence, bytes } = p {
                Some((*sequence, bytes))
            } else {
                None
            }
        })
        .collect();
    assert_eq!(pages.len(), chunks.len());
    for (index, ((sequence, bytes), chunk)) in pages.into_iter().zip(chunks).enumerate() {
        let mut rest = &bytes[..];
        let page = page(&mut rest);
        assert!(rest.is_empty());
        assert_eq!(sequence, chunk.sequence);
        assert_eq!(
            page.granule,
            START + (index as u64 + 1) * Rendition::Full.chunk_samples()
        );
        assert_eq!(page.number, sequence as u32 + 2);
        assert_eq!(page.body, &ReadChunk::parse(&chunk.bytes).unwrap().data[..]);
    }
}

/// The comments of a head (RFC 7845 §5.2).
fn comments(tags: &Tags) -> Vec<String> {
    let head = Packager::ogg_head(tags);
    let mut rest = &head[..];
    page(&mut rest);
    let body = page(&mut rest).body;
    assert!(rest.is_empty());
    let number = |at: &mut usize| {
        let bytes = body[*at..*at + 4].try_into().unwrap();
        *at += 4;
        u32::from_le_bytes(bytes) as usize
    };
    let mut at = 8;
    let vendor = number(&mut at);
    at += vendor;
    let count = number(&mut at);
    let comments = (0..count).map(|_| {
        let length = number(&mut at);
        let text = String::from_utf8(body[at..at + length].to_vec());
        at += length;
        text.expect("UTF-8")
    });
    let comments = comments.collect();
    assert_eq!(at, body.len());
    comments
}

#[test]
fn the_head_says_what_is_heard() {
    assert!(comments(&Tags::default()).is_empty());
    let tags = Tags {
        title: "L\u{2019}été = enfin".to_owned(),
        artist: "Ada".to_owned(),
        date: "2026-11-30".to_owned(),
        organization: String::new(),
    };
    let expected = [
        "TITLE=L\u{2019}été = enfin",
        "ARTIST=Ada",
        "DATE=2026-11-30",
    ];
    assert_eq!(comments(&tags), expected);
    // A title longer than a page's lacing values of 255 each would ever be still fits one page.
    let long = Tags {
        title: "é".repeat(5_000),
        artist: "x".repeat(5_000),
        ..Tags::default()
    };
    assert_eq!(comments(&long).len(), 2);
}

#[test]
fn the_last_page_ends_the_stream_and_holds_nothing() {
    for sequence in [0, 7, u64::from(u32::MAX) - 2, u64::from(u32::MAX)] {
        let bytes = Packager::last_ogg_page(sequence);
        let mut rest = &bytes[..];
        let last = page(&mut rest);
        assert!(rest.is_empty() && last.body.is_empty());
        assert_eq!(
            (last.flags, last.granule),
            (4, u64::MAX),
            "no packet ends there"
        );
        assert_eq!(last.number, (sequence + 3) as u32);
    }
}
