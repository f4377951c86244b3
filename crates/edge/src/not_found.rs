//! What is answered where nothing is: the same few bytes for everyone, so that asking for nothing costs what asking for a page costs.

use crate::documents::{Document, DocumentError, StoredDocument};

/// The answers where nothing is, and where to look further.
#[derive(Clone, Debug)]
pub struct NotFound {
    /// Beginnings of the paths that belong to the fallback, such as `/api/`; all others are answered here.
    pub handlers: Vec<String>,
    /// For people, who accept `text/html`.
    pub page: Document,
    /// For programs.
    pub sentence: Document,
}

/// The same, ready to be served.
pub(crate) struct StoredNotFound {
    handlers: Vec<String>,
    pub(crate) page: StoredDocument,
    pub(crate) sentence: StoredDocument,
}

impl StoredNotFound {
    pub(crate) fn new(not_found: NotFound) -> Result<Self, DocumentError> {
        Ok(Self {
            handlers: not_found.handlers,
            page: StoredDocument::in_memory(not_found.page)?,
            sentence: StoredDocument::in_memory(not_found.sentence)?,
        })
    }

    /// Whether a path is the fallback's.
    pub(crate) fn is_handlers(&self, path: &str) -> bool {
        let begins = |handler: &String| path.starts_with(handler.as_str());
        self.handlers.iter().any(begins)
    }
}
