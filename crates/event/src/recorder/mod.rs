//! Writes the programme and each speaker to disk while the event runs, on a thread of its own.
//!
//! Files are append-only fragmented MP4, synced every second: after `kill -9` at most the last second is torn, and is cut
//! off when the file is opened again. A full disk costs the recording, never the programme: chunks that cannot
//! be written are dropped whole, hosts see an alarm, and writing resumes when there is room.

mod file;
mod recording;
mod replay;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;

use file::RecordingFile;
pub(crate) use recording::Recording;
pub(crate) use replay::{make_replay, replay_file};

/// Chunks waiting for the disk: about 30 s of programme and 13 stems. Past it chunks are dropped and the alarm is on.
const QUEUE_CHUNKS_MAX: usize = 600;
/// Files open at once: the programme and more speakers than a stage holds. Beyond it the oldest is closed, and opened again
/// when its speaker comes back.
const FILES_OPEN_MAX: usize = 32;
/// How much recording a power cut may cost.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// What the recorder reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RecorderEvent {
    /// Writing fails (`true`) or works again (`false`).
    Failing(bool),
    /// The replay is at this path, ready to be played.
    ReplayReady(PathBuf),
    /// There will be no replay: nothing was recorded, or what was recorded cannot be made into one.
    NoReplay,
}

/// Work for the recording thread.
enum Job {
    Chunk {
        recording: Recording,
        head: Bytes,
        chunk: Bytes,
    },
    Finish,
}

/// Hands chunks to the recording thread; dropping it ends the thread after what is queued.
#[derive(Clone)]
pub(crate) struct Recorder {
    jobs: SyncSender<Job>,
    /// Set when a chunk found the queue full; the thread takes it and reports.
    lost: Arc<AtomicBool>,
}

impl Recorder {
    /// Starts the thread for one event's `folder`.
    ///
    /// # Errors
    /// The operator's: the folder cannot be made.
    pub(crate) fn start(
        folder: PathBuf,
        report: impl Fn(RecorderEvent) + Send + 'static,
    ) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let (jobs, queue) = sync_channel(QUEUE_CHUNKS_MAX);
        let lost = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&lost);
        thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || {
                RecorderThread {
                    folder,
                    files: BTreeMap::new(),
                    failing: false,
                    lost: told,
                    report: Box::new(report),
                }
                .run(&queue)
            })?;
        Ok(Self { jobs, lost })
    }

    /// The next chunk of a recording; `head` begins the file if there is none yet. `false` if the queue was full and the
    /// chunk is lost.
    pub(crate) fn chunk(&self, recording: Recording, head: Bytes, chunk: Bytes) -> bool {
        match self.jobs.try_send(Job::Chunk {
            recording,
            head,
            chunk,
        }) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.lost.store(true, Ordering::Relaxed);
                false
            }
        }
    }

    /// Makes the replay from what was written. A full queue is waited for: nothing else is recorded after it.
    pub(crate) fn finish(&self) {
        // The thread only ends when every handle is gone, so this cannot fail while `self` lives.
        let _ = self.jobs.send(Job::Finish);
    }
}

struct RecorderThread {
    folder: PathBuf,
    files: BTreeMap<Recording, RecordingFile>,
    failing: bool,
    lost: Arc<AtomicBool>,
    report: Box<dyn Fn(RecorderEvent) + Send>,
}

