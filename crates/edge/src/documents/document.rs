//! What a document is: in memory with its compressed bodies, on disk, awaited, or gone; and how long caches may keep it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use tokio::sync::watch;

use super::negotiate::Encoding;
use crate::demand::Demand;
use crate::heads::{etag_of, time_of_day};
use crate::limits::PATH_BYTES_MAX;

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
    pub(super) demand: Option<Arc<Demand>>,
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

pub(super) fn content_type(text: &str) -> Result<HeaderValue, DocumentError> {
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

    pub(super) fn without_body(source: StoredSource, demand: Option<Arc<Demand>>) -> Self {
        Self {
            content_type: HeaderValue::from_static("text/plain; charset=utf-8"),
            cache: CacheClass::NoStore.header(),
            headers: HeaderMap::new(),
            source,
            put_at: time_of_day(),
            demand,
        }
    }

    pub(super) fn bytes(&self) -> u64 {
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
    pub(super) fn replaced(&self) {
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
