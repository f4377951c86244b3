//! Where frames, segments and chunks begin on the event's timeline.
//!
//! Frame `n` begins at `n` times its samples, in every run of an encoder; a segment or chunk begins with the first frame that does not begin
//! before it: at most 24 ms late, and again exactly so in the next run.

use crate::mpeg::FrameKind;
use crate::rendition::{SEGMENT_SAMPLES, samples_of_ms};

/// Length of a chunk of the MP3 stream, ms: eight or nine frames.
pub const MP3_CHUNK_MS: u32 = 200;

/// An encoder begins at a multiple of so many samples (192 ms): frames of AAC and of MP3 begin there together.
pub const ENCODER_GRID_SAMPLES: u64 = 9_216;

/// Sound that an encoder hears at least before the first frame that is wanted of it, in samples: two frames of either kind, as the first
/// one of a run fades in, and the second one still leans on it.
pub const WARM_UP_SAMPLES: u64 = 2 * FrameKind::Mp3.samples();

/// The first frame an encoder gives out begins so many frames before what it was fed: AAC by exactly one, MP3 by 1,105 samples of its 1,152.
pub(super) const FRAMES_EARLY: u64 = 1;

const _: () = assert!(ENCODER_GRID_SAMPLES.is_multiple_of(FrameKind::Aac.samples()));
const _: () = assert!(ENCODER_GRID_SAMPLES.is_multiple_of(FrameKind::Mp3.samples()));

/// Samples between the beginnings of what is made of frames of a kind.
const fn piece_samples(kind: FrameKind) -> u64 {
    match kind {
        FrameKind::Aac => SEGMENT_SAMPLES,
        FrameKind::Mp3 => samples_of_ms(MP3_CHUNK_MS),
    }
}

/// The number of the segment or chunk that a frame is part of.
pub(super) const fn piece_of(kind: FrameKind, frame: u64) -> u64 {
    frame * kind.samples() / piece_samples(kind)
}

/// The first frame of a segment or chunk.
pub(super) const fn first_frame(kind: FrameKind, piece: u64) -> u64 {
    (piece * piece_samples(kind)).div_ceil(kind.samples())
}

/// Where an encoder begins so that it can be used from `position` on.
pub(super) const fn encoder_start(position: u64) -> u64 {
    position.saturating_sub(WARM_UP_SAMPLES) / ENCODER_GRID_SAMPLES * ENCODER_GRID_SAMPLES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_is_part_of_one_piece_and_pieces_begin_where_they_should() {
        for kind in [FrameKind::Aac, FrameKind::Mp3] {
            for piece in 0..200 {
                let (first, next) = (first_frame(kind, piece), first_frame(kind, piece + 1));
                assert!((first..next).all(|frame| piece_of(kind, frame) == piece));
                let late = first * kind.samples() - piece * piece_samples(kind);
                assert!(late < kind.samples(), "{late}");
            }
        }
        // Four segments are 675 frames.
        assert_eq!(first_frame(FrameKind::Aac, 4), 675);
        assert_eq!(first_frame(FrameKind::Mp3, 3), 25);
    }

    #[test]
    fn an_encoder_begins_on_the_grid_and_has_heard_enough() {
        for position in (0..100_000).step_by(97) {
            let start = encoder_start(position);
            assert!(start.is_multiple_of(ENCODER_GRID_SAMPLES));
            assert!(position < WARM_UP_SAMPLES || start + WARM_UP_SAMPLES <= position);
            assert!(start + WARM_UP_SAMPLES + ENCODER_GRID_SAMPLES > position);
        }
    }
}
