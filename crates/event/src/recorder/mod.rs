//! Writes the programme and each speaker to disk while the event runs, in a task of its own.
//!
//! Recordings are append-only fragmented MP4, synced every second: after `kill -9` at most the last second is torn, and is cut
//! off when the recording is opened again. A full disk costs the recording, never the programme: chunks that cannot
//! be written are dropped whole, hosts see an alarm, and writing resumes when there is room.

mod file;
mod replay;
mod track;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use stentor_cluster::blobs::Blobs;
use stentor_cluster::key::Key;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};

use crate::about::AboutNow;
use crate::counters::{Counters, add};
use crate::transcode::Ffmpeg;
use file::RecordingFile;
pub(crate) use replay::{make_mp3, make_replay, make_stems, replay_file};
pub(crate) use track::RecordingTrack;

/// Chunks waiting for the disk: about 30 s of programme and 13 stems. Past it chunks are dropped and the alarm is on.
const QUEUE_CHUNKS_MAX: usize = 600;
/// Files open at once: the programme and more speakers than a stage holds. Beyond it the oldest is closed, and opened again
/// when its speaker comes back.
const FILES_OPEN_MAX: usize = 32;
/// How much recording a power cut may cost.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// How long hosts are told at least that chunks were lost, although the next one may be written at once.
const LOSS_TOLD_FOR: Duration = Duration::from_secs(5);

/// What became of the recording.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) enum ReplayFile {
    /// It is not made yet.
    #[default]
    Pending,
    /// It is at this path, ready to be played.
    Ready(PathBuf),
    /// There will be none: nothing was recorded, or what was recorded cannot be made into one.
    None,
}

/// The recording of an event, as it is.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct RecorderState {
    /// It cannot be written.
    pub(crate) failing: bool,
    pub(crate) replay: ReplayFile,
}

/// Work for the recording task.
enum Job {
    Chunk {
        recording: RecordingTrack,
        chunk: Bytes,
    },
    Finish,
}

/// Hands chunks to the recording task; dropping it ends the task after what is queued.
#[derive(Clone)]
pub(crate) struct Recorder {
    jobs: mpsc::Sender<Job>,
    /// A reserved place in the queue, so that the end of the event can be queued however full it is; taken once.
    finish: Arc<Mutex<Option<mpsc::OwnedPermit<Job>>>>,
    /// Set when a chunk found the queue full; the task takes it and reports.
    lost: Arc<AtomicBool>,
    counters: Arc<Counters>,
}

impl Recorder {
    /// Starts the task for one event, whose recordings are kept below its address. It reports its newest state.
    pub(crate) fn start(
        blobs: Arc<dyn Blobs>,
        event: Key,
        about: AboutNow,
        ffmpeg: Option<Arc<Ffmpeg>>,
        counters: Arc<Counters>,
        report: watch::Sender<RecorderState>,
    ) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE_CHUNKS_MAX + 1);
        let finish = jobs.clone().try_reserve_owned().ok();
        let lost = Arc::new(AtomicBool::new(false));
        let task = RecorderTask {
            blobs,
            event,
            about,
            ffmpeg,
            files: BTreeMap::new(),
            write_failed: false,
            alarm_until: Instant::now(),
            failing: false,
            lost: Arc::clone(&lost),
            counters: Arc::clone(&counters),
            report,
        };
        tokio::spawn(task.run(queue));
        Self {
            jobs,
            finish: Arc::new(Mutex::new(finish)),
            lost,
            counters,
        }
    }

    /// The next chunk of a recording. `false` if the queue was full and the chunk is lost. Never waits.
    pub(crate) fn chunk(&self, recording: RecordingTrack, chunk: Bytes) -> bool {
        let job = Job::Chunk { recording, chunk };
        let queued = self.jobs.try_send(job).is_ok();
        if !queued {
            self.lost.store(true, Ordering::Relaxed);
            add(&self.counters.chunks_not_queued, 1);
        }
        queued
    }

    /// Makes the replay from what was written: nothing else is recorded after it. Never waits.
    pub(crate) fn finish(&self) {
        let mut finish = self.finish.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(permit) = finish.take() {
            permit.send(Job::Finish);
        }
    }
}

struct RecorderTask {
    blobs: Arc<dyn Blobs>,
    event: Key,
    about: AboutNow,
    /// Makes MP3 of the replay; `None`: there will be none.
    ffmpeg: Option<Arc<Ffmpeg>>,
    files: BTreeMap<RecordingTrack, RecordingFile>,
    /// The last thing that was to be written could not be.
    write_failed: bool,
    /// Until then chunks that were lost are told of, whatever can be written.
    alarm_until: Instant,
    /// What was told last.
    failing: bool,
    lost: Arc<AtomicBool>,
    counters: Arc<Counters>,
    report: watch::Sender<RecorderState>,
}

