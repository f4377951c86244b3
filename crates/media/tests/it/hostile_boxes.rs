//! Readers against bytes that nobody vouches for.

use stentor_media::mp4::{
    BOX_BYTES_MAX, BoxKind, Boxes, DATA_BYTES_MAX, PACKETS_PER_CHUNK_MAX, Part, StreamError,
    StreamReader,
};
use stentor_media::package::Packager;
use stentor_media::rendition::Rendition;
use stentor_media::verify::{ChunkError, ChunkReader, Item, ReadChunk};

use crate::support::{self, PROGRAMME};

const PRFT: BoxKind = BoxKind(*b"prft");

fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let size = (body.len() + 8) as u32;
    [&size.to_be_bytes(), &kind[..], body].concat()
}

/// The same box with its size in 64 bits.
fn large(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let size = (body.len() + 16) as u64;
    [&1_u32.to_be_bytes(), &kind[..], &size.to_be_bytes(), body].concat()
}

/// Reads `input`, gives how the parts look and how many bytes they stand in; data in pieces counts once.
fn parts(reader: &mut StreamReader, mut input: &[u8]) -> Result<(Vec<String>, usize), StreamError> {
    let (mut found, mut bytes) = (Vec::new(), 0);
    while let Some(part) = reader.next(&mut input)? {
        bytes += part.bytes().len();
        match part {
            Part::Data { last: false, .. } => {}
            Part::Data { last: true, .. } => found.push("data".to_owned()),
            part => found.push(format!("{part:?}")),
        }
    }
    Ok((found, bytes))
}

/// Reads `input` to the error it must have.
fn error(input: &[u8]) -> StreamError {
    parts(&mut StreamReader::new(), input).expect_err("it is no stream")
}

#[test]
fn a_stream_comes_out_the_same_however_the_bytes_are_cut() {
    let bytes = support::stream(&PROGRAMME[..60], Rendition::Full);
    let (whole, whole_bytes) = parts(&mut StreamReader::new(), &bytes).unwrap();
    assert_eq!(whole_bytes, bytes.len());
    assert!(whole.len() > 4 * 10, "head and chunks: {}", whole.len());
    for step in [1, 7, 8, 9, 1_000] {
        let mut reader = StreamReader::new();
        let (mut found, mut found_bytes) = (Vec::new(), 0);
        for piece in bytes.chunks(step) {
            let (parts, bytes) = parts(&mut reader, piece).unwrap();
            found.extend(parts);
            found_bytes += bytes;
        }
        assert_eq!((found, found_bytes), (whole.clone(), bytes.len()), "{step}");
        assert_eq!(reader.held_bytes(), 0, "between chunks it holds no buffer");
    }
}

#[test]
fn boxes_with_64_bit_sizes_are_read() {
    let bytes = large(b"free", b"abc");
    let boxes: Vec<_> = Boxes::new(&bytes).collect();
    assert_eq!(boxes, [Ok((BoxKind(*b"free"), &b"abc"[..]))]);

    let chunk = chunk();
    let [prft, rest] = [&chunk[8..32], &chunk[32..]];
    let stream = [&large(b"prft", prft)[..], rest].concat();
    for step in [1, 15, stream.len()] {
        let mut reader = ChunkReader::new();
        let items: Vec<_> = stream
            .chunks(step)
            .filter_map(|mut piece| reader.read(&mut piece).unwrap())
            .collect();
        assert!(
            matches!(&items[..], [Item::Chunk(read)] if read.bytes == stream),
            "{step}"
        );
    }
}

#[test]
fn a_box_at_the_limit_is_read_and_one_byte_more_is_refused_before_it_comes() {
    let event = [&[1, 0, 0, 0][..], &[0; 20], b"urn:else\0\0"].concat();
    let mut at_limit = event;
    at_limit.resize(BOX_BYTES_MAX - 8, b'x');
    let (found, _) = parts(&mut StreamReader::new(), &boxed(b"emsg", &at_limit)).unwrap();
    assert_eq!(found.len(), 1);
    for (kind, limit) in [(*b"emsg", BOX_BYTES_MAX), (*b"mdat", DATA_BYTES_MAX)] {
        let header = [&(limit as u32 + 1).to_be_bytes()[..], &kind].concat();
        let got = limit as u64 + 1;
        let kind = BoxKind(kind);
        assert_eq!(error(&header), StreamError::TooLarge { kind, got, limit });
    }
}

