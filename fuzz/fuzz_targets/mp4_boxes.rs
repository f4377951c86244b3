//! A stream from anybody: boxes and chunks come out the same however the bytes are cut, and no reader holds more than its
//! limit.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stentor_media::rendition::Rendition;
use stentor_media::verify::{
    BOX_BYTES_MAX, BoxError, BoxReader, Item, Mp4Box, ReadChunk, StreamVerifier,
};

fuzz_target!(|bytes: &[u8]| {
    let Some((&cut, stream)) = bytes.split_first() else {
        return;
    };
    let whole = boxes(stream, stream.len().max(1));
    assert_eq!(whole, boxes(stream, usize::from(cut) + 1));

    let mut reader = stentor_media::verify::ChunkReader::new();
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

fn boxes(stream: &[u8], cut: usize) -> (Vec<Mp4Box>, Option<BoxError>) {
    let mut reader = BoxReader::new();
    let mut found = Vec::new();
    for mut piece in stream.chunks(cut) {
        loop {
            match reader.read(&mut piece) {
                Ok(Some(next)) => found.push(next),
                Ok(None) => break,
                Err(error) => return (found, Some(error)),
            }
        }
        assert!(reader.pending_bytes() <= BOX_BYTES_MAX);
    }
    (found, None)
}
