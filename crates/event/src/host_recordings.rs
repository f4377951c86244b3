//! What was recorded of an event, for its host: which files there are, with links to take them along, and what of the evening the replay plays.
//!
//! What becomes of the replay is decided by acts on the event (`core::schedule`), and not here.

use std::sync::Arc;

use http::HeaderMap;
use http::header::CONTENT_DISPOSITION;
use stentor_cluster::blobs::{Blobs, BlobsError};
use stentor_cluster::key::Key;
use tokio::sync::watch;

use crate::about::{AboutNow, Disposition, saved_as};
use crate::file_links::FileLinks;
use crate::recordings::{self, RecordingFile};
use crate::replay::{ReplayIs, ReplayState};

/// The recording of one event, for its host.
pub struct HostRecordings {
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) event: Key,
    pub(crate) about: AboutNow,
    pub(crate) epoch_unix_ms: i64,
    pub(crate) replay: watch::Receiver<ReplayState>,
    pub(crate) links: Arc<FileLinks>,
}

/// A file that its host may take along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFile {
    /// What it is called, such as `programme.mp4`, `replay.mp4` or `stem-1-Ada.mp4`.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Where a browser finds it for some minutes.
    pub href: String,
}

/// What a replay plays, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostReplay {
    /// How long it is, in milliseconds.
    pub duration_ms: u64,
    /// The parts of the evening that it plays, one after the other.
    pub spans: Vec<HostSpan>,
}

/// A part of an evening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostSpan {
    /// When the replay plays it, in milliseconds from its beginning.
    pub at_ms: u64,
    /// When that was, in milliseconds since 1970.
    pub from_unix_ms: i64,
    /// How long it is, in milliseconds.
    pub length_ms: u64,
}

impl HostRecordings {
    /// The files there are, each with a link that works for some minutes.
    ///
    /// # Errors
    /// The operator's: the disk cannot be read.
    pub async fn files(&self) -> Result<Vec<HostFile>, BlobsError> {
        let found = recordings::files(&*self.blobs, &self.event)
            .await
            .inspect_err(|error| {
                tracing::error!(%error, event = %self.event, "what was recorded cannot be listed");
            })?;
        Ok(found
            .into_iter()
            .filter_map(|file| self.linked(file))
            .collect())
    }

    /// What the replay plays; `None` where there is none, or it is not known.
    #[must_use]
    pub fn replay(&self) -> Option<HostReplay> {
        let state = self.replay.borrow();
        let ReplayIs::Ready {
            made: Some(made), ..
        } = &state.replay
        else {
            return None;
        };
        let span = |[at_ms, from_ms, length_ms]: &[u64; 3]| HostSpan {
            at_ms: *at_ms,
            from_unix_ms: self.epoch_unix_ms.saturating_add_unsigned(*from_ms),
            length_ms: *length_ms,
        };
        Some(HostReplay {
            duration_ms: made.duration_ms,
            spans: made.spans.iter().map(span).collect(),
        })
    }

    fn linked(&self, file: RecordingFile) -> Option<HostFile> {
        let RecordingFile { name, bytes, path } = file;
        let title = &self.about.get().tags.title;
        let end = match name.strip_prefix("replay") {
            Some(extension) => extension.to_owned(),
            None => format!(" {name}"),
        };
        let mut headers = HeaderMap::new();
        if let Some(saved_as) = saved_as(Disposition::Attachment, title, self.event.as_str(), &end)
        {
            headers.insert(CONTENT_DISPOSITION, saved_as);
        }
        // One that is taken away at this moment is not listed.
        let href = self.links.link(&name, path?, headers).ok()?;
        Some(HostFile { name, bytes, href })
    }
}
