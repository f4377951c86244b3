//! Pieces of a recording that grows, numbered by their place on the event's timeline: what those read who go back while it is live.
//!
//! A piece is a range of bytes of the recording. Its number is the position divided by [`PIECE_SAMPLES`], so that whoever knows a time knows the
//! number, and nobody keeps a list. One is given out when the timeline has left it: from then on its bytes are the same for ever, also in the
//! next run of the server, which finds them again by reading the recording ([`recover_with`](super::recover_with)).

use std::ops::Range;

use crate::rendition::{SAMPLE_RATE_HZ, SEGMENT_MS, samples_of_ms};

/// Length of a piece, in milliseconds: eight segments of the live playlist. Long enough that who goes back asks eight times less often than who
/// follows HLS live, short enough to be fetched in a second or two (195 kB at 48 kbit/s); and what is too new to be in a piece is still among the
/// live segments, which begin where a piece ends.
pub const PIECE_MS: u32 = 8 * SEGMENT_MS;

/// [`PIECE_MS`] in samples.
pub const PIECE_SAMPLES: u64 = samples_of_ms(PIECE_MS);

/// Pieces of one recording: 48 hours, as [`RECORDING_SAMPLES_MAX`](super::RECORDING_SAMPLES_MAX), and 141 KiB of memory, taken at once. Beyond, the
/// recording goes on and nobody can go back to what is newer.
pub const PIECES_MAX: usize = 6_000;

const _: () = assert!(PIECES_MAX as u64 * PIECE_MS as u64 == 48 * 3_600_000);
const _: () = assert!(PIECE_MS <= u16::MAX as u32);

/// One piece: where it lies in the recording, and what of its time it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Its first byte in the recording.
    pub offset: u64,
    /// Position divided by [`PIECE_SAMPLES`].
    pub number: u32,
    /// How many bytes it has.
    pub bytes: u32,
    /// Where its sound begins, in milliseconds from where a piece of that number begins.
    pub from_ms: u16,
    /// Where its sound ends, in the same way. What is missing between the two is not told.
    pub to_ms: u16,
}

impl Piece {
    /// From when to when it sounds, in milliseconds since the epoch.
    #[must_use]
    pub fn span_ms(&self) -> Range<u64> {
        let begins = u64::from(self.number) * u64::from(PIECE_MS);
        begins + u64::from(self.from_ms)..begins + u64::from(self.to_ms)
    }

    /// The number of the piece that a position is in.
    fn number_at(position: u64) -> u32 {
        u32::try_from(position / PIECE_SAMPLES).unwrap_or(u32::MAX)
    }
}

/// The pieces of one recording so far.
#[derive(Debug, Default)]
pub struct PieceIndex {
    /// Those that are whole, by their number.
    whole: Vec<Piece>,
    /// The one that still grows.
    open: Option<Piece>,
    full: bool,
}

impl PieceIndex {
    /// Of a recording that has nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A chunk of so many samples stands in these bytes of the recording. Whether another piece is whole now.
    ///
    /// A chunk of a time that has passed belongs to no piece: players have it already, or have gone on without it.
    pub fn add(&mut self, position: u64, samples: u64, bytes: Range<u64>) -> bool {
        let number = Piece::number_at(position);
        let grown = self.passed(position);
        let before = self.open.or(self.whole.last().copied());
        let begins = u64::from(number) * PIECE_SAMPLES;
        let ms = |at: u64| (at.saturating_sub(begins) / MS_SAMPLES).min(u64::from(PIECE_MS)) as u16;
        let (from_ms, to_ms) = (ms(position), ms(position.saturating_add(samples)));
        match &mut self.open {
            Some(open) if open.number == number => {
                open.bytes = u32::try_from(bytes.end.saturating_sub(open.offset)).unwrap_or(0);
                open.to_ms = open.to_ms.max(to_ms);
            }
            _ if before.is_some_and(|before| number <= before.number) => {}
            open => {
                *open = Some(Piece {
                    offset: bytes.start,
                    number,
                    bytes: u32::try_from(bytes.end.saturating_sub(bytes.start)).unwrap_or(0),
                    from_ms,
                    to_ms,
                });
            }
        }
        grown
    }

    /// The timeline has come to a position, recorded or not. Whether another piece is whole now.
    pub fn passed(&mut self, position: u64) -> bool {
        let number = Piece::number_at(position);
        match self.open.take_if(|open| open.number < number) {
            Some(open) => self.close(open),
            None => false,
        }
    }

    /// Nothing more is recorded. Whether another piece is whole now.
    pub fn end(&mut self) -> bool {
        self.open.take().is_some_and(|open| self.close(open))
    }

    fn close(&mut self, piece: Piece) -> bool {
        if self.whole.len() == PIECES_MAX {
            self.full = true;
            return false;
        }
        if self.whole.is_empty() {
            self.whole.reserve_exact(PIECES_MAX);
        }
        self.whole.push(piece);
        true
    }

