//! The folder everything is kept in: events, recordings, the server's key.

use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use stentor_cluster::OlderFile;
use stentor_cluster::blobs::{Blobs, FolderBlobs};
use stentor_cluster::error::StoreError;
use stentor_cluster::records::{Records, SqliteRecords};

use crate::error::AppError;

/// File of the records.
const RECORDS: &str = "stentor.db";
/// Folder of the recordings.
const RECORDINGS: &str = "recordings";

/// Makes the data folder if it is not there: for this user alone, since what is said in the green room is in it.
///
/// # Errors
/// The operator's: the folder cannot be made.
pub(crate) fn make(dir: &Path) -> Result<(), AppError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|source| AppError::DataDir {
            dir: dir.display().to_string(),
            source,
        })
}

/// Locks the folder until the value is dropped. One server per data folder: two would publish over each other.
///
/// # Errors
/// The operator's: the folder cannot be made, or another server uses it.
pub(crate) fn lock(dir: &Path) -> Result<File, AppError> {
    make(dir)?;
    let lock = File::create(dir.join("lock")).map_err(|source| AppError::DataDir {
        dir: dir.display().to_string(),
        source,
    })?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(AppError::DataDirInUse(dir.display().to_string())),
        Err(TryLockError::Error(source)) => Err(AppError::DataDir {
            dir: dir.display().to_string(),
            source,
        }),
    }
}

/// Opens the records of a folder that is locked; made if they are not there, and brought forward if an older version
/// wrote them.
///
/// # Errors
/// The operator's: records that are damaged, or of a newer version.
pub(crate) async fn open_records(dir: &Path) -> Result<Arc<dyn Records>, AppError> {
    let opened = SqliteRecords::open(&dir.join(RECORDS), OlderFile::Migrate).await;
    Ok(Arc::new(opened?))
}

/// Opens the records of a folder that a server may be using. What an older version wrote is brought forward only if none
/// does: it may be that older version.
///
/// # Errors
/// The operator's: as [`open_records`], and a server that uses older records.
pub(crate) async fn open_records_beside(dir: &Path) -> Result<Arc<dyn Records>, AppError> {
    match SqliteRecords::open(&dir.join(RECORDS), OlderFile::Refuse).await {
        Err(StoreError::Older { .. }) => {
            let _lock = lock(dir)?;
            open_records(dir).await
        }
        opened => Ok(Arc::new(opened?)),
    }
}

/// Opens the recordings of the folder.
///
/// # Errors
/// Ours: no thread can be started.
pub(crate) async fn open_recordings(dir: &Path) -> Result<Arc<dyn Blobs>, AppError> {
    Ok(Arc::new(FolderBlobs::open(&dir.join(RECORDINGS)).await?))
}