impl RecorderTask {
    async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut sync = tokio::time::interval(SYNC_EVERY);
        sync.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                job = queue.recv() => match job {
                    Some(Job::Chunk { recording, chunk }) => {
                        let bytes = chunk.len() as u64;
                        let wrote = self.append(recording, chunk).await;
                        self.count(wrote.is_ok(), bytes);
                        self.note(wrote.map(|()| Wrote::Bytes));
                    }
                    Some(Job::Finish) => self.finish().await,
                    None => break,
                },
                _ = sync.tick() => self.sync().await,
            }
            if self.lost.swap(false, Ordering::Relaxed) {
                self.alarm_until = Instant::now() + LOSS_TOLD_FOR;
            }
            self.report_alarm();
        }
        self.sync().await;
    }

    fn count(&self, is_written: bool, bytes: u64) {
        if is_written {
            add(&self.counters.chunks_recorded, 1);
            add(&self.counters.bytes_recorded, bytes);
        } else {
            add(&self.counters.chunks_not_written, 1);
        }
    }

    fn note(&mut self, step: io::Result<Wrote>) {
        match step {
            Ok(Wrote::Nothing) => {}
            Ok(Wrote::Bytes) => self.write_failed = false,
            Err(error) => {
                if !self.write_failed {
                    tracing::error!(%error, event = %self.event, "the recording cannot be written");
                }
                self.write_failed = true;
            }
        }
    }

    /// Raises or clears the alarm; it is reported only when it changes.
    fn report_alarm(&mut self) {
        let failing = self.write_failed || Instant::now() < self.alarm_until;
        if failing != self.failing {
            self.failing = failing;
            self.report.send_modify(|state| state.failing = failing);
        }
    }

    async fn append(&mut self, recording: RecordingTrack, chunk: Bytes) -> io::Result<()> {
        if !self.files.contains_key(&recording) {
            self.close_one_if_full();
        }
        let file = match self.files.entry(recording) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(free) => {
                let head = recording.head(&self.about.get());
                let opened = RecordingFile::open(&self.blobs, &self.event, recording, head);
                free.insert(opened.await?)
            }
        };
        file.append(chunk).await
    }

    fn close_one_if_full(&mut self) {
        if self.files.len() >= FILES_OPEN_MAX
            && let Some(oldest) = self
                .files
                .keys()
                .find(|open| **open != RecordingTrack::Programme)
                .copied()
        {
            self.files.remove(&oldest);
        }
    }

    async fn sync(&mut self) {
        let mut synced = Ok(Wrote::Nothing);
        for file in self.files.values_mut() {
            if let Err(error) = file.sync().await {
                synced = Err(error);
                break;
            }
        }
        self.note(synced);
    }

    async fn finish(&mut self) {
        self.sync().await;
        self.files.clear();
        let programme = RecordingTrack::Programme.key(&self.event);
        let made = match self.blobs.size(&programme).await {
            // The event ended without having been on air.
            Ok(None) => return self.report_replay(ReplayFile::None),
            Ok(Some(_)) => make_replay(&self.blobs, &self.event, &self.about.get()).await,
            Err(error) => Err(error.into()),
        };
        match made {
            Ok(replay) => {
                self.report_replay(ReplayFile::Ready(replay.path.clone()));
                make_stems(&self.blobs, &self.event, &self.about.get(), &replay).await;
                self.make_mp3().await;
            }
            Err(error) => {
                tracing::error!(%error, event = %self.event, "the replay could not be made");
                // The loop reports the alarm with it.
                self.write_failed = true;
                self.report_replay(ReplayFile::None);
            }
        }
    }

    /// Nobody waits for it: what goes wrong is told in the log.
    async fn make_mp3(&mut self) {
        let Some(ffmpeg) = &self.ffmpeg else {
            return;
        };
        if let Err(error) = make_mp3(&self.blobs, &self.event, &self.about.get(), ffmpeg).await {
            tracing::error!(%error, event = %self.event, "the replay is not there as MP3");
        }
    }

    fn report_replay(&mut self, replay: ReplayFile) {
        self.failing |= self.write_failed;
        let failing = self.failing;
        self.report
            .send_modify(|state| *state = RecorderState { failing, replay });
    }
}

enum Wrote {
    Nothing,
    Bytes,
}

#[cfg(test)]
mod tests {
    use std::fs;

