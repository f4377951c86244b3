//! A request for a document on disk: opening the file is the caller's, and only then is it known what to send.

use std::path::Path;
use std::sync::Arc;

use http::{HeaderMap, Method};

use crate::documents::{FilePart, StoredDocument, StoredSource};

/// A request for a document on disk. The file is not open yet.
pub struct FileRequest {
    pub(super) stored: Arc<StoredDocument>,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    /// Of a file that grows, the part that is asked for: its number, and where it lies.
    pub(super) part: Option<(u64, FilePart)>,
}

impl FileRequest {
    /// The file to open.
    #[must_use]
    pub fn file(&self) -> &Path {
        match &self.stored.source {
            StoredSource::File(path) => path,
            // Made of files only.
            StoredSource::Memory(_)
            | StoredSource::Awaited(_)
            | StoredSource::Gone(_)
            | StoredSource::Elsewhere(_) => Path::new(""),
        }
    }

    /// Whether the file may be longer by now than when it was opened for somebody else: what is asked for of it is there all the same.
    pub(crate) const fn is_growing(&self) -> bool {
        self.part.is_some()
    }

    /// How it is asked for.
    pub(crate) fn method(&self) -> &Method {
        &self.method
    }
}
