//! Documents: small public objects that are the same for everyone, in memory with their compressed bodies, or on disk.
//!
//! A document is put and replaced as a whole; a response that has begun keeps the version it began with. Whoever puts a document
//! compresses it, once; nothing is compressed per request.

mod document;
mod negotiate;
mod parts;
mod range;

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use http::HeaderValue;
use tokio::sync::watch;

pub use document::{CacheClass, Document, DocumentBody, DocumentError, FileDocument};
pub(crate) use document::{StoredDocument, StoredSource};
pub(crate) use negotiate::{
    Condition, Encoding, Versions, choose_encoding, if_range_allows, prefers_page,
};
pub(crate) use parts::FoundPart;
pub use parts::{FilePart, FileParts, PartsDocument};
pub(crate) use range::{Ranged, parse_range};

use crate::demand::Demand;
use crate::heads::time_of_day;
use crate::limits::EdgeLimits;
use crate::path::is_good_path;
use document::content_type;
use parts::StoredParts;

/// All documents of an edge, by exact path.
pub struct Documents {
    table: RwLock<DocumentTable>,
    documents_max: usize,
    bytes_max: u64,
}

#[derive(Default)]
struct DocumentTable {
    by_path: HashMap<String, Arc<StoredDocument>>,
    /// By their folder; each counts as one document.
    parts: HashMap<String, StoredParts>,
    bytes: u64,
}

impl DocumentTable {
    fn len(&self) -> usize {
        self.by_path.len() + self.parts.len()
    }
}

impl Documents {
    pub(crate) fn new(limits: &EdgeLimits) -> Self {
        Self {
            table: RwLock::default(),
            documents_max: limits.documents_max,
            bytes_max: limits.documents_bytes_max,
        }
    }

    /// Puts or replaces a document in memory.
    ///
    /// # Errors
    /// When the path or the content type is wrong, or a limit is reached; what was there before stays.
    pub fn put(&self, path: &str, document: Document) -> Result<(), DocumentError> {
        self.put_memory(path, document, None)
    }

    /// The same; whoever reads the document marks this demand.
    ///
    /// # Errors
    /// As [`Self::put`].
    pub fn put_marking(
        &self,
        path: &str,
        document: Document,
        demand: &Arc<Demand>,
    ) -> Result<(), DocumentError> {
        self.put_memory(path, document, Some(Arc::clone(demand)))
    }

    /// Puts the promise of a document in its place: whoever asks for it marks this demand, and waits until it is put, for
    /// [`DOCUMENT_AWAITED_MAX`](crate::limits::DOCUMENT_AWAITED_MAX) at most.
    ///
    /// # Errors
    /// As [`Self::put`].
    pub fn await_demand(&self, path: &str, demand: &Arc<Demand>) -> Result<(), DocumentError> {
        let source = StoredSource::Awaited(watch::Sender::new(false));
        let demand = Some(Arc::clone(demand));
        self.store(path, StoredDocument::without_body(source, demand))
    }

    /// Says of what was at this path that it is gone for good: 410 with this sentence.
    ///
    /// # Errors
    /// As [`Self::put`].
    pub fn put_gone(&self, path: &str, sentence: &str) -> Result<(), DocumentError> {
        let source = StoredSource::Gone(sentence.to_owned());
        self.store(path, StoredDocument::without_body(source, None))
    }

    /// Says of this path that what is looked for there is at that address, for now: 307, which caches keep for a minute.
    ///
    /// # Errors
    /// As [`Self::put`], and when the address is no header value.
    pub fn put_elsewhere(&self, path: &str, address: &str) -> Result<(), DocumentError> {
        let address = HeaderValue::from_str(address).map_err(|_| DocumentError::BadAddress {
            got: address.into(),
        })?;
        let source = StoredSource::Elsewhere(address);
        self.store(path, StoredDocument::without_body(source, None))
    }

    fn put_memory(
        &self,
        path: &str,
        document: Document,
        demand: Option<Arc<Demand>>,
    ) -> Result<(), DocumentError> {
        let mut stored = StoredDocument::in_memory(document)?;
        stored.demand = demand;
        self.store(path, stored)
    }

