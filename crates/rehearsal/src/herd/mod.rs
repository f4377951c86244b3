//! The herd: a crowd of real listeners.
//!
//! Each one is a connection, plain or TLS, that asks for a stream, whole or by HLS, and reads all of it, box by box: order, numbers, gaps on the timeline,
//! the hash of a share of the chunks against the published manifest, lateness by the capture time inside, and a model of a
//! player whose buffer must not run dry. One in many also decodes the sound. They arrive on a schedule that does
//! not wait for the server, from many addresses, in threads with a descriptor table each, so that a machine whose limit is
//! 20,000 descriptors a process holds hundreds of thousands.
//!
//! It measures its own lag as well: where it could not keep up it says so, because its figures then say nothing about the server.
//!
//! What it is not: a browser (`page` is only a model of one).

mod chunk_scanner;
mod connection;
mod hashes;
mod hls;
mod listener;
mod page;
mod player;
mod poller;
mod report;
mod run;
mod schedule;
mod sound_meter;
mod sources;
mod tally;
mod tls;
mod worker;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

pub use chunk_scanner::{ChunkScanner, ChunkSummary, HashSampling, Scanned};
pub use hashes::{CLAIMED_CHUNKS_MAX, HASHES_PER_CHUNK_MAX, HashTotals, LISTED_CHUNKS_MAX};
pub use hls::{DURATION_S_MAX, PLAYLIST_BYTES_MAX, PLAYLIST_SEGMENTS_MAX, Playlist, PlaylistError};
pub use listener::LISTENER_BYTES_MAX;
pub use player::{Player, PlayerEvent, SPEED_PERMILLE, Thresholds};
pub use poller::{MANIFEST_BYTES_MAX, POLL_EVERY};
pub use report::{
    Distribution, GeneratorReport, HashReport, HlsCounters, RunReport, SoundReport, TlsReport,
};
pub use run::{Face, Format, RunConfig, RunConfigError, Transport, WORKERS_MAX, manifests_beside};
pub use schedule::{Arrivals, CURVE_STEPS_MAX, LISTENERS_MAX, RateStep, ScheduleError};
pub use sound_meter::{SOUND_METERS_MAX, SoundTotals};
pub use sources::{Sources, SourcesError};
pub use tally::{REASONS_MAX, TIME_US_MAX};
pub use tls::{HANDSHAKE_READS_MAX, SESSIONS_KEPT_MAX, UNSENT_BYTES_MAX};

use crate::machine::{self, MachineError};
use hashes::{HashClaims, PublishedHashes};
use tally::Tally;
use worker::{Arrival, RunContext, Worker, WorkerProgress};

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Time since its beginning.
    pub elapsed: Duration,
    /// Listeners that have connected so far.
    pub connected: u64,
    /// Listeners that hear sound now.
    pub hearing: u64,
    /// Listeners that never got in, or were cut.
    pub lost: u64,
    /// Bytes received so far.
    pub bytes: u64,
}

