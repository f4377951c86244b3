//! What a host does with the picture of an event: gives it one, and takes it away.
//!
//! Its bytes lie beside the recordings before the event says that it has them, so that whoever is told of a picture finds it, also after
//! `kill -9`. Those that no event has any more are taken away with the next.

use std::sync::Arc;

use bytes::Bytes;
use stentor_cluster::blobs::{Blobs, BlobsError};
use stentor_cluster::key::Key;
use stentor_core::SeatId;
use stentor_core::event::EventCommand;
use stentor_core::schedule::{Act, Correction, Picture, ScheduleCommand};
use tokio::sync::Semaphore;

use crate::director::{Acted, Call, DirectorHandle};
use crate::picture::{PictureError, keep_only, picture_key, prepare};

/// One picture of a server is read at a time: each takes a processor, and the memory of all its pixels. The next one waits.
static READING: Semaphore = Semaphore::const_new(1);

/// The picture of one event, for its host.
pub struct HostPicture {
    blobs: Arc<dyn Blobs>,
    event: Key,
    director: DirectorHandle,
}

/// Why an event has no other picture now.
#[derive(Debug, thiserror::Error)]
pub enum HostPictureError {
    /// Theirs: what came is none.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The operator's: it cannot be kept.
    #[error("the picture cannot be kept: {0}")]
    Blobs(#[from] BlobsError),
    /// Ours: reading it came to no end.
    #[error("the picture could not be read")]
    Reading,
}

impl HostPicture {
    pub(crate) fn new(blobs: Arc<dyn Blobs>, event: Key, director: DirectorHandle) -> Self {
        Self {
            blobs,
            event,
            director,
        }
    }

    /// Gives the event this picture, whatever form of a picture it is; `None` if the event is gone.
    ///
    /// # Errors
    /// Theirs or the operator's; the event has the picture then that it had.
    pub async fn set(&self, by: SeatId, bytes: Bytes) -> Result<Option<Acted>, HostPictureError> {
        let prepared = {
            let _one_at_a_time = READING.acquire().await;
            let reading = tokio::task::spawn_blocking(move || prepare(&bytes));
            reading.await.map_err(|_| HostPictureError::Reading)??
        };
        let key = picture_key(&self.event, &prepared.picture);
        let kept = self.blobs.put(&key, prepared.jpeg).await;
        kept.inspect_err(
            |error| tracing::error!(%error, event = %self.event, "a picture cannot be kept"),
        )?;
        Ok(self.correct(by, Some(prepared.picture)).await)
    }

    /// The event has no picture from now on; `None` if the event is gone.
    pub async fn remove(&self, by: SeatId) -> Option<Acted> {
        self.correct(by, None).await
    }

    async fn correct(&self, by: SeatId, picture: Option<Picture>) -> Option<Acted> {
        let view = self.director.ask(|reply| Call::View { reply }).await?;
        let correction = Correction {
            picture: Some(picture),
            ..Correction::default()
        };
        let version = view.value().schedule_version;
        let act = ScheduleCommand::new(Act::Correct(correction), version);
        let command = EventCommand::Schedule(act).into();
        let acted = self.director.ask(|reply| Call::Act { by, command, reply });
        let acted = acted.await?;
        let now = acted.view.value().schedule.picture;
        if let Err(error) = keep_only(&*self.blobs, &self.event, now.as_ref()).await {
            tracing::warn!(%error, event = %self.event, "pictures that it had before are still there");
        }
        Some(acted)
    }
}
