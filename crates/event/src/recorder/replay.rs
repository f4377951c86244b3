//! What is made of the recordings when an event is over: the replay, one file that every player can seek in, and each speaker's own, which plays
//! along with it.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

use stentor_cluster::blobs::{BlobReader, BlobSink, Blobs, BlobsError};
use stentor_cluster::key::Key;
use stentor_core::SeatId;
use stentor_media::record::{self, Finalised, RecordError};
use stentor_media::tags::Tags;
use tokio::runtime::Handle;

use super::track::{RecordingTrack, mp3_key, replay_key, speaker_of, stem_key};
use crate::about::About;
use crate::transcode::{Ffmpeg, encode_file};

/// Bytes of a file that are written at once.
const WRITTEN_BYTES: usize = 256 * 1024;

/// A replay that was made.
pub(crate) struct MadeReplay {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What is in it.
    programme: Finalised,
}

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
pub(crate) async fn make_replay(
    blobs: &Arc<dyn Blobs>,
    event: &Key,
    about: &About,
) -> io::Result<MadeReplay> {
    let (programme, replay) = (RecordingTrack::Programme.key(event), replay_key(event));
    let tags = about.tags.clone();
    let made = make(blobs, programme, &replay, move |reader, output| {
        record::finalise(&mut [reader], &tags, output)
    });
    let programme = made.await?;
    tracing::info!(
        event = %event,
        seconds = programme.duration_samples / 48_000,
        gaps = programme.gaps.len(),
        bytes = programme.bytes,
        "the replay is made"
    );
    let path = blobs.local_path(&replay).ok_or_else(elsewhere)?;
    Ok(MadeReplay { path, programme })
}

/// Makes the replay of an event once more, as MP3, out of the replay as it is. It takes about a hundredth of the time that it sounds, and
/// waits for whoever needs the processor more.
///
/// # Errors
/// The disk's, ffmpeg's, or a replay that is not there; then nothing is left of it.
pub(crate) async fn make_mp3(
    blobs: &Arc<dyn Blobs>,
    event: &Key,
    about: &About,
    ffmpeg: &Ffmpeg,
) -> io::Result<PathBuf> {
    let (replay, mp3) = (replay_key(event), mp3_key(event));
    let bytes = encode_file(ffmpeg, blobs, &replay, &mp3, &about.tags).await?;
    tracing::info!(%event, bytes, "the replay is there as MP3");
    blobs.local_path(&mp3).ok_or_else(elsewhere)
}

fn elsewhere() -> io::Error {
    io::Error::other("the replay lies where this server cannot send it from")
}

/// Makes a file of each speaker that plays along with the replay. One that cannot be made is told about and passed over: what was recorded stays.
pub(crate) async fn make_stems(
    blobs: &Arc<dyn Blobs>,
    event: &Key,
    about: &About,
    replay: &MadeReplay,
) {
    let found = match blobs.list(Some(event), None).await {
        Ok(found) => found,
        Err(error) => return tracing::error!(%error, %event, "the stems could not be made"),
    };
    let speakers = found
        .iter()
        .filter_map(|entry| speaker_of(event, &entry.key));
    for seat in speakers {
        if let Err(error) = make_stem(blobs, event, about, replay, seat).await {
            tracing::error!(%error, %event, %seat, "a stem could not be made");
        }
    }
}

async fn make_stem(
    blobs: &Arc<dyn Blobs>,
    event: &Key,
    about: &About,
    replay: &MadeReplay,
    seat: SeatId,
) -> io::Result<()> {
    let name = about.names.get(&seat).map_or("", String::as_str);
    let (from, to) = (
        RecordingTrack::Speaker(seat).key(event),
        stem_key(event, seat, name),
    );
    let (programme, tags): (Finalised, Tags) = (replay.programme.clone(), about.of_speaker(seat));
    make(blobs, from, &to, move |mut reader, output| {
        record::align(&programme, &mut reader, &tags, output)
    })
    .await
    .map(|_| ())
}

/// Makes one blob of another, where the disk may be waited for.
async fn make<T: Send + 'static>(
    blobs: &Arc<dyn Blobs>,
    from: Key,
    to: &Key,
    write: impl FnOnce(BlobReader, &mut BufWriter<BlobSink>) -> Result<T, RecordError> + Send + 'static,
) -> io::Result<T> {
    if blobs.size(&from).await?.is_none() {
        return Err(BlobsError::NotFound { key: from }.into());
    }
    let writer = blobs.create(to).await?;
    let runtime = Handle::current();
    let reader = BlobReader::new(Arc::clone(blobs), from, runtime.clone());
    let made = tokio::task::spawn_blocking(move || {
        let sink = BlobSink::new(writer, runtime);
        let mut output = BufWriter::with_capacity(WRITTEN_BYTES, sink);
        let made = write(reader, &mut output).map_err(io::Error::other)?;
        output.flush()?;
        output
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?
            .finish()?;
        Ok::<_, io::Error>(made)
    });
    made.await.map_err(io::Error::other)?
}
