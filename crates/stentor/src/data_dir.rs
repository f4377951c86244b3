//! The folder everything is kept in: events, recordings, the server's key.

use std::fs::{DirBuilder, File, Permissions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::Mode;
use stentor_cluster::OlderFile;
use stentor_cluster::blobs::{Blobs, FolderBlobs};
use stentor_cluster::error::StoreError;
use stentor_cluster::records::{Records, SqliteRecords};
use stentor_event::links::{KEY_FILE as KEY, LinkKey};

use crate::config::nearest;
use crate::error::AppError;

/// File of the records.
const RECORDS: &str = "stentor.db";
/// Folder of the recordings.
const RECORDINGS: &str = "recordings";
/// Room below which a disk counts as full, bytes: a store cannot be opened in less.
const FULL_BYTES: u64 = 256 * 1024;

/// The folder, which must be there: whoever mistyped its name must not get a new one, with links that no server knows.
///
/// # Errors
/// The operator's: it is not there, with the name of one like it that is.
pub(crate) fn must_be_there(dir: &Path) -> Result<(), AppError> {
    if dir.is_dir() {
        return Ok(());
    }
    let shown = dir.display().to_string();
    if dir.exists() {
        return Err(AppError::DataDirIsFile(shown));
    }
    Err(AppError::NoDataDir {
        dir: shown,
        meant: meant(dir)
            .map(|meant| format!("; did you mean {meant}?"))
            .unwrap_or_default(),
    })
}

/// A folder beside it that a server has used and that is called nearly the same.
fn meant(dir: &Path) -> Option<String> {
    let name = dir.file_name()?.to_str()?;
    let parent = match dir.parent()? {
        parent if parent.as_os_str().is_empty() => Path::new("."),
        parent => parent,
    };
    let entries = std::fs::read_dir(parent).ok()?.take(ENTRIES_MAX).flatten();
    let used = entries.filter(|entry| entry.path().join(RECORDS).is_file());
    let names: Vec<String> = used
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    let near = nearest(name, names.iter().map(String::as_str))?;
    Some(dir.with_file_name(near).display().to_string())
}

/// Entries of a folder that are looked at.
const ENTRIES_MAX: usize = 10_000;

/// Whether a server has kept anything in it.
pub(crate) fn is_used(dir: &Path) -> bool {
    dir.join(RECORDS).is_file()
}

/// The key of all links; made where nothing is kept yet.
///
/// # Errors
/// The operator's: it cannot be read or made, it is missing where there are events, or would be root's in the folder of another.
pub(crate) fn key(dir: &Path) -> Result<LinkKey, AppError> {
    let shown = || dir.display().to_string();
    if !dir.join(KEY).exists() {
        if is_used(dir) {
            return Err(AppError::KeyMissing(shown()));
        }
        must_be_ours(dir)?;
    }
    Ok(LinkKey::load_or_create(dir)?)
}

/// Whether what is kept in the folder can be used; makes nothing.
///
/// # Errors
/// The operator's, as of [`key`] and [`open_records`]; nothing of what an older version wrote.
pub(crate) async fn check(dir: &Path) -> Result<(), AppError> {
    if dir.join(KEY).exists() || is_used(dir) {
        key(dir)?;
    }
    if !is_used(dir) {
        return Ok(());
    }
    match SqliteRecords::open(&dir.join(RECORDS), OlderFile::Refuse).await {
        Ok(_) | Err(StoreError::Older { .. }) => Ok(()),
        Err(error) => Err(store_fault(dir, error)),
    }
}

/// Whether this may make the first files in the folder: what root makes in somebody else's, that user's server cannot read.
///
/// # Errors
/// The operator's: this is root, and it is somebody else's.
fn must_be_ours(dir: &Path) -> Result<(), AppError> {
    let owner = std::fs::metadata(dir).map_or(0, |about| about.uid());
    if owner != 0 && rustix::process::geteuid().is_root() {
        let dir = dir.display().to_string();
        return Err(AppError::OthersFolder { dir, owner });
    }
    Ok(())
}

/// Bytes that this user may still write to the disk of a folder, and how many it has in all; `None` where it does not say.
pub(crate) fn room(dir: &Path) -> Option<(u64, u64)> {
    let disk = rustix::fs::statvfs(dir).ok()?;
    Some((
        disk.f_bavail.saturating_mul(disk.f_frsize),
        disk.f_blocks.saturating_mul(disk.f_frsize),
    ))
}

/// What the store says, or that the disk is full where that is why.
fn store_fault(dir: &Path, error: StoreError) -> AppError {
    match error {
        StoreError::Unusable { .. } | StoreError::Full { .. }
            if room(dir).is_some_and(|(free, _)| free < FULL_BYTES) =>
        {
            AppError::DiskFull(dir.display().to_string())
        }
        error => error.into(),
    }
}

/// Makes the data folder if it is not there: for this user alone, since what is said in the green room is in it.
///
/// # Errors
/// The operator's: the folder cannot be made.
pub(crate) fn make(dir: &Path) -> Result<(), AppError> {
    if dir.exists() && !dir.is_dir() {
        return Err(AppError::DataDirIsFile(dir.display().to_string()));
    }
    if dir.is_symlink() && !dir.exists() {
        return Err(AppError::DataDir {
            dir: dir.display().to_string(),
            source: std::io::Error::other("it is a link to a folder that is not there"),
        });
    }
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
    if !dir.join("lock").exists() {
        must_be_ours(dir)?;
    }
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

/// What of the folder opens the stage, tells who is there or what was said, for nobody but this user.
const PRIVATE: [&str; 5] = [KEY, RECORDS, "stentor.db-wal", "stentor.db-shm", RECORDINGS];

/// From now on what this process makes is for this user alone; what others could read of what is there already is closed to them. Says in
/// a sentence what was open.
///
/// # Errors
/// The operator's: something of somebody else's that cannot be closed.
pub(crate) fn close_to_others(dir: &Path) -> Result<Vec<String>, AppError> {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let mut said = Vec::new();
    for name in PRIVATE {
        let path = dir.join(name);
        let Ok(about) = std::fs::metadata(&path) else {
            continue;
        };
        // Recordings that a link leads to may be meant for others, too.
        if name == RECORDINGS && path.is_symlink() {
            if about.permissions().mode() & 0o077 != 0 {
                said.push(format!(
                    "{} leads to what others of this machine can read: close it yourself",
                    path.display()
                ));
            }
            continue;
        }
        let mode = about.permissions().mode() & 0o777;
        if mode & 0o077 == 0 {
            continue;
        }
        let closed = std::fs::set_permissions(&path, Permissions::from_mode(mode & 0o700));
        match closed {
            Ok(()) => {}
            // A disk of somebody else's that is mounted there may be meant.
            Err(error) if name == RECORDINGS => {
                said.push(format!(
                    "{} can be read by others of this machine (mode {mode:o}) and cannot be closed: {error}",
                    path.display()
                ));
                continue;
            }
            Err(source) => {
                let path = path.display().to_string();
                return Err(AppError::OpenToOthers { path, source });
            }
        }
        said.push(format!(
            "{} could be read by others of this machine (mode {mode:o}): now it is for this user alone{}",
            path.display(),
            if name == KEY { "; who has read it can open every stage" } else { "" }
        ));
    }
    Ok(said)
}

/// Whether a server uses the folder now.
pub(crate) fn is_locked(dir: &Path) -> bool {
    let Ok(lock) = File::open(dir.join("lock")) else {
        return false;
    };
    matches!(lock.try_lock(), Err(TryLockError::WouldBlock))
}

/// What others of this machine could read in the folder, in one sentence.
pub(crate) fn open_to_others(dir: &Path) -> Option<String> {
    let mode = std::fs::metadata(dir).ok()?.permissions().mode();
    (mode & 0o077 != 0).then(|| {
        format!(
            "{} can be opened by others of this machine (mode {:o}): what is said in the green room is in it, `chmod 700` closes it",
            dir.display(),
            mode & 0o777
        )
    })
}

/// Opens the records of a folder that is locked; made if they are not there, and brought forward if an older version
/// wrote them.
///
/// # Errors
/// The operator's: records that are damaged, or of a newer version.
pub(crate) async fn open_records(dir: &Path) -> Result<Arc<dyn Records>, AppError> {
    let opened = SqliteRecords::open(&dir.join(RECORDS), OlderFile::Migrate).await;
    Ok(Arc::new(opened.map_err(|error| store_fault(dir, error))?))
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
        opened => Ok(Arc::new(opened.map_err(|error| store_fault(dir, error))?)),
    }
}

/// Opens the recordings of the folder.
///
/// # Errors
/// Ours: no thread can be started.
pub(crate) async fn open_recordings(dir: &Path) -> Result<Arc<dyn Blobs>, AppError> {
    Ok(Arc::new(FolderBlobs::open(&dir.join(RECORDINGS)).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(dir: &Path) -> String {
        must_be_there(dir)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn a_folder_that_is_not_there_is_not_made_and_one_like_it_is_named() {
        let parent = tempfile::tempdir().unwrap();
        for (name, used) in [("radio", true), ("stentor-data", true), ("empty", false)] {
            make(&parent.path().join(name)).unwrap();
            if used {
                std::fs::write(parent.path().join(name).join(RECORDS), "").unwrap();
            }
        }
        for (typed, meant) in [
            ("raido", Some("radio")),
            ("stentor_data", Some("stentor-data")),
            ("Radio", Some("radio")),
            ("emtpy", None),
            ("elsewhere", None),
        ] {
            let said = said(&parent.path().join(typed));
            assert!(
                said.contains("there is no data folder") && said.contains(typed),
                "{said}"
            );
            let named =
                meant.map(|meant| format!("did you mean {}?", parent.path().join(meant).display()));
            assert_eq!(named.is_some(), said.contains("did you mean"), "{said}");
            assert!(said.contains(&named.unwrap_or_default()), "{said}");
            assert!(!parent.path().join(typed).exists());
        }
        assert_eq!(said(&parent.path().join("empty")), "");
        let file = parent.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(said(&file).contains("is a file"));
        assert!(make(&file).is_err());
    }

    #[test]
    fn a_key_is_made_for_an_empty_folder_and_never_where_there_are_events() {
        let folder = tempfile::tempdir().unwrap();
        assert!(key(folder.path()).is_ok());
        std::fs::write(folder.path().join(RECORDS), "").unwrap();
        assert!(key(folder.path()).is_ok());
        std::fs::remove_file(folder.path().join(KEY)).unwrap();
        let said = key(folder.path()).unwrap_err().to_string();
        assert!(said.contains("secret.key is missing"), "{said}");
        assert!(!folder.path().join(KEY).exists());
    }

    #[tokio::test]
    async fn a_check_finds_what_keeps_a_server_from_starting_and_makes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let said = async || {
            let checked = check(folder.path()).await;
            checked.err().map(|error| error.to_string())
        };
        assert_eq!(said().await, None, "there is nothing yet");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        key(folder.path()).unwrap();
        assert_eq!(said().await, None, "half of a restore");
        assert!(!is_used(folder.path()));
        open_records(folder.path()).await.unwrap();
        assert_eq!(said().await, None);
        for (name, bytes, word) in [
            (
                RECORDS,
                "no database, whatever its name says".repeat(200),
                "stentor.db",
            ),
            (KEY, "abc".to_owned(), "32 bytes"),
        ] {
            let kept = std::fs::read(folder.path().join(name)).unwrap();
            std::fs::write(folder.path().join(name), bytes).unwrap();
            let said = said().await.unwrap_or_default();
            assert!(said.contains(word), "{name}: {said}");
            std::fs::write(folder.path().join(name), kept).unwrap();
        }
        std::fs::remove_file(folder.path().join(KEY)).unwrap();
        assert!(
            said()
                .await
                .unwrap_or_default()
                .contains("secret.key is missing")
        );
    }

    #[test]
    fn what_others_could_read_is_closed_and_said() {
        let folder = tempfile::tempdir().unwrap();
        for (name, mode) in [
            ("secret.key", 0o644),
            (RECORDS, 0o640),
            ("stentor.db-wal", 0o600),
            ("other", 0o644),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, "x").unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        }
        let recordings = folder.path().join(RECORDINGS);
        std::fs::create_dir(&recordings).unwrap();
        std::fs::set_permissions(&recordings, Permissions::from_mode(0o755)).unwrap();
        let said = close_to_others(folder.path()).unwrap();
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(said[2].contains("recordings") && said[2].contains("mode 755"));
        assert!(
            said[0].contains("secret.key") && said[0].contains("mode 644"),
            "{said:?}"
        );
        let mode = |name: &str| {
            std::fs::metadata(folder.path().join(name))
                .unwrap()
                .permissions()
                .mode()
                & 0o777
        };
        assert_eq!(
            (mode("secret.key"), mode(RECORDS), mode("other")),
            (0o600, 0o600, 0o644)
        );
        assert_eq!(mode(RECORDINGS), 0o700);
        assert_eq!(close_to_others(folder.path()).unwrap(), [""; 0]);
    }

    #[test]
    fn a_full_disk_is_what_a_store_that_cannot_be_opened_is_told_by() {
        let unusable = || StoreError::Unusable {
            place: "x".to_owned(),
            why: "disk I/O error".to_owned(),
        };
        let folder = tempfile::tempdir().unwrap();
        let said = store_fault(folder.path(), unusable()).to_string();
        assert!(said.contains("disk I/O error"), "there is room: {said}");
        // Where nothing can be written, nothing is free.
        let said = store_fault(Path::new("/proc"), unusable()).to_string();
        assert!(said.contains("the disk is full"), "{said}");
    }
}
