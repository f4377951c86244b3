//! What every store of blobs does.

use std::path::PathBuf;

use bytes::Bytes;

use super::error::BlobsError;
use crate::answer::Answer;
use crate::key::Key;

/// Bytes of a blob that is put or given in one piece.
pub const WHOLE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Bytes of one range.
pub const RANGE_BYTES_MAX: usize = 1024 * 1024;

/// Blobs given by one list.
pub const LISTED_MAX: usize = 1_000;

/// Blobs looked through for one list.
pub const SCANNED_MAX: usize = 100_000;

/// Writers at once, of the whole store: each may hold a descriptor.
pub const WRITERS_MAX: usize = 1_024;

/// What the name of a blob ends with while it is not finished. No key ends so.
pub const PART_ENDING: &str = ".part";

/// A blob in a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BlobEntry {
    /// Its key.
    pub key: Key,
    /// Its size, in bytes.
    pub bytes: u64,
}

/// A store of blobs. Shared by tasks and threads.
///
/// A call is carried out when its answer is awaited, or before; those awaited one after the other, in that order.
pub trait Blobs: Send + Sync + 'static {
    /// Puts a small blob in one piece, in place of what was there; it is durable, and never seen in part.
    ///
    /// # Errors
    /// [`BlobsError::TooBig`] above [`WHOLE_BYTES_MAX`], [`BlobsError::InUse`], [`BlobsError::Folder`],
    /// [`BlobsError::Reserved`]; the operator's.
    fn put(&self, key: &Key, bytes: Bytes) -> Answer<'static, (), BlobsError>;

    /// A small blob in one piece.
    ///
    /// # Errors
    /// [`BlobsError::NotFound`], [`BlobsError::TooBig`] above [`WHOLE_BYTES_MAX`]; the operator's.
    fn get(&self, key: &Key) -> Answer<'static, Bytes, BlobsError>;

    /// So many bytes of a blob from an offset on; fewer, or none, where it ends before.
    ///
    /// # Errors
    /// [`BlobsError::NotFound`], [`BlobsError::TooBig`] above [`RANGE_BYTES_MAX`]; the operator's.
    fn range(&self, key: &Key, offset: u64, len: usize) -> Answer<'static, Bytes, BlobsError>;

    /// How many bytes a blob has; `None` if there is none.
    ///
    /// # Errors
    /// The operator's.
    fn size(&self, key: &Key) -> Answer<'static, Option<u64>, BlobsError>;

    /// The blobs below a folder, or all, that come after a key, in the order of their keys: at most [`LISTED_MAX`].
    ///
    /// # Errors
    /// [`BlobsError::TooManyListed`] if more than [`SCANNED_MAX`] are below it; the operator's.
    fn list(
        &self,
        folder: Option<&Key>,
        after: Option<&Key>,
    ) -> Answer<'static, Vec<BlobEntry>, BlobsError>;

    /// Deletes a blob; whether there was one.
    ///
    /// # Errors
    /// [`BlobsError::InUse`]; the operator's.
    fn delete(&self, key: &Key) -> Answer<'static, bool, BlobsError>;

    /// Gives a blob another key, at once and whole.
    ///
    /// # Errors
    /// [`BlobsError::NotFound`], [`BlobsError::Exists`], [`BlobsError::InUse`] for either key, [`BlobsError::Folder`],
    /// [`BlobsError::Reserved`]; the operator's.
    fn rename(&self, from: &Key, to: &Key) -> Answer<'static, (), BlobsError>;

    /// A writer that goes on where the blob ends, and makes it if it is not there. What it has appended is seen at once.
    ///
    /// # Errors
    /// [`BlobsError::InUse`], [`BlobsError::TooManyWriters`], [`BlobsError::Folder`], [`BlobsError::Reserved`]; the
    /// operator's.
    fn append(&self, key: &Key) -> Answer<'static, Box<dyn BlobWriter>, BlobsError>;

    /// A writer of a new blob that takes the place of what was there when it is finished, and is not seen before. One that
    /// is not finished leaves nothing that anybody sees.
    ///
    /// # Errors
    /// As [`Blobs::append`].
    fn create(&self, key: &Key) -> Answer<'static, Box<dyn BlobWriter>, BlobsError>;

    /// Where a blob lies on this machine, or would if it were there; `None` where it lies elsewhere.
    fn local_path(&self, key: &Key) -> Option<PathBuf>;
}

/// Writes one blob, of which nobody else can be a writer until it is dropped or finished.
pub trait BlobWriter: Send {
    /// How many bytes the blob has.
    fn size(&self) -> u64;

    /// Appends bytes, all or none. They survive the process, but a power cut only when they are synced.
    ///
    /// # Errors
    /// The operator's.
    fn append(&mut self, bytes: Bytes) -> Answer<'_, (), BlobsError>;

    /// Cuts off what is beyond a length.
    ///
    /// # Errors
    /// [`BlobsError::Beyond`]; the operator's.
    fn truncate(&mut self, bytes: u64) -> Answer<'_, (), BlobsError>;

    /// Makes everything appended so far last through a power cut.
    ///
    /// # Errors
    /// The operator's.
    fn sync(&mut self) -> Answer<'_, (), BlobsError>;

    /// Syncs, gives a new blob its key, and ends the writer; the size of the blob.
    ///
    /// # Errors
    /// The operator's.
    fn finish(self: Box<Self>) -> Answer<'static, u64, BlobsError>;
}

/// Whether a key may be that of a blob: for implementations, before they write.
///
/// # Errors
/// [`BlobsError::Reserved`].
pub(crate) fn check_key(key: &Key) -> Result<(), BlobsError> {
    let reserved = key
        .as_str()
        .split('/')
        .any(|segment| segment.ends_with(PART_ENDING));
    if reserved {
        return Err(BlobsError::Reserved { key: key.clone() });
    }
    Ok(())
}

/// Whether so many bytes may go in one piece: for implementations, before they read or write them.
///
/// # Errors
/// [`BlobsError::TooBig`].
pub(crate) fn check_bytes(got: u64, max: usize) -> Result<(), BlobsError> {
    if got > max as u64 {
        return Err(BlobsError::TooBig { max, got });
    }
    Ok(())
}
