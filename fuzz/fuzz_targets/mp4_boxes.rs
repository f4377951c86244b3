//! A stream from anybody: its parts come out the same however the bytes are cut, together they are the bytes that came, and
//! the reader holds no more than its limit.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stentor_media::mp4::{
    BOX_BYTES_MAX, Boxes, PACKETS_PER_CHUNK_MAX, Part, StreamError, StreamReader,
};
use stentor_media::rendition::Rendition;
use stentor_media::verify::{ChunkReader, Item, ReadChunk, StreamVerifier};

fuzz_target!(|bytes: &[u8]| {
    let Some((&cut, stream)) = bytes.split_first() else {
        return;
    };
    let whole = parts(stream, stream.len().max(1));
    assert_eq!(whole, parts(stream, usize::from(cut) + 1));
    let inside: usize = Boxes::new(stream)
        .flatten()
        .map(|(_, body)| body.len())
        .sum();
    assert!(inside <= stream.len());

    let mut reader = ChunkReader::new();
    let mut input = stream;
    while let Ok(Some(item)) = reader.read(&mut input) {
        if let Item::Chunk(chunk) = item {
            assert_eq!(
                chunk.packets().map(<[u8]>::len).sum::<usize>(),
                chunk.data.len()
            );
            assert_eq!(ReadChunk::parse(&chunk.bytes).as_ref(), Ok(&chunk));
        }
    }

    let mut verifier = StreamVerifier::new(Rendition::Full);
    let mut findings = Vec::new();
    let _ = verifier.receive(0, stream, &mut findings);
});

/// How the parts look, data put together, and why the stream is none.
fn parts(stream: &[u8], cut: usize) -> (Vec<String>, Option<StreamError>) {
    let mut reader = StreamReader::new();
    let (mut found, mut data, mut taken) = (Vec::new(), Vec::new(), Vec::new());
    for mut piece in stream.chunks(cut) {
        loop {
            match reader.next(&mut piece) {
                Ok(Some(part)) => {
                    taken.extend_from_slice(part.bytes());
                    assert!(stream.starts_with(&taken));
                    match part {
                        Part::Data { bytes, last } => {
                            data.extend_from_slice(bytes);
                            if last {
                                found.push(format!("{:?}", std::mem::take(&mut data)));
                            }
                        }
                        Part::Fragment { fragment, .. } => {
                            assert!(fragment.packets <= PACKETS_PER_CHUNK_MAX);
                            let sizes = fragment.packet_sizes().map(u32::from);
                            assert_eq!(sizes.sum::<u32>(), fragment.packets_bytes);
                            found.push(format!("{part:?}"));
                        }
                        _ => found.push(format!("{part:?}")),
                    }
                }
                Ok(None) => break,
                Err(error) => return (found, Some(error)),
            }
        }
        // A vector may reserve twice what it holds.
        assert!(reader.held_bytes() <= 2 * BOX_BYTES_MAX);
    }
    (found, None)
}
