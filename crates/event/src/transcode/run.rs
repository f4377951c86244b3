//! Keeps an encoder at work for one programme, one child after the other.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use stentor_media::mpeg::{Frame, FrameKind};
use stentor_media::opus::CodecError;
use stentor_media::rendition::{SAMPLE_RATE_HZ, SEGMENT_SAMPLES};
use stentor_media::transcode::{Overtaken, ProgrammePcm, TranscodePackager, Transcoded};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::backoff::Backoff;
use super::encoder::{self, Output};
use super::faces::Faces;
use super::job::{FeedParts, Job};
use super::program::Ffmpeg;
use crate::counters::add;

/// How long a child that is fed may give out nothing of one kind. Then it is killed.
const STANDS_STILL_AFTER: Duration = Duration::from_secs(10);
/// How long a child may take for the rest when the event is over.
const FLUSHED_WITHIN: Duration = Duration::from_secs(1);
/// How far the newest frame may be behind the newest sample, so that those who have waited are served: a second.
const BEHIND_SAMPLES_MAX: u64 = SAMPLE_RATE_HZ as u64;

/// Why an encoder's work ended.
enum Ended {
    /// Nothing comes for a while.
    Suspended,
    /// The event is over.
    Over,
    /// The server leaves.
    Left,
    /// The child is gone, or was killed.
    Lost(Lost),
}

