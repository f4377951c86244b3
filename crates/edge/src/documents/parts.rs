//! Numbered parts of a file that grows: `{folder}/{number}.{extension}`, each a range of its bytes that never changes.
//!
//! So a recording is served while it is written, without a copy and without a document for each part: where a part lies is asked of whoever
//! writes the file, and its bytes are read as those of any document on disk.

use std::path::PathBuf;
use std::sync::Arc;

use http::HeaderMap;

use super::document::{CacheClass, DocumentError, StoredDocument, StoredSource, content_type};
use crate::heads::time_of_day;
use crate::path::number_of_name;

/// Where one part lies in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilePart {
    /// Its first byte.
    pub offset: u64,
    /// How many bytes it has.
    pub bytes: u64,
}

/// Who knows where the parts of a file lie. Asked for each request, on the threads that serve them: it never waits.
pub trait FileParts: Send + Sync + 'static {
    /// The part of that number, if it is there and will not change.
    fn part(&self, number: u64) -> Option<FilePart>;
}

/// A file of which numbered parts are served.
#[derive(Clone)]
pub struct PartsDocument {
    /// Of each part, such as `audio/mp4`.
    pub content_type: String,
    /// How long caches may keep a part.
    pub cache: CacheClass,
    /// Where the file is. It may grow; it is not replaced.
    pub file: PathBuf,
    /// What the name of a part ends with, behind its number and a dot.
    pub extension: String,
    /// Where they lie in it.
    pub parts: Arc<dyn FileParts>,
}

/// The same, ready to be served.
#[derive(Clone)]
pub(super) struct StoredParts {
    /// What all parts have in common.
    document: Arc<StoredDocument>,
    extension: String,
    parts: Arc<dyn FileParts>,
}

/// What a path within a folder of parts names.
pub(crate) enum FoundPart {
    /// A part that is there: its number, and where it lies.
    There(Arc<StoredDocument>, u64, FilePart),
    /// One that is not there, or not yet.
    Missing(u64),
}

impl StoredParts {
    pub(super) fn new(parts: PartsDocument) -> Result<Self, DocumentError> {
        let document = StoredDocument {
            content_type: content_type(&parts.content_type)?,
            cache: parts.cache.header(),
            headers: HeaderMap::new(),
            source: StoredSource::File(parts.file),
            put_at: time_of_day(),
            demand: None,
        };
        Ok(Self {
            document: Arc::new(document),
            extension: parts.extension,
            parts: parts.parts,
        })
    }

    /// What a name in their folder names, if it is one of a part.
    pub(super) fn find(self, name: &str) -> Option<FoundPart> {
        let number = number_of_name(name, &self.extension)?;
        Some(match self.parts.part(number) {
            Some(part) => FoundPart::There(self.document, number, part),
            None => FoundPart::Missing(number),
        })
    }
}
