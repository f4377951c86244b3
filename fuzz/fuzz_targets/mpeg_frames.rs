//! What another program writes as frames of AAC and MP3: the same frames come out however the bytes are cut, each byte is part of one or
//! counted as left out, the reader holds no more than a frame, and whatever the frames are, numbers only grow.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stentor_media::mpeg::{FRAME_BYTES_MAX, Frame, FrameHeader, FrameReader, HEADER_BYTES};
use stentor_media::package::hls::PlaylistCounts;
use stentor_media::transcode::{TranscodePackager, Transcoded};

fuzz_target!(|bytes: &[u8]| {
    let Some((&cut, stream)) = bytes.split_first() else {
        return;
    };
    let whole = frames(stream, stream.len().max(1));
    assert_eq!(whole, frames(stream, usize::from(cut) + 1));

    let mut packager = TranscodePackager::new(0, PlaylistCounts::default());
    let (mut out, mut segments, mut chunks) = (Vec::new(), Vec::new(), Vec::new());
    // Runs that begin wherever the input says.
    for (run, frames) in whole.chunks(usize::from(cut) + 1).enumerate() {
        let start = packager.begin(run as u64 * u64::from(cut) * 1_000);
        assert!(start <= packager.done_to());
        frames
            .iter()
            .for_each(|frame| packager.take(frame, &mut out));
    }
    for item in out {
        match item {
            Transcoded::Segment { number, .. } => segments.push(number),
            Transcoded::Mp3 { sequence, .. } => chunks.push(sequence),
        }
    }
    assert!(segments.is_sorted_by(|a, b| a < b) && chunks.is_sorted_by(|a, b| a < b));
    assert_eq!(packager.playlist().is_some(), !segments.is_empty());
});

fn frames(stream: &[u8], cut: usize) -> Vec<Frame> {
    let mut reader = FrameReader::new();
    let mut found = Vec::new();
    for piece in stream.chunks(cut) {
        reader.push(piece);
        while let Some(frame) = reader.next_frame() {
            let header = frame.bytes.first_chunk::<HEADER_BYTES>().copied();
            let header = header
                .and_then(FrameHeader::parse)
                .expect("it begins with its header");
            assert_eq!((header.kind, header.bytes), (frame.kind, frame.bytes.len()));
            found.push(frame);
        }
        assert!(reader.waiting() <= FRAME_BYTES_MAX + HEADER_BYTES);
    }
    let taken: usize = found.iter().map(|frame| frame.bytes.len()).sum();
    assert_eq!(
        taken + reader.left_out() as usize + reader.waiting(),
        stream.len()
    );
    found
}
