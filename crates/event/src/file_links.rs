//! Links by which a browser takes files along that the public does not have: each unguessable and for a short time, so that a plain link is enough.
//!
//! Behind each is a document of the edge like any other, with ranges, that no cache keeps.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use stentor_edge::{CacheClass, DocumentError, Edge, FileDocument};
use tokio::time::Instant;

use crate::links::unguessable;

/// How long a link leads to its file after it was asked for last. What has begun by then is sent to its end.
const LINK_KEPT: Duration = Duration::from_mins(10);
/// Links of one event: as many as the files of an event with all its seats, twice. At it the oldest leads nowhere any more.
const LINKS_MAX: usize = 256;

/// The links to files of one event.
pub(crate) struct FileLinks {
    edge: Edge,
    links: Mutex<Vec<FileLink>>,
}

/// In the order in which they were asked for last.
struct FileLink {
    name: String,
    path: String,
    until: Instant,
}

impl FileLinks {
    pub(crate) fn new(edge: Edge) -> Arc<Self> {
        Arc::new(Self {
            edge,
            links: Mutex::default(),
        })
    }

    /// The link of the file of that name: the one it has already, for as long again, or a new one.
    ///
    /// # Errors
    /// There is no such file any more, or the edge is full.
    pub(crate) fn link(
        self: &Arc<Self>,
        name: &str,
        file: PathBuf,
        headers: HeaderMap,
    ) -> Result<String, DocumentError> {
        let mut links = self.lock();
        let known = links.iter().position(|link| link.name == name);
        let path = match known {
            Some(known) => links.remove(known).path,
            None => format!("/files/{}", unguessable()),
        };
        let is_first = links.is_empty() && known.is_none();
        let document = FileDocument {
            content_type: content_type(name).to_owned(),
            cache: CacheClass::NoStore,
            file,
            headers,
        };
        if let Err(error) = self.edge.documents().put_file(&path, document) {
            self.edge.documents().remove(&path);
            return Err(error);
        }
        if links.len() >= LINKS_MAX {
            let oldest = links.remove(0);
            self.edge.documents().remove(&oldest.path);
        }
        links.push(FileLink {
            name: name.to_owned(),
            path: path.clone(),
            until: Instant::now() + LINK_KEPT,
        });
        drop(links);
        if is_first {
            tokio::spawn(Arc::clone(self).watch());
        }
        Ok(path)
    }

    /// No link leads anywhere any more.
    pub(crate) fn withdraw(&self) {
        self.sweep(|_| true);
    }

    /// Takes links away whose time has passed, until there is none.
    async fn watch(self: Arc<Self>) {
        while let Some(next) = self.next() {
            tokio::time::sleep_until(next).await;
            let now = Instant::now();
            self.sweep(|link| link.until <= now);
        }
    }

    fn next(&self) -> Option<Instant> {
        self.lock().first().map(|link| link.until)
    }

    fn sweep(&self, is_over: impl Fn(&FileLink) -> bool) {
        self.lock().retain(|link| {
            let is_over = is_over(link);
            if is_over {
                self.edge.documents().remove(&link.path);
            }
            !is_over
        });
    }

    fn lock(&self) -> MutexGuard<'_, Vec<FileLink>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn content_type(name: &str) -> &'static str {
    if name.ends_with(".mp3") {
        "audio/mpeg"
    } else {
        "audio/mp4"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stentor_edge::EdgeConfig;
    use tempfile::TempDir;

    fn file() -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("replay.mp4");
        std::fs::write(&file, "sound").expect("it can be written");
        (folder, file)
    }

    fn links() -> (Edge, Arc<FileLinks>) {
        let edge = Edge::new(EdgeConfig::default());
        (edge.clone(), FileLinks::new(edge))
    }

    #[tokio::test(start_paused = true)]
    async fn a_link_leads_to_its_file_for_ten_minutes_after_it_was_asked_for_last() {
        let (_folder, file) = file();
        let (edge, links) = links();
        let ask = |name| links.link(name, file.clone(), HeaderMap::new()).unwrap();
        let (first, other) = (ask("replay.mp4"), ask("stem-1.mp4"));
        assert_ne!(first, other);
        assert!(first.len() > "/files/".len() + 30, "{first}");
        tokio::time::sleep(LINK_KEPT / 2).await;
        assert_eq!(ask("replay.mp4"), first);
        tokio::time::sleep(LINK_KEPT / 2 + Duration::from_secs(1)).await;
        assert_eq!(edge.documents().len(), 1, "the other's time has passed");
        tokio::time::sleep(LINK_KEPT / 2).await;
        assert!(edge.documents().is_empty());
        assert_ne!(ask("replay.mp4"), first);
        tokio::time::sleep(LINK_KEPT + Duration::from_secs(1)).await;
        assert!(edge.documents().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_limit_the_oldest_leads_nowhere_and_all_can_be_taken_away() {
        let (_folder, file) = file();
        let (edge, links) = links();
        let ask = |n: usize| {
            let name = format!("stem-{n}.mp4");
            links.link(&name, file.clone(), HeaderMap::new()).unwrap()
        };
        let first = ask(0);
        (1..=LINKS_MAX).for_each(|n| drop(ask(n)));
        assert_eq!(edge.documents().len(), LINKS_MAX);
        assert!(!edge.documents().remove(&first));
        links.withdraw();
        assert!(edge.documents().is_empty());
    }

    #[tokio::test]
    async fn what_is_not_there_any_more_has_no_link() {
        let (folder, file) = file();
        let (edge, links) = links();
        let ask = || links.link("replay.mp4", file.clone(), HeaderMap::new());
        ask().unwrap();
        drop(folder);
        assert!(ask().is_err());
        assert!(edge.documents().is_empty());
    }
}
