//! The files of an event's recording, whoever has made them: which there are, and taking them away.

use std::path::PathBuf;
use std::time::Duration;

use stentor_cluster::blobs::{BlobEntry, Blobs, BlobsError};
use stentor_cluster::key::Key;

use crate::picture::FILE_BEGINS;

/// How often a file is tried to be taken away that is in use.
const ATTEMPTS_MAX: usize = 40;
/// How long one that is in use is left before it is looked at again.
const IN_USE_LOOK_AGAIN: Duration = Duration::from_millis(250);

/// A file that a host may take with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordingFile {
    /// What it is called, such as `programme.mp4`, `replay.mp4` or `stem-1-Ada.mp4`.
    pub(crate) name: String,
    /// Its size, in bytes.
    pub(crate) bytes: u64,
    /// Where it lies on this machine, if it does.
    pub(crate) path: Option<PathBuf>,
}

/// The files of an event, by name: the programme, the speakers as they were recorded, the replay, and the stems that play along with the whole
/// replay.
///
/// # Errors
/// The operator's.
pub(crate) async fn files(
    blobs: &dyn Blobs,
    event: &Key,
) -> Result<Vec<RecordingFile>, BlobsError> {
    // An event has a few dozen: seats are bounded.
    let found = blobs.list(Some(event), None).await?;
    let files = found.into_iter().filter_map(|BlobEntry { key, bytes }| {
        let name = name_of(event, &key)?.to_owned();
        let is_taken = [".mp4", ".mp3"].iter().any(|end| name.ends_with(end));
        is_taken.then(|| RecordingFile {
            name,
            bytes,
            path: blobs.local_path(&key),
        })
    });
    Ok(files.collect())
}

/// Takes everything away; asked for again it goes on where it was left.
///
/// # Errors
/// [`BlobsError::InUse`] if it is still recorded, or the operator's; then some of it may be gone.
pub(crate) async fn delete_all(blobs: &dyn Blobs, event: &Key) -> Result<(), BlobsError> {
    delete_where(blobs, event, |_| true).await
}

/// Takes away what was recorded, and what was made of it: the event's picture stays.
///
/// # Errors
/// As [`delete_all`].
pub(crate) async fn delete_recorded(blobs: &dyn Blobs, event: &Key) -> Result<(), BlobsError> {
    delete_where(blobs, event, |name| !name.starts_with(FILE_BEGINS)).await
}

async fn delete_where(
    blobs: &dyn Blobs,
    event: &Key,
    goes: impl Fn(&str) -> bool + Send + Sync,
) -> Result<(), BlobsError> {
    loop {
        let mut found = blobs.list(Some(event), None).await?;
        found.retain(|entry| goes(name_of(event, &entry.key).unwrap_or_default()));
        if found.is_empty() {
            break;
        }
        for entry in found {
            delete(blobs, &entry.key).await?;
        }
    }
    // Of what was never finished no list tells.
    delete(blobs, &replay_key(event)).await?;
    delete(blobs, &mp3_key(event)).await
}

/// Where the replay of an event is kept.
pub(crate) fn replay_key(event: &Key) -> Key {
    below(event, "replay.mp4")
}

/// Where it is kept as MP3.
pub(crate) fn mp3_key(event: &Key) -> Key {
    below(event, "replay.mp3")
}

/// Where something of an event is kept.
pub(crate) fn below(event: &Key, name: &str) -> Key {
    Key::new(&format!("{event}/{name}")).expect("an address and a short name make a key")
}

/// A recorder that has just been stopped may still hold it.
async fn delete(blobs: &dyn Blobs, key: &Key) -> Result<(), BlobsError> {
    for _ in 0..ATTEMPTS_MAX {
        match blobs.delete(key).await {
            Err(BlobsError::InUse { .. }) => tokio::time::sleep(IN_USE_LOOK_AGAIN).await,
            deleted => return deleted.map(|_| ()),
        }
    }
    Err(BlobsError::InUse { key: key.clone() })
}

fn name_of<'a>(event: &Key, key: &'a Key) -> Option<&'a str> {
    key.as_str().strip_prefix(event.as_str())?.strip_prefix('/')
}
