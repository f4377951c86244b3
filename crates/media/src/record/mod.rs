//! Recordings: the bytes of a stream, appended to a file while the event runs, and what is made of them.
//!
//! The file that grows is the stream itself, a head and chunks, so that nothing but the last chunk can be lost however the
//! process ends. [`recover`] says how much of a torn file is good; [`PieceIndex`] and [`RewindIndex`] say what of it can be heard again while it
//! grows; [`finalise`] makes one file of one or several such files which any player can seek in, [`finalise_edited`] as its host wants it: cut, with
//! chapters. Files are opened by others: here are readers and writers only.

mod align;
mod chapters;
mod cut;
mod error;
mod finalise;
mod finalised;
mod layout;
mod pieces;
mod recover;
mod rewind;

pub use align::align;
pub use chapters::{
    CHAPTER_TITLE_BYTES_MAX, CHAPTERS_MAX, Chapter, ChapterMark, ChapterMarks, chapters,
};
pub use cut::Cut;
pub use error::RecordError;
pub use finalise::{Edit, finalise, finalise_edited};
pub use finalised::{Finalised, Gap};
pub use layout::RECORDING_SAMPLES_MAX;
pub use pieces::{PIECE_MS, PIECE_SAMPLES, PIECES_MAX, Piece, PieceIndex};
pub use recover::{RecordedChunk, Recovered, chunk_span, recover, recover_with};
pub use rewind::{PIECE_EXTENSION, PIECE_HEAD_NAME, RewindIndex, SPANS_MAX, rewind_playlist};
