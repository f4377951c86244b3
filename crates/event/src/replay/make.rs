//! What is made of the recordings when an event is over: the replay, one file that every player can seek in, and each speaker's own, which plays
//! along with it.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

use stentor_cluster::blobs::{BlobReader, BlobSink, Blobs, BlobsError};
use stentor_cluster::error::StoreError;
use stentor_cluster::key::Key;
use stentor_core::SeatId;
use stentor_media::record::{self, Finalised, RecordError};
use stentor_media::tags::Tags;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::made::MadeReplay;
use super::wish::Wish;
use crate::about::About;
use crate::recorder::{RecordingTrack, speaker_of, stem_key};
use crate::recordings::{mp3_key, replay_key};
use crate::transcode::{Ffmpeg, encode_file};

/// Bytes of a file that are written at once.
const WRITTEN_BYTES: usize = 256 * 1024;

/// Replays of all events that are made at once; others wait. More would only move the disk's head about.
const MADE_AT_ONCE_MAX: usize = 2;

static TURNS: Semaphore = Semaphore::const_new(MADE_AT_ONCE_MAX);

/// Why a replay was not made. The one before, if there was one, is as it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    /// Theirs: nothing is left of it.
    #[error("the replay cannot be cut so: nothing was recorded in the part that is to be kept")]
    CutAway,
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

impl ReplayError {
    /// It is made, and nobody can be sent it.
    pub(super) fn elsewhere() -> Self {
        Self::Failed(io::Error::other(
            "the replay lies where this server cannot send it from",
        ))
    }
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
            RecordError::CutAway => Self::CutAway,
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

/// Makes the replay of an event from its recording, as it is wanted; in place of the one there was, which is whole until then. Asked for again it makes
/// the same: what counts is what is wanted, not what there was. What was made of the one before, MP3, is taken away.
///
/// # Errors
/// Theirs, the operator's or ours: [`ReplayError`].
pub(super) async fn make_replay(
    blobs: &Arc<dyn Blobs>,
    event: &Key,
    about: &About,
    wish: &Wish,
) -> Result<MadeReplay, ReplayError> {
    let _turn = TURNS.acquire().await.map_err(io::Error::other)?;
    let (programme, replay) = (RecordingTrack::Programme.key(event), replay_key(event));
    let tags = Tags {
        title: wish.title.clone(),
        ..about.tags.clone()
    };
    let edit = wish.edit.clone();
    let made = make(blobs, programme, &replay, move |reader, output| {
        record::finalise_edited(&mut [reader], &tags, &edit, output)
    });
    let programme = made.await?;
    let made = MadeReplay::new(wish, &programme);
    blobs.delete(&mp3_key(event)).await?;
    // Last, so that whoever finds it finds all of it so.
    made.keep(&**blobs, event).await?;
    tracing::info!(
        event = %event,
        seconds = made.duration_ms / 1_000,
        gaps = programme.gaps.len(),
        cut = made.is_cut(),
        bytes = made.bytes,
        "the replay is made"
    );
    Ok(made)
}

/// Makes the replay of an event once more, as MP3, out of the replay as it is. It takes about a hundredth of the time that it sounds, and
/// waits for whoever needs the processor more.
///
/// # Errors
/// The disk's, ffmpeg's, or a replay that is not there; then nothing is left of it.
pub(super) async fn make_mp3(
    blobs: &Arc<dyn Blobs>,
    event: &Key,
    about: &About,
    ffmpeg: &Ffmpeg,
) -> io::Result<()> {
    let (replay, mp3) = (replay_key(event), mp3_key(event));
    let bytes = encode_file(ffmpeg, blobs, &replay, &mp3, &about.tags).await?;
    tracing::info!(%event, bytes, "the replay is there as MP3");
    Ok(())
}

/// Makes a file of each speaker that plays along with the whole replay, as it is without a cut; those that are there stay. One that cannot be made is
/// told about and passed over: what was recorded stays.
pub(super) async fn make_stems(blobs: &Arc<dyn Blobs>, event: &Key, about: &About) {
    if let Err(error) = make_missing_stems(blobs, event, about).await {
        tracing::error!(%error, %event, "the stems could not be made");
    }
}

async fn make_missing_stems(
    blobs: &Arc<dyn Blobs>,
    event: &Key,
    about: &About,
) -> Result<(), ReplayError> {
    let found = blobs.list(Some(event), None).await?;
    let stem_of = |seat: SeatId| format!("{event}/stem-{seat}");
    let is_made = |seat: SeatId| {
        let (named, plain) = (format!("{}-", stem_of(seat)), format!("{}.", stem_of(seat)));
        let mut keys = found.iter().map(|entry| entry.key.as_str());
        keys.any(|key| key.starts_with(&named) || key.starts_with(&plain))
    };
    let speakers = found
        .iter()
        .filter_map(|entry| speaker_of(event, &entry.key));
    let missing: Vec<_> = speakers.filter(|seat| !is_made(*seat)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let programme = Arc::new(whole(blobs, event).await?);
    for seat in missing {
        if let Err(error) = make_stem(blobs, event, about, &programme, seat).await {
            tracing::error!(%error, %event, %seat, "a stem could not be made");
        }
    }
    Ok(())
}

/// What is in the whole recording, cut or not.
async fn whole(blobs: &Arc<dyn Blobs>, event: &Key) -> Result<Finalised, ReplayError> {
    let programme = RecordingTrack::Programme.key(event);
    let reader = BlobReader::new(Arc::clone(blobs), programme, Handle::current());
    let read = tokio::task::spawn_blocking(move || {
        record::finalise(&mut [reader], &Tags::default(), &mut io::sink())
    });
    Ok(read.await.map_err(io::Error::other)??)
}

async fn make_stem(
    blobs: &Arc<dyn Blobs>,
    event: &Key,
    about: &About,
    programme: &Arc<Finalised>,
    seat: SeatId,
) -> Result<(), ReplayError> {
    let name = about.names.get(&seat).map_or("", String::as_str);
    let (from, to) = (
        RecordingTrack::Speaker(seat).key(event),
        stem_key(event, seat, name),
    );
    let (programme, tags) = (Arc::clone(programme), about.of_speaker(seat));
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
