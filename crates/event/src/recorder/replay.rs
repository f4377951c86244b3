//! The replay: the programme's recording made into one file that every player can seek in.

use std::io::{self, BufWriter};
use std::path::PathBuf;
use std::sync::Arc;

use stentor_cluster::blobs::{BlobReader, BlobSink, Blobs, BlobsError};
use stentor_cluster::key::Key;
use stentor_media::record;
use tokio::runtime::Handle;

use super::track::{RecordingTrack, replay_key};

/// Bytes of the replay that are written at once.
const WRITTEN_BYTES: usize = 256 * 1024;

/// The file of an event's replay, if it was made and lies on this machine.
///
/// # Errors
/// The disk's.
pub(crate) async fn replay_file(blobs: &dyn Blobs, event: &Key) -> io::Result<Option<PathBuf>> {
    let key = replay_key(event);
    let size = blobs.size(&key).await?;
    Ok(size.and_then(|_| blobs.local_path(&key)))
}

/// Makes the replay of an event.
///
/// # Errors
/// The disk's, or a recording that is not there or holds no whole chunk.
pub(crate) async fn make_replay(blobs: &Arc<dyn Blobs>, event: &Key) -> io::Result<PathBuf> {
    let (programme, replay) = (RecordingTrack::Programme.key(event), replay_key(event));
    if blobs.size(&programme).await?.is_none() {
        return Err(BlobsError::NotFound { key: programme }.into());
    }
    let writer = blobs.create(&replay).await?;
    let runtime = Handle::current();
    let reader = BlobReader::new(Arc::clone(blobs), programme, runtime.clone());
    let made = tokio::task::spawn_blocking(move || {
        let sink = BlobSink::new(writer, runtime);
        let mut output = BufWriter::with_capacity(WRITTEN_BYTES, sink);
        let summary = record::finalise(&mut [reader], &mut output).map_err(io::Error::other)?;
        output
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?
            .finish()?;
        Ok::<_, io::Error>(summary)
    });
    let summary = made.await.map_err(io::Error::other)??;
    tracing::info!(?summary, "replay made");
    let elsewhere = || io::Error::other("the replay lies where this server cannot send it from");
    blobs.local_path(&replay).ok_or_else(elsewhere)
}
