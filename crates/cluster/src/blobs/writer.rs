//! Writes one file of a folder.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::error::BlobsError;
use super::files::Claim;
use super::store::BlobWriter;
use crate::answer::Answer;
use crate::worker::Workers;

/// A writer that appends to a file, or makes a new one beside its place.
pub(super) struct FileWriter {
    inner: Arc<FileWriterInner>,
    workers: Arc<Workers<()>>,
}

struct FileWriterInner {
    file: Mutex<OpenFile>,
    /// Length up to the last whole append.
    size: AtomicU64,
    claim: Claim,
    /// Whether it gets its name when it is finished.
    is_new: bool,
    finished: AtomicBool,
}

impl Drop for FileWriterInner {
    /// A new one that was not finished leaves nothing: on a full disk its bytes are what is missing. It is one system call, on the thread of whoever
    /// has given up.
    fn drop(&mut self) {
        if self.is_new && !self.finished.load(Ordering::Acquire) {
            // If it stays, the next one takes its place.
            let _ = self.claim.folder().remove_part(self.claim.key());
        }
    }
}

struct OpenFile {
    file: File,
    /// Whether a failed append has left something behind the last whole one.
    torn: bool,
}

impl FileWriter {
    pub(super) fn new(
        file: File,
        size: u64,
        claim: Claim,
        is_new: bool,
        workers: Arc<Workers<()>>,
    ) -> Self {
        let inner = Arc::new(FileWriterInner {
            file: Mutex::new(OpenFile { file, torn: false }),
            size: AtomicU64::new(size),
            claim,
            is_new,
            finished: AtomicBool::new(false),
        });
        Self { inner, workers }
    }

    /// Runs a job with the file on a thread of the folder's. One that was given up by its caller may still run: the lock
    /// keeps the next one behind it.
    fn ask<'a, T: Send + 'static>(
        &self,
        job: impl FnOnce(&FileWriterInner, &mut OpenFile) -> Result<T, BlobsError> + Send + 'static,
    ) -> Answer<'a, T, BlobsError> {
        let inner = Arc::clone(&self.inner);
        self.workers.ask(move |()| {
            // What an append has torn is marked before it begins, so a panic has not spoilt it.
            let mut file = inner.file.lock().unwrap_or_else(PoisonError::into_inner);
            job(&inner, &mut file)
        })
    }
}

impl FileWriterInner {
    fn size(&self) -> u64 {
        self.size.load(Ordering::Acquire)
    }

    fn error(&self, error: &io::Error) -> BlobsError {
        self.claim.folder().error(self.claim.key(), error)
    }
}

impl OpenFile {
    fn append(&mut self, bytes: &[u8], size: u64) -> io::Result<()> {
        if self.torn {
            self.file.set_len(size)?;
        }
        self.torn = true;
        let written = self.file.write_all_at(bytes, size);
        // A half-written chunk would hide all that follow it.
        self.torn = written.is_err() && self.file.set_len(size).is_err();
        written
    }
}

impl BlobWriter for FileWriter {
    fn size(&self) -> u64 {
        self.inner.size()
    }

    fn append(&mut self, bytes: Bytes) -> Answer<'_, (), BlobsError> {
        self.ask(move |inner, file| {
            let size = inner.size();
            let appended = file.append(&bytes, size);
            appended.map_err(|error| inner.error(&error))?;
            inner
                .size
                .store(size + bytes.len() as u64, Ordering::Release);
            Ok(())
        })
    }

    fn truncate(&mut self, bytes: u64) -> Answer<'_, (), BlobsError> {
        self.ask(move |inner, file| {
            let len = inner.size();
            if bytes > len {
                let (key, got) = (inner.claim.key().clone(), bytes);
                return Err(BlobsError::Beyond { key, len, got });
            }
            let cut = file.file.set_len(bytes);
            cut.map_err(|error| inner.error(&error))?;
            file.torn = false;
            inner.size.store(bytes, Ordering::Release);
            Ok(())
        })
    }

    fn sync(&mut self) -> Answer<'_, (), BlobsError> {
        self.ask(|inner, file| file.file.sync_data().map_err(|error| inner.error(&error)))
    }

    fn finish(self: Box<Self>) -> Answer<'static, u64, BlobsError> {
        self.ask(|inner, file| {
            let synced = file.file.sync_all().and_then(|()| {
                if inner.is_new {
                    inner.claim.folder().publish(inner.claim.key())
                } else {
                    Ok(())
                }
            });
            synced.map_err(|error| inner.error(&error))?;
            inner.finished.store(true, Ordering::Release);
            Ok(inner.size())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use super::super::files::Folder;
    use super::*;
    use crate::key::Key;

    /// Writing to this device always fails with "no space left on device".
    #[tokio::test]
    async fn without_room_an_append_says_so_and_the_writer_stays() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = Arc::new(Folder::new(root.path()));
        let key = Key::new("full").expect("a key");
        let claim = Claim::take(&folder, &key).expect("nobody writes it");
        let workers = Workers::start("blobs", "a test".into(), 1, || Ok(())).await;
        let workers = Arc::new(workers.expect("threads"));
        let file = OpenOptions::new().read(true).write(true).open("/dev/full");
        let file = file.expect("the device is there");
        let mut writer = FileWriter::new(file, 0, claim, false, workers);
        for _ in 0..2 {
            let error = writer.append(Bytes::from_static(b"x")).await;
            let error = error.expect_err("there is no room");
            assert!(matches!(error, BlobsError::Store(_)), "{error}");
            assert_eq!(writer.size(), 0);
        }
    }
}
