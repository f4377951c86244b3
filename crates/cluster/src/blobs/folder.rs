//! The embedded blobs: files in a folder, under their keys.
//!
//! Keys are paths, so an operator finds a recording by its name and may take it away. Several threads do the work, so
//! that a long sync of one file does not hold up the next append to another. Folders and files that are made are their owner's alone. Under a
//! blob's name there is a regular file or nothing: a link or a pipe that somebody has put there is neither followed nor waited for.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::error::BlobsError;
use super::files::{Claim, Folder, read_at, sync_parent};
use super::store::{
    BlobEntry, BlobWriter, Blobs, LISTED_MAX, RANGE_BYTES_MAX, WHOLE_BYTES_MAX, check_bytes,
};
use super::writer::FileWriter;
use crate::answer::Answer;
use crate::error::StoreError;
use crate::key::Key;
use crate::worker::Workers;

/// Threads of one folder.
const THREADS: usize = 4;

/// Blobs in a folder.
pub struct FolderBlobs {
    folder: Arc<Folder>,
    workers: Arc<Workers<()>>,
}

impl FolderBlobs {
    /// Opens a folder. It is made when the first blob is, so one that cannot be is told to whoever writes.
    ///
    /// # Errors
    /// Ours: there is no thread to be had.
    pub async fn open(root: &Path) -> Result<Self, StoreError> {
        let place: Arc<str> = root.display().to_string().into();
        let folder = Arc::new(Folder::new(root));
        let workers = Arc::new(Workers::start("blobs", place, THREADS, || Ok(())).await?);
        Ok(Self { folder, workers })
    }

    /// Runs a job on one of the threads.
    fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Arc<Folder>) -> Result<T, BlobsError> + Send + 'static,
    ) -> Answer<'static, T, BlobsError> {
        let folder = Arc::clone(&self.folder);
        self.workers.ask(move |()| job(&folder))
    }

    fn writer(
        &self,
        key: &Key,
        open: impl FnOnce(&Arc<Folder>, Claim) -> Result<FileWriter, BlobsError> + Send + 'static,
    ) -> Answer<'static, Box<dyn BlobWriter>, BlobsError> {
        let key = key.clone();
        self.ask(move |folder| {
            let claim = Claim::take(folder, &key)?;
            Ok(Box::new(open(folder, claim)?) as Box<dyn BlobWriter>)
        })
    }
}

impl Blobs for FolderBlobs {
    fn put(&self, key: &Key, bytes: Bytes) -> Answer<'static, (), BlobsError> {
        let key = key.clone();
        self.ask(move |folder| {
            check_bytes(bytes.len() as u64, WHOLE_BYTES_MAX)?;
            let claim = Claim::take(folder, &key)?;
            let written = folder.create_part(&key).and_then(|mut part| {
                part.write_all(&bytes)?;
                part.sync_all()?;
                folder.publish(&key)
            });
            if written.is_err() {
                // Nobody sees it; if it stays, the next one takes its place.
                let _ = folder.remove_part(&key);
            }
            drop(claim);
            written.map_err(|error| folder.error(&key, &error))
        })
    }

    fn get(&self, key: &Key) -> Answer<'static, Bytes, BlobsError> {
        let key = key.clone();
        self.ask(move |folder| {
            let told = |error: io::Error| folder.error(&key, &error);
            let file = folder.open(&key).map_err(told)?;
            let size = file.metadata().map_err(told)?.len();
            check_bytes(size, WHOLE_BYTES_MAX)?;
            read_at(&file, 0, size as usize).map_err(told)
        })
    }

    fn range(&self, key: &Key, offset: u64, len: usize) -> Answer<'static, Bytes, BlobsError> {
        let key = key.clone();
        self.ask(move |folder| {
            check_bytes(len as u64, RANGE_BYTES_MAX)?;
            folder
                .open(&key)
                .and_then(|file| read_at(&file, offset, len))
                .map_err(|error| folder.error(&key, &error))
        })
    }

    fn size(&self, key: &Key) -> Answer<'static, Option<u64>, BlobsError> {
        let key = key.clone();
        self.ask(
            move |folder| match fs::symlink_metadata(folder.path(&key)) {
                Ok(found) => Ok(found.is_file().then_some(found.len())),
                Err(error) => match folder.error(&key, &error) {
                    BlobsError::NotFound { .. } | BlobsError::Folder { .. } => Ok(None),
                    error => Err(error),
                },
            },
        )
    }

    fn list(
        &self,
        folder: Option<&Key>,
        after: Option<&Key>,
    ) -> Answer<'static, Vec<BlobEntry>, BlobsError> {
        let (below, after) = (folder.cloned(), after.cloned());
        self.ask(move |folder| {
            let mut found = folder.scan(below.as_ref())?;
            if let Some(after) = after {
                found.retain(|entry| entry.key > after);
            }
            found.sort_by(|a, b| a.key.cmp(&b.key));
            found.truncate(LISTED_MAX);
            Ok(found)
        })
    }

    fn delete(&self, key: &Key) -> Answer<'static, bool, BlobsError> {
        let key = key.clone();
        self.ask(move |folder| {
            let _claim = Claim::take(folder, &key)?;
            // What a killed process has left of it.
            let removed = folder.remove_part(&key);
            removed.map_err(|error| folder.error(&key, &error))?;
            match fs::remove_file(folder.path(&key)) {
                Ok(()) => Ok(true),
                Err(error) => match folder.error(&key, &error) {
                    BlobsError::NotFound { .. } | BlobsError::Folder { .. } => Ok(false),
                    error => Err(error),
                },
            }
        })
    }

    fn rename(&self, from: &Key, to: &Key) -> Answer<'static, (), BlobsError> {
        let (from, to) = (from.clone(), to.clone());
        self.ask(move |folder| {
            let _claims = (Claim::take(folder, &from)?, Claim::take(folder, &to)?);
            let (old, new) = (folder.path(&from), folder.path(&to));
            if !old.is_file() {
                return Err(BlobsError::NotFound { key: from });
            }
            if new.is_file() {
                return Err(BlobsError::Exists { key: to });
            }
            folder
                .make_parent(&new)
                .and_then(|()| fs::rename(&old, &new))
                .and_then(|()| sync_parent(&new))
                .and_then(|()| sync_parent(&old))
                .map_err(|error| folder.error(&to, &error))
        })
    }

    fn append(&self, key: &Key) -> Answer<'static, Box<dyn BlobWriter>, BlobsError> {
        let workers = Arc::clone(&self.workers);
        self.writer(key, move |folder, claim| {
            let opened = folder.open_to_append(claim.key()).and_then(|file| {
                let size = file.metadata()?.len();
                Ok((file, size))
            });
            let (file, size) = opened.map_err(|error| folder.error(claim.key(), &error))?;
            Ok(FileWriter::new(file, size, claim, false, workers))
        })
    }

    fn create(&self, key: &Key) -> Answer<'static, Box<dyn BlobWriter>, BlobsError> {
        let workers = Arc::clone(&self.workers);
        self.writer(key, move |folder, claim| {
            let created = folder.create_part(claim.key());
            let file = created.map_err(|error| folder.error(claim.key(), &error))?;
            Ok(FileWriter::new(file, 0, claim, true, workers))
        })
    }

    fn local_path(&self, key: &Key) -> Option<PathBuf> {
        Some(self.folder.path(key))
    }
}
