//! The files of a folder of blobs, and who writes which.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use rustix::fs::OFlags;

use super::error::BlobsError;
use super::store::{BlobEntry, PART_ENDING, SCANNED_MAX, WRITERS_MAX, check_key};
use crate::error::StoreError;
use crate::key::Key;

/// Who may read and write a file that is made.
const FILE_MODE: u32 = 0o600;
/// Who may look into a folder that is made.
const FOLDER_MODE: u32 = 0o700;

/// The folder, and who writes in it.
pub(super) struct Folder {
    root: PathBuf,
    /// As errors name it.
    place: String,
    writing: Mutex<HashSet<Key>>,
}

impl Folder {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            place: root.display().to_string(),
            writing: Mutex::default(),
        }
    }

    /// Where the file of a key is.
    pub(super) fn path(&self, key: &Key) -> PathBuf {
        // A key is a path without any way up or out.
        self.root.join(key.as_str())
    }

    fn part_path(&self, key: &Key) -> PathBuf {
        self.root.join(format!("{key}{PART_ENDING}"))
    }

    /// Makes the folder a file is to be in.
    pub(super) fn make_parent(&self, path: &Path) -> io::Result<()> {
        match path.parent() {
            Some(parent) => DirBuilder::new()
                .recursive(true)
                .mode(FOLDER_MODE)
                .create(parent),
            None => Ok(()),
        }
    }

    /// A new file for what is not finished, in place of one that never was.
    pub(super) fn create_part(&self, key: &Key) -> io::Result<File> {
        let path = self.part_path(key);
        self.make_parent(&path)?;
        let file = open_regular(&path, OpenOptions::new().write(true).create(true))?;
        file.set_len(0)?;
        Ok(file)
    }

    /// The file of a blob that is there, to be read.
    pub(super) fn open(&self, key: &Key) -> io::Result<File> {
        open_regular(&self.path(key), &mut OpenOptions::new())
    }

    /// The file of a blob, to be written on; made if it is not there.
    pub(super) fn open_to_append(&self, key: &Key) -> io::Result<File> {
        let path = self.path(key);
        self.make_parent(&path)?;
        let file = open_regular(&path, OpenOptions::new().write(true).create(true))?;
        sync_parent(&path)?;
        Ok(file)
    }

    /// Gives what is in the part the blob's own name.
    pub(super) fn publish(&self, key: &Key) -> io::Result<()> {
        let path = self.path(key);
        fs::rename(self.part_path(key), &path)?;
        sync_parent(&path)
    }

    /// Takes away what was never finished, so that it neither fills the disk nor is there when everything of its name is to be gone.
    pub(super) fn remove_part(&self, key: &Key) -> io::Result<()> {
        match fs::remove_file(self.part_path(key)) {
            Err(error)
                if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                Err(error)
            }
            _ => Ok(()),
        }
    }

    /// Every blob below a folder, in no order.
    pub(super) fn scan(&self, below: Option<&Key>) -> Result<Vec<BlobEntry>, BlobsError> {
        let mut found = Vec::new();
        let mut folders = vec![below.map_or_else(|| self.root.clone(), |key| self.path(key))];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                // Nothing is below what is not there, or no folder.
                Err(error)
                    if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
                {
                    continue;
                }
                Err(error) => return Err(self.store_error(&error).into()),
            };
            for entry in entries {
                let path = entry.map_err(|error| self.store_error(&error))?.path();
                let Ok(metadata) = fs::symlink_metadata(&path) else {
                    // Deleted meanwhile.
                    continue;
                };
                if metadata.is_dir() {
                    folders.push(path);
                } else if let Some(key) = self.key_of(&path).filter(|_| metadata.is_file()) {
                    let bytes = metadata.len();
                    found.push(BlobEntry { key, bytes });
                }
                if found.len() + folders.len() > SCANNED_MAX {
                    let max = SCANNED_MAX;
                    return Err(BlobsError::TooManyListed { max });
                }
            }
        }
        Ok(found)
    }

    /// The key of a file; none for what is not finished and for what somebody else has put there.
    fn key_of(&self, path: &Path) -> Option<Key> {
        let key = Key::new(path.strip_prefix(&self.root).ok()?.to_str()?).ok()?;
        check_key(&key).is_ok().then_some(key)
    }

    /// What the system said of the file of a key.
    pub(super) fn error(&self, key: &Key, error: &io::Error) -> BlobsError {
        let key = key.clone();
        match error.kind() {
            ErrorKind::NotFound => BlobsError::NotFound { key },
            ErrorKind::IsADirectory
            | ErrorKind::NotADirectory
            | ErrorKind::DirectoryNotEmpty
            | ErrorKind::AlreadyExists => BlobsError::Folder { key },
            _ => self.store_error(error).into(),
        }
    }

    fn store_error(&self, error: &io::Error) -> StoreError {
        let place = self.place.clone();
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full { place },
            _ => StoreError::Unusable {
                place,
                why: error.to_string(),
            },
        }
    }

    fn writing(&self) -> MutexGuard<'_, HashSet<Key>> {
        // A key is put in or taken out: a panic elsewhere has left nothing half done.
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to write a key, until it is dropped.
pub(super) struct Claim {
    folder: Arc<Folder>,
    key: Key,
}

impl Claim {
    /// Takes it, if nobody has it.
    pub(super) fn take(folder: &Arc<Folder>, key: &Key) -> Result<Self, BlobsError> {
        check_key(key)?;
        let mut writing = folder.writing();
        if writing.contains(key) {
            return Err(BlobsError::InUse { key: key.clone() });
        }
        if writing.len() >= WRITERS_MAX {
            let max = WRITERS_MAX;
            return Err(BlobsError::TooManyWriters { max });
        }
        writing.insert(key.clone());
        Ok(Self {
            folder: Arc::clone(folder),
            key: key.clone(),
        })
    }

    /// The folder it is in.
    pub(super) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// What may be written.
    pub(super) fn key(&self) -> &Key {
        &self.key
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.folder.writing().remove(&self.key);
    }
}

/// Opens a file, and nothing else that may lie under its name: a link would lead out of the folder, and whoever opens a pipe waits in it for ever.
/// A new one is its owner's alone: what is said in a green room is in it.
fn open_regular(path: &Path, how: &mut OpenOptions) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = how
        .read(true)
        .mode(FILE_MODE)
        .custom_flags(flags.bits() as i32)
        .open(path);
    let file = opened.map_err(|error| match error.raw_os_error() {
        Some(code) if code == rustix::io::Errno::LOOP.raw_os_error() => io::Error::other(format!(
            "{} is a link, which is not followed",
            path.display()
        )),
        _ => error,
    })?;
    let kind = file.metadata()?.file_type();
    if kind.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    if !kind.is_file() {
        let why = format!("{} is no regular file", path.display());
        return Err(io::Error::other(why));
    }
    Ok(file)
}

/// So many bytes from an offset on, or as many as there are.
pub(super) fn read_at(file: &File, offset: u64, len: usize) -> io::Result<Bytes> {
    let mut bytes = vec![0; len];
    let mut filled = 0;
    while filled < len {
        match file.read_at(&mut bytes[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(Bytes::from(bytes))
}

/// Makes a new or renamed file's name last.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}