    /// Puts or replaces a document that is read from disk.
    ///
    /// # Errors
    /// As [`Self::put`], and when there is no such file now.
    pub fn put_file(&self, path: &str, document: FileDocument) -> Result<(), DocumentError> {
        let is_file = std::fs::metadata(&document.file).and_then(|m| {
            if m.is_file() {
                Ok(())
            } else {
                Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "it is not a regular file",
                ))
            }
        });
        if let Err(source) = is_file {
            return Err(DocumentError::File {
                file: document.file,
                source,
            });
        }
        let stored = StoredDocument {
            content_type: content_type(&document.content_type)?,
            cache: document.cache.header(),
            headers: document.headers,
            source: StoredSource::File(document.file),
            put_at: time_of_day(),
            demand: None,
        };
        self.store(path, stored)
    }

    /// Removes a document; returns whether there was one.
    pub fn remove(&self, path: &str) -> bool {
        let mut table = self.write();
        let removed = table.by_path.remove(path);
        if let Some(stored) = &removed {
            table.bytes -= stored.bytes();
        }
        drop(table);
        if let Some(stored) = &removed {
            stored.replaced();
        }
        removed.is_some()
    }

    /// Serves numbered parts of a file below a folder, in place of those that were served there.
    ///
    /// # Errors
    /// When the folder or the content type is wrong, or the limit of documents is reached; what was there before stays.
    pub fn put_parts(&self, folder: &str, parts: PartsDocument) -> Result<(), DocumentError> {
        if !is_good_path(folder) {
            return Err(DocumentError::BadPath { got: folder.into() });
        }
        let stored = StoredParts::new(parts)?;
        let mut table = self.write();
        if !table.parts.contains_key(folder) && table.len() >= self.documents_max {
            return Err(DocumentError::TooMany {
                max: self.documents_max,
            });
        }
        table.parts.insert(folder.to_owned(), stored);
        Ok(())
    }

    /// Serves the parts of a folder no more; whether there were any. Answers that have begun are sent to their end.
    pub fn remove_parts(&self, folder: &str) -> bool {
        self.write().parts.remove(folder).is_some()
    }

    /// What a path names, if it is one of a part.
    pub(crate) fn part(&self, path: &str) -> Option<FoundPart> {
        let (folder, name) = path.rsplit_once('/')?;
        // Where it lies is asked when nobody waits for the table.
        let stored = self.read().parts.get(folder)?.clone();
        stored.find(name)
    }

    /// Bytes of all in-memory documents, every encoding counted.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.read().bytes
    }

    /// Documents kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.read().len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn get(&self, path: &str) -> Option<Arc<StoredDocument>> {
        self.read().by_path.get(path).cloned()
    }

    fn read(&self) -> RwLockReadGuard<'_, DocumentTable> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, DocumentTable> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self, path: &str, stored: StoredDocument) -> Result<(), DocumentError> {
        if !is_good_path(path) {
            return Err(DocumentError::BadPath { got: path.into() });
        }
        let mut table = self.write();
        let before = table.by_path.get(path).map(|s| s.bytes());
        if before.is_none() && table.len() >= self.documents_max {
            return Err(DocumentError::TooMany {
                max: self.documents_max,
            });
        }
        let bytes = table.bytes - before.unwrap_or(0) + stored.bytes();
        if bytes > self.bytes_max {
            return Err(DocumentError::TooLarge {
                max: self.bytes_max,
                got: bytes,
            });
        }
        table.bytes = bytes;
        let before = table.by_path.insert(path.to_owned(), Arc::new(stored));
        // Those who wait for it are woken, and what was there is freed, after the others can read again.
        drop(table);
        if let Some(before) = before {
            before.replaced();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::heads::etag_of;

    fn documents(documents_max: usize, documents_bytes_max: u64) -> Documents {
        Documents::new(&EdgeLimits {
            documents_max,
            documents_bytes_max,
            ..EdgeLimits::default()
        })
    }

    fn text(bytes: &'static str) -> Document {
        Document::new("text/plain", CacheClass::NoStore, bytes)
    }

    #[test]
    fn the_table_is_bounded_in_documents_and_in_bytes() {
        let d = documents(2, 10);
        d.put("/a", text("12345")).unwrap();
        d.put("/b", text("1234")).unwrap();
        assert!(matches!(
            d.put("/c", text("")),
            Err(DocumentError::TooMany { max: 2 })
        ));
        assert!(matches!(
            d.put("/b", text("123456")),
            Err(DocumentError::TooLarge { max: 10, got: 11 })
        ));
        // What was there stays, replacing does not count twice, removing makes room.
        assert_eq!(d.bytes(), 9);
        d.put("/b", text("12345")).unwrap();
        assert_eq!(d.bytes(), 10);
        assert!(d.remove("/a"));
        assert!(!d.remove("/a"));
        assert_eq!((d.bytes(), d.len()), (5, 1));
    }

    #[test]
    fn wrong_paths_types_and_files_are_refused() {
        let d = documents(10, 10);
        for path in ["", "a", "/a/", "/a b", "/a\n"] {
            assert!(matches!(
                d.put(path, text("")),
                Err(DocumentError::BadPath { .. })
            ));
        }
        d.put("/", text("")).unwrap();
        let bad = Document::new("a\nb", CacheClass::NoStore, "");
        assert!(matches!(
            d.put("/a", bad),
            Err(DocumentError::BadContentType { .. })
        ));
        for file in ["/nowhere/at/all", "/"] {
            let missing = FileDocument {
                content_type: "audio/mp4".into(),
                cache: CacheClass::NoStore,
                file: file.into(),
                headers: HeaderMap::new(),
            };
            assert!(matches!(
                d.put_file("/r", missing),
                Err(DocumentError::File { .. })
            ));
        }
    }

    #[test]
    fn tags_are_equal_for_equal_bytes_only() {
        assert_eq!(etag_of(b"a"), etag_of(b"a"));
        assert_ne!(etag_of(b"a"), etag_of(b"b"));
        assert_eq!(etag_of(b"").len(), 34);
    }
}
