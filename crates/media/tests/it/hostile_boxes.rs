//! Readers against bytes that nobody vouches for.

use stentor_media::package::Packager;
use stentor_media::rendition::Rendition;
use stentor_media::verify::{
    BOX_BYTES_MAX, BoxError, BoxReader, ChunkError, ChunkReader, Item, Mp4Box, ReadChunk,
    SAMPLES_PER_CHUNK_MAX,
};

use crate::support::{self, PROGRAMME};

fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let size = (body.len() + 8) as u32;
    [&size.to_be_bytes(), &kind[..], body].concat()
}

fn read_boxes(reader: &mut BoxReader, mut input: &[u8]) -> Result<Vec<Mp4Box>, BoxError> {
    let mut boxes = Vec::new();
    while let Some(found) = reader.read(&mut input)? {
        boxes.push(found);
    }
    Ok(boxes)
}

#[test]
fn boxes_come_out_the_same_however_the_bytes_are_cut() {
    let bytes = support::stream(&PROGRAMME[..60], Rendition::Full);
    let whole = read_boxes(&mut BoxReader::new(), &bytes).unwrap();
    assert_eq!(
        whole.iter().map(|b| b.bytes.len()).sum::<usize>(),
        bytes.len()
    );
    for step in [1, 7, 8, 9, 1_000] {
        let mut reader = BoxReader::new();
        let pieces: Vec<_> = bytes
            .chunks(step)
            .flat_map(|piece| read_boxes(&mut reader, piece).unwrap())
            .collect();
        assert_eq!(pieces, whole, "in pieces of {step}");
        assert_eq!(
            (reader.taken_bytes(), reader.pending_bytes()),
            (bytes.len() as u64, 0)
        );
    }
}

#[test]
fn a_box_with_a_64_bit_size_is_read() {
    let bytes = [
        &1_u32.to_be_bytes()[..],
        b"free",
        &19_u64.to_be_bytes(),
        b"abc",
    ]
    .concat();
    let boxes = read_boxes(&mut BoxReader::new(), &bytes).unwrap();
    assert_eq!((boxes[0].kind, boxes[0].body()), (*b"free", &b"abc"[..]));
}

#[test]
fn a_box_at_the_limit_is_read_and_one_byte_more_is_refused_before_it_comes() {
    let at_limit = boxed(b"free", &vec![0; BOX_BYTES_MAX - 8]);
    assert_eq!(
        read_boxes(&mut BoxReader::new(), &at_limit).unwrap().len(),
        1
    );
    let header = [&(BOX_BYTES_MAX as u32 + 1).to_be_bytes()[..], b"free"].concat();
    let refused = read_boxes(&mut BoxReader::new(), &header);
    let got = BOX_BYTES_MAX as u64 + 1;
    assert_eq!(
        refused,
        Err(BoxError::TooLarge {
            kind: *b"free",
            got,
            limit: BOX_BYTES_MAX
        })
    );
}

#[test]
fn impossible_sizes_are_refused() {
    let kind = *b"mdat";
    let header = |size: u32, large: &[u8]| [&size.to_be_bytes()[..], &kind, large].concat();
    for (bytes, error) in [
        (header(0, &[]), BoxError::Endless { kind }),
        (header(7, &[]), BoxError::TooSmall { kind, got: 7 }),
        (
            header(1, &15_u64.to_be_bytes()),
            BoxError::TooSmall { kind, got: 15 },
        ),
        (
            header(1, &u64::MAX.to_be_bytes()),
            BoxError::TooLarge {
                kind,
                got: u64::MAX,
                limit: BOX_BYTES_MAX,
            },
        ),
    ] {
        assert_eq!(read_boxes(&mut BoxReader::new(), &bytes), Err(error));
    }
}

/// A chunk as published, so that the tests can damage it.
fn chunk() -> Vec<u8> {
    support::chunks(&PROGRAMME, Rendition::Full)[0]
        .bytes
        .to_vec()
}

/// Where the body of the first box of this kind begins.
fn inside(bytes: &[u8], kind: &[u8; 4]) -> usize {
    bytes.windows(4).position(|window| window == kind).unwrap() + 4
}

