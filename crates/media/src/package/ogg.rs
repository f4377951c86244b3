//! Ogg Opus (RFC 3533, RFC 7845): the same packets as the 48 kbit/s rendition, one page for each chunk.
//!
//! It is one logical stream for ever: nothing is chained, because some players fall silent at a chain boundary.
//! Who joins gets the head and then the live pages, whose numbers jump, as with every Ogg radio station.

use super::cmaf::{PRE_SKIP_SAMPLES, Packets};
use crate::rendition::SAMPLE_RATE_HZ;
use crate::tags::Tags;

/// The one logical stream, "STNT".
const SERIAL: u32 = 0x5354_4e54;

/// Pages of the head: `OpusHead` and `OpusTags`.
const HEAD_PAGES: u64 = 2;

/// Segments one page can list (RFC 3533 §6).
const LACING_VALUES_MAX: usize = 255;

const BEGINNING_OF_STREAM: u8 = 2;
const END_OF_STREAM: u8 = 4;

/// `OpusHead` and `OpusTags` (RFC 7845 §5), each on a page of its own. Titles that change would need a chain, so they stand here only.
pub(crate) fn head(tags: &Tags) -> Vec<u8> {
    let mut identification = Vec::with_capacity(19);
    identification.extend_from_slice(b"OpusHead");
    identification.extend_from_slice(&[1, 1]); // version, channels
    identification.extend_from_slice(&PRE_SKIP_SAMPLES.to_le_bytes());
    identification.extend_from_slice(&SAMPLE_RATE_HZ.to_le_bytes());
    identification.extend_from_slice(&[0, 0, 0]); // gain, mapping family

    const VENDOR: &[u8] = b"Stentor";
    let mut comments = Vec::with_capacity(256);
    comments.extend_from_slice(b"OpusTags");
    comments.extend_from_slice(&(VENDOR.len() as u32).to_le_bytes());
    comments.extend_from_slice(VENDOR);
    comments.extend_from_slice(&(tags.comments().count() as u32).to_le_bytes());
    for (name, value) in tags.comments() {
        let comment = format!("{name}={value}");
        comments.extend_from_slice(&(comment.len() as u32).to_le_bytes());
        comments.extend_from_slice(comment.as_bytes());
    }

    let mut bytes = Vec::with_capacity(512);
    page(
        &mut bytes,
        BEGINNING_OF_STREAM,
        0,
        0,
        std::iter::once(identification.as_slice()),
    );
    page(&mut bytes, 0, 0, 1, std::iter::once(comments.as_slice()));
    bytes
}

/// The page of chunk number `sequence`, whose last sample stands before position `end`.
///
/// The granule position counts samples up to the end of the page with the encoder's look-ahead (RFC 7845 §4).
pub(crate) fn media_page(sequence: u64, end: u64, packets: &Packets) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1_400);
    // 32 bits that wrap, as RFC 3533 has them.
    page(
        &mut bytes,
        0,
        end,
        sequence.wrapping_add(HEAD_PAGES) as u32,
        packets.iter(),
    );
    bytes
}

/// The granule position of a page on which no packet ends (RFC 3533 §6): minus one.
const NO_PACKET_ENDS: u64 = u64::MAX;

/// The last page of the stream, after chunk number `sequence - 1` (RFC 3533 §6): it holds nothing.
pub(crate) fn last_page(sequence: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(32);
    let number = sequence.wrapping_add(HEAD_PAGES) as u32;
    page(
        &mut bytes,
        END_OF_STREAM,
        NO_PACKET_ENDS,
        number,
        std::iter::empty(),
    );
    bytes
}

/// Appends one page that holds whole packets (RFC 3533 §6).
fn page<'a>(
    bytes: &mut Vec<u8>,
    header_type: u8,
    granule: u64,
    number: u32,
    packets: impl Iterator<Item = &'a [u8]>,
) {
    let mut lacing = Vec::with_capacity(LACING_VALUES_MAX);
    let mut body = Vec::new();
    for packet in packets {
        lacing.resize(lacing.len() + packet.len() / 255, 255);
        lacing.push((packet.len() % 255) as u8);
        body.extend_from_slice(packet);
    }
    assert!(
        lacing.len() <= LACING_VALUES_MAX,
        "a chunk of constant size always fits one page"
    );
    let start = bytes.len();
    bytes.extend_from_slice(b"OggS");
    bytes.extend_from_slice(&[0, header_type]);
    bytes.extend_from_slice(&granule.to_le_bytes());
    bytes.extend_from_slice(&SERIAL.to_le_bytes());
    bytes.extend_from_slice(&number.to_le_bytes());
    let checksum_at = bytes.len();
    bytes.extend_from_slice(&[0; 4]);
    bytes.push(lacing.len() as u8);
    bytes.extend_from_slice(&lacing);
    bytes.extend_from_slice(&body);
    let checksum = crc(&bytes[start..]);
    bytes[checksum_at..checksum_at + 4].copy_from_slice(&checksum.to_le_bytes());
}

/// The checksum of RFC 3533 §6: CRC-32 with polynomial 0x04c11db7, not reflected, from 0, without a final inversion.
fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |crc, &byte| {
        (crc << 8) ^ CRC_TABLE[usize::from((crc >> 24) as u8 ^ byte)]
    })
}

const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut value = (index as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 0x8000_0000 == 0 {
                value << 1
            } else {
                value << 1 ^ 0x04c1_1db7
            };
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
};
