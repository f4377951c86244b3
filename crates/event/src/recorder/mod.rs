//! Writes the programme and each speaker to disk while the event runs, in a task of its own.
//!
//! Recordings are append-only fragmented MP4, synced every second: after `kill -9` at most the last second is torn, and is cut
//! off when the recording is opened again. A full disk costs the recording, never the programme: chunks that cannot
//! be written are dropped whole, hosts see an alarm, and writing resumes when there is room.

mod file;
mod past;
mod track;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use stentor_cluster::blobs::Blobs;
use stentor_cluster::key::Key;
use stentor_media::record::{self, RecordedChunk};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};

use crate::about::AboutNow;
use crate::counters::{Counters, add};
use file::RecordingFile;
use past::PastWriter;
pub(crate) use past::{Past, PastSink, SharedPieces};
pub(crate) use track::{RecordingTrack, speaker_of, stem_key};

/// Chunks waiting for the disk: about 30 s of programme and 13 stems. Past it chunks are dropped and the alarm is on.
const QUEUE_CHUNKS_MAX: usize = 600;
/// Files open at once: the programme and more speakers than a stage holds. Beyond it the oldest is closed, and opened again
/// when its speaker comes back.
const FILES_OPEN_MAX: usize = 32;
/// How much recording a power cut may cost.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// How long hosts are told at least that chunks were lost, although the next one may be written at once.
const LOSS_TOLD_FOR: Duration = Duration::from_secs(5);

/// The recording of an event, as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct RecorderState {
    /// It cannot be written.
    pub(crate) failing: bool,
    /// Nothing more is written.
    pub(crate) finished: bool,
}

/// Work for the recording task.
enum Job {
    Chunk {
        recording: RecordingTrack,
        chunk: Bytes,
    },
    /// The timeline has come to a position.
    Passed(u64),
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
    /// Starts the task for one event, whose recordings are kept below its address. It reports its newest state, and shows what can be heard
    /// again.
    pub(crate) fn start(
        blobs: Arc<dyn Blobs>,
        event: Key,
        about: AboutNow,
        counters: Arc<Counters>,
        report: watch::Sender<RecorderState>,
        past: Box<dyn PastSink>,
    ) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE_CHUNKS_MAX + 1);
        let finish = jobs.clone().try_reserve_owned().ok();
        let lost = Arc::new(AtomicBool::new(false));
        let task = RecorderTask {
            blobs,
            event,
            about,
            files: BTreeMap::new(),
            write_failed: false,
            alarm_until: Instant::now(),
            failing: false,
            lost: Arc::clone(&lost),
            counters: Arc::clone(&counters),
            report,
            past: PastWriter::new(past),
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

    /// The timeline has come to a position, recorded or not: what can be heard again ends there. If the queue is full, the next one tells it.
    /// Never waits.
    pub(crate) fn passed(&self, position: u64) {
        // One place is the chunks' worth, and no more than one in 28.8 s.
        let _ = self.jobs.try_send(Job::Passed(position));
    }

    /// Ends the recording: nothing is recorded after it. Never waits.
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
    past: PastWriter,
}

impl RecorderTask {
    async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        self.open_what_there_is().await;
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
                    Some(Job::Passed(position)) => self.past.passed(position),
                    Some(Job::Finish) => self.finish().await,
                    None => break,
                },
                _ = sync.tick() => {
                    self.sync().await;
                    self.past.look();
                }
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
        let programme = recording == RecordingTrack::Programme;
        let span = programme.then(|| record::chunk_span(&chunk)).flatten();
        let bytes = self.open(recording).await?.append(chunk).await?;
        if let Some(span) = span {
            self.past.appended(RecordedChunk {
                position: span.start,
                samples: span.end - span.start,
                bytes,
            });
        }
        Ok(())
    }

    async fn open(&mut self, recording: RecordingTrack) -> io::Result<&mut RecordingFile> {
        if !self.files.contains_key(&recording) {
            self.close_one_if_full();
        }
        Ok(match self.files.entry(recording) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(free) => {
                let head = recording.head(&self.about.get());
                let opened = RecordingFile::open(&self.blobs, &self.event, recording, head);
                let (file, pieces) = opened.await?;
                if recording == RecordingTrack::Programme {
                    let path = self.blobs.local_path(&recording.key(&self.event));
                    self.past.opened(path, pieces);
                }
                free.insert(file)
            }
        })
    }

    /// What a run before has recorded can be heard again before anything is added to it.
    async fn open_what_there_is(&mut self) {
        let programme = RecordingTrack::Programme;
        let size = self.blobs.size(&programme.key(&self.event)).await;
        if matches!(size, Ok(Some(1..))) {
            let opened = self.open(programme).await.map(|_| Wrote::Nothing);
            self.note(opened);
        }
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
        self.past.end();
        self.report.send_modify(|state| state.finished = true);
    }
}

enum Wrote {
    Nothing,
    Bytes,
}

#[cfg(test)]
mod tests;