impl RecorderThread {
    fn run(&mut self, queue: &Receiver<Job>) {
        let mut sync_at = Instant::now() + SYNC_EVERY;
        loop {
            match queue.recv_timeout(sync_at.saturating_duration_since(Instant::now())) {
                Ok(Job::Chunk {
                    recording,
                    head,
                    chunk,
                }) => self.attempt(|thread| thread.append(recording, &head, &chunk)),
                Ok(Job::Finish) => self.finish(),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.lost.swap(false, Ordering::Relaxed) {
                self.set_failing(true);
            }
            if Instant::now() >= sync_at {
                self.attempt(Self::sync);
                sync_at = Instant::now() + SYNC_EVERY;
            }
        }
        self.attempt(Self::sync);
    }

    /// Runs one step and turns its success or failure into the alarm's state, reported once per change.
    fn attempt(&mut self, step: impl FnOnce(&mut Self) -> io::Result<Wrote>) {
        let failing = match step(self) {
            Ok(Wrote::Nothing) => return,
            Ok(Wrote::Bytes) => false,
            Err(error) => {
                if !self.failing {
                    tracing::error!(%error, folder = %self.folder.display(), "the recording cannot be written");
                }
                true
            }
        };
        self.set_failing(failing);
    }

    fn set_failing(&mut self, failing: bool) {
        if failing != self.failing {
            self.failing = failing;
            (self.report)(RecorderEvent::Failing(failing));
        }
    }

    fn append(&mut self, recording: Recording, head: &[u8], chunk: &[u8]) -> io::Result<Wrote> {
        if !self.files.contains_key(&recording) {
            self.close_one_if_full();
            let path = self.folder.join(recording.file_name());
            self.files
                .insert(recording, RecordingFile::open(&path, head)?);
        }
        let Some(file) = self.files.get_mut(&recording) else {
            return Ok(Wrote::Nothing);
        };
        file.append(chunk)?;
        Ok(Wrote::Bytes)
    }

    fn close_one_if_full(&mut self) {
        if self.files.len() >= FILES_OPEN_MAX
            && let Some(oldest) = self
                .files
                .keys()
                .find(|open| **open != Recording::Programme)
                .copied()
        {
            self.files.remove(&oldest);
        }
    }

    fn sync(&mut self) -> io::Result<Wrote> {
        for file in self.files.values_mut() {
            file.sync()?;
        }
        Ok(Wrote::Nothing)
    }

    fn finish(&mut self) {
        self.attempt(Self::sync);
        self.files.clear();
        if !self.folder.join(Recording::Programme.file_name()).exists() {
            // The event ended without having been on air.
            return (self.report)(RecorderEvent::NoReplay);
        }
        match make_replay(&self.folder) {
            Ok(path) => (self.report)(RecorderEvent::ReplayReady(path)),
            Err(error) => {
                tracing::error!(%error, folder = %self.folder.display(), "the replay could not be made");
                (self.report)(RecorderEvent::Failing(true));
                (self.report)(RecorderEvent::NoReplay);
            }
        }
    }
}

enum Wrote {
    Nothing,
    Bytes,
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::mpsc;

    use stentor_core::SeatId;
    use stentor_media::package::{Packager, PackagerConfig, Published};
    use stentor_media::record;
    use stentor_media::rendition::{COMMON_BOUNDARY_SAMPLES, Rendition};

    use super::file::TORN_BYTES_MAX;
    use super::*;

    /// Chunks of the full rendition, `seconds` of a tone, from a boundary of the timeline on.
    fn chunks(boundary: u64, seconds: usize) -> Vec<Bytes> {
        let config = PackagerConfig {
            first_position: boundary * COMMON_BOUNDARY_SAMPLES,
            epoch_unix_ms: 0,
        };
        let mut packager = Packager::new(config).expect("a boundary");
        let mut out = Vec::new();
        let tick: [f32; 960] = std::array::from_fn(|n| (n as f32 * 0.1).sin() * 0.2);
        for _ in 0..seconds * 50 {
            packager
                .push(&tick, 0, &mut out)
                .expect("48 kHz mono is encoded");
        }
        out.into_iter()
            .filter_map(|published| match published {
                Published::Chunk(chunk) if chunk.rendition == Rendition::Full => Some(chunk.bytes),
                _ => None,
            })
            .collect()
    }

    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("stentor-recorder-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    fn recorded(folder: &Path, chunks: &[Bytes]) -> RecorderEvent {
        let (tell, told) = mpsc::channel();
        let recorder = Recorder::start(folder.to_owned(), move |report| {
            let _ = tell.send(report);
        })
        .expect("a folder");
        for chunk in chunks {
            assert!(recorder.chunk(Recording::Programme, Packager::head(), chunk.clone()));
        }
        recorder.finish();
        told.recv().expect("a report")
    }

