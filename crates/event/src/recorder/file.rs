//! One recording: append-only fragmented MP4, always cut to its last whole chunk.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use stentor_cluster::blobs::{BlobReader, BlobWriter, Blobs, BlobsError};
use stentor_cluster::key::Key;
use stentor_media::record::{self, PieceIndex};
use tokio::runtime::Handle;

use super::track::RecordingTrack;

/// What a kill can leave torn at the end of a file, in bytes: less than two of the largest chunks.
pub(super) const TORN_BYTES_MAX: u64 = 64 * 1024;
/// Unreadable recordings set aside per name; past it that recording fails, with the alarm.
const SET_ASIDE_MAX: u32 = 9;

/// A recording that is open for appending.
pub(super) struct RecordingFile {
    writer: Box<dyn BlobWriter>,
    unsynced: bool,
}

impl RecordingFile {
    /// Opens a recording where it was left, without what was torn; a new one begins with `head`. The pieces of what is in it already.
    ///
    /// # Errors
    /// The disk's, or as many unreadable files as are kept.
    pub(super) async fn open(
        blobs: &Arc<dyn Blobs>,
        event: &Key,
        recording: RecordingTrack,
        head: Bytes,
    ) -> io::Result<(Self, PieceIndex)> {
        let key = recording.key(event);
        let mut writer = blobs.append(&key).await?;
        let (mut valid, mut pieces) = recovered(blobs, &key, writer.size()).await?;
        if writer.size().saturating_sub(valid) > TORN_BYTES_MAX {
            // A kill cannot tear that much: this is something else, and it is not cut off.
            drop(writer);
            set_aside(&**blobs, event, recording).await?;
            writer = blobs.append(&key).await?;
            (valid, pieces) = (0, PieceIndex::new());
        }
        if writer.size() > valid {
            writer.truncate(valid).await?;
        }
        if valid == 0 {
            writer.append(head).await?;
        }
        let file = Self {
            writer,
            unsynced: true,
        };
        Ok((file, pieces))
    }

    /// Appends one chunk, whole or not at all; where it stands.
    ///
    /// # Errors
    /// The disk's.
    pub(super) async fn append(&mut self, chunk: Bytes) -> io::Result<Range<u64>> {
        let from = self.writer.size();
        self.writer.append(chunk).await?;
        self.unsynced = true;
        Ok(from..self.writer.size())
    }

    /// Syncs what was appended to the disk.
    ///
    /// # Errors
    /// The disk's.
    pub(super) async fn sync(&mut self) -> io::Result<()> {
        if self.unsynced {
            self.writer.sync().await?;
            self.unsynced = false;
        }
        Ok(())
    }
}

/// How many bytes of a recording are whole chunks, and its pieces.
async fn recovered(blobs: &Arc<dyn Blobs>, key: &Key, size: u64) -> io::Result<(u64, PieceIndex)> {
    if size == 0 {
        return Ok((0, PieceIndex::new()));
    }
    let reader = BlobReader::new(Arc::clone(blobs), key.clone(), Handle::current());
    let recovered = tokio::task::spawn_blocking(move || {
        let mut pieces = PieceIndex::new();
        let recovered = record::recover_with(reader, |chunk| {
            pieces.add(chunk.position, chunk.samples, chunk.bytes);
        });
        recovered.map(|recovered| (recovered.valid_bytes, pieces))
    });
    recovered
        .await
        .map_err(io::Error::other)?
        .map_err(io::Error::other)
}

/// Renames a recording nobody here can read, so that it is kept and a new one can begin.
async fn set_aside(blobs: &dyn Blobs, event: &Key, recording: RecordingTrack) -> io::Result<()> {
    let from = recording.key(event);
    for n in 1..=SET_ASIDE_MAX {
        let to = recording.unread_key(event, n);
        match blobs.rename(&from, &to).await {
            Err(BlobsError::Exists { .. }) => {}
            Err(error) => return Err(error.into()),
            Ok(()) => {
                tracing::error!(%event, %from, %to, "a recording cannot be read and is set aside");
                return Ok(());
            }
        }
    }
    Err(io::Error::other(format!(
        "{SET_ASIDE_MAX} unreadable recordings were set aside already"
    )))
}