/// Why a child was lost.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("it cannot be started: {0}")]
    NotStarted(io::Error),
    #[error("it ended: {0}")]
    Gone(Arc<str>),
    #[error("it gave out nothing for {} s and was killed", STANDS_STILL_AFTER.as_secs())]
    StandsStill,
    #[error("it is too slow: {0}")]
    Slow(#[from] Overtaken),
    #[error("the programme cannot be decoded for it: {0}")]
    Decoder(#[from] CodecError),
}

/// Works until the programme is over or the server leaves.
pub(super) async fn run(parts: FeedParts, queue: mpsc::Receiver<Job>) {
    let FeedParts {
        ffmpeg,
        event,
        epoch_unix_ms,
        playlists,
        faces,
        publishes,
    } = parts;
    match ProgrammePcm::new() {
        Ok(pcm) => {
            let transcoder = Transcoder {
                ffmpeg,
                event,
                pcm,
                packager: TranscodePackager::new(epoch_unix_ms, playlists),
                faces,
                queue,
                is_suspended: false,
            };
            transcoder.run().await;
        }
        Err(error) => tracing::error!(%error, event, "there will be no AAC and no MP3"),
    }
    drop(publishes);
}

struct Transcoder {
    ffmpeg: Arc<Ffmpeg>,
    event: String,
    pcm: ProgrammePcm,
    packager: TranscodePackager,
    faces: Faces,
    queue: mpsc::Receiver<Job>,
    /// Listeners wait until there is something new.
    is_suspended: bool,
}

impl Transcoder {
    async fn run(mut self) {
        let mut backoff = Backoff::new();
        let mut ended = self.await_sound().await;
        loop {
            let Err(why) = ended else {
                let begun = Instant::now();
                ended = match self.encode().await {
                    Ended::Lost(lost) => {
                        add(&self.faces.counters.transcoders_lost, 1);
                        let wait = backoff.after(begun.elapsed());
                        let event = &self.event;
                        tracing::warn!(
                            event,
                            again_in_ms = wait.as_millis() as u64,
                            "the ffmpeg that makes AAC and MP3 was lost: {lost}"
                        );
                        self.await_time(Instant::now() + wait).await
                    }
                    ended => Err(ended),
                };
                continue;
            };
            match why {
                Ended::Suspended => {
                    self.is_suspended = true;
                    self.faces.suspend();
                    backoff = Backoff::new();
                    ended = self.await_sound().await;
                }
                Ended::Over => {
                    let listed = self.packager.playlist();
                    return self.faces.end(listed.filter(|_| !self.is_suspended));
                }
                Ended::Left | Ended::Lost(_) => return,
            }
        }
    }

    /// Waits for the first chunk.
    async fn await_sound(&mut self) -> Result<(), Ended> {
        let job = self.queue.recv().await;
        self.note(job)
    }

    /// Keeps what comes meanwhile.
    async fn await_time(&mut self, time: Instant) -> Result<(), Ended> {
        loop {
            tokio::select! {
                job = self.queue.recv() => self.note(job)?,
                () = sleep_until(time) => return Ok(()),
            }
        }
    }

    fn note(&mut self, job: Option<Job>) -> Result<(), Ended> {
        match job {
            Some(Job::Chunk { sequence, bytes }) => {
                self.pcm.push(sequence, bytes);
                Ok(())
            }
            Some(Job::Suspended) => Err(Ended::Suspended),
            Some(Job::Over) => Err(Ended::Over),
            None => Err(Ended::Left),
        }
    }

    /// One child, from its start to its end.
    async fn encode(&mut self) -> Ended {
        match self.try_encode().await {
            Ok(ended) => ended,
            Err(lost) => Ended::Lost(lost),
        }
    }

    async fn try_encode(&mut self) -> Result<Ended, Lost> {
        let (input, mut output) =
            encoder::start(&self.ffmpeg, &self.event).map_err(Lost::NotStarted)?;
        let start = self.packager.begin(self.pcm.kept_from().unwrap_or(0));
        self.pcm.seek(start)?;
        let mut waiting = Waiting::default();
        let mut frames = Vec::new();
        loop {
            let is_over = tokio::select! {
                job = self.queue.recv() => match self.note(job) {
                    Ok(()) => false,
                    Err(Ended::Over) => true,
                    Err(ended) => return Ok(ended),
                },
                room = input.reserve(), if self.pcm.has_more() => {
                    let mut block = Vec::new();
                    if self.pcm.read(&mut block)? {
                        let Ok(room) = room else {
                            return Err(Lost::Gone(output.reason().await));
                        };
                        room.send(block);
                        waiting.fed();
                    }
                    false
                }
                more = output.read(&mut frames) => {
                    if !matches!(more, Ok(true)) {
                        return Err(Lost::Gone(output.reason().await));
                    }
                    frames.iter().for_each(|frame| waiting.came(frame.kind));
                    self.publish(&mut frames);
                    false
                }
                () = sleep_until(waiting.until()), if waiting.waits() => return Err(Lost::StandsStill),
            };
            if is_over {
                drop(input);
                let _ = timeout(FLUSHED_WITHIN, self.flush(&mut output)).await;
                return Ok(Ended::Over);
            }
        }
    }

    /// What a child still has when it is fed nothing more.
    async fn flush(&mut self, output: &mut Output) {
        let mut frames = Vec::new();
        while let Ok(true) = output.read(&mut frames).await {
            self.publish(&mut frames);
        }
    }

    fn publish(&mut self, frames: &mut Vec<Frame>) {
        let mut pieces = Vec::new();
        for frame in frames.drain(..) {
            self.packager.take(&frame, &mut pieces);
        }
        let is_segment = |piece: &Transcoded| matches!(piece, Transcoded::Segment { .. });
        let is_listed = pieces.iter().any(is_segment);
        pieces
            .into_iter()
            .for_each(|piece| self.faces.publish(piece));
        let behind = self.pcm.kept_to().saturating_sub(self.packager.done_to());
        let resumes = self.is_suspended && behind < BEHIND_SAMPLES_MAX;
        // Of what a programme resumes with, all is listed at once: players want three segments to begin with.
        let lists = resumes || (is_listed && !self.is_suspended && behind < SEGMENT_SAMPLES);
        if lists && let Some(playlist) = self.packager.playlist() {
            self.faces.list(playlist);
        }
        if resumes {
            self.is_suspended = false;
            self.faces.resume();
        }
    }
}

/// Since when something is due, of each kind.
#[derive(Default)]
struct Waiting {
    since: [Option<Instant>; 2],
}

impl Waiting {
    fn fed(&mut self) {
        let now = Instant::now();
        for since in &mut self.since {
            since.get_or_insert(now);
        }
    }

    fn came(&mut self, kind: FrameKind) {
        self.since[usize::from(kind == FrameKind::Mp3)] = None;
    }

    fn waits(&self) -> bool {
        self.since.iter().any(Option::is_some)
    }

    fn until(&self) -> Instant {
        let since = self.since.iter().flatten().min().copied();
        since.unwrap_or_else(Instant::now) + STANDS_STILL_AFTER
    }
}