/// Makes one run to its end and tells `watch` once a second how far it is. Blocks for the run's duration and up to two seconds.
///
/// To be called while the process has no sockets open: each worker's descriptor table begins as a copy of the caller's.
///
/// # Errors
/// [`HerdError`] if it could not begin. Whatever happens afterwards is in the report.
pub fn run(config: &RunConfig, mut watch: impl FnMut(Progress)) -> Result<RunReport, HerdError> {
    let workers = config.check()?;
    let tls = match config.transport {
        Transport::Plain => None,
        Transport::Tls { resume } => Some(tls::TlsClient::new(&config.host, resume)?),
    };
    let times = config
        .arrivals
        .times(config.listeners, config.seed)
        .map_err(RunConfigError::from)?;
    let hold_from_us = times.last().map_or(0, |last| last + 2_000_000);
    let scheduled_us = config.duration.as_micros() as u64;
    let scheduled = times.iter().filter(|&&time| time < scheduled_us).count();

    let published = Mutex::new(PublishedHashes::default());
    let workers_progress: Vec<_> = (0..workers).map(|_| WorkerProgress::default()).collect();
    // Threads make their tables one after the other; the first arrival waits for the last of them.
    let start = Instant::now() + Duration::from_millis(200 + 10 * workers as u64);
    let context = RunContext {
        config,
        tls: tls.as_ref(),
        start,
        hold_from_us,
        published: &published,
        workers_progress: &workers_progress,
    };
    let tables = Barrier::new(workers + 1);
    let stop = AtomicBool::new(false);
    let began = SystemTime::now() + start.saturating_duration_since(Instant::now());

    let (outcomes, mut polled) = thread::scope(|scope| {
        let (context, tables, stop, published, workers_progress) =
            (&context, &tables, &stop, &published, &workers_progress[..]);
        let threads: Vec<_> = (0..workers)
            .map(|number| {
                let mine = times.iter().copied().enumerate();
                let mine: Vec<Arrival> = mine.skip(number).step_by(workers).collect();
                scope.spawn(move || work(context, number, mine, tables))
            })
            .collect();
        tables.wait();
        // Only now: what is opened here is in nobody else's table.
        let poller = scope.spawn(move || {
            // Where it cannot be pinned the workers cannot either, and they say so.
            let _ = machine::pin(&config.cpus);
            poller::poll(config, published, stop)
        });
        let mut watched = Duration::ZERO;
        while threads.iter().any(|thread| !thread.is_finished()) {
            thread::sleep(Duration::from_millis(20));
            let elapsed = Instant::now().saturating_duration_since(start);
            if elapsed >= watched + Duration::from_secs(1) {
                watch(progress(workers_progress, elapsed));
                watched = elapsed;
            }
        }
        let outcomes: Vec<_> = threads.into_iter().map(|thread| thread.join()).collect();
        stop.store(true, Ordering::Relaxed);
        (outcomes, poller.join().unwrap_or_default())
    });

    let mut sum = Tally::default();
    let mut claims = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(result) => {
                let (tally, claimed) = result?;
                claims.push(claimed);
                sum.add(&tally);
            }
            Err(_) => sum.own_errors.count("workers that panicked", 1),
        }
    }
    poller::poll_rest(config, &published, &mut polled, |published| {
        claims
            .iter_mut()
            .for_each(|claims| claims.settle(published));
        claims.iter().all(HashClaims::settled)
    });
    let mut hashes = HashTotals::default();
    claims
        .into_iter()
        .for_each(|claims| hashes += claims.finish());
    Ok(report::report(
        config, workers, scheduled, began, sum, hashes, polled,
    ))
}

fn work(
    context: &RunContext<'_>,
    number: usize,
    arrivals: Vec<Arrival>,
    tables: &Barrier,
) -> Result<(Tally, HashClaims), HerdError> {
    let ready = machine::own_table().and_then(|()| machine::pin(&context.config.cpus));
    tables.wait();
    ready?;
    let worker = Worker::new(context, number, arrivals).map_err(HerdError::Epoll)?;
    Ok(worker.run())
}

fn progress(workers_progress: &[WorkerProgress], elapsed: Duration) -> Progress {
    let sum = |of: fn(&WorkerProgress) -> &std::sync::atomic::AtomicU64| {
        let counts = workers_progress
            .iter()
            .map(|worker| of(worker).load(Ordering::Relaxed));
        counts.sum()
    };
    Progress {
        elapsed,
        connected: sum(|worker| &worker.connected),
        hearing: sum(|worker| &worker.hearing),
        lost: sum(|worker| &worker.lost),
        bytes: sum(|worker| &worker.bytes),
    }
}

/// Why a run could not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HerdError {
    /// The run cannot be made on this machine.
    #[error(transparent)]
    Config(#[from] RunConfigError),
    /// The machine refused what the run needs.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// A worker has no way to wait for its sockets.
    #[error("a worker has no epoll: {0}")]
    Epoll(#[source] io::Error),
}
