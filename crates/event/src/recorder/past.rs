//! What of the programme can be heard again while it is live: the pieces of its recording, and whoever shows them to the public.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use stentor_media::record::{PieceIndex, RecordedChunk};

/// The pieces of a recording, for those that are asked for one on threads of their own. Held for a lookup, or to add one.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedPieces(Arc<RwLock<PieceIndex>>);

impl SharedPieces {
    /// As they are.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, PieceIndex> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes them; a change is whole before anything in it could panic.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut PieceIndex) -> T) -> T {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What there is of the recording.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// Where it lies, once it does on this machine.
    pub(crate) file: Option<PathBuf>,
    pub(crate) pieces: SharedPieces,
    /// Nothing more will be recorded.
    pub(crate) ended: bool,
}

/// Shows the public what there is.
pub(crate) trait PastSink: Send + 'static {
    /// There is more, or it has ended.
    fn show(&mut self, past: &Past);

    /// Called about once a second, for what changes by itself.
    fn look(&mut self, past: &Past);
}

/// The recorder's side of it.
pub(super) struct PastWriter {
    past: Past,
    sink: Box<dyn PastSink>,
}

impl PastWriter {
    /// Shows that there is nothing yet.
    pub(super) fn new(mut sink: Box<dyn PastSink>) -> Self {
        let past = Past::default();
        sink.show(&past);
        Self { past, sink }
    }

    /// The recording was opened, with these pieces.
    pub(super) fn opened(&mut self, file: Option<PathBuf>, pieces: PieceIndex) {
        self.past.file = file;
        self.past.pieces.change(|index| *index = pieces);
        self.sink.show(&self.past);
    }

    /// A chunk was appended.
    pub(super) fn appended(&mut self, chunk: RecordedChunk) {
        let RecordedChunk {
            position,
            samples,
            bytes,
        } = chunk;
        self.change(|pieces| pieces.add(position, samples, bytes));
    }

    /// The timeline has come to a position.
    pub(super) fn passed(&mut self, position: u64) {
        self.change(|pieces| pieces.passed(position));
    }

    pub(super) fn look(&mut self) {
        self.sink.look(&self.past);
    }

    /// Nothing more is recorded.
    pub(super) fn end(&mut self) {
        self.past.pieces.change(PieceIndex::end);
        self.past.ended = true;
        self.sink.show(&self.past);
    }

    fn change(&mut self, change: impl FnOnce(&mut PieceIndex) -> bool) {
        if self.past.pieces.change(change) {
            self.sink.show(&self.past);
        }
    }
}