    use stentor_cluster::blobs::FolderBlobs;
    use stentor_cluster::error::StoreError;
    use stentor_cluster::testing::MemoryBlobs;
    use stentor_media::package::{Packager, PackagerConfig, Published};
    use stentor_media::record;
    use stentor_media::rendition::{COMMON_BOUNDARY_SAMPLES, Rendition};
    use tempfile::TempDir;

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

    fn event() -> Key {
        Key::new("demo").expect("a key")
    }

    fn programme() -> Key {
        RecordingTrack::Programme.key(&event())
    }

    /// A recorder and what it reports, from the first change on.
    fn start(blobs: Arc<dyn Blobs>) -> (Recorder, watch::Receiver<RecorderState>) {
        let (report, reports) = watch::channel(RecorderState::default());
        let counters = Arc::new(Counters::default());
        let about = AboutNow::default();
        let recorder = Recorder::start(blobs, event(), about, None, counters, report);
        (recorder, reports)
    }

    /// The next state it reports; `None` when its task has ended.
    async fn next(reports: &mut watch::Receiver<RecorderState>) -> Option<RecorderState> {
        reports.changed().await.ok()?;
        Some(reports.borrow_and_update().clone())
    }

    /// What it reports last.
    async fn last(mut reports: watch::Receiver<RecorderState>) -> RecorderState {
        while reports.changed().await.is_ok() {
            reports.mark_unchanged();
        }
        reports.borrow().clone()
    }

    const FAILING: RecorderState = RecorderState {
        failing: true,
        replay: ReplayFile::Pending,
    };

    const WORKING: RecorderState = RecorderState {
        failing: false,
        replay: ReplayFile::Pending,
    };

    /// Recordings in a folder, where those of the event are, and what keeps it.
    async fn in_folder() -> (Arc<dyn Blobs>, PathBuf, TempDir) {
        let root = tempfile::tempdir().expect("a folder");
        let blobs = FolderBlobs::open(root.path()).await.expect("threads");
        let folder = root.path().join("demo");
        fs::create_dir_all(&folder).expect("a folder");
        (Arc::new(blobs), folder, root)
    }

    /// What is so when these chunks were recorded and the event is over.
    async fn recorded(blobs: &Arc<dyn Blobs>, chunks: &[Bytes]) -> RecorderState {
        let (recorder, reports) = start(Arc::clone(blobs));
        for chunk in chunks {
            assert!(recorder.chunk(RecordingTrack::Programme, chunk.clone()));
        }
        recorder.finish();
        drop(recorder);
        last(reports).await
    }

    fn replay_of(state: RecorderState) -> PathBuf {
        match state {
            RecorderState {
                failing: false,
                replay: ReplayFile::Ready(path),
            } => path,
            _ => panic!("{state:?}"),
        }
    }

