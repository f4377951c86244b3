//! What a host does with the recording of an event: cuts it, names its chapters, publishes and withholds the replay, takes files away or takes them
//! along.
//!
//! A file is written under another name first and then takes the place of the one before, so whatever goes wrong, a full disk or `kill -9`, there is
//! one whole replay. What is wanted is kept before it is done: the next run of the server finishes it before anybody hears what was cut away.

use std::io;
use std::sync::Arc;

use stentor_cluster::blobs::{Blobs, BlobsError};
use stentor_cluster::error::FaultOwner;
use stentor_cluster::key::Key;
use stentor_media::record::Edit;
use tokio::sync::Mutex;

use crate::about::AboutNow;
use crate::director::{Call, DirectorHandle};
use crate::recorder::{self, ReplayError};
use crate::recordings::{self, RecordingFile};
use crate::replay_policy::ReplayRule;

/// The recording of one event, for its host.
pub struct HostRecordings {
    blobs: Arc<dyn Blobs>,
    event: Key,
    about: AboutNow,
    director: DirectorHandle,
    /// One at a time changes files; the next one waits.
    changing: Mutex<()>,
}

/// Why a recording was not changed. What there was is as it was, but where it was to be deleted.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct RecordingError(#[from] ReplayError);

impl RecordingError {
    /// Who can mend it.
    #[must_use]
    pub const fn fault(&self) -> FaultOwner {
        match &self.0 {
            ReplayError::Cut(_) | ReplayError::NotYet | ReplayError::NoRecording => {
                FaultOwner::Caller
            }
            ReplayError::Full(_) | ReplayError::Failed(_) => FaultOwner::Operator,
        }
    }
}

impl From<BlobsError> for RecordingError {
    fn from(error: BlobsError) -> Self {
        Self(error.into())
    }
}

impl From<io::Error> for RecordingError {
    fn from(error: io::Error) -> Self {
        Self(error.into())
    }
}

impl HostRecordings {
    pub(crate) fn new(
        blobs: Arc<dyn Blobs>,
        event: Key,
        about: AboutNow,
        director: DirectorHandle,
    ) -> Self {
        Self {
            blobs,
            event,
            about,
            director,
            changing: Mutex::default(),
        }
    }

    /// How the replay is cut, and its chapters, as it is wanted now.
    #[must_use]
    pub fn edit(&self) -> Edit {
        self.about.get().edit.clone()
    }

    /// Cuts the replay and names its chapters so; [`Edit::default`] undoes all of it. Where there is a replay it is made anew, which takes some seconds,
    /// and the one before can be heard until then; where there is none yet, it will be made so. Also called after the title has changed.
    ///
    /// # Errors
    /// Theirs: a cut that cannot be; or what it is made of was deleted. The operator's: the disk is full. The replay stays as it was.
    pub async fn set_edit(&self, edit: Edit) -> Result<(), RecordingError> {
        let _one_at_a_time = self.changing.lock().await;
        let replay = recorder::replay_file(&*self.blobs, &self.event).await?;
        if replay.is_none() && edit.cut.is_some() {
            return Err(ReplayError::NotYet.into());
        }
        let before = self.edit();
        recorder::want_edit(&*self.blobs, &self.event, &edit).await?;
        self.about.set_edit(edit);
        if replay.is_none() {
            return Ok(());
        }
        let about = self.about.get();
        match recorder::make_replay(&self.blobs, &self.event, &about).await {
            Ok(made) => {
                self.director.call(Call::ReplayMade(made.path)).await;
                Ok(())
            }
            Err(error) => {
                self.about.set_edit(before.clone());
                if let Err(error) = recorder::want_edit(&*self.blobs, &self.event, &before).await {
                    tracing::error!(%error, event = %self.event, "the cut is tried again when the server starts");
                }
                Err(error.into())
            }
        }
    }

    /// Publishes or withholds the replay from now on, as this rule says at any time. It is not kept: whoever calls keeps it, and says it again when the
    /// event is opened.
    pub async fn set_rule(&self, rule: ReplayRule) {
        self.director.call(Call::ReplayRule(rule)).await;
    }

    /// Takes away everything that was recorded, replay, stems and all; first it cannot be heard any more. Only once the event is over.
    ///
    /// # Errors
    /// Theirs: it is still recorded. The operator's: the disk. Then some of it may be gone; asked for again it goes on.
    pub async fn delete_all(&self) -> Result<(), RecordingError> {
        let _one_at_a_time = self.changing.lock().await;
        self.director.call(Call::ForgetReplay).await;
        self.director.settle().await;
        recordings::delete_recorded(&*self.blobs, &self.event).await?;
        self.about.set_edit(Edit::default());
        Ok(())
    }

    /// Takes away what the replay was made of: a cut cannot be undone any more. The replay stays.
    ///
    /// # Errors
    /// As [`Self::delete_all`].
    pub async fn delete_originals(&self) -> Result<(), RecordingError> {
        let _one_at_a_time = self.changing.lock().await;
        Ok(recordings::delete_originals(&*self.blobs, &self.event).await?)
    }

    /// The files that the host may take along.
    ///
    /// # Errors
    /// The operator's.
    pub async fn files(&self) -> Result<Vec<RecordingFile>, RecordingError> {
        Ok(recordings::files(&*self.blobs, &self.event).await?)
    }
}
