//! What every store of records does.

use bytes::Bytes;

use super::error::RecordsError;
use super::record::{Change, Page, Record, Version};
use crate::answer::Answer;
use crate::key::{Key, Kind};

/// Bytes of one record. The largest conversation takes about a tenth of it; more is refused.
pub const RECORD_BYTES_MAX: usize = 512 * 1024;

/// Changes made together.
pub const CHANGES_MAX: usize = 16;

/// Records of one page of a list.
pub const LISTED_MAX: usize = 1_000;

/// Bytes of all records of one page, but for the last of them, which may go beyond.
pub const LISTED_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A store of records. Shared by tasks and threads; more than one process may have it open.
///
/// A call is carried out when its answer is awaited, or before; those awaited one after the other, in that order.
pub trait Records: Send + Sync + 'static {
    /// A record, if it is there.
    ///
    /// # Errors
    /// The operator's.
    fn get(&self, kind: Kind, key: &Key) -> Answer<'static, Option<Record>, RecordsError>;

    /// The newest records of a kind that were made before a version ([`Page::before`] of the page before), or the newest
    /// of all.
    ///
    /// # Errors
    /// The operator's.
    fn list(&self, kind: Kind, before: Option<Version>) -> Answer<'static, Page, RecordsError>;

    /// Makes all changes, or none; the new version for each. Once answered they are durable.
    ///
    /// # Errors
    /// [`RecordsError::Conflict`] of the first change that finds another version than it expects,
    /// [`RecordsError::TooBig`], [`RecordsError::TooMany`]; the operator's otherwise.
    fn commit(&self, changes: Vec<Change>) -> Answer<'static, Vec<Version>, RecordsError>;

    /// Makes one record, or replaces its bytes: a [`Change::Put`] alone.
    ///
    /// # Errors
    /// As [`Records::commit`].
    fn put(
        &self,
        kind: Kind,
        key: &Key,
        expected: Option<Version>,
        bytes: Bytes,
    ) -> Answer<'static, Version, RecordsError> {
        let key = key.clone();
        let committed = self.commit(vec![Change::Put {
            kind,
            key,
            expected,
            bytes,
        }]);
        Box::pin(async move { committed.await.map(|versions| versions[0]) })
    }
}

/// Whether changes are within the limits: for implementations, before they do anything.
///
/// # Errors
/// The caller's: [`RecordsError::TooBig`], [`RecordsError::TooMany`].
pub(crate) fn check_changes(changes: &[Change]) -> Result<(), RecordsError> {
    if changes.len() > CHANGES_MAX {
        return Err(RecordsError::TooMany {
            max: CHANGES_MAX,
            got: changes.len(),
        });
    }
    for change in changes {
        if let Change::Put { bytes, .. } = change
            && bytes.len() > RECORD_BYTES_MAX
        {
            return Err(RecordsError::TooBig {
                max: RECORD_BYTES_MAX,
                got: bytes.len(),
            });
        }
    }
    Ok(())
}