    #[test]
    fn what_was_torn_by_a_kill_is_cut_off_and_the_rest_becomes_the_replay() {
        let folder = folder("torn");
        fs::create_dir_all(&folder).expect("temporary folder");
        let before = chunks(0, 2);
        let mut torn = Packager::head().to_vec();
        before
            .iter()
            .for_each(|chunk| torn.extend_from_slice(chunk));
        torn.extend_from_slice(&before[0][..40]);
        fs::write(folder.join("programme.mp4"), torn).expect("temporary file");

        let report = recorded(&folder, &chunks(5, 2));
        let RecorderEvent::ReplayReady(replay) = report else {
            panic!("{report:?}")
        };
        assert_eq!(replay_file(&folder), Some(replay.clone()));
        let kept = fs::read(folder.join("programme.mp4")).expect("the recording");
        let recovered = record::recover(&kept[..]).expect("memory reads");
        assert_eq!(
            (recovered.chunks, recovered.valid_bytes),
            (20, kept.len() as u64)
        );
        // 4 s at 48 kbit/s, the four seconds between them cut out.
        let bytes = fs::metadata(&replay).expect("the replay").len();
        assert!((24_000..27_000).contains(&bytes), "{bytes}");
        fs::remove_dir_all(&folder).expect("temporary folder");
    }

    #[test]
    fn a_full_disk_raises_the_alarm_once_and_loses_only_what_did_not_fit() {
        let folder = folder("full");
        fs::create_dir_all(&folder).expect("temporary folder");
        // Writing to this device always fails with "no space left".
        std::os::unix::fs::symlink("/dev/full", folder.join("programme.mp4")).expect("a link");
        let (tell, told) = mpsc::channel();
        let recorder = Recorder::start(folder.clone(), move |report| {
            let _ = tell.send(report);
        })
        .expect("a folder");
        for chunk in chunks(0, 1) {
            recorder.chunk(Recording::Programme, Packager::head(), chunk);
        }
        assert_eq!(told.recv().expect("a report"), RecorderEvent::Failing(true));
        let other = chunks(0, 1).remove(0);
        recorder.chunk(Recording::Speaker(SeatId(1)), Packager::head(), other);
        assert_eq!(
            told.recv().expect("a report"),
            RecorderEvent::Failing(false)
        );
        fs::remove_dir_all(&folder).expect("temporary folder");
    }

    #[test]
    fn an_event_that_was_never_on_air_has_no_replay_and_no_alarm() {
        let folder = folder("empty");
        let (tell, told) = mpsc::channel();
        let recorder = Recorder::start(folder.clone(), move |report| {
            let _ = tell.send(report);
        })
        .expect("a folder");
        recorder.finish();
        drop(recorder);
        assert_eq!(told.iter().collect::<Vec<_>>(), [RecorderEvent::NoReplay]);
        assert_eq!(replay_file(&folder), None);
        fs::remove_dir_all(&folder).expect("temporary folder");
    }

    #[test]
    fn a_recording_that_cannot_be_finalised_raises_the_alarm_and_nobody_waits_for_its_replay() {
        let folder = folder("unfinished");
        fs::create_dir_all(&folder).expect("temporary folder");
        // A head without a chunk: the server was killed in the first moment on air.
        fs::write(folder.join("programme.mp4"), Packager::head()).expect("temporary file");
        let (tell, told) = mpsc::channel();
        let recorder = Recorder::start(folder.clone(), move |report| {
            let _ = tell.send(report);
        })
        .expect("a folder");
        recorder.finish();
        drop(recorder);
        assert_eq!(
            told.iter().collect::<Vec<_>>(),
            [RecorderEvent::Failing(true), RecorderEvent::NoReplay]
        );
        fs::remove_dir_all(&folder).expect("temporary folder");
    }

    #[test]
    fn a_recording_nobody_can_read_is_set_aside_whole() {
        let folder = folder("unread");
        fs::create_dir_all(&folder).expect("temporary folder");
        let foreign = vec![7; TORN_BYTES_MAX as usize + 1];
        fs::write(folder.join("programme.mp4"), &foreign).expect("temporary file");
        let report = recorded(&folder, &chunks(0, 1));
        assert!(
            matches!(report, RecorderEvent::ReplayReady(_)),
            "{report:?}"
        );
        let aside = fs::read(folder.join("programme.unread-1.mp4")).expect("set aside");
        assert_eq!(aside, foreign);
        fs::remove_dir_all(&folder).expect("temporary folder");
    }
}
