//! What is made of the recordings when an event is over: the replay, one file that every player can seek in, and each speaker's own, which plays
//! along with it.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use stentor_cluster::blobs::{BlobReader, BlobSink, Blobs, BlobsError};
use stentor_cluster::error::StoreError;
use stentor_cluster::key::Key;
use stentor_core::SeatId;
use stentor_media::record::{self, CutError, Edit, Finalised, RecordError};
use stentor_media::tags::Tags;
use tokio::runtime::Handle;

use super::track::{
    RecordingTrack, chapters_key, made_edit_key, mp3_key, speaker_of, stem_key, wanted_edit_key,
};
use crate::about::About;
use crate::json::json;
use crate::recordings::replay_key;
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

/// Why a replay was not made. The one before, if there was one, is as it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    /// Theirs: it cannot be cut so.
    #[error(transparent)]
    Cut(CutError),
    /// Theirs: it is cut when it is there.
    #[error("there is no replay yet that could be cut")]
    NotYet,
    /// Theirs: what it is made of was deleted.
    #[error("the recording is not there any more, so no other replay can be made of it")]
    NoRecording,
    /// The operator's: the disk is full.
    #[error(
        "there is no room on the disk for another replay ({0}); the one there is stays as it was"
    )]
    Full(BlobsError),
    /// The operator's or ours: the disk cannot be read or written, or what was recorded cannot be used.
    #[error("the replay cannot be made: {0}")]
    Failed(#[source] io::Error),
}

impl From<io::Error> for ReplayError {
    fn from(error: io::Error) -> Self {
        let full = |inner: &BlobsError| matches!(inner, BlobsError::Store(StoreError::Full { .. }));
        match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(inner) if full(inner) => Self::Full(inner.clone()),
            _ => Self::Failed(error),
        }
    }
}

impl From<BlobsError> for ReplayError {
    fn from(error: BlobsError) -> Self {
        Self::from(io::Error::from(error))
    }
}

impl From<RecordError> for ReplayError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Cut(error) => Self::Cut(error),
            RecordError::Io(error) => Self::from(error),
            error => Self::Failed(io::Error::other(error)),
        }
    }
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

/// What its host makes of the recording, as it was asked for last; nothing if nobody has asked.
///
/// # Errors
/// The disk's.
pub(crate) async fn wanted_edit(blobs: &dyn Blobs, event: &Key) -> io::Result<Edit> {
    read_edit(blobs, &wanted_edit_key(event)).await
}

/// Keeps what is asked for, before it is carried out: if the server is killed in between, the next one carries it out before anybody hears what was
/// cut away.
///
/// # Errors
/// The disk's.
pub(crate) async fn want_edit(blobs: &dyn Blobs, event: &Key, edit: &Edit) -> io::Result<()> {
    write_edit(blobs, &wanted_edit_key(event), edit).await
}

/// Whether the replay there is was made as its host wants it now.
///
/// # Errors
/// The disk's.
pub(crate) async fn is_made_as(blobs: &dyn Blobs, event: &Key, edit: &Edit) -> io::Result<bool> {
    Ok(read_edit(blobs, &made_edit_key(event)).await? == *edit)
}

async fn read_edit(blobs: &dyn Blobs, key: &Key) -> io::Result<Edit> {
    match blobs.get(key).await {
        Ok(kept) => serde_json::from_slice(&kept).map_err(io::Error::other),
        // Of a replay that was never edited nothing is kept.
        Err(BlobsError::NotFound { .. }) => Ok(Edit::default()),
        Err(error) => Err(error.into()),
    }
}

async fn write_edit(blobs: &dyn Blobs, key: &Key, edit: &Edit) -> io::Result<()> {
    if *edit == Edit::default() {
        blobs.delete(key).await?;
    } else {
        blobs.put(key, Bytes::from(json(edit))).await?;
    }
    Ok(())
}

/// Makes the replay of an event from its recording, as its host wants it; in place of the one there was, which is whole until then. Asked for
/// again it makes the same: what counts is what is wanted, not what there was.
///
/// # Errors
/// Theirs, the operator's or ours: [`ReplayError`].
pub(crate) async fn make_replay(
    blobs: &Arc<dyn Blobs>,
    event: &Key,
    about: &About,
) -> Result<MadeReplay, ReplayError> {
    let (programme, replay) = (RecordingTrack::Programme.key(event), replay_key(event));
    let (tags, edit) = (about.tags.clone(), about.edit.clone());
    let made = make(blobs, programme, &replay, move |reader, output| {
        record::finalise_edited(&mut [reader], &tags, &edit, output)
    });
    let programme = made.await?;
    tracing::info!(
        event = %event,
        seconds = programme.duration_samples / 48_000,
        gaps = programme.gaps.len(),
        cut = about.edit.cut.is_some(),
        bytes = programme.bytes,
        "the replay is made"
    );
    keep_edit(&**blobs, event, &about.edit, &programme).await?;
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

/// Puts the chapters beside a replay, and what was made of it: last, so that whoever finds that finds all of it.
async fn keep_edit(
    blobs: &dyn Blobs,
    event: &Key,
    edit: &Edit,
    programme: &Finalised,
) -> Result<(), ReplayError> {
    let chapters = record::chapters(&edit.marks, programme);
    if chapters.is_empty() {
        blobs.delete(&chapters_key(event)).await?;
    } else {
        let json = record::chapters_json(&chapters);
        blobs.put(&chapters_key(event), Bytes::from(json)).await?;
    }
    Ok(write_edit(blobs, &made_edit_key(event), edit).await?)
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
) -> Result<(), ReplayError> {
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
) -> Result<T, ReplayError> {
    if blobs.size(&from).await?.is_none() {
        return Err(ReplayError::NoRecording);
    }
    let writer = blobs.create(to).await?;
    let runtime = Handle::current();
    let reader = BlobReader::new(Arc::clone(blobs), from, runtime.clone());
    let made = tokio::task::spawn_blocking(move || {
        let sink = BlobSink::new(writer, runtime);
        let mut output = BufWriter::with_capacity(WRITTEN_BYTES, sink);
        let made = write(reader, &mut output)?;
        output.flush()?;
        output
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?
            .finish()?;
        Ok::<_, ReplayError>(made)
    });
    made.await.map_err(io::Error::other)?
}
