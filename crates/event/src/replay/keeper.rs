//! Keeps the replay as it is wanted: one task for each event, which makes one thing at a time.

use std::io;
use std::sync::Arc;

use stentor_cluster::blobs::Blobs;
use stentor_cluster::key::Key;
use tokio::sync::watch;

use super::made::{MadeReplay, ReplayFile};
use super::make::{ReplayError, make_mp3, make_replay, make_stems};
use super::wish::Wish;
use crate::about::AboutNow;
use crate::recordings::{self, mp3_key, replay_key};
use crate::transcode::Ffmpeg;

/// What became of the recording.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) enum ReplayIs {
    /// It is not ready yet.
    #[default]
    Pending,
    /// It can be played.
    Ready {
        replay: ReplayFile,
        /// The same as MP3, where there is one.
        mp3: Option<ReplayFile>,
        /// What is in it; `None` of one that was made by who did not write that down.
        made: Option<Arc<MadeReplay>>,
    },
    /// There is none: nothing was recorded, what was recorded cannot be made into one, or it was taken away.
    None,
}

impl ReplayIs {
    fn fulfils(&self, wish: &Wish) -> bool {
        match self {
            Self::Ready {
                made: Some(made), ..
            } => made.fulfils(wish),
            _ => false,
        }
    }
}

/// The replay of an event, as it is.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct ReplayState {
    /// It is not as it is wanted, and could not be made so.
    pub(crate) failing: bool,
    pub(crate) replay: ReplayIs,
}

/// What the task works with.
pub(crate) struct ReplayKeeper {
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) event: Key,
    /// What the files say of themselves.
    pub(crate) about: AboutNow,
    /// Makes MP3 of the replay; `None`: there will be none.
    pub(crate) ffmpeg: Option<Arc<Ffmpeg>>,
    pub(crate) report: watch::Sender<ReplayState>,
}

impl ReplayKeeper {
    /// Carries out each wish, the newest; ends with whoever wishes. What could not be done is tried again with the next one.
    pub(crate) async fn run(self, mut wishes: watch::Receiver<Wish>) {
        loop {
            let wish = wishes.borrow_and_update().clone();
            if wish.is_recorded {
                self.carry_out(&wish, &wishes).await;
            }
            if wishes.changed().await.is_err() {
                return;
            }
        }
    }

    /// The replay that lies there, if it is as wanted already: what needs no making is there as soon as the event is open.
    pub(crate) async fn found_as(&self, wish: &Wish) -> Option<ReplayIs> {
        let found = self.found().await.ok()?;
        (found.fulfils(wish) && !wish.is_deleted).then_some(found)
    }

    async fn carry_out(&self, wish: &Wish, wishes: &watch::Receiver<Wish>) {
        if wish.is_deleted {
            return self.delete().await;
        }
        let found = match self.found().await {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(%error, event = %self.event, "it is not known whether there is a replay");
                return self.tell(true, None);
            }
        };
        if found.fulfils(wish) {
            self.tell(false, Some(found));
        } else if !self.make(wish, found, wishes).await {
            return;
        }
        self.make_rest(wishes).await;
    }

    /// Makes the replay anew; whether there is one now that is as wanted.
    async fn make(&self, wish: &Wish, found: ReplayIs, wishes: &watch::Receiver<Wish>) -> bool {
        let about = self.about.get();
        let made = make_replay(&self.blobs, &self.event, &about, wish).await;
        // Nobody is to hear for a moment what was cut away while it was made.
        let newest = wishes.borrow().clone();
        let is_overtaken = newest.is_deleted || newest.edit.cut != wish.edit.cut;
        let error = match made {
            Ok(_) if is_overtaken => return false,
            Ok(_) => match self.found().await {
                Ok(made @ ReplayIs::Ready { .. }) => {
                    self.tell(false, Some(made));
                    return true;
                }
                Ok(_) => ReplayError::elsewhere(),
                Err(error) => error.into(),
            },
            Err(error) => error,
        };
        self.tell_failed(wish, &found, &error).await;
        false
    }

    async fn tell_failed(&self, wish: &Wish, found: &ReplayIs, error: &ReplayError) {
        let is_known = matches!(found, ReplayIs::Ready { made: Some(_), .. });
        if matches!(error, ReplayError::NoRecording) && !is_known && wish.edit.cut.keeps_all() {
            // The event ended without having been on air; or somebody has put a replay there, and nothing else.
            return self.tell(false, Some(found.clone()));
        }
        tracing::error!(%error, event = %self.event, "the replay could not be made");
        // The disk may have filled up after the new one had taken its place.
        let now = self.found().await.unwrap_or_else(|_| found.clone());
        let is_cut_so = match &now {
            ReplayIs::Ready { made, .. } => made
                .as_ref()
                .map_or(wish.edit.cut.keeps_all(), |made| made.is_cut_as(wish)),
            _ => true,
        };
        let is_told = self.report.borrow().replay != ReplayIs::Pending;
        // What could be heard before can be heard still. Of what a run before has left nobody hears what is to be cut away.
        self.tell(true, (is_told || is_cut_so).then_some(now));
    }

    /// Each speaker's file, and MP3: nobody waits for them, and what goes wrong is told in the log.
    async fn make_rest(&self, wishes: &watch::Receiver<Wish>) {
        let about = self.about.get();
        make_stems(&self.blobs, &self.event, &about).await;
        let has_mp3 =
            matches!(&self.report.borrow().replay, ReplayIs::Ready { mp3, .. } if mp3.is_some());
        let (Some(ffmpeg), false) = (&self.ffmpeg, has_mp3) else {
            return;
        };
        let mut newer = wishes.clone();
        // It takes minutes: what is wanted meanwhile does not wait for it.
        let made = tokio::select! {
            made = make_mp3(&self.blobs, &self.event, &about, ffmpeg) => made,
            _ = newer.changed() => return,
        };
        match made {
            Ok(()) => {
                if let Ok(found) = self.found().await {
                    self.tell(false, Some(found));
                }
            }
            Err(error) => {
                tracing::error!(%error, event = %self.event, "the replay is not there as MP3");
            }
        }
    }

    async fn delete(&self) {
        let deleted = recordings::delete_recorded(&*self.blobs, &self.event).await;
        if let Err(error) = &deleted {
            tracing::error!(%error, event = %self.event, "what was recorded could not be taken away");
        }
        self.tell(deleted.is_err(), Some(ReplayIs::None));
    }

    /// The replay that lies there.
    async fn found(&self) -> io::Result<ReplayIs> {
        let blobs = &*self.blobs;
        let Some(replay) = file(blobs, &replay_key(&self.event)).await? else {
            return Ok(ReplayIs::None);
        };
        let made = MadeReplay::read(blobs, &self.event, replay.bytes).await?;
        Ok(ReplayIs::Ready {
            replay,
            mp3: file(blobs, &mp3_key(&self.event)).await?,
            made: made.map(Arc::new),
        })
    }

    /// Reports what is so; `None`: the replay is as it was.
    fn tell(&self, failing: bool, replay: Option<ReplayIs>) {
        self.report.send_if_modified(|state| {
            let replay = replay.unwrap_or_else(|| state.replay.clone());
            let now = ReplayState { failing, replay };
            let is_new = *state != now;
            *state = now;
            is_new
        });
    }
}

/// A file that lies on this machine.
async fn file(blobs: &dyn Blobs, key: &Key) -> io::Result<Option<ReplayFile>> {
    let bytes = blobs.size(key).await?;
    let path = blobs.local_path(key);
    Ok(path
        .zip(bytes)
        .map(|(path, bytes)| ReplayFile { path, bytes }))
}