#[test]
fn impossible_sizes_are_refused() {
    let kind = PRFT;
    let header = |size: u32, large: &[u8]| [&size.to_be_bytes()[..], &kind.0, large].concat();
    for (bytes, wanted) in [
        (header(0, &[]), StreamError::Endless { kind }),
        (header(7, &[]), StreamError::TooSmall { kind, got: 7 }),
        (
            header(1, &15_u64.to_be_bytes()),
            StreamError::TooSmall { kind, got: 15 },
        ),
        (
            header(1, &u64::MAX.to_be_bytes()),
            StreamError::TooLarge {
                kind,
                got: u64::MAX,
                limit: BOX_BYTES_MAX,
            },
        ),
    ] {
        assert_eq!(error(&bytes), wanted);
    }
}

#[test]
fn a_stream_that_must_begin_with_its_head_begins_with_nothing_else() {
    let refused = parts(&mut StreamReader::from_head(), &chunk()).expect_err("there is no head");
    let expected = "'ftyp'";
    assert_eq!(
        refused,
        StreamError::OutOfPlace {
            kind: PRFT,
            expected
        }
    );
    assert_eq!(
        refused.to_string(),
        "a box 'prft' stands where 'ftyp' should"
    );
}

#[test]
fn events_of_others_are_passed_over() {
    let others = [
        boxed(
            b"emsg",
            &[&[1, 0, 0, 0][..], &[0; 20], b"urn:else\0\0x"].concat(),
        ),
        // Version 0 has its texts in front.
        boxed(
            b"emsg",
            &[&[0, 0, 0, 0][..], b"urn:else\0\0", &[0; 16]].concat(),
        ),
    ]
    .concat();
    let read = ReadChunk::parse(&[&others[..], &chunk()].concat()).unwrap();
    assert_eq!(read.notices, []);
}

#[test]
fn a_word_about_the_cadence_inside_a_chunk_is_out_of_place() {
    let other = boxed(
        b"emsg",
        &[&[1, 0, 0, 0][..], &[0; 20], b"urn:else\0\0"].concat(),
    );
    let stream = [&other[..], &stentor_media::package::cadence("{}")].concat();
    assert!(matches!(error(&stream), StreamError::OutOfPlace { .. }));
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
    type Check = fn(StreamError) -> bool;
    let damages: [(&str, Damage, Check); 7] = [
        (
            "capture time of another position",
            |b| {
                let at = inside(b, b"prft");
                b[at + 23] ^= 1;
            },
            |e| matches!(e, StreamError::ReferenceElsewhere { .. }),
        ),
        (
            "packets elsewhere",
            |b| {
                let at = inside(b, b"trun");
                b[at + 11] ^= 1;
            },
            |e| matches!(e, StreamError::DataElsewhere { .. }),
        ),
        (
            "one packet less",
            |b| {
                let at = inside(b, b"trun");
                b[at + 7] -= 1;
            },
            |e| matches!(e, StreamError::DataLength { .. }),
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
                    StreamError::TooManyPackets {
                        limit: PACKETS_PER_CHUNK_MAX,
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
            |e| matches!(e, StreamError::Unsupported { kind, .. } if kind.0 == *b"trun"),
        ),
        (
            "no time",
            |b| {
                let at = inside(b, b"tfdt");
                b[at - 4..at].copy_from_slice(b"free");
            },
            |e| matches!(e, StreamError::Missing { kind } if kind.0 == *b"tfdt"),
        ),
        (
            "a fragment twice",
            |b| {
                let at = inside(b, b"prft");
                let moof = b[at + 28..].to_vec();
                b.splice(at + 28..at + 28, moof[..92].iter().copied());
            },
            |e| matches!(e, StreamError::OutOfPlace { kind, .. } if kind.0 == *b"moof"),
        ),
    ];
    for (name, damage, wanted) in damages {
        let mut bytes = chunk();
        damage(&mut bytes);
        let refused = error(&bytes);
        assert!(wanted(refused), "{name}: {refused:?}");
        assert!(!refused.to_string().is_empty());
        assert_eq!(ReadChunk::parse(&bytes), Err(ChunkError::Stream(refused)));
    }
}

#[test]
fn a_box_that_reaches_beyond_its_parent_is_refused() {
    let mut bytes = chunk();
    let at = inside(&bytes, b"traf") - 8;
    bytes[at + 2] = 0xff;
    let refused = error(&bytes);
    assert!(
        matches!(refused, StreamError::Truncated { kind, .. } if kind.0 == *b"traf"),
        "{refused:?}"
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