    #[tokio::test]
    async fn what_was_torn_by_a_kill_is_cut_off_and_the_rest_becomes_the_replay() {
        let (blobs, folder, _root) = in_folder().await;
        let before = chunks(0, 2);
        let mut torn = Packager::head().to_vec();
        before
            .iter()
            .for_each(|chunk| torn.extend_from_slice(chunk));
        torn.extend_from_slice(&before[0][..40]);
        fs::write(folder.join("programme.mp4"), torn).expect("it can be written");

        let replay = replay_of(recorded(&blobs, &chunks(5, 2)).await);
        assert_eq!(replay, folder.join("replay.mp4"));
        let found = replay_file(&*blobs, &event())
            .await
            .expect("it is looked for");
        assert_eq!(found.as_ref(), Some(&replay));
        let kept = fs::read(folder.join("programme.mp4")).expect("the recording");
        let recovered = record::recover(&kept[..]).expect("memory reads");
        assert_eq!(
            (recovered.chunks, recovered.valid_bytes),
            (20, kept.len() as u64)
        );
        // 4 s at 48 kbit/s, the four seconds between them cut out.
        let bytes = fs::metadata(replay).expect("the replay").len();
        assert!((24_000..27_000).contains(&bytes), "{bytes}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_disk_raises_the_alarm_once_and_loses_only_what_did_not_fit() {
        let blobs = MemoryBlobs::default();
        let (recorder, mut reports) = start(Arc::new(blobs.clone()));
        let chunks = chunks(0, 2);
        let record = |chunk: &Bytes| {
            assert!(recorder.chunk(RecordingTrack::Programme, chunk.clone()));
        };
        record(&chunks[0]);
        tokio::time::sleep(SYNC_EVERY).await;
        blobs.faults().fails(StoreError::Full {
            place: "in a test".to_owned(),
        });
        record(&chunks[1]);
        record(&chunks[2]);
        assert_eq!(next(&mut reports).await, Some(FAILING));
        tokio::time::sleep(SYNC_EVERY * 10).await;
        assert!(!reports.has_changed().unwrap(), "the alarm is raised once");
        blobs.faults().works();
        record(&chunks[3]);
        assert_eq!(next(&mut reports).await, Some(WORKING));
        let kept = blobs.get(&programme()).await.expect("the recording");
        let expected = [Packager::head(), chunks[0].clone(), chunks[3].clone()].concat();
        assert!(
            kept == expected,
            "what fitted is there, whole, and nothing else"
        );
        assert!(!reports.has_changed().unwrap(), "and stays off");
        let counted = recorder.counters.snapshot();
        assert_eq!(
            (counted.chunks_recorded, counted.chunks_not_written),
            (2, 2)
        );
        let bytes = chunks[0].len() + chunks[3].len();
        assert_eq!(counted.bytes_recorded, bytes as u64);
    }

    #[tokio::test(start_paused = true)]
    async fn past_its_queue_a_slow_disk_costs_chunks_and_raises_the_alarm_but_the_end_is_not_lost()
    {
        let blobs = MemoryBlobs::default();
        let (recorder, mut reports) = start(Arc::new(blobs.clone()));
        blobs.faults().waits();
        let chunk = chunks(0, 1).remove(0);
        let mut queued = 0;
        while recorder.chunk(RecordingTrack::Programme, chunk.clone()) {
            queued += 1;
            assert!(queued <= QUEUE_CHUNKS_MAX, "the queue has no limit");
        }
        assert_eq!(queued, QUEUE_CHUNKS_MAX);
        assert_eq!(recorder.counters.snapshot().chunks_not_queued, 1);
        recorder.finish();
        blobs.faults().works();
        assert_eq!(next(&mut reports).await, Some(FAILING));
        drop(recorder);
        // Blobs in memory have no file a replay could be sent from.
        assert_eq!(last(reports).await.replay, ReplayFile::None);
        let size = blobs.size(&programme()).await.expect("it is looked for");
        let expected = Packager::head().len() + queued * chunk.len();
        assert_eq!(size, Some(expected as u64));
    }

    #[tokio::test(start_paused = true)]
    async fn of_lost_chunks_is_told_for_a_while_though_nothing_more_is_recorded() {
        let blobs = MemoryBlobs::default();
        let (recorder, mut reports) = start(Arc::new(blobs.clone()));
        blobs.faults().waits();
        let chunk = chunks(0, 1).remove(0);
        while recorder.chunk(RecordingTrack::Programme, chunk.clone()) {}
        blobs.faults().works();
        assert_eq!(next(&mut reports).await, Some(FAILING));
        let told = Instant::now();
        assert_eq!(next(&mut reports).await, Some(WORKING));
        let told_for = told.elapsed();
        assert!(told_for <= LOSS_TOLD_FOR + SYNC_EVERY, "{told_for:?}");
        assert!(told_for >= LOSS_TOLD_FOR - SYNC_EVERY, "{told_for:?}");
    }

    #[tokio::test]
    async fn an_event_that_was_never_on_air_has_no_replay_and_no_alarm() {
        let (blobs, _folder, _root) = in_folder().await;
        let state = recorded(&blobs, &[]).await;
        assert_eq!((state.failing, state.replay), (false, ReplayFile::None));
        let found = replay_file(&*blobs, &event())
            .await
            .expect("it is looked for");
        assert_eq!(found, None);
    }

    #[tokio::test]
    async fn a_recording_that_cannot_be_finalised_raises_the_alarm_and_nobody_waits_for_its_replay()
    {
        let (blobs, folder, _root) = in_folder().await;
        // A head without a chunk: the server was killed in the first moment on air.
        fs::write(folder.join("programme.mp4"), Packager::head()).expect("it can be written");
        let state = recorded(&blobs, &[]).await;
        assert_eq!((state.failing, state.replay), (true, ReplayFile::None));
    }

    #[tokio::test]
    async fn a_recording_nobody_can_read_is_set_aside_whole() {
        let (blobs, folder, _root) = in_folder().await;
        let foreign = vec![7; TORN_BYTES_MAX as usize + 1];
        for n in 1..=2 {
            fs::write(folder.join("programme.mp4"), &foreign).expect("it can be written");
            replay_of(recorded(&blobs, &chunks(0, 1)).await);
            let aside = fs::read(folder.join(format!("programme.unread-{n}.mp4")));
            assert_eq!(aside.expect("set aside"), foreign);
        }
    }
}
