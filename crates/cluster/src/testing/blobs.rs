//! Blobs in memory.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::faults::Faults;
use crate::answer::Answer;
use crate::blobs::{
    BlobEntry, BlobWriter, Blobs, BlobsError, LISTED_MAX, RANGE_BYTES_MAX, WHOLE_BYTES_MAX,
    WRITERS_MAX, check_bytes, check_key,
};
use crate::key::Key;

/// Blobs that are gone with the process and fail when told to. Its clones share them.
#[derive(Clone, Default)]
pub struct MemoryBlobs {
    store: Arc<Mutex<Store>>,
    faults: Faults,
}

#[derive(Default)]
struct Store {
    blobs: BTreeMap<Key, Vec<u8>>,
    writing: HashSet<Key>,
}

impl MemoryBlobs {
    /// What makes it fail.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        // A failed check of another test's thread has left the store whole.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask<'a, T: Send + 'a>(
        &self,
        operation: impl FnOnce(&mut Store) -> Result<T, BlobsError> + Send + 'a,
    ) -> Answer<'a, T, BlobsError> {
        let blobs = self.clone();
        self.faults.run(move || operation(&mut blobs.store()))
    }

    fn writer(&self, key: &Key, is_new: bool) -> Answer<'static, Box<dyn BlobWriter>, BlobsError> {
        let (blobs, key) = (self.clone(), key.clone());
        self.ask(move |store| {
            store.check_free(&key)?;
            if store.writing.len() >= WRITERS_MAX {
                let max = WRITERS_MAX;
                return Err(BlobsError::TooManyWriters { max });
            }
            store.writing.insert(key.clone());
            let draft = if is_new {
                Some(Arc::default())
            } else {
                store.blobs.entry(key.clone()).or_default();
                None
            };
            Ok(Box::new(MemoryWriter { blobs, key, draft }) as Box<dyn BlobWriter>)
        })
    }
}

impl Store {
    fn check_free(&self, key: &Key) -> Result<(), BlobsError> {
        check_key(key)?;
        if self.writing.contains(key) {
            return Err(BlobsError::InUse { key: key.clone() });
        }
        Ok(())
    }

    fn get(&self, key: &Key) -> Result<&Vec<u8>, BlobsError> {
        let missing = || BlobsError::NotFound { key: key.clone() };
        self.blobs.get(key).ok_or_else(missing)
    }
}

impl Blobs for MemoryBlobs {
    fn put(&self, key: &Key, bytes: Bytes) -> Answer<'static, (), BlobsError> {
        let key = key.clone();
        self.ask(move |store| {
            check_bytes(bytes.len() as u64, WHOLE_BYTES_MAX)?;
            store.check_free(&key)?;
            store.blobs.insert(key, bytes.to_vec());
            Ok(())
        })
    }

    fn get(&self, key: &Key) -> Answer<'static, Bytes, BlobsError> {
        let key = key.clone();
        self.ask(move |store| {
            let blob = store.get(&key)?;
            check_bytes(blob.len() as u64, WHOLE_BYTES_MAX)?;
            Ok(Bytes::copy_from_slice(blob))
        })
    }

    fn range(&self, key: &Key, offset: u64, len: usize) -> Answer<'static, Bytes, BlobsError> {
        let key = key.clone();
        self.ask(move |store| {
            check_bytes(len as u64, RANGE_BYTES_MAX)?;
            let blob = store.get(&key)?;
            let from = blob
                .len()
                .min(usize::try_from(offset).unwrap_or(usize::MAX));
            let to = blob.len().min(from.saturating_add(len));
            Ok(Bytes::copy_from_slice(&blob[from..to]))
        })
    }

    fn size(&self, key: &Key) -> Answer<'static, Option<u64>, BlobsError> {
        let key = key.clone();
        self.ask(move |store| Ok(store.blobs.get(&key).map(|blob| blob.len() as u64)))
    }

    fn list(
        &self,
        folder: Option<&Key>,
        after: Option<&Key>,
    ) -> Answer<'static, Vec<BlobEntry>, BlobsError> {
        let (below, after) = (folder.map(|key| format!("{key}/")), after.cloned());
        self.ask(move |store| {
            let listed = store
                .blobs
                .iter()
                .filter(|(key, _)| {
                    let starts = |below: &String| key.as_str().starts_with(below.as_str());
                    below.as_ref().is_none_or(starts)
                })
                .filter(|(key, _)| after.as_ref().is_none_or(|after| *key > after))
                .take(LISTED_MAX);
            let entry = |(key, blob): (&Key, &Vec<u8>)| BlobEntry {
                key: key.clone(),
                bytes: blob.len() as u64,
            };
            Ok(listed.map(entry).collect())
        })
    }

    fn delete(&self, key: &Key) -> Answer<'static, bool, BlobsError> {
        let key = key.clone();
        self.ask(move |store| {
            store.check_free(&key)?;
            Ok(store.blobs.remove(&key).is_some())
        })
    }

    fn rename(&self, from: &Key, to: &Key) -> Answer<'static, (), BlobsError> {
        let (from, to) = (from.clone(), to.clone());
        self.ask(move |store| {
            store.check_free(&from)?;
            store.check_free(&to)?;
            store.get(&from)?;
            if store.blobs.contains_key(&to) {
                return Err(BlobsError::Exists { key: to });
            }
            if let Some(blob) = store.blobs.remove(&from) {
                store.blobs.insert(to, blob);
            }
            Ok(())
        })
    }

    fn append(&self, key: &Key) -> Answer<'static, Box<dyn BlobWriter>, BlobsError> {
        self.writer(key, false)
    }

    fn create(&self, key: &Key) -> Answer<'static, Box<dyn BlobWriter>, BlobsError> {
        self.writer(key, true)
    }

    fn local_path(&self, _: &Key) -> Option<PathBuf> {
        None
    }
}