#[test]
fn a_chunk_that_contradicts_itself_is_refused() {
    type Damage = fn(&mut Vec<u8>);
    type Check = fn(&ChunkError) -> bool;
    let damages: [(&str, Damage, Check); 7] = [
        (
            "capture time of another position",
            |b| {
                let at = inside(b, b"prft");
                b[at + 23] ^= 1;
            },
            |e| matches!(e, ChunkError::ReferenceElsewhere { .. }),
        ),
        (
            "packets elsewhere",
            |b| {
                let at = inside(b, b"trun");
                b[at + 11] ^= 1;
            },
            |e| matches!(e, ChunkError::DataElsewhere { .. }),
        ),
        (
            "one packet less",
            |b| {
                let at = inside(b, b"trun");
                b[at + 7] -= 1;
            },
            |e| matches!(e, ChunkError::DataLength { .. }),
        ),
        (
            "billions of packets",
            |b| {
                let at = inside(b, b"trun");
                b[at + 4] = 0xff;
            },
            |e| {
                matches!(
                    e,
                    ChunkError::TooManySamples {
                        limit: SAMPLES_PER_CHUNK_MAX,
                        ..
                    }
                )
            },
        ),
        (
            "huge packets",
            |b| {
                let at = inside(b, b"tfhd");
                b[at + 8] = 0xff;
            },
            |e| matches!(e, ChunkError::Unsupported { kind, .. } if kind == b"trun"),
        ),
        (
            "no time",
            |b| {
                let at = inside(b, b"tfdt");
                b[at - 4..at].copy_from_slice(b"free");
            },
            |e| matches!(e, ChunkError::Missing { kind } if kind == b"tfdt"),
        ),
        (
            "a fragment twice",
            |b| {
                let at = inside(b, b"prft");
                let moof = b[at + 28..].to_vec();
                b.splice(at + 28..at + 28, moof[..92].iter().copied());
            },
            |e| matches!(e, ChunkError::OutOfPlace { kind } if kind == b"moof"),
        ),
    ];
    for (name, damage, wanted) in damages {
        let mut bytes = chunk();
        damage(&mut bytes);
        let error = ReadChunk::parse(&bytes).expect_err(name);
        assert!(wanted(&error), "{name}: {error:?}");
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn a_box_that_reaches_beyond_its_parent_is_refused() {
    let mut bytes = chunk();
    let at = inside(&bytes, b"traf") - 8;
    bytes[at + 2] = 0xff;
    assert!(
        matches!(ReadChunk::parse(&bytes), Err(ChunkError::Box(BoxError::Truncated { kind, .. })) if &kind == b"traf")
    );
}

#[test]
fn endless_notices_are_refused_at_the_limit_of_a_chunk() {
    let mut reader = ChunkReader::new();
    let mut body = vec![1, 0, 0, 0];
    body.extend_from_slice(&[0; 20]);
    body.extend_from_slice(b"urn:stentor:notice\x001\0");
    body.resize(10_000, b'x');
    let notice = boxed(b"emsg", &body);
    let error = (0..1_000).find_map(|_| reader.read(&mut &notice[..]).err());
    assert!(
        matches!(error, Some(ChunkError::TooLarge { .. })),
        "{error:?}"
    );
}

#[test]
fn no_single_damaged_byte_makes_a_reader_panic() {
    let mut stream = Packager::head().to_vec();
    let head = stream.len();
    stream.extend_from_slice(&chunk());
    for at in 0..stream.len() - 1_100 {
        for value in [0, 1, 0x7f, 0xff] {
            let before = std::mem::replace(&mut stream[at], value);
            let mut reader = ChunkReader::new();
            let mut input = &stream[..];
            while let Ok(Some(item)) = reader.read(&mut input) {
                if let Item::Chunk(chunk) = item {
                    assert_eq!(
                        chunk.packets().map(<[u8]>::len).sum::<usize>(),
                        chunk.data.len()
                    );
                }
            }
            stream[at] = before;
        }
    }
    assert!(
        head < stream.len() - 1_100,
        "the head and the boxes of the chunk were all damaged"
    );
}
