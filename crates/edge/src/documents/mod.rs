//! Documents: small public objects that are the same for everyone, in memory with their compressed bodies, or on disk.
//!
//! A document is put and replaced as a whole; a response that has begun keeps the version it began with. Whoever puts a document
//! compresses it, once; nothing is compressed per request.

mod negotiate;
mod range;

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use tokio::sync::watch;

pub(crate) use negotiate::{
    Condition, Encoding, Versions, choose_encoding, if_range_allows, prefers_page,
};
pub(crate) use range::{Ranged, parse_range};

use crate::demand::Demand;
use crate::heads::{etag_of, time_of_day};
use crate::limits::{EdgeLimits, PATH_BYTES_MAX};
use crate::path::is_good_path;

/// How long caches may keep something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheClass {
    /// The bytes at this address never change: a year.
    Immutable,
    /// Good for so many seconds.
    Short(u32),
    /// Never kept.
    NoStore,
}

impl CacheClass {
    /// The `Cache-Control` value (RFC 9111 §5.2.2, RFC 8246).
    #[must_use]
    pub fn header(self) -> HeaderValue {
        match self {
            Self::Immutable => HeaderValue::from_static("public, max-age=31536000, immutable"),
            Self::Short(seconds) => HeaderValue::from_str(&format!("public, max-age={seconds}"))
                .unwrap_or_else(|_| HeaderValue::from_static("public, max-age=1")),
            Self::NoStore => HeaderValue::from_static("no-store"),
        }
    }
}

/// The bytes of a document, plain and, where it is worth it, compressed beforehand.
#[derive(Clone, Debug, Default)]
pub struct DocumentBody {
    /// The bytes as they are.
    pub identity: Bytes,
    /// The same bytes in gzip (RFC 1952).
    pub gzip: Option<Bytes>,
    /// The same bytes in Brotli (RFC 7932).
    pub br: Option<Bytes>,
}

impl From<Bytes> for DocumentBody {
    fn from(identity: Bytes) -> Self {
        Self {
            identity,
            gzip: None,
            br: None,
        }
    }
}

/// A document in memory.
#[derive(Clone, Debug)]
pub struct Document {
    /// Such as `text/html; charset=utf-8`.
    pub content_type: String,
    /// How long caches may keep it.
    pub cache: CacheClass,
    /// Its bytes.
    pub body: DocumentBody,
    /// Further headers of the answer, such as `Content-Security-Policy`.
    pub headers: HeaderMap,
}

impl Document {
    /// A document without compressed bodies or further headers.
    #[must_use]
    pub fn new(content_type: &str, cache: CacheClass, bytes: impl Into<Bytes>) -> Self {
        Self {
            content_type: content_type.to_owned(),
            cache,
            body: DocumentBody::from(bytes.into()),
            headers: HeaderMap::new(),
        }
    }
}

/// A document on disk, read as it is asked for, with `Range`, in bounded memory. It may grow or be replaced by a rename.
#[derive(Clone, Debug)]
pub struct FileDocument {
    /// Such as `audio/mp4`.
    pub content_type: String,
    /// How long caches may keep it.
    pub cache: CacheClass,
    /// Where it is.
    pub file: PathBuf,
    /// Further headers of the answer.
    pub headers: HeaderMap,
}