    /// Those that are whole, by their number.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.whole
    }

    /// The whole piece of that number.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<Piece> {
        let number = u32::try_from(number).ok()?;
        let found = self
            .whole
            .binary_search_by_key(&number, |piece| piece.number);
        found.ok().map(|at| self.whole[at])
    }

    /// Whether there was more than [`PIECES_MAX`].
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.full
    }

    /// Bytes of memory that it takes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.whole.capacity() * size_of::<Piece>()
    }
}

/// Samples of a millisecond.
const MS_SAMPLES: u64 = SAMPLE_RATE_HZ as u64 / 1_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rendition::Rendition;

    const CHUNK: u64 = Rendition::Full.chunk_samples();
    const CHUNK_BYTES: u64 = 1_350;

    /// An index, and the file that it is of.
    #[derive(Default)]
    struct Recorded {
        index: PieceIndex,
        bytes: u64,
    }

    impl Recorded {
        /// Records chunks from and to a time in milliseconds.
        fn record(&mut self, ms: Range<u64>) {
            for position in (ms.start * 48..ms.end * 48).step_by(CHUNK as usize) {
                let end = self.bytes + CHUNK_BYTES;
                self.index.add(position, CHUNK, self.bytes..end);
                self.bytes = end;
            }
        }

        fn numbers(&self) -> Vec<u32> {
            let pieces = self.index.pieces();
            pieces.iter().map(|piece| piece.number).collect()
        }
    }

    #[test]
    fn a_piece_is_given_out_when_its_time_has_passed_and_stays_as_it_is() {
        let mut recorded = Recorded::default();
        recorded.record(0..28_800);
        assert!(recorded.numbers().is_empty(), "the next chunk may be its");
        recorded.record(28_800..29_000);
        assert_eq!(recorded.numbers(), [0]);
        let first = recorded.index.get(0).expect("it is whole");
        assert_eq!((first.offset, first.bytes), (0, 144 * 1_350));
        assert_eq!(first.span_ms(), 0..28_800);
        recorded.record(29_000..100_000);
        assert_eq!(recorded.index.get(0), Some(first));
        assert_eq!(recorded.numbers(), [0, 1, 2]);
        assert_eq!(recorded.index.get(3), None, "it still grows");
        assert!(recorded.index.end());
        let last = recorded.index.get(3).expect("nothing follows");
        assert_eq!(last.span_ms(), 86_400..100_000);
        assert_eq!(last.offset + u64::from(last.bytes), recorded.bytes);
        assert_eq!(recorded.index.get(u64::MAX), None);
    }

    #[test]
    fn what_was_held_is_in_no_piece_and_a_piece_has_what_was_recorded_of_its_time() {
        let mut recorded = Recorded::default();
        recorded.record(10_000..20_000);
        assert!(!recorded.index.passed(28_799 * 48));
        assert!(
            recorded.index.passed(28_800 * 48),
            "held, but it has passed"
        );
        assert!(!recorded.index.passed(28_800 * 48), "once");
        recorded.record(90_000..95_000);
        recorded.record(97_000..99_000);
        recorded.index.passed(200_000 * 48);
        assert_eq!(recorded.numbers(), [0, 3]);
        let spans: Vec<_> = recorded.index.pieces().iter().map(Piece::span_ms).collect();
        assert_eq!(spans, [10_000..20_000, 90_000..99_000]);
        let second = recorded.index.get(3).expect("it is whole");
        assert_eq!(second.bytes, 35 * 1_350);
    }

    #[test]
    fn sound_of_a_time_that_has_passed_changes_no_piece() {
        let mut recorded = Recorded::default();
        recorded.record(0..30_000);
        let first = recorded.index.get(0);
        recorded.record(1_000..2_000);
        recorded.record(30_000..60_000);
        assert_eq!(recorded.numbers(), [0, 1]);
        assert_eq!(recorded.index.get(0), first);
        recorded.index.passed(0);
        recorded.index.end();
        recorded.record(1_000..2_000);
        recorded.index.end();
        assert_eq!(recorded.numbers(), [0, 1, 2]);
    }

    #[test]
    fn eight_hours_take_no_more_memory_than_the_first_piece_and_the_limit_is_told() {
        let mut recorded = Recorded::default();
        recorded.record(0..29_000);
        let taken = recorded.index.memory_bytes();
        assert!(taken <= 144_000, "{taken}");
        let hours = |hours: u64| hours * 3_600_000;
        recorded.record(29_000..hours(8));
        recorded.index.passed(hours(8) * 48);
        assert_eq!(recorded.index.pieces().len(), 1_000);
        assert_eq!(recorded.index.memory_bytes(), taken);
        recorded.record(hours(8)..hours(48));
        recorded.index.passed(hours(48) * 48);
        assert_eq!(recorded.index.pieces().len(), PIECES_MAX);
        assert!(!recorded.index.is_full());
        recorded.record(hours(48)..hours(49));
        assert_eq!(recorded.index.pieces().len(), PIECES_MAX);
        assert!(recorded.index.is_full());
        assert_eq!(recorded.index.memory_bytes(), taken);
    }
}