struct MemoryWriter {
    blobs: MemoryBlobs,
    key: Key,
    /// What is not seen yet, of a new blob.
    draft: Option<Arc<Mutex<Vec<u8>>>>,
}

impl MemoryWriter {
    /// Works on what was written so far.
    fn ask<'a, T: Send + 'a>(
        &self,
        operation: impl FnOnce(&Key, &mut Vec<u8>) -> Result<T, BlobsError> + Send + 'a,
    ) -> Answer<'a, T, BlobsError> {
        let (key, draft) = (self.key.clone(), self.draft.clone());
        self.blobs.ask(move |store| match draft {
            Some(draft) => {
                let mut draft = draft.lock().unwrap_or_else(PoisonError::into_inner);
                operation(&key, &mut draft)
            }
            None => operation(&key, store.blobs.entry(key.clone()).or_default()),
        })
    }
}

impl BlobWriter for MemoryWriter {
    fn size(&self) -> u64 {
        match &self.draft {
            Some(draft) => draft.lock().unwrap_or_else(PoisonError::into_inner).len() as u64,
            None => {
                let store = self.blobs.store();
                store
                    .blobs
                    .get(&self.key)
                    .map_or(0, |blob| blob.len() as u64)
            }
        }
    }

    fn append(&mut self, bytes: Bytes) -> Answer<'_, (), BlobsError> {
        self.ask(move |_, blob| {
            blob.extend_from_slice(&bytes);
            Ok(())
        })
    }

    fn truncate(&mut self, bytes: u64) -> Answer<'_, (), BlobsError> {
        self.ask(move |key, blob| {
            let len = blob.len() as u64;
            if bytes > len {
                let (key, got) = (key.clone(), bytes);
                return Err(BlobsError::Beyond { key, len, got });
            }
            blob.truncate(bytes as usize);
            Ok(())
        })
    }

    fn sync(&mut self) -> Answer<'_, (), BlobsError> {
        self.ask(|_, _| Ok(()))
    }

    fn finish(self: Box<Self>) -> Answer<'static, u64, BlobsError> {
        let (key, draft) = (self.key.clone(), self.draft.clone());
        let finished = self.blobs.ask(move |store| {
            if let Some(draft) = draft {
                let bytes = draft.lock().unwrap_or_else(PoisonError::into_inner).clone();
                store.blobs.insert(key.clone(), bytes);
            }
            Ok(store.blobs.get(&key).map_or(0, |blob| blob.len() as u64))
        });
        Box::pin(async move {
            let size = finished.await;
            drop(self);
            size
        })
    }
}

impl Drop for MemoryWriter {
    fn drop(&mut self) {
        self.blobs.store().writing.remove(&self.key);
    }
}