/// Why a document was not put. The caller's or the operator's fault.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// A path must begin with `/`, not end with one (but `/` itself is good), and fit [`PATH_BYTES_MAX`].
    #[error(
        "a path begins with a slash, does not end with one and has at most {PATH_BYTES_MAX} bytes, unlike {got:?}"
    )]
    BadPath {
        /// The path given.
        got: String,
    },
    /// The content type is no header value.
    #[error("{got:?} is not a content type")]
    BadContentType {
        /// The content type given.
        got: String,
    },
    /// The address is no header value.
    #[error("{got:?} is not an address")]
    BadAddress {
        /// The address given.
        got: String,
    },
    /// The edge is full of documents.
    #[error("there are already {max} documents, which is the limit")]
    TooMany {
        /// `EdgeLimits::documents_max`.
        max: usize,
    },
    /// Together the documents would take too much memory.
    #[error(
        "documents may take {max} bytes of memory together; with this one they would take {got}"
    )]
    TooLarge {
        /// `EdgeLimits::documents_bytes_max`.
        max: u64,
        /// Bytes with this document.
        got: u64,
    },
    /// The file is not there, not readable or not a file.
    #[error("the file {} cannot be served: {source}", file.display())]
    File {
        /// Where it should be.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// A document ready to be served: header values made once.
pub(crate) struct StoredDocument {
    pub(crate) content_type: HeaderValue,
    pub(crate) cache: HeaderValue,
    pub(crate) headers: HeaderMap,
    pub(crate) source: StoredSource,
    /// When it was put: a document in memory was changed no later.
    pub(crate) put_at: SystemTime,
    demand: Option<Arc<Demand>>,
}

pub(crate) enum StoredSource {
    Memory(MemoryBodies),
    File(PathBuf),
    /// It is made when it is asked for; true once another document is in its place.
    Awaited(watch::Sender<bool>),
    /// It was here and does not come back: what is said of it.
    Gone(String),
    /// It is at that address.
    Elsewhere(HeaderValue),
}

pub(crate) struct MemoryBodies {
    pub(crate) identity: Variant,
    pub(crate) gzip: Option<Variant>,
    pub(crate) br: Option<Variant>,
}

pub(crate) struct Variant {
    pub(crate) bytes: Bytes,
    /// Strong: equal bytes, equal tag (RFC 9110 §8.8.3); differs between encodings of one document.
    pub(crate) etag: HeaderValue,
}

impl Variant {
    fn new(bytes: Bytes) -> Self {
        let etag = etag_of(&bytes);
        Self { bytes, etag }
    }
}

impl MemoryBodies {
    fn bytes(&self) -> u64 {
        [Some(&self.identity), self.gzip.as_ref(), self.br.as_ref()]
            .into_iter()
            .flatten()
            .map(|v| v.bytes.len() as u64)
            .sum()
    }

    pub(crate) fn varies(&self) -> bool {
        self.gzip.is_some() || self.br.is_some()
    }

    pub(crate) fn variant(&self, encoding: Encoding) -> &Variant {
        match encoding {
            Encoding::Identity => &self.identity,
            Encoding::Gzip => self.gzip.as_ref().unwrap_or(&self.identity),
            Encoding::Brotli => self.br.as_ref().unwrap_or(&self.identity),
        }
    }
}

/// All documents of an edge, by exact path.
pub struct Documents {
    table: RwLock<DocumentTable>,
    documents_max: usize,
    bytes_max: u64,
}

#[derive(Default)]
struct DocumentTable {
    by_path: HashMap<String, Arc<StoredDocument>>,
    bytes: u64,
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
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
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

    /// Bytes of all in-memory documents, every encoding counted.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.read().bytes
    }

    /// Documents kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.read().by_path.len()
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

    fn store(&self, path: &str, stored: StoredDocument) -> Result<(), DocumentError> {
        if !is_good_path(path) {
            return Err(DocumentError::BadPath { got: path.into() });
        }
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let before = table.by_path.get(path).map(|s| s.bytes());
        if before.is_none() && table.by_path.len() >= self.documents_max {
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

fn content_type(text: &str) -> Result<HeaderValue, DocumentError> {
    HeaderValue::from_str(text).map_err(|_| DocumentError::BadContentType { got: text.into() })
}

impl StoredDocument {
    pub(crate) fn in_memory(document: Document) -> Result<Self, DocumentError> {
        let source = StoredSource::Memory(MemoryBodies {
            identity: Variant::new(document.body.identity),
            gzip: document.body.gzip.map(Variant::new),
            br: document.body.br.map(Variant::new),
        });
        Ok(Self {
            content_type: content_type(&document.content_type)?,
            cache: document.cache.header(),
            headers: document.headers,
            source,
            put_at: time_of_day(),
            demand: None,
        })
    }

    fn without_body(source: StoredSource, demand: Option<Arc<Demand>>) -> Self {
        Self {
            content_type: HeaderValue::from_static("text/plain; charset=utf-8"),
            cache: CacheClass::NoStore.header(),
            headers: HeaderMap::new(),
            source,
            put_at: time_of_day(),
            demand,
        }
    }

    fn bytes(&self) -> u64 {
        match &self.source {
            StoredSource::Memory(bodies) => bodies.bytes(),
            StoredSource::Gone(sentence) => sentence.len() as u64,
            StoredSource::Elsewhere(address) => address.len() as u64,
            StoredSource::File(_) | StoredSource::Awaited(_) => 0,
        }
    }

    /// Somebody reads it, or would if it were there.
    pub(crate) fn mark_demand(&self) {
        if let Some(demand) = &self.demand {
            demand.mark();
        }
    }

    /// Another document is in its place, or none.
    fn replaced(&self) {
        if let StoredSource::Awaited(replaced) = &self.source {
            replaced.send_replace(true);
        }
    }

    /// Waits until the document that this one stands for is in its place, if it stands for one.
    pub(crate) async fn until_replaced(&self) {
        if let StoredSource::Awaited(replaced) = &self.source {
            // It is never closed while it is held here.
            let _ = replaced.subscribe().wait_for(|replaced| *replaced).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
