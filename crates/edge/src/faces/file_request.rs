//! A request for a document on disk: opening the file is the caller's, and only then is it known what to send.

use std::path::Path;
use std::sync::Arc;

use http::{HeaderMap, Method};

use crate::documents::{StoredDocument, StoredSource};

/// A request for a document on disk. The file is not open yet.
pub struct FileRequest {
    pub(super) stored: Arc<StoredDocument>,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
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

    /// How it is asked for.
    pub(crate) fn method(&self) -> &Method {
        &self.method
    }
}
