//! What every journal does.

use bytes::Bytes;

use super::entry::{Appended, Bounds, Entry};
use super::error::JournalError;
use crate::answer::Answer;
use crate::key::Key;

/// Bytes of one entry.
pub const ENTRY_BYTES_MAX: usize = 64 * 1024;

/// Entries of one append.
pub const APPENDED_MAX: usize = 1_000;

/// Bytes of all entries of one append.
pub const APPENDED_BYTES_MAX: usize = 1024 * 1024;

/// Entries of one read.
pub const READ_MAX: usize = 1_000;

/// Bytes of all entries of one read, but for the last of them, which may go beyond.
pub const READ_BYTES_MAX: usize = 1024 * 1024;

/// Streams of one journal.
pub const STREAMS_MAX: usize = 10_000;

/// A journal. Shared by tasks and threads; more than one process may have it open.
///
/// A call is carried out when its answer is awaited, or before; those awaited one after the other, in that order.
pub trait Journal: Send + Sync + 'static {
    /// Appends entries to a stream, all or none; the stream begins with its first. Once answered they are durable: they
    /// survive `kill -9` and a power cut. The disk is synced once for each call, so whoever has many appends them together.
    ///
    /// # Errors
    /// [`JournalError::EntryTooBig`], [`JournalError::TooMany`], [`JournalError::TooBig`]; the operator's:
    /// [`StoreError::Full`](crate::error::StoreError::Full) where the whole journal has reached its limit.
    fn append(&self, stream: &Key, entries: Vec<Bytes>) -> Answer<'static, Appended, JournalError>;

    /// The entries of a stream from a number on, as many as one read gives; none where it ends before. Where older ones
    /// were dropped, it begins with the oldest there is.
    ///
    /// # Errors
    /// The operator's.
    fn read(&self, stream: &Key, from: u64) -> Answer<'static, Vec<Entry>, JournalError>;

    /// Which entries a stream holds; [`Bounds::EMPTY`] if it has not begun.
    ///
    /// # Errors
    /// The operator's.
    fn bounds(&self, stream: &Key) -> Answer<'static, Bounds, JournalError>;

    /// Deletes a stream with all its entries; one of the same name begins anew. Whether there was one.
    ///
    /// # Errors
    /// The operator's.
    fn delete(&self, stream: &Key) -> Answer<'static, bool, JournalError>;
}

/// Whether entries are within the limits of one append: for implementations, before they do anything.
///
/// # Errors
/// The caller's.
pub(crate) fn check_entries(entries: &[Bytes]) -> Result<(), JournalError> {
    if entries.len() > APPENDED_MAX {
        return Err(JournalError::TooMany {
            max: APPENDED_MAX,
            got: entries.len(),
        });
    }
    if let Some(entry) = entries.iter().find(|entry| entry.len() > ENTRY_BYTES_MAX) {
        return Err(JournalError::EntryTooBig {
            max: ENTRY_BYTES_MAX,
            got: entry.len(),
        });
    }
    let got = entries.iter().map(Bytes::len).sum();
    if got > APPENDED_BYTES_MAX {
        let max = APPENDED_BYTES_MAX;
        return Err(JournalError::TooBig { max, got });
    }
    Ok(())
}
