//! The folder everything is kept in: events, recordings, the server's key.

use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use stentor_cluster::store::{SqliteStore, Store};

use crate::error::AppError;

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

/// Opens the store in the folder, made if it is not there.
///
/// # Errors
/// The operator's: a store that is damaged, or of a newer version.
pub(crate) fn open_store(dir: &Path) -> Result<Arc<dyn Store>, AppError> {
    Ok(Arc::new(SqliteStore::open(&dir.join("stentor.db"))?))
}
