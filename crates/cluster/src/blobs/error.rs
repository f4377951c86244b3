//! Why blobs could not be read or written.

use crate::error::{FaultOwner, StoreError};
use crate::key::Key;

/// Why a call was not carried out. Nothing was changed, except where [`StoreError`] says otherwise.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BlobsError {
    /// There is no such blob.
    #[error("there is no blob {key}")]
    NotFound {
        /// Its key.
        key: Key,
    },
    /// There is a blob of this key already.
    #[error("there is a blob {key} already")]
    Exists {
        /// Its key.
        key: Key,
    },
    /// Somebody writes it.
    #[error("the blob {key} is being written already")]
    InUse {
        /// Its key.
        key: Key,
    },
    /// The key is the folder of other blobs, or a blob is where its folder should be.
    #[error("{key} cannot be a blob and a folder of blobs at once")]
    Folder {
        /// The key.
        key: Key,
    },
    /// Keys with the ending of what is not finished are not given.
    #[error("{key} ends like a blob that is not finished")]
    Reserved {
        /// The key.
        key: Key,
    },
    /// Too many writers at once.
    #[error("{max} blobs are being written already, no more can be")]
    TooManyWriters {
        /// Writers allowed.
        max: usize,
    },
    /// Too large to be put, or given, in one piece.
    #[error("{got} bytes are too many for one piece, at most {max} can be")]
    TooBig {
        /// Bytes allowed.
        max: usize,
        /// Bytes asked for.
        got: u64,
    },
    /// A blob cannot be cut to more than it has.
    #[error("the blob {key} cannot be cut to {got} bytes, it has {len}")]
    Beyond {
        /// Its key.
        key: Key,
        /// Bytes it has.
        len: u64,
        /// Bytes asked for.
        got: u64,
    },
    /// There are more blobs than can be looked through.
    #[error("there are more than {max} blobs to be looked through")]
    TooManyListed {
        /// Blobs allowed.
        max: usize,
    },
    /// What any store can meet.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl BlobsError {
    /// Who can mend it.
    #[must_use]
    pub const fn fault(&self) -> FaultOwner {
        match self {
            Self::NotFound { .. }
            | Self::Exists { .. }
            | Self::InUse { .. }
            | Self::Folder { .. }
            | Self::Reserved { .. }
            | Self::TooManyWriters { .. }
            | Self::TooBig { .. }
            | Self::Beyond { .. } => FaultOwner::Caller,
            Self::TooManyListed { .. } => FaultOwner::Operator,
            Self::Store(error) => error.fault(),
        }
    }
}

impl From<BlobsError> for std::io::Error {
    fn from(error: BlobsError) -> Self {
        let kind = match &error {
            BlobsError::NotFound { .. } => std::io::ErrorKind::NotFound,
            BlobsError::Store(StoreError::Full { .. }) => std::io::ErrorKind::StorageFull,
            _ => std::io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
